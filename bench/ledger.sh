#!/usr/bin/env bash
# Measures ledgers: the client's memory and time for all cases of a city in each format, and what a ledger that is being written does
# to the intake of findings.  Prints the table and writes ledger.md of RESULTS.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); FINDINGS (cases, 100000); SINGLES (findings for a
# latency, 400); PLACE (where the data directory is made).
set -euo pipefail
cd "$(dirname "$0")/.."
B=$(realpath "${B:-build}")
RESULTS=${RESULTS:-$B/bench/results}
FINDINGS=${FINDINGS:-100000} SINGLES=${SINGLES:-400}
intake=$B/bench/intake
top=$(mktemp -d "${PLACE:-/var/tmp}/rectify-ledger.XXXXXX")
chmod 711 "$top"
data=$top/data
export RECTIFY_ENDPOINT=ipc://$data/rectifyd.sock RECTIFY_ACTOR=office RECTIFY_SPOOL=/dev/null/none LC_ALL=C.UTF-8
daemon=''
finish() {
  [ -z "$daemon" ] || { kill -TERM "$daemon" && wait "$daemon"; } || true
  rm -rf "$top"
}
trap finish EXIT

# 1,300 units of 80 bureaus, as bench/intake names them.
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
  until "$B/rectify" ping --timeout 1 >/dev/null 2>&1; do
    tries=$((tries + 1))
    if ! kill -0 "$daemon" 2>/dev/null || [ "$tries" -gt 60 ]; then
      cat "$top/log" >&2
      exit 1
    fi
  done
  registry >"$top/registry.yaml"
  "$B/rectify" registry load "$top/registry.yaml" >/dev/null
}

# A remark on every case, so that there is something to gather beside the rows: 500 cases a command.
remarks() {
  local from
  for ((from = 1; from <= FINDINGS; from += 500)); do
    seq "$from" $((from + 499 < FINDINGS ? from + 499 : FINDINGS)) |
      xargs "$B/rectify" comment -m "已现场查看，要求三日内报送整改照片" >/dev/null
  done
}

measured() { # measured NAME COMMAND...: KiB at most, seconds
  local name=$1
  shift
  python3 -c '
import resource, subprocess, sys, time
began = time.monotonic()
with open(sys.argv[1], "wb") as out:
    subprocess.run(sys.argv[2:], stdout=out, stderr=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, "%.1f" % (time.monotonic() - began))' "$top/out" "$@" >"$top/$name"
}

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status"; }

start
"$intake" flood "$RECTIFY_ENDPOINT" "$daemon" 7 "$FINDINGS" >"$top/flood"
remarks
"$intake" single "$RECTIFY_ENDPOINT" 101 "$SINGLES" >"$top/quiet"
before=$(rss)
measured csv "$B/rectify" ledger --csv
measured json "$B/rectify" ledger --json
measured map "$B/rectify" ledger --type rectification --zh --csv
measured xlsx "$B/rectify" ledger --type rectification --zh --xlsx "$top/a.xlsx"
bytes=$(stat -c %s "$top/a.xlsx")
measured again "$B/rectify" ledger --type rectification --zh --xlsx "$top/b.xlsx"
cmp "$top/a.xlsx" "$top/b.xlsx"
measured steps "$B/rectify" ledger --type work --zh --xlsx "$top/c.xlsx"
after=$(rss)
"$B/rectify" ledger --type rectification --zh --xlsx "$top/d.xlsx" 2>/dev/null &
writing=$!
"$intake" single "$RECTIFY_ENDPOINT" 102 "$SINGLES" >"$top/busy"
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

$(nproc) processors: $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1); $(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo);
Linux $(uname -r); load average before the end $(cut -d' ' -f1 /proc/loadavg).
END
}
mkdir -p "$RESULTS"
report | tee "$RESULTS/ledger.md"
