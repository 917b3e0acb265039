#!/usr/bin/env bash
# Measures how fast findings become durable, beside bare libpq loops and beside what people would use instead, all in one run on
# one private cluster, in turn; and how late answers come when findings arrive at a fixed rate.  Prints the tables and writes peers.md of RESULTS.
#
# What people would use instead is unpacked below B/peers (scripts/deps.sh --into, npm) and started from there with a folder and
# ports of its own: nothing is installed, no service of the system is touched.  What cannot be had is named in the table.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); FINDINGS (of a part, at most; 20000); ROUNDS (3);
# MSEC (of a part, at most; 1500); RATES (of the open loop: 1000 5000 20000); ONLY (a pattern of the contestants' names: a trial of some); PLACE (where the data directory is made).
set -euo pipefail
cd "$(dirname "$0")/.."
FINDINGS=${FINDINGS:-20000} ROUNDS=${ROUNDS:-3} MSEC=${MSEC:-1500} RATES=${RATES:-1000 5000 20000}
PART_SECONDS=60 CONNECTIONS=120 WARM=20000
. bench/lib/common.sh
debian=$B/peers/debian npm=$B/peers/npm
inspectors=(inspector-{0..7}) # several, for what one may hand in is bounded; bench/offer.c knows them
others=() # processes of theirs, in the order in which they are to end
finish_all() {
  local process
  for process in "${others[@]}"; do
    { kill -TERM "$process" && wait "$process"; } 2>/dev/null || true
  done
  finish
}
trap finish_all EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# patiently WHAT COMMAND...: until the command succeeds, for a minute.
patiently() {
  local what=$1 tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 120 ]; then
      echo "$what is not up after a minute" >&2
      return 1
    fi
    sleep 0.5
  done
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); } 2>/dev/null

start_city() {
  local inspector tcp
  mkdir "$top/keys"
  "$B/rectify" key new "$top/keys/server" >/dev/null
  door=$(free_port)
  tcp=(--listen "tcp://127.0.0.1:$door" --server-key "$top/keys/server")
  start city "${tcp[@]}"
  sql city -c "ALTER SYSTEM SET max_connections = $CONNECTIONS" # the private cluster is for one daemon; here 64 connections come too
  stop city
  start city "${tcp[@]}"
  conninfo=$(conninfo city) directory=$(socket_folder city)
  registry "${inspectors[@]}"
  for inspector in "${inspectors[@]}"; do
    "$B/rectify" key register "$inspector" "$("$B/rectify" key new "$top/keys/$inspector")" >/dev/null
  done
}

# ---- what people would use instead ----

url() { echo "postgresql://rectify_admin@localhost/$1?host=$directory&port=5432"; }

prepare_npm() {
  if [ -z "$(command -v npm)" ] || [ -z "$(command -v node)" ]; then
    echo "skipped: no npm" >&2
    return 1
  fi
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || { echo "skipped: Node.js is older than 20" >&2; return 1; }
  mkdir -p "$npm"
  if ! cmp -s bench/peers/package.json "$npm/package.json" || [ ! -d "$npm/node_modules" ]; then
    cp bench/peers/package.json "$npm/package.json.new"
    mv "$npm/package.json.new" "$npm/package.json"
    npm install --prefix "$npm" --no-audit --no-fund --no-package-lock --ignore-scripts >"$top/npm" 2>&1 ||
      { rm "$npm/package.json"; echo "skipped: npm has not got them: $(grep -m1 'npm error' "$top/npm")" >&2; return 1; }
  fi
  cp bench/peers/*.mjs "$npm/" # modules are looked for beside who imports them
}
prepare_debian() {
  scripts/deps.sh --into "$debian" bench >"$top/debian" 2>&1 || { echo "skipped: not to be had: $(tail -n 1 "$top/debian")" >&2; return 1; }
  [ -e "$debian/moved" ] && return
  # These name their own folders in text; now they are elsewhere.
  grep -rlIZ /usr/lib/erlang "$debian"/usr/lib/erlang/bin "$debian"/usr/lib/erlang/erts-*/bin |
    xargs -0 sed -E -i "s#(^|[^[:alnum:]_.-])/usr/lib/erlang#\1$debian/usr/lib/erlang#g"
  grep -rlIZ /request-tracker5 "$debian"/usr/share/request-tracker5/{lib,etc} "$debian/usr/sbin/rt-setup-database-5" |
    xargs -0 sed -E -i "s#(['\"])/(usr|etc|var)(/[a-z/]*/|/)request-tracker5#\1$debian/\2\3request-tracker5#g"
  touch "$debian/moved"
}
# Before a command: what was unpacked is found.  An array and no function, so that a process in the background is the command itself.
unpacked=(env "LD_LIBRARY_PATH=$debian/usr/lib/$(gcc -print-multiarch)" "PATH=$debian/usr/lib/erlang/bin:$PATH")
with_perl() {
  "${unpacked[@]}" PERL5LIB="$debian/usr/share/request-tracker5/lib:$debian/usr/share/perl5:$(echo "$debian"/usr/lib/*/perl5/5.*)" "$@"
}

prepare_rabbitmq() {
  local home=$top/rabbitmq names
  names=$(free_port) messages=$(free_port)
  mkdir "$home"
  "${unpacked[@]}" epmd -port "$names" -address 127.0.0.1 >"$home/epmd.out" 2>&1 </dev/null &
  others+=($!)
  patiently "Erlang's register of names" answers "$names" || return 1
  "${unpacked[@]}" HOME="$home" RUNNING_UNDER_SYSTEMD=1 RABBITMQ_NODENAME=bench@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$messages" \
    RABBITMQ_DIST_PORT="$(free_port)" ERL_EPMD_PORT="$names" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_MNESIA_BASE="$home/mnesia" \
    RABBITMQ_LOG_BASE="$home/log" RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" RABBITMQ_CONF_ENV_FILE="$home/none" \
    RABBITMQ_CONFIG_FILE="$home/rabbitmq" RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
    "$(echo "$debian"/usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server)" >"$home/out" 2>&1 </dev/null &
  others=($! "${others[@]}")
  patiently RabbitMQ answers "$messages"
}

prepare_rsyslog() {
  local home=$top/rsyslog modules
  modules=$(echo "$debian"/usr/lib/*/rsyslog)
  syslog=$(free_port)
  mkdir "$home"
  sql city -c 'CREATE DATABASE rsyslog'
  psql -XAtq -d "$(url rsyslog)" -c 'CREATE TABLE finding (number bigserial PRIMARY KEY, received timestamptz NOT NULL, text text NOT NULL)'
  cat >"$home/conf" <<END
module(load="imptcp") module(load="ompgsql")
global(workDirectory="$home" maxMessageSize="8k")
template(name="row" type="string" option.stdsql="on"
  string="INSERT INTO finding (received, text) VALUES ('%timereported:::date-pgsql%', '%msg%')")
input(type="imptcp" port="$syslog" address="127.0.0.1" ruleset="in")
ruleset(name="in") {
  action(type="ompgsql" conninfo="$(url rsyslog)" template="row"
         queue.type="LinkedList" queue.size="100000" queue.dequeueBatchSize="1000")
}
END
  "${unpacked[@]}" "$debian/usr/sbin/rsyslogd" -n -f "$home/conf" -i "$home/pid" -M "$modules" >"$home/out" 2>&1 </dev/null &
  others+=($!)
  patiently rsyslog answers "$syslog"
}

prepare_request_tracker() {
  export RT_SITE_CONFIG=$top/rt.pm RT_SITE_CONFIG_DIR=$top/none
  cat >"$RT_SITE_CONFIG" <<END
Set(\$rtname, 'bench'); Set(\$Organization, 'bench.invalid'); Set(\$Timezone, 'UTC');
Set(\$DatabaseType, 'Pg'); Set(\$DatabaseHost, '$directory'); Set(\$DatabasePort, '5432'); Set(\$DatabaseName, 'rt5');
Set(\$DatabaseUser, 'rt_user'); Set(\$DatabasePassword, 'none'); Set(\$DatabaseAdmin, 'rectify_admin');
Set(\$MailCommand, 'testfile'); Set(\$LogToSyslog, ''); Set(\$LogToSTDERR, 'error');
1;
END
  with_perl perl "$debian/usr/sbin/rt-setup-database-5" --action init --dba rectify_admin --dba-password none >"$top/rt.out" 2>&1 ||
    { tail -n 1 "$top/rt.out" >&2; return 1; }
}

# Runs each preparation; what goes wrong is kept for the table, in FAMILY.skip.
prepare() { # FAMILY...: prepare_FAMILY
  local family
  for family; do
    "prepare_$family" 2>"$top/$family.err" ||
      { tail -n 1 "$top/$family.err" | sed '/^skipped/!s/^/failed: /' >"$top/$family.skip"; echo "$family: $(cat "$top/$family.skip")" >&2; }
  done
}
database_of() { [ -n "$(sql city -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" ] || sql city -c "CREATE DATABASE $1"; }

# ---- the contestants ----

# Name, what it needs to be prepared, and what the table says.  The name is also the call: see run().
contestants() {
  grep -E -- "^[^ ]*(${ONLY:-})" <<TABLE
single-1 - libpq, one finding a commit, 1 connection
single-8 - libpq, one finding a commit, 8 connections
single-64 - libpq, one finding a commit, 64 connections
pair-64 - the same, but two of the five tables
unnest-100 - libpq, \`unnest\`, 100 findings a commit, 1 connection
unnest-1000 - libpq, \`unnest\`, 1,000 findings a commit, 1 connection
copy-1000 - libpq, binary COPY, 1,000 findings a commit, 2 connections
ipc-1-1 - **rectifyd**, ipc, 1 client × 1 finding in flight
ipc-64-1 - **rectifyd**, ipc, 64 × 1
ipc-8-500 - **rectifyd**, ipc, 8 × 500
tcp-1-1 - **rectifyd**, TCP with CURVE, 1 × 1
tcp-64-1 - **rectifyd**, TCP with CURVE, 64 × 1
tcp-8-500 - **rectifyd**, TCP with CURVE, 8 × 500
pg_boss-1-1 npm pg-boss, 1 × 1
pg_boss-64-1 npm pg-boss, 64 × 1
pg_boss-8-500 npm pg-boss, \`insert\`, 8 × 500
graphile_worker-1-1 npm graphile-worker, 1 × 1
graphile_worker-64-1 npm graphile-worker, 64 × 1
graphile_worker-8-500 npm graphile-worker, \`add_jobs\`, 8 × 500
dbos-1-1 npm DBOS, 1 × 1
dbos-64-1 npm DBOS, 64 × 1
rabbitmq-1-1 rabbitmq RabbitMQ, 1 × 1
rabbitmq-64-1 rabbitmq RabbitMQ, 64 × 1
rabbitmq-8-500 rabbitmq RabbitMQ, 8 × 500
rsyslog-all rsyslog rsyslog with ompgsql, all at once
request_tracker-1 request_tracker Request Tracker 5, 1 process
request_tracker-8 request_tracker Request Tracker 5, 8 processes
$(for rate in $RATES; do echo "open-$rate - **rectifyd**, ipc, open loop"; done)
TABLE
}

empty() { sql city -c "TRUNCATE $1.event, $1.private, $1.finding, $1.case_, $1.notice"; }

seed=0
offer() { # ENDPOINT KEYS CLIENTS PER_REQUEST COUNT MSEC [RATE]
  local endpoint=$1 keys=$2
  shift 2
  timeout $PART_SECONDS "$B/bench/offer" "$endpoint" "$keys" "${daemon[city]}" "$seed" "$@"
}
script() { # CONTESTANT WHERE IN_FLIGHT PER_CALL
  (cd "$npm" && timeout $PART_SECONDS node "$1.mjs" "$2" "$top/findings" "$3" "$4" "$FINDINGS" "$MSEC")
}

# What a part of it prints: findings a second, p50, p99 and largest time of an answer in microseconds, findings, and more that is its own.
run() { # run NAME
  local kind a b
  IFS=- read -r kind a b <<<"$1"
  case $kind in
    single | unnest | copy) timeout $PART_SECONDS "$B/bench/loops" "$kind" "$conninfo" bare "$first" "$last" "$MSEC" "$a" 5 ;;
    pair) timeout $PART_SECONDS "$B/bench/loops" single "$conninfo" bare "$first" "$last" "$MSEC" "$a" 2 ;;
    ipc) offer "$RECTIFY_ENDPOINT" - "$a" "$b" "$FINDINGS" "$MSEC" ;;
    tcp) offer "tcp://127.0.0.1:$door" "$top/keys" "$a" "$b" "$FINDINGS" "$MSEC" ;;
    open) offer "$RECTIFY_ENDPOINT" - 64 1 $((a * MSEC / (a < 10000 ? 500 : 1000))) 0 "$a" ;;
    rabbitmq) script rabbitmq "amqp://guest:guest@127.0.0.1:$messages" "$a" "$b" ;;
    rsyslog) (cd "$npm" && timeout $PART_SECONDS node syslog.mjs "$(url rsyslog)" "$top/findings" "$syslog" "$FINDINGS" $((10 * MSEC))) ;;
    request_tracker) with_perl timeout $PART_SECONDS perl bench/peers/request_tracker.pl "$top/findings" "$a" 2000 "$MSEC" ;;
    *) script "$kind" "$(url "$kind")" "$a" "$b" ;;
  esac
}

# A bare loop has written what it says.
checked() {
  case $1 in single-* | pair-* | unnest-* | copy-*) ;; *) return 0 ;; esac
  [ "$(sql city -c 'SELECT count(*) FROM bare.case_')" = "$(tail -n 1 "$top/out" | cut -d' ' -f5)" ] || { echo 'rows were left out' >"$top/err"; return 1; }
}

# The bytes of write-ahead log since BEFORE, a finding: records, then with the whole pages that follow a checkpoint.
log_bytes() { # BEFORE FINDINGS
  sql city -c "SELECT round(sum(record_size) / $2) || ' ' || round(sum(combined_size) / $2) FROM pg_get_wal_stats('$1', pg_current_wal_flush_lsn())"
}

# One part: what it printed goes into NAME, what it wrote of the write-ahead log into NAME.wal, or why there is nothing into NAME.skip.
part() { # NAME NEEDS
  local name=$1 needs=$2 before figures
  if [ -e "$top/$needs.skip" ]; then
    cp "$top/$needs.skip" "$top/$name.skip"
    return
  fi
  case $name in single-* | pair-* | unnest-* | copy-*) empty bare ;; esac
  seed=$((seed + 1))
  sql city -c CHECKPOINT
  before=$(sql city -c 'SELECT pg_current_wal_flush_lsn()')
  if run "$name" >"$top/out" 2>"$top/err" && checked "$name"; then
    figures=$(tail -n 1 "$top/out")
    echo "$round $figures" >>"$top/$name"
    case $needs in -) echo "$round $(log_bytes "$before" "$(cut -d' ' -f5 <<<"$figures")")" >>"$top/$name.wal" ;; esac
  else
    echo "failed: $({ grep . "$top/err" || echo 'without a word, or not within a minute'; } | tail -n 1 | cut -c1-160 | tr '|' '/')" >"$top/$name.skip"
  fi
  echo "round $round: $name $({ tail -qn 1 "$top/$name" "$top/$name.skip" 2>/dev/null || true; } | xargs)" >&2
}

# ---- the report ----

# Of a contestant: its column behind the number of the round; nothing when it was not measured.
figure() { column "$1" $(($2 + 1)) 2>/dev/null || true; }
reason() { [ ! -e "$top/$1.skip" ] || tr '\n' ' ' <"$top/$1.skip" | sed 's/ *$//'; }

# A figure of contestant A over that of B, round by round: a machine that is slow is slow for both.
by_round() { # A B FIGURE: median, least and most
  if [ -e "$top/$1" ] && [ -e "$top/$2" ]; then join <(sort "$top/$1") <(sort "$top/$2"); fi |
    awk -v a="$(($3 + 1))" -v wide="$(head -n 1 "$top/$1" 2>/dev/null | wc -w)" -v k="$3" \
      '$a > 0 && $(wide + k) > 0 { printf "%.2f\n", $a / $(wide + k) }' >"$top/ratios"
  echo "$(median <"$top/ratios") $(least <"$top/ratios") $(most <"$top/ratios")"
}

row() { # NAME TEXT...
  local name=$1 failed
  shift
  failed=$(reason "$name")
  if [ ! -e "$top/$name" ]; then
    echo "| $* | ${failed:-failed: not run} | | | | |"
    return
  fi
  echo "| $*${failed:+ (a round failed: ${failed#failed: })} | $(figure "$name" 1 | median) | $(figure "$name" 1 | least) – $(figure "$name" 1 | most) |" \
    "$(figure "$name" 2 | median) | $(figure "$name" 3 | median) | $(by_round "$(like "$name")" "$name" 1 | cut -d' ' -f1) |"
}
like() { # NAME: the rectifyd to compare it with
  case $1 in
    *-1-1 | single-1 | request_tracker-1) echo ipc-1-1 ;;
    *-8-500 | unnest-* | copy-* | *-all) echo ipc-8-500 ;;
    *) echo ipc-64-1 ;;
  esac
}
rows() {
  contestants | while read -r name _ text; do
    case $name in open-*) ;; *) row "$name" "$text" ;; esac
  done | sed 's/ 0 | 0 |/ – | – |/'
}

# A line of the second table: what is asked for, and whether it was reached.
asked() { # TEXT MEDIAN LEAST MOST COMPARISON TARGET UNIT
  local verdict
  verdict=$(awk -v a="${2:-}" -v t="$6" -v c="$5" 'BEGIN { if (a == "") print "not measured"; else print (c == "≥" ? a >= t : a <= t) ? "yes" : "**no**" }')
  echo "| $1 | ${2:-–} | ${3:+$3 – $4} | $5 $6${7:+ $7} | $verdict |"
}
asked_ratio() { # TEXT A B COLUMN COMPARISON TARGET
  local figures
  read -r -a figures <<<"$(by_round "$2" "$3" "$4")"
  asked "$1" "${figures[0]:-}" "${figures[1]:-}" "${figures[2]:-}" "$5" "$6" ''
}
asked_column() { # TEXT NAME COLUMN DIVISOR COMPARISON TARGET UNIT
  local scaled
  scaled=$(figure "$2" "$3" | awk -v d="$4" '{ printf "%.2f\n", $1 / d }')
  asked "$1" "$(median <<<"$scaled")" "$(least <<<"$scaled")" "$(most <<<"$scaled")" "$5" "$6" "$7"
}
asks() {
  asked_ratio '8 × 500 / unnest 1,000 (the same rows)' ipc-8-500 unnest-1000 1 ≥ 0.85
  asked_ratio '8 × 500 / two-connection COPY (the same rows; stretch)' ipc-8-500 copy-1000 1 ≥ 0.75
  asked_ratio '64 × 1 / libpq at 64 connections (the same rows)' ipc-64-1 single-64 1 ≥ 2.2
  asked_ratio '64 × 1 / libpq at 64 connections, two of the five tables' ipc-64-1 pair-64 1 ≥ 2.2
  asked_ratio 'p50 of 1 × 1 / p50 of a bare commit of the same rows' ipc-1-1 single-1 2 ≤ 2.5
  asked_ratio 'write-ahead log a finding, 8 × 500 / COPY' ipc-8-500.wal copy-1000.wal 1 ≤ 1.4
  asked_column 'CPU of the daemon a finding, 8 × 500, ipc' ipc-8-500 6 1000 ≤ 3 µs
  asked_column 'CPU of the daemon a finding, 8 × 500, TCP with CURVE' tcp-8-500 6 1000 ≤ 5 µs
}

logged() {
  local bytes
  bytes=$(figure "$1.wal" 1 | median)
  echo "${bytes:-not measured}${bytes:+, $(figure "$1.wal" 2 | median)}"
}

msec_of() { ratio "$(figure "$1" "$2" | median)" 1000; }
opens() {
  local rate target name p99
  for rate in $RATES; do
    case $rate in 1000) target=1 ;; 5000) target=5 ;; 20000) target=15 ;; *) target='' ;; esac
    name=open-$rate
    if [ ! -e "$top/$name" ]; then
      echo "| $rate | $(reason "$name") | | | | | |"
      continue
    fi
    p99=$(msec_of "$name" 3)
    echo "| $rate | $(figure "$name" 1 | median) | $(msec_of "$name" 2) | $p99 | $(msec_of "$name" 4) | ${target:+≤ $target} |" \
      "$(awk -v a="$p99" -v t="$target" 'BEGIN { print t == "" ? "" : a <= t ? "yes" : "**no**" }') |"
  done
}

version() { # PACKAGE of npm
  node -p "require('$npm/node_modules/$1/package.json').version" 2>/dev/null || echo '(not there)'
}
debian_version() { # PACKAGE of those that were unpacked
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p'
}

report() {
  cat <<END
# rectifyd beside the bare database and beside what people would use instead

Made by \`bench/peers.sh\`. $ROUNDS rounds in one run, every contestant in each, on one private cluster with fsync and synchronous_commit on;
medians, and the range. A × B: A clients (calls) at a time, each with B findings in one request; the next goes when the last is answered.
The last column: findings a second of rectifyd over ipc, 1 × 1, 64 × 1 or 8 × 500, whichever is nearest, over this one's.

| contestant | findings/s | range | p50 of an answer, µs | p99, µs | rectifyd / this |
|---|---|---|---|---|---|
$(rows)

## What was asked for

| figure | median | range | asked | reached |
|---|---|---|---|---|
$(asks)

Write-ahead log a finding, in bytes, and with the whole pages that follow a checkpoint:
rectifyd $(logged ipc-8-500) (8 × 500), $(logged ipc-64-1) (64 × 1); unnest 1,000: $(logged unnest-1000); COPY: $(logged copy-1000).
Daemon CPU at 64 × 1: $(figure ipc-64-1 6 | median) ns a finding, with CURVE $(figure tcp-64-1 6 | median) ns.

## Open loop

Findings arrive one by one, by chance, at a mean rate, over 64 connections; nobody waits for an answer before the next comes. A latency counts from
the instant at which a finding was to be sent: it has in it how long it had to wait when the daemon or the generator was behind. Where the reached
rate is below the rate that was asked for, the machine could not, and latencies are those of a growing queue.

| arrivals/s | reached/s | p50, ms | p99, ms | largest, ms | asked, p99 | reached |
|---|---|---|---|---|---|---|
$(opens)

## What each does, and does not do

| contestant | written for a finding | life after that |
|---|---|---|
| rectifyd | event with its hash in a Merkle tree, erasable text, finding, case with officer and due date, notices: five tables, checked by constraints | deadlines, ladder, refusals, receipts that prove themselves; the same id again changes nothing |
| libpq, single, \`unnest\`, COPY | the very same rows, read back from rectifyd's tables beforehand; the same indexes, no checks, no triggers | none: it decides, validates, hashes and looks up nothing |
| libpq, two tables | event and case alone | none |
| pg-boss $(version pg-boss) | one row: a job with the finding as JSON, retries, days to be kept | queue: fetched once, tried again; no due date of its own, no officer, no history that auditors could check |
| graphile-worker $(version graphile-worker) | one or two rows: a job with the finding as JSON, attempts | queue; jobs are deleted when done, no history |
| DBOS $(version @dbos-inc/dbos-sdk) | one row: a workflow that waits in a queue, with the finding as its input | durable steps, each on record while it runs; deadlines only as the program's own code; the log can be changed |
| RabbitMQ $(debian_version rabbitmq-server) | one persistent message in a durable classic queue, no database; confirmed when it is on disk | queue: gone when taken; no due date, no history, doubles are the reader's to find |
| rsyslog $(debian_version rsyslog-pgsql) with ompgsql | one row: time and text | none; nothing is acknowledged: what is in its queue in memory is lost with it, and the sender does not know |
| Request Tracker $(debian_version request-tracker5) | ticket with a due date, transactions, attachment, group of watchers: some twenty rows | the nearest in kind: due dates, history, notices by mail; escalation by a cron job; history can be changed |

## Method

- A part lasts $MSEC ms or $FINDINGS findings (rsyslog's until all rows are there, at most $((10 * MSEC)) ms; an open loop of less than 10,000 a second
  $((2 * MSEC)) ms); the contestants' order is turned from round to round, and a checkpoint is made before each part.
  A ratio is that of two parts of one round; of the rounds the median.
- Findings are of about 600 bytes, from 1,300 units × 400 codes (weights 1, 1/2, 1/3, …); requests, rows and payloads are made before the clock
  starts, also those of rectifyd. Its figures are of \`bench/offer.c\`, which speaks the protocol of \`docs/PROTOCOL.md\` over a socket a client; its
  answers, receipts with their proofs, are unpacked and each must be an acceptance. At the end $counted.
- The bare loops (\`bench/loops.c\`) send one finding's rows as one pipeline, one round trip and one commit, prepared and binary; 64 connections
  are driven by one thread with poll. \`unnest\` sends arrays; COPY sends all five tables in one message, two threads with a connection each.
- The others run as their own documentation says for many jobs: scripts in \`bench/peers/\`; Node.js $(node --version 2>/dev/null || echo '(not there)') with pools of at most 10 connections; the
  newest versions that run on it. RabbitMQ's server runs beside the database, which rests meanwhile. rsyslog's figure is from the first message sent to the
  last row in the table, in its transactions of up to 1,000 rows. Request Tracker makes tickets by its Perl API, without web server and mail.
- Write-ahead log: by pg_walinspect, of the part, over its findings. The ratio is of records alone: how many whole pages follow a checkpoint
  depends on how long a part lasts and how large the tables are already, and rectifyd's are. Daemon CPU is that of
  all its threads over the part, ZeroMQ's too.
- Client, daemon and servers share the machine's processors.

## Machine

$(machine city); load average of the last 15 minutes $busy before the first round, $(cut -d' ' -f3 /proc/loadavg) at the end:
this run alone makes about 2$(awk -v a="$busy" 'BEGIN { if (a > 1) printf "; **the machine was busy with other work**, and the figures are lower and more scattered than on a quiet one: then who has more processes gets more of the processors" }').
END
}

# ---- the rounds ----

busy=$(cut -d' ' -f3 /proc/loadavg)
start_city
families=$(contestants | awk '$2 != "-" && !seen[$2]++ { print $2 }')
if [ -n "$families" ]; then
  echo "preparing what people would use instead" >&2
  prepare npm debian
fi
for family in $families; do
  [ "$family" != npm ] || continue
  cat "$top"/{npm,debian}.skip >"$top/$family.skip" 2>/dev/null || true
  [ -s "$top/$family.skip" ] || { rm "$top/$family.skip"; prepare "$family"; }
done
sql city -c 'CREATE EXTENSION pg_walinspect'
for name in pg_boss graphile_worker dbos; do database_of "$name"; done
plain city bare
beforehand=$((FINDINGS * ROUNDS > WARM ? FINDINGS * ROUNDS : WARM))
offer "$RECTIFY_ENDPOINT" - 8 500 "$beforehand" 60000 >/dev/null # warm, and the rows of the bare loops
sql city -c "SELECT json_build_object('unit', f.unit_code, 'code', f.code, 'category', f.category, 'inspection', f.inspection, 'kind', f.kind,
  'severity', f.severity, 'found_on', f.found_on, 'text', p.body) FROM rectify.finding AS f JOIN rectify.private AS p USING (log_index)
  ORDER BY f.case_no LIMIT $FINDINGS" >"$top/findings"
mapfile -t all < <(contestants)
for ((round = 1; round <= ROUNDS; round++)); do
  first=$(((round - 1) * FINDINGS + 1)) last=$((round * FINDINGS))
  for ((turn = 0; turn < ${#all[@]}; turn++)); do
    read -r name needs _ <<<"${all[(turn + (round - 1) * ${#all[@]} / ROUNDS) % ${#all[@]}]}"
    part "$name" "$needs"
  done
done
counted=$(sql city -c "SELECT (SELECT count(*) FROM rectify.case_) || ' cases, ' || (SELECT count(*) FROM rectify.notice) || ' notices'")
report | keep peers
