#!/usr/bin/env bash
# Measures the intake of findings, as ratios within one run on one private cluster: rectifyd against the same rows written
# by a bare one-connection libpq loop.  Prints the table and writes intake.md of RESULTS.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); FINDINGS (of a round, 20000); ROUNDS (5); PLACE (where the data directory is made).
set -euo pipefail
cd "$(dirname "$0")/.."
B=$(realpath "${B:-build}")
RESULTS=${RESULTS:-$B/bench/results}
FINDINGS=${FINDINGS:-20000} ROUNDS=${ROUNDS:-5} SINGLES=400
intake=$B/bench/intake
top=$(mktemp -d "${PLACE:-/var/tmp}/rectify-intake.XXXXXX")
chmod 711 "$top"
data=$top/data
export RECTIFY_ENDPOINT=ipc://$data/rectifyd.sock
daemon=''
finish() {
  [ -z "$daemon" ] || { kill -TERM "$daemon" && wait "$daemon"; } || true
  rm -rf "$top"
}
trap finish EXIT

# 1,300 units of 80 bureaus; every bureau has a head and a handler.
registry() {
  awk 'BEGIN {
    print "registry: bench\nunits:\n  - {code: city, name: City, calendar: cn, zone: Asia/Shanghai}\n  - {code: team-1, name: Team, parent: city}"
    for (i = 0; i < 1300; i++) printf "  - {code: u%04d, name: Unit %d, parent: %s}\n", i, i, i < 80 ? "city" : sprintf("u%04d", i % 80)
    print "officers:\n  - {code: office, name: Office, unit: city}\n  - {code: verifier, name: Verifier, unit: city}\n  - {code: inspector, name: Inspector, unit: team-1}"
    for (i = 0; i < 80; i++) printf "  - {code: p%02d, name: Head %d, unit: u%04d}\n  - {code: h%02d, name: Handler %d, unit: u%04d}\n", i, i, i, i, i, i
    print "appointments:\n  - {officer: office, role: office, unit: city}\n  - {officer: office, role: administrator, unit: city}"
    print "  - {officer: verifier, role: verifier, unit: city}\n  - {officer: inspector, role: inspector, unit: team-1}"
    for (i = 0; i < 80; i++) printf "  - {officer: p%02d, role: principal, unit: u%04d}\n  - {officer: h%02d, role: handler, unit: u%04d}\n", i, i, i, i
  }'
}

start() {
  "$B/rectifyd" --data "$data" --endpoint "$RECTIFY_ENDPOINT" --log-level warning >"$top/log" 2>&1 </dev/null &
  daemon=$!
  local tries=0
  until "$B/rectify" ping --as office --timeout 1 >/dev/null 2>&1; do
    tries=$((tries + 1))
    if ! kill -0 "$daemon" 2>/dev/null || [ "$tries" -gt 60 ]; then
      cat "$top/log" >&2
      exit 1
    fi
  done
  registry >"$top/registry.yaml"
  "$B/rectify" registry load "$top/registry.yaml" --as office >/dev/null
  local directory=$data/postgres-socket
  [ ! -e "$data/postgres-socket.path" ] || directory=$(cat "$data/postgres-socket.path")
  conninfo="host=$directory port=5432 dbname=rectify user=rectify_admin"
}
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$conninfo" -c "$1"; }

# Bytes of the write-ahead log that the command takes, a finding; its output goes to FILE.
log_bytes() { # FILE COUNT COMMAND...
  local file=$1 count=$2 before
  shift 2
  before=$(sql "SELECT pg_current_wal_insert_lsn() - '0/0'")
  "$@" >>"$file"
  awk -v a="$before" -v b="$(sql "SELECT pg_current_wal_insert_lsn() - '0/0'")" -v n="$count" 'BEGIN { printf "%.0f\n", (b - a) / n }'
}

# The rows of cases FIRST..LAST by COPY.
copy() { # SCHEMA FIRST LAST
  local table accepted="(SELECT f.log_index FROM rectify.finding AS f WHERE f.case_no BETWEEN $2 AND $3)"
  for table in event private finding case_ notice; do
    case $table in
      private) where="t.log_index IN $accepted" ;;
      notice) where="t.id / 16 IN $accepted" ;;
      *) where="t.case_no BETWEEN $2 AND $3" ;;
    esac
    psql -XAtq -v ON_ERROR_STOP=1 -d "$conninfo" -c "\\copy (SELECT * FROM rectify.$table AS t WHERE $where ORDER BY 1) TO '$top/rows' (FORMAT binary)"
    psql -XAtq -v ON_ERROR_STOP=1 -d "$conninfo" -c "\\copy $1.$table FROM '$top/rows' (FORMAT binary)"
  done
}

# The five tables that a finding leaves rows in, with their indexes, but without checks and triggers.
plain() {
  sql "CREATE SCHEMA $1"
  local table
  for table in event private finding case_ notice; do
    sql "CREATE TABLE $1.$table (LIKE rectify.$table INCLUDING DEFAULTS INCLUDING INDEXES)"
  done
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
least() { sort -n | sed -n 1p; }
most() { sort -n | sed -n '$p'; }
column() { cut -d' ' -f"$2" "$top/$1"; }
ratio() { awk -v a="$1" -v b="$2" -v d="${3:-2}" 'BEGIN { printf "%.*f", d, a / b }'; }

start
for schema in bare250 bare500 bare1 commit1 copy; do plain "$schema"; done
backend=$(sql "SELECT pid FROM pg_stat_activity WHERE application_name = 'rectifyd writer'")
"$intake" flood "$RECTIFY_ENDPOINT" "$daemon" "$backend" 99 10000 >/dev/null # warm
for ((round = 1; round <= ROUNDS; round++)); do
  first=$(($(sql 'SELECT max(case_no) FROM rectify.case_') + 1)) last=$((first + FINDINGS - 1))
  sql CHECKPOINT
  log_bytes "$top/flood" "$FINDINGS" "$intake" flood "$RECTIFY_ENDPOINT" "$daemon" "$backend" "$round" "$FINDINGS" >>"$top/log_flood"
  "$intake" bare "$conninfo" bare250 "$first" "$last" 250 >>"$top/bare250"
  "$intake" bare "$conninfo" bare500 "$first" "$last" 500 >>"$top/bare500"
  paste -d' ' <(tail -n 1 "$top/flood") <(tail -n 1 "$top/bare250") <(tail -n 1 "$top/bare500") |
    awk '{ printf "%.2f %.2f\n", $1 / $6, $1 / $10 }' >>"$top/ratio"
  sql CHECKPOINT
  log_bytes /dev/null "$FINDINGS" copy copy "$first" "$last" >>"$top/log_copy"
  sql CHECKPOINT
  "$intake" single "$RECTIFY_ENDPOINT" "$((round + 100))" "$SINGLES" >>"$top/single"
  "$intake" bare "$conninfo" bare1 "$first" "$((first + SINGLES - 1))" 1 >>"$top/bare1"
  "$intake" commit "$conninfo" commit1 "$first" "$((first + SINGLES - 1))" >>"$top/commit1"
  echo "round $round: $(tail -qn 1 "$top/flood" "$top/bare250" "$top/bare500" "$top/single" "$top/bare1" "$top/commit1" | xargs)" >&2
done
counted=$(sql "SELECT (SELECT count(*) FROM rectify.case_) || ' cases, ' || (SELECT count(*) FROM rectify.notice) || ' notices'")
[ "$(sql 'SELECT count(*) FROM bare500.notice')" -gt "$FINDINGS" ] || { echo "the bare loop left rows out" >&2; exit 1; }

row() { # WHAT FILE COLUMN UNIT
  echo "| $1 | $(column "$2" "$3" | median) | $(column "$2" "$3" | least) – $(column "$2" "$3" | most) | $4 |"
}
report() {
  cat <<END
# Intake

Made by \`bench/intake.sh\`. $ROUNDS rounds in one run, on one private cluster with fsync on; medians, and the range.

| what | median | range | unit |
|---|---|---|---|
$(row "rectifyd, 8 requests of 250 findings in flight" flood 1 findings/s)
$(row "bare loop, 250 findings a commit" bare250 1 findings/s)
$(row "bare loop, 500 findings a commit" bare500 1 findings/s)
$(row "**rectifyd / bare 250**" ratio 1 ratio)
$(row "**rectifyd / bare 500**" ratio 2 ratio)
$(row "daemon CPU a finding" flood 2 ns)
$(row "server process's CPU a finding: rectifyd" flood 3 ns)
$(row "server process's CPU a finding: bare 250" bare250 4 ns)
$(row "server process's CPU a finding: bare 500" bare500 4 ns)
$(row "client CPU a finding" flood 4 ns)
$(row "write-ahead log a finding: rectifyd" log_flood 1 bytes)
$(row "write-ahead log a finding: the same rows by COPY" log_copy 1 bytes)
$(row "daemon resident" flood 5 kB)
$(row "one finding at a time, p50" single 1 µs)
$(row "one finding at a time, p99" single 2 µs)
$(row "bare loop, one finding a commit, p50" bare1 2 µs)
$(row "bare, one event row a commit, p50" commit1 2 µs)

Idle p50 / bare commit of the same rows: $(ratio "$(column single 1 | median)" "$(column bare1 2 | median)");
/ bare commit of one row: $(ratio "$(column single 1 | median)" "$(column commit1 2 | median)").
Write-ahead log / COPY's: $(ratio "$(column log_flood 1 | median)" "$(column log_copy 1 | median)").

## Method

- A round is $FINDINGS findings of about 600 bytes from 1,300 units × 400 codes (weights 1, 1/2, 1/3, …). The rows of a
  finding are event, text, finding, case and its notices; at the end $counted.
- The bare loop writes those same rows, read back from the daemon's tables beforehand, into plain tables with the same
  indexes and no checks or triggers: one connection, binary arrays through \`unnest\`, one round trip and one commit at a
  time. It validates nothing, decides nothing, hashes nothing, probes nothing.
- CPU is user and system time of the process over the flood. A checkpoint is made before each timed part, so each pays for
  whole pages in the write-ahead log as often.
- Client, daemon and server share the machine's processors.

## Machine

$(nproc) processors: $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1); $(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo);
Linux $(uname -r); PostgreSQL $(sql 'SHOW server_version'); load average before the end $(cut -d' ' -f1 /proc/loadavg).
END
}
mkdir -p "$RESULTS"
report | tee "$RESULTS/intake.md"
