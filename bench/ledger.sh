#!/usr/bin/env bash
# Measures ledgers: the client's memory and time for all cases of a city in each format, and what a ledger that is being written does
# to the intake of findings.  Prints the table and writes ledger.md of RESULTS.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); FINDINGS (cases, 100000); SINGLES (findings for a
# latency, 400); PLACE (where the data directory is made).
set -euo pipefail
cd "$(dirname "$0")/.."
FINDINGS=${FINDINGS:-100000} SINGLES=${SINGLES:-400}
. bench/lib/common.sh

# A remark on every case, so that there is something to gather beside the rows: 500 cases a command.
remarks() {
  local from
  for ((from = 1; from <= FINDINGS; from += 500)); do
    seq "$from" $((from + 499 < FINDINGS ? from + 499 : FINDINGS)) |
      xargs "$B/rectify" comment -m "已现场查看，要求三日内报送整改照片" >/dev/null
  done
}

measured() { # NAME COMMAND...: KiB at most, seconds
  "$B/bench/spent" "$top/$1" "${@:2}" >/dev/null 2>&1
}

start city
registry inspector
flood city 7 "$FINDINGS" >/dev/null
remarks
"$B/bench/intake" single "$RECTIFY_ENDPOINT" 101 "$SINGLES" >"$top/quiet"
before=$(rss city)
measured csv "$B/rectify" ledger --csv
measured json "$B/rectify" ledger --json
measured map "$B/rectify" ledger --type rectification --zh --csv
measured xlsx "$B/rectify" ledger --type rectification --zh --xlsx "$top/a.xlsx"
bytes=$(stat -c %s "$top/a.xlsx")
measured again "$B/rectify" ledger --type rectification --zh --xlsx "$top/b.xlsx"
cmp "$top/a.xlsx" "$top/b.xlsx"
measured steps "$B/rectify" ledger --type work --zh --xlsx "$top/c.xlsx"
after=$(rss city)
"$B/rectify" ledger --type rectification --zh --xlsx "$top/d.xlsx" 2>/dev/null &
writing=$!
"$B/bench/intake" single "$RECTIFY_ENDPOINT" 102 "$SINGLES" >"$top/busy"
still=$(kill -0 "$writing" 2>/dev/null && echo 'all the while' || echo 'not to the end: raise FINDINGS')
wait "$writing"

line() { # WHAT FILE
  awk -v what="$1" '{ printf "| %s | %.1f MiB | %.1f s |\n", what, $1 / 1024, $2 }' "$top/$2"
}
report() {
  cat <<END
# Ledgers

Made by \`bench/ledger.sh\`: $FINDINGS cases and as many remarks, one run, on one private cluster. Client, daemon and database share the
machine's processors. Memory is the most that the client was resident.

| all $FINDINGS cases | memory of the client | time |
|---|---|---|
$(line "CSV, every column" csv)
$(line "JSON lines, every column" json)
$(line "CSV, the map \`rectification\`" map)
$(line "spreadsheet, the map \`rectification\`, of one head of the log" xlsx)
$(line "the same again: the same $bytes bytes" again)
$(line "work ledger, a row a step, as a spreadsheet" steps)

The daemon was resident with $before kB before and $after kB after them.

| a finding handed in, one at a time | p50 | p99 |
|---|---|---|
$(awk '{ printf "| nothing else to do | %d µs | %d µs |", $1, $2 }' "$top/quiet")
$(awk '{ printf "| while a spreadsheet is written | %d µs | %d µs |", $1, $2 }' "$top/busy")

The spreadsheet was being written $still.

## Machine

$(machine city); load average before the end $(load_average).
END
}
report | keep ledger
