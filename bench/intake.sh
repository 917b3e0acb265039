#!/usr/bin/env bash
# Measures the intake of findings, as ratios within one run on one private cluster: rectifyd against the same rows written
# by a bare one-connection libpq loop.  Prints the table and writes intake.md of RESULTS.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); FINDINGS (of a round, 20000); ROUNDS (5); PLACE (where the data directory is made).
set -euo pipefail
cd "$(dirname "$0")/.."
FINDINGS=${FINDINGS:-20000} ROUNDS=${ROUNDS:-5} SINGLES=400
. bench/lib/common.sh

# Bytes of the write-ahead log that the command takes, a finding; its output goes to FILE.
log_bytes() { # FILE COUNT COMMAND...
  local file=$1 count=$2 before
  shift 2
  before=$(sql city -c "SELECT pg_current_wal_insert_lsn() - '0/0'")
  "$@" >>"$file"
  awk -v a="$before" -v b="$(sql city -c "SELECT pg_current_wal_insert_lsn() - '0/0'")" -v n="$count" 'BEGIN { printf "%.0f\n", (b - a) / n }'
}

bare() { # SCHEMA FIRST LAST BATCH TABLES: see bench/loops.c; it is to end by itself
  sql city -c CHECKPOINT
  "$B/bench/loops" unnest "$conninfo" "$1" "$2" "$3" 3600000 "$4" "$5" >>"$top/$1"
}
# The rows of cases FIRST..LAST by COPY.
copy() { # SCHEMA FIRST LAST
  local table where accepted="(SELECT f.log_index FROM rectify.finding AS f WHERE f.case_no BETWEEN $2 AND $3)"
  for table in event private finding case_ notice; do
    case $table in
      private) where="t.log_index IN $accepted" ;;
      notice) where="t.id / 16 IN $accepted" ;;
      *) where="t.case_no BETWEEN $2 AND $3" ;;
    esac
    sql city -c "\\copy (SELECT * FROM rectify.$table AS t WHERE $where ORDER BY 1) TO '$top/rows' (FORMAT binary)"
    sql city -c "\\copy $1.$table FROM '$top/rows' (FORMAT binary)"
  done
}

start city
registry inspector
for schema in bare250 bare500 bare1 commit1 copy; do plain city "$schema"; done
conninfo=$(conninfo city)
flood city 99 10000 >/dev/null # warm
for ((round = 1; round <= ROUNDS; round++)); do
  first=$(($(sql city -c 'SELECT max(case_no) FROM rectify.case_') + 1)) last=$((first + FINDINGS - 1))
  sql city -c CHECKPOINT
  log_bytes "$top/flood" "$FINDINGS" flood city "$round" "$FINDINGS" >>"$top/log_flood"
  bare bare250 "$first" "$last" 250 5
  bare bare500 "$first" "$last" 500 5
  echo "$(ratio "$(last flood 1)" "$(last bare250 1)") $(ratio "$(last flood 1)" "$(last bare500 1)")" >>"$top/ratio"
  sql city -c CHECKPOINT
  log_bytes /dev/null "$FINDINGS" copy copy "$first" "$last" >>"$top/log_copy"
  sql city -c CHECKPOINT
  "$B/bench/intake" single "$RECTIFY_ENDPOINT" "$((round + 100))" "$SINGLES" >>"$top/single"
  bare bare1 "$first" "$((first + SINGLES - 1))" 1 5
  bare commit1 "$first" "$((first + SINGLES - 1))" 1 1
  echo "round $round: $(tail -qn 1 "$top/flood" "$top/bare250" "$top/bare500" "$top/single" "$top/bare1" "$top/commit1" | xargs)" >&2
done
counted=$(sql city -c "SELECT (SELECT count(*) FROM rectify.case_) || ' cases, ' || (SELECT count(*) FROM rectify.notice) || ' notices'")
[ "$(sql city -c 'SELECT count(*) FROM bare500.case_')" = $((ROUNDS * FINDINGS)) ] || { echo "the bare loop left rows out" >&2; exit 1; }

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
$(row "server process's CPU a finding: bare 250" bare250 6 ns)
$(row "server process's CPU a finding: bare 500" bare500 6 ns)
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

$(machine city); load average before the end $(load_average).
END
}
report | keep intake
