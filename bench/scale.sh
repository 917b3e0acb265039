#!/usr/bin/env bash
# Measures the daemon among many cases: a storm of rungs while findings come in, the start, memory, intake into loaded tables, queries,
# a ledger, and the verifier.  Prints the table and writes scale.md of RESULTS.
#
# Tables are filled by bench/load.c, which plays cases through the daemon's own code: a smaller log made the same way is verified,
# event for event and row by row, before anything is measured.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results; NAME of the file, scale); CASES (open cases, 1000000);
# EVENTS (of each, 5); TEXTS (every n-th finding has a text, 1); STORM (rungs due at once, 10000); FINDINGS (of a round of intake, 20000);
# ROUNDS (3); LEDGER (rows, 100000); CHECKED (cases of the log that is verified, 20000); RATE (findings a second while something
# else is done, 200); LEAD (seconds to prepare for the storm, besides two starts, 40); PLACE (where the data directories are made: about
# 3.5 GB for a million cases of five events).
set -euo pipefail
cd "$(dirname "$0")/.."
B=$(realpath "${B:-build}")
RESULTS=${RESULTS:-$B/bench/results} NAME=${NAME:-scale}
CASES=${CASES:-1000000} EVENTS=${EVENTS:-5} TEXTS=${TEXTS:-1} STORM=${STORM:-10000} FINDINGS=${FINDINGS:-20000} ROUNDS=${ROUNDS:-3}
LEDGER=${LEDGER:-100000} CHECKED=${CHECKED:-20000} RATE=${RATE:-200} LEAD=${LEAD:-40}
began_load=$(cut -d' ' -f1 /proc/loadavg)
top=$(mktemp -d "${PLACE:-/var/tmp}/rectify-scale.XXXXXX")
chmod 711 "$top"
export RECTIFY_ACTOR=office RECTIFY_SPOOL=/dev/null/none LC_ALL=C.UTF-8
declare -A daemon
finish() {
  local pid
  for pid in "${daemon[@]}"; do
    kill -TERM "$pid" && wait "$pid"
  done || true
  rm -rf "$top"
}
trap finish EXIT

# 1,300 units of 80 bureaus, as bench/made.h names them.
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
# The default policy, but for the clock of signing: hours are exact, so that rungs can be due at an instant of our own.
policy() {
  sed 's/sign_for: [12]wd/sign_for: 24h/; /^tests:/,$d' policy/municipal.yaml |
    awk '/^  [a-z_]+:/ { signing = 0 } /^  sign_for:/ { signing = 1 }
      signing { sub("at: 0wd", "at: 0h"); sub("\\+2wd", "+48h"); sub("10wd", "240h") } { print }'
}

endpoint() { echo "ipc://$top/$1/rectifyd.sock"; }
# NAME OPTION...: starts its daemon, waits until it says `ready`; milliseconds from exec into $top/NAME.start.
start() {
  : >"$top/$1.log"
  local began tries=0
  began=$(date +%s%3N)
  "$B/rectifyd" --data "$top/$1" --endpoint "$(endpoint "$1")" "${@:2}" >"$top/$1.log" 2>&1 </dev/null &
  daemon[$1]=$!
  until grep -q ' ready endpoint=' "$top/$1.log"; do
    tries=$((tries + 1))
    if ! kill -0 "${daemon[$1]}" 2>/dev/null || [ "$tries" -gt 60000 ]; then
      cat "$top/$1.log" >&2
      exit 1
    fi
    sleep 0.01
  done
  echo $(($(date +%s%3N) - began)) >"$top/$1.start"
}
stop() {
  kill -TERM "${daemon[$1]}"
  wait "${daemon[$1]}" || true
  unset "daemon[$1]"
}

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$(conninfo "$1")" "${@:2}"; }
conninfo() {
  local directory=$top/$1/postgres-socket
  [ ! -e "$top/$1/postgres-socket.path" ] || directory=$(cat "$top/$1/postgres-socket.path")
  echo "host=$directory port=5432 dbname=rectify user=rectify_admin"
}
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${daemon[$1]}/status"; }

# The indexes of what grows are put back when all is in: several times faster, and the tables are as a daemon leaves them.
grown="'rectify.event'::regclass, 'rectify.private'::regclass, 'rectify.finding'::regclass, 'rectify.case_'::regclass,
  'rectify.notice'::regclass, 'rectify.search'::regclass"
take_indexes() { # NAME: away, and the statements that put them back into $top/NAME.index
  sql "$1" >"$top/$1.index" <<SQL
SELECT CASE WHEN k.conname IS NULL THEN pg_get_indexdef(i.indexrelid)
  ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', i.indrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) END || ';'
FROM pg_index AS i LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid IN ($grown) ORDER BY i.indrelid, i.indexrelid;
SQL
  sql "$1" >"$top/$1.drop" <<SQL
SELECT CASE WHEN k.conname IS NULL THEN format('DROP INDEX %s', i.indexrelid::regclass)
  ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', i.indrelid::regclass, k.conname) END || ';'
FROM pg_index AS i LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid IN ($grown);
SQL
  sql "$1" -f "$top/$1.drop"
}
fill() { # NAME CASES EVENTS TEXTS AT SPREAD, see bench/load.c; its daemon was killed, its server runs
  sql "$1" -c "ALTER SYSTEM SET max_wal_size = '16GB'" -c 'ALTER SYSTEM SET full_page_writes = off' -c 'ALTER SYSTEM SET synchronous_commit = off' \
    -c 'SELECT pg_reload_conf()' >/dev/null
  take_indexes "$1"
  "$B/bench/load" "$(conninfo "$1")" "${@:2}" >"$top/$1.load"
  sql "$1" -c "SET maintenance_work_mem = '512MB'" \
    -c 'INSERT INTO rectify.search SELECT f.case_no, f.log_index, rectify.bigrams(ARRAY[x.body])
        FROM rectify.finding AS f JOIN rectify.private AS x ON x.log_index = f.log_index WHERE octet_length(x.body) > 6' \
    -c 'UPDATE rectify.search_mark SET indexed = (SELECT cases FROM rectify.head)' -f "$top/$1.index"
  sql "$1" -c 'VACUUM ANALYZE'
  sql "$1" -c 'ALTER SYSTEM RESET ALL' -c 'SELECT pg_reload_conf()' -c CHECKPOINT >/dev/null
}
publish() { # NAME
  export RECTIFY_ENDPOINT
  RECTIFY_ENDPOINT=$(endpoint "$1")
  policy >"$top/policy.yaml"
  registry >"$top/registry.yaml"
  "$B/rectify" policy publish "$top/policy.yaml" >/dev/null
  "$B/rectify" registry load "$top/registry.yaml" >/dev/null
}
# NAME FILL...: a database that is filled; its daemon does not run, its server does.
make() {
  start "$1"
  publish "$1"
  kill -KILL "${daemon[$1]}"
  wait "${daemon[$1]}" 2>/dev/null || true
  unset "daemon[$1]"
  fill "$@"
}

seconds() { # COMMAND...: CPU seconds of it, user and system
  local TIMEFORMAT='%U %S'
  { time "$@" >"$top/said" 2>&1; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }'
}
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
field() { cut -d' ' -f"$2" "$top/$1"; }
ratio() { awk -v a="$1" -v b="$2" -v d="${3:-2}" 'BEGIN { printf "%.*f", d, a / b }'; }
turns() { "$B/rectify" ping --json --endpoint "$(endpoint "$1")" | sed 's/.*"turns":"\([^"]*\)".*/\1/'; }
load() { cut -d' ' -f1 /proc/loadavg; }
now() { date +%s; }

# ---- what is made is a log that verifies ----

say() { echo "$(date +%T) $*, load average $(load)" >&2; }
say "making $CHECKED cases that are verified"
make checked "$CHECKED" "$EVENTS" 1 $(($(now) - 108000)) 3600
user=$(stat -c %U "$top/checked")
as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"; else "$@"; fi; }
mkdir "$top/signer" && chown "$user" "$top/signer"
as_user "$B/rectify-sign" new --name rectify.bench/log --key "$top/signer/key" --state "$top/signer/state" >"$top/pub"
as_user "$B/rectify-sign" run --key "$top/signer/key" --state "$top/signer/state" --socket "$top/signer/socket" >"$top/signer.log" 2>&1 &
daemon[signer]=$!
signing=$(pgrep -P "${daemon[signer]}" || true) # the function's own process waits for it
[ -z "$signing" ] || daemon[signer]=$signing
start checked --signer "$top/signer/socket"
RECTIFY_ENDPOINT=$(endpoint checked)
"$B/rectify" doctor --timeout 60 >"$top/doctor"
grep -q 'log root ok, fold = row' "$top/doctor"
began=$(date +%s%3N)
"$B/rectify" verify --key "$top/pub" >"$top/said" 2>/dev/null
online=$(($(date +%s%3N) - began))
grep -q 'nothing was tampered with' "$top/said"
verified=$(sed -n 's/^verify: \([0-9]*\) records.*/\1/p' "$top/said")
"$B/rectify" export log "$top/export" >/dev/null
for ((round = 1; round <= ROUNDS; round++)); do
  seconds "$B/rectify" verify --offline "$top/export" --key "$top/pub" >>"$top/offline"
  echo >>"$top/offline"
  grep -q 'nothing was tampered with' "$top/said"
done
stop checked
stop signer

# ---- many cases ----

start empty
publish empty
empty_rss=$(rss empty)
say "making $CASES cases of $EVENTS events"
make loaded "$CASES" "$EVENTS" "$TEXTS" $(($(now) - 108000)) 3600
for ((round = 1; round <= ROUNDS; round++)); do
  start loaded
  cat "$top/loaded.start" >>"$top/starts"
  awk '{ print $14 + $15 }' "/proc/${daemon[loaded]}/stat" >>"$top/start_ticks"
  load >>"$top/start_load"
  loaded_rss=$(rss loaded)
  [ "$round" = "$ROUNDS" ] || stop loaded
done
open=$("$B/rectify" ping --json --endpoint "$(endpoint loaded)" | sed 's/.*"cases_open":\([0-9]*\).*/\1/')
say "started with $open cases in $(xargs <"$top/starts") ms"

say "questions"
for what in history why inbox search; do
  "$B/bench/scale" ask "$(endpoint loaded)" "$what" "$CASES" 1000 >"$top/$what"
done

say "intake, empty and loaded"
"$B/bench/intake" flood "$(endpoint empty)" "${daemon[empty]}" 99 5000 >/dev/null
"$B/bench/intake" flood "$(endpoint loaded)" "${daemon[loaded]}" 98 5000 >/dev/null
for ((round = 1; round <= ROUNDS; round++)); do
  "$B/bench/intake" flood "$(endpoint empty)" "${daemon[empty]}" "$round" "$FINDINGS" >>"$top/flood_empty"
  "$B/bench/intake" flood "$(endpoint loaded)" "${daemon[loaded]}" "$((round + 50))" "$FINDINGS" >>"$top/flood_loaded"
  paste -d' ' <(tail -n 1 "$top/flood_loaded") <(tail -n 1 "$top/flood_empty") | awk '{ printf "%.2f\n", $1 / $4 }' >>"$top/flood_ratio"
done

say "a ledger"
RECTIFY_ENDPOINT=$(endpoint loaded)
"$B/bench/scale" pace "$(endpoint loaded)" 301 "$RATE" 10 >"$top/quiet_ledger"
began=$(date +%s%3N)
(
  "$B/rectify" ledger --csv 2>/dev/null || true
) | head -n "$LEDGER" | tail -n 1 >"$top/ledger" &
writing=$!
"$B/bench/scale" pace "$(endpoint loaded)" 302 "$RATE" 10 >"$top/busy_ledger"
still=$(kill -0 "$writing" 2>/dev/null && echo 'all the while' || echo 'not to the end: raise LEDGER')
wait "$writing"
ledger_msec=$(($(date +%s%3N) - began))

say "the storm"
kill -KILL "${daemon[loaded]}"
wait "${daemon[loaded]}" 2>/dev/null || true
lead=$((LEAD + $(awk '{ s = $1 > s ? $1 : s } END { printf "%d", s * 2 / 1000 }' "$top/starts")))
at=$(($(now) + lead))
"$B/bench/load" "$(conninfo loaded)" "$STORM" 1 1 $((at - 86400)) 0 >"$top/storm.load"
sql loaded -c 'UPDATE rectify.search_mark SET indexed = (SELECT cases FROM rectify.head)'
start loaded
[ "$(now)" -lt $((at - 12)) ] || { echo "the start took too long for the storm: raise LEAD" >&2; exit 1; }
sql loaded -c CHECKPOINT
"$B/bench/scale" pace "$(endpoint loaded)" 400 "$RATE" 2 >/dev/null
"$B/bench/scale" pace "$(endpoint loaded)" 401 "$RATE" 5 >"$top/quiet_storm"
turns loaded >"$top/turns_before"
seconds_left=$((at - $(now)))
"$B/bench/scale" pace "$(endpoint loaded)" 402 "$RATE" $((seconds_left + 5)) "$at" $((at + 1)) >"$top/busy_storm"
turns loaded >"$top/turns_after"
longest=$("$B/rectify" ping --json --endpoint "$(endpoint loaded)" | sed 's/.*"turn_usec_max":\([0-9]*\).*/\1/')
fired=$(sql loaded -c "SELECT count(*) FROM rectify.event WHERE command = 40 AND recorded >= to_timestamp($at)")
[ "$fired" -ge "$STORM" ] || { echo "only $fired rungs fired" >&2; exit 1; }
# The batch behind the last rungs is decided when theirs is durable: its instant is when the storm was over.
drained=$(sql loaded -c "SELECT round(extract(epoch FROM min(e.recorded) - to_timestamp($at)) * 1000) FROM rectify.event AS e
  WHERE e.recorded > (SELECT max(recorded) FROM rectify.event WHERE command = 40 AND recorded >= to_timestamp($at))")
storm_load=$(load)
counted=$(sql loaded -c "SELECT (SELECT count(*) FROM rectify.case_) || ' cases, ' || (SELECT size FROM rectify.head) || ' events, ' ||
  pg_size_pretty(pg_database_size('rectify'))")
version=$(sql loaded -c 'SHOW server_version')

line() { # WHAT FILE: three figures of it
  echo "| $1 | $(field "$2" 2) | $(field "$2" 3) | $(field "$2" 4) |"
}
over() { # how many turns of the storm were in the last two ranges
  paste -d' ' "$top/turns_before" "$top/turns_after" | awk '{ n = NF / 2; print $(2 * n) + $(2 * n - 1) - $n - $(n - 1) }'
}
report() {
  cat <<END
# Among many cases

Made by \`bench/scale.sh\`: CASES=$CASES EVENTS=$EVENTS TEXTS=$TEXTS STORM=$STORM RATE=$RATE; at the end $counted. One run on private
clusters with fsync on.  Load average when it began $began_load, at the storm $storm_load: the machine's processors were shared with other work,
so times by the clock are upper bounds; CPU time and ratios within the run are what to compare.

| what | figure | wanted |
|---|---|---|
| storm: $STORM rungs due at once, drained after | $drained ms | ≤ 500 ms |
| storm: turns of the daemon's loop over 40 ms | $(over) | 0 |
| storm: longest turn since the start | $(ratio "$longest" 1000 1) ms | ≤ 40 ms |
| storm: a finding handed in within its first second, p99 / quiet | $(ratio "$(field busy_storm 3)" "$(field quiet_storm 3)") | ≤ 3 |
| start with $open open cases, exec to \`ready\`, the server's start included | $(median <"$top/starts") ms ($(sort -n "$top/starts" | xargs)) | ≤ 5000 ms |
| … daemon's CPU in it | $(($(median <"$top/start_ticks") * 1000 / $(getconf CLK_TCK))) ms | |
| memory an open case: resident with $open less resident with none | $(((loaded_rss - empty_rss) * 1024 / open)) bytes | ≤ 400 |
| intake into loaded tables / into empty ones | $(median <"$top/flood_ratio") ($(sort -n "$top/flood_ratio" | xargs)) | ≥ 0.7 |
| verify, offline, events a CPU second | $(awk -v n="$verified" '{ printf "%d\n", n / $1 }' "$top/offline" | median) | ≥ 1000000 |
| verify, of a running daemon, events a second | $((verified * 1000 / online)) | |

| one question at a time, 1000 of each, µs | p50 | p99 | longest |
|---|---|---|---|
$(line 'history of a case (p99 wanted: ≤ 1000)' history)
$(line 'why a date is what it is' why)
$(line "an officer's 20 next cases by due date" inbox)
$(line 'search for two words, 20 findings' search)

| a finding handed in, $RATE a second, µs | p50 | p99 | longest |
|---|---|---|---|
$(line 'quiet, before the storm' quiet_storm)
$(line "in the storm's first second" busy_storm)
$(line 'quiet, before the ledger' quiet_ledger)
$(line "while a ledger of $LEDGER rows is streamed ($still)" busy_ledger)

The ledger took $ledger_msec ms. Intake into empty tables $(field flood_empty 1 | median), into loaded ones $(field flood_loaded 1 | median) findings/s; daemon's
CPU a finding $(field flood_empty 2 | median) and $(field flood_loaded 2 | median) ns.  Turns of the storm's run by length, up to 1, 2, 5, 10, 20, 40, 100 ms and longer:
$(paste -d' ' "$top/turns_before" "$top/turns_after" | awk '{ n = NF / 2; for (i = 1; i <= n; i++) printf "%d ", $(i + n) - $i }').

## Method

- Cases are played by \`bench/load.c\` through the daemon's own deciding, packing and hashing, and written by COPY: handed in thirty hours ago,
  signed for, remarks. The same made small, $verified events, passed \`rectify doctor\` (every row from the records) and \`rectify verify\` in this run.
- The storm: $STORM cases not signed for, handed in at one instant a day before it; the policy's limit for signing is 24 h. Findings come in before,
  in and after it, one a request, $RATE a second whether or not the ones before were answered. Drained: when the batch behind the last rungs was decided.
- Intake as in \`intake.md\`: $FINDINGS findings a round, 8 requests of 250 in flight, $ROUNDS rounds, empty and loaded by turns.
- A question's plan is made beforehand. The pages that it reads are in the operating system's cache, or not, as the run left them.
- The verifier's export is of $verified events and $CHECKED cases.

## Machine

$(nproc) processors: $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1); $(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo);
Linux $(uname -r); PostgreSQL $version.
END
}
mkdir -p "$RESULTS"
report | tee "$RESULTS/$NAME.md"
