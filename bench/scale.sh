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
NAME=${NAME:-scale}
CASES=${CASES:-1000000} EVENTS=${EVENTS:-5} TEXTS=${TEXTS:-1} STORM=${STORM:-10000} FINDINGS=${FINDINGS:-20000} ROUNDS=${ROUNDS:-3}
LEDGER=${LEDGER:-100000} CHECKED=${CHECKED:-20000} RATE=${RATE:-200} LEAD=${LEAD:-40}
. bench/lib/common.sh
began_load=$(load_average)

# The default policy, but for the clock of signing: hours are exact, so that rungs can be due at an instant of our own.
policy() {
  sed 's/sign_for: [12]wd/sign_for: 24h/; /^tests:/,$d' policy/municipal.yaml |
    awk '/^  [a-z_]+:/ { signing = 0 } /^  sign_for:/ { signing = 1 }
      signing { sub("at: 0wd", "at: 0h"); sub("\\+2wd", "+48h"); sub("10wd", "240h") } { print }'
}

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
publish() {
  policy >"$top/policy.yaml"
  "$B/rectify" policy publish "$top/policy.yaml" >/dev/null
  registry inspector
}
# NAME FILL...: a database that is filled; its daemon does not run, its server does.
make() {
  start "$1"
  publish
  stop "$1" KILL
  fill "$@"
}

turns() { "$B/rectify" ping --json | sed 's/.*"turns":"\([^"]*\)".*/\1/'; }
now() { date +%s; }

# ---- what is made is a log that verifies ----

say() { echo "$(date +%T) $*, load average $(load_average)" >&2; }
say "making $CHECKED cases that are verified"
make checked "$CHECKED" "$EVENTS" 1 $(($(now) - 108000)) 3600
user=$(stat -c %U "$top/checked")
as_user=() # before a command; an array and no function, so that a process in the background is the command itself
[ "$(id -u)" != 0 ] || as_user=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
mkdir "$top/signer" && chown "$user" "$top/signer"
"${as_user[@]}" "$B/rectify-sign" new --name rectify.bench/log --key "$top/signer/key" --state "$top/signer/state" >"$top/pub"
"${as_user[@]}" "$B/rectify-sign" run --key "$top/signer/key" --state "$top/signer/state" --socket "$top/signer/socket" >"$top/signer.log" 2>&1 &
daemon[signer]=$!
start checked --signer "$top/signer/socket"
"$B/rectify" doctor --timeout 60 >"$top/doctor"
grep -q 'log root ok, fold = row' "$top/doctor"
began=$(msec)
"$B/rectify" verify --key "$top/pub" >"$top/said" 2>/dev/null
online=$(($(msec) - began))
grep -q 'nothing was tampered with' "$top/said"
verified=$(sed -n 's/^verify: \([0-9]*\) records.*/\1/p' "$top/said")
"$B/rectify" export log "$top/export" >/dev/null
for ((round = 1; round <= ROUNDS; round++)); do
  seconds "$B/rectify" verify --offline "$top/export" --key "$top/pub" >>"$top/offline"
  grep -q 'nothing was tampered with' "$top/said"
done
stop checked
stop signer

# ---- many cases ----

start empty
publish
stop empty
start empty # as the loaded one will be: without what the first start and the publications took
empty_rss=$(rss empty)
say "making $CASES cases of $EVENTS events"
make loaded "$CASES" "$EVENTS" "$TEXTS" $(($(now) - 108000)) 3600
for ((round = 1; round <= ROUNDS; round++)); do
  start loaded
  cat "$top/loaded.start" >>"$top/starts"
  awk '{ print $14 + $15 }' "/proc/${daemon[loaded]}/stat" >>"$top/start_ticks"
  loaded_rss=$(rss loaded)
  [ "$round" = "$ROUNDS" ] || stop loaded
done
open=$("$B/rectify" ping --json | sed 's/.*"cases_open":\([0-9]*\).*/\1/')
say "started with $open cases in $(xargs <"$top/starts") ms"

say "questions"
for what in history history_again why inbox; do
  "$B/bench/scale" ask "$(endpoint loaded)" "${what%_again}" "$CASES" 1000 >"$top/$what"
done
"$B/bench/scale" ask "$(endpoint loaded)" search "$CASES" 100 >"$top/search"

say "indexes into memory"
sql loaded -c 'CREATE EXTENSION pg_prewarm' \
  -c "SELECT sum(pg_prewarm(i.indexrelid, 'read')) FROM pg_index AS i WHERE i.indrelid IN ($grown)" >"$top/warmed"
say "intake, empty and loaded"
flood empty 99 5000 >/dev/null
flood loaded 98 5000 >/dev/null
for ((round = 1; round <= ROUNDS; round++)); do
  flood empty "$round" "$FINDINGS" >>"$top/flood_empty"
  flood loaded "$((round + 50))" "$FINDINGS" >>"$top/flood_loaded"
  ratio "$(last flood_loaded 1)" "$(last flood_empty 1)" >>"$top/flood_ratio"
done

say "a ledger"
"$B/bench/scale" pace "$(endpoint loaded)" 301 "$RATE" 10 >"$top/quiet_ledger"
{
  began=$(msec)
  { "$B/rectify" ledger --csv 2>/dev/null || true; } | head -n "$LEDGER" >/dev/null
  echo $(($(msec) - began)) >"$top/ledger"
} &
writing=$!
"$B/bench/scale" pace "$(endpoint loaded)" 302 "$RATE" 10 >"$top/busy_ledger"
still=$(kill -0 "$writing" 2>/dev/null && echo 'all the while' || echo 'not to the end: raise LEDGER')
wait "$writing"

say "the storm"
stop loaded KILL
lead=$((LEAD + $(awk '{ s = $1 > s ? $1 : s } END { printf "%d", s * 2 / 1000 }' "$top/starts")))
at=$(($(now) + lead))
"$B/bench/load" "$(conninfo loaded)" "$STORM" 1 1 $((at - 86400)) 0 >"$top/storm.load"
sql loaded -c 'UPDATE rectify.search_mark SET indexed = (SELECT cases FROM rectify.head)'
start loaded
[ "$(now)" -lt $((at - 12)) ] || { echo "the start took too long for the storm: raise LEAD" >&2; exit 1; }
sql loaded -c CHECKPOINT
"$B/bench/scale" pace "$(endpoint loaded)" 400 "$RATE" 2 >/dev/null
"$B/bench/scale" pace "$(endpoint loaded)" 401 "$RATE" 5 >"$top/quiet_storm"
turns >"$top/turns_before"
seconds_left=$((at - $(now)))
"$B/bench/scale" pace "$(endpoint loaded)" 402 "$RATE" $((seconds_left + 5)) "$at" $((at + 1)) >"$top/busy_storm"
turns >"$top/turns_after"
longest=$("$B/rectify" ping --json | sed 's/.*"turn_usec_max":\([0-9]*\).*/\1/')
fired=$(sql loaded -c "SELECT count(*) FROM rectify.event WHERE command = 40 AND recorded >= to_timestamp($at)")
[ "$fired" -ge "$STORM" ] || { echo "only $fired rungs fired" >&2; exit 1; }
# The batch behind the last rungs is decided when theirs is durable: its instant is when the storm was over.
drained=$(sql loaded -c "SELECT round(extract(epoch FROM min(e.recorded) - to_timestamp($at)) * 1000) FROM rectify.event AS e
  WHERE e.recorded > (SELECT max(recorded) FROM rectify.event WHERE command = 40 AND recorded >= to_timestamp($at))")
storm_load=$(load_average)
counted=$(sql loaded -c "SELECT (SELECT count(*) FROM rectify.case_) || ' cases, ' || (SELECT size FROM rectify.head) || ' events, ' ||
  pg_size_pretty(pg_database_size('rectify'))")

line() { # WHAT FILE: three figures of it
  echo "| $1 | $(column "$2" 2) | $(column "$2" 3) | $(column "$2" 4) |"
}
over() { # how many turns of the storm were in the last two ranges
  paste -d' ' "$top/turns_before" "$top/turns_after" | awk '{ n = NF / 2; print $(2 * n) + $(2 * n - 1) - $n - $(n - 1) }'
}
report() {
  cat <<END
# Among many cases

Made by \`bench/scale.sh\`: CASES=$CASES EVENTS=$EVENTS TEXTS=$TEXTS STORM=$STORM RATE=$RATE; at the end $counted. One run on private
clusters with fsync on.  Load average when it began $began_load, at the storm $storm_load. This run alone makes about 1.5: where it was more,
other work shared the processors, and times by the clock are upper bounds.

| what | figure | wanted |
|---|---|---|
| storm: $STORM rungs due at once, drained after | $drained ms | ≤ 500 ms |
| storm: turns of the daemon's loop over 40 ms | $(over) | 0 |
| storm: longest turn since the start | $(ratio "$longest" 1000 1) ms | ≤ 40 ms |
| storm: a finding handed in within its first second, p99 / quiet | $(ratio "$(column busy_storm 3)" "$(column quiet_storm 3)") | ≤ 3 |
| start with $open open cases, exec to \`ready\`, the server's start included | $(median <"$top/starts") ms ($(sort -n "$top/starts" | xargs)) | ≤ 5000 ms |
| … daemon's CPU in it | $(($(median <"$top/start_ticks") * 1000 / $(getconf CLK_TCK))) ms | |
| memory an open case: resident with $open less resident with none | $(((loaded_rss - empty_rss) * 1024 / open)) bytes | ≤ 400 |
| intake into loaded tables / into empty ones | $(median <"$top/flood_ratio") ($(sort -n "$top/flood_ratio" | xargs)) | ≥ 0.7 |
| verify, offline, events a second, on $(nproc) processors | $(awk -v n="$verified" '{ printf "%d\n", n / $2 }' "$top/offline" | median) | ≥ 1000000 |
| … a CPU second | $(awk -v n="$verified" '{ printf "%d\n", n / $1 }' "$top/offline" | median) | |
| verify, of a running daemon, events a second | $((verified * 1000 / online)) | |

| one question at a time, 1000 of each, searches 100, µs | p50 | p99 | longest |
|---|---|---|---|
$(line 'history of a case that is not restricted, of cases nobody has asked about (p99 wanted: ≤ 1000)' history)
$(line '… of the same cases again' history_again)
$(line 'why a date is what it is' why)
$(line "an officer's 20 next cases by due date" inbox)
$(line 'search for two words, 20 findings' search)

| a finding handed in, $RATE a second, µs | p50 | p99 | longest |
|---|---|---|---|
$(line 'quiet, before the storm' quiet_storm)
$(line "in the storm's first second" busy_storm)
$(line 'quiet, before the ledger' quiet_ledger)
$(line "while a ledger of $LEDGER rows is streamed ($still)" busy_ledger)

The ledger took $(cat "$top/ledger") ms. Intake into empty tables $(column flood_empty 1 | median), into loaded ones $(column flood_loaded 1 | median) findings/s; daemon's
CPU a finding $(column flood_empty 2 | median) and $(column flood_loaded 2 | median) ns.  Turns of the storm's run by length, up to 1, 2, 5, 10, 20, 40, 100 ms and longer:
$(paste -d' ' "$top/turns_before" "$top/turns_after" | awk '{ n = NF / 2; for (i = 1; i <= n; i++) printf "%d ", $(i + n) - $i }').

## Method

- Cases are played by \`bench/load.c\` through the daemon's own deciding, packing and hashing, and written by COPY: handed in thirty hours ago,
  signed for, remarks. The same made small, $verified events, passed \`rectify doctor\` (every row from the records) and \`rectify verify\` in this run.
- The storm: $STORM cases not signed for, handed in at one instant a day before it; the policy's limit for signing is 24 h. Findings come in before,
  in and after it, one a request, $RATE a second whether or not the ones before were answered. Drained: when the batch behind the last rungs was decided.
- Intake as in \`intake.md\`: $FINDINGS findings a round, 8 requests of 250 in flight, $ROUNDS rounds, empty and loaded by turns. The indexes are
  read into memory before, as a server has them that has run for a while ($(awk '{ printf "%.1f GiB", $1 * 8192 / 2^30 }' "$top/warmed")).
- A question's plan is made beforehand. Histories of restricted cases are left out: their reading goes on record first, which is a commit. The pages that it reads are in the operating system's cache, or not, as the run left them; asked again
  they are.
- The verifier's export is of $verified events and $CHECKED cases.

## Machine

$(machine loaded).
END
}
report | keep "$NAME"
