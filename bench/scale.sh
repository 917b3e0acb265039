#!/usr/bin/env bash
# Measures the daemon among many cases: a storm of rungs while findings come in, the start, memory, intake into loaded tables, queries,
# a ledger, and the verifier.  Prints the table and writes scale.md of RESULTS.
#
# Tables are filled by bench/load.c, which plays cases through the daemon's own code: a smaller log made the same way is verified,
# event for event and row by row, before anything is measured.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results; NAME of the file, scale); CASES (open cases, 1000000);
# EVENTS (of each, 5); TEXTS (every n-th finding has a text, 1); STORM (rungs due at once, 10000); FINDINGS (of a round of intake, 20000);
# ROUNDS (3); LEDGER (rows, 100000); CHECKED (cases of the log that is verified, 20000); PLACE (where the data directories are made: about
# 3.5 GB for a million cases of five events).
set -euo pipefail
cd "$(dirname "$0")/.."
B=$(realpath "${B:-build}")
RESULTS=${RESULTS:-$B/bench/results} NAME=${NAME:-scale}
CASES=${CASES:-1000000} EVENTS=${EVENTS:-5} TEXTS=${TEXTS:-1} STORM=${STORM:-10000} FINDINGS=${FINDINGS:-20000} ROUNDS=${ROUNDS:-3}
LEDGER=${LEDGER:-100000} CHECKED=${CHECKED:-20000}
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
# NAME: starts its daemon, waits until it says `ready`; milliseconds from exec into $top/NAME.start.
start() {
  : >"$top/$1.log"
  local began tries=0
  began=$(date +%s%3N)
  "$B/rectifyd" --data "$top/$1" --endpoint "$(endpoint "$1")" --log-level info >"$top/$1.log" 2>&1 </dev/null &
  daemon[$1]=$!
  until grep -q ' ready endpoint=\|^ready endpoint=\|msg=ready' "$top/$1.log"; do
    tries=$((tries + 1))
    if ! kill -0 "${daemon[$1]}" 2>/dev/null || [ "$tries" -gt 60000 ]; then
      cat "$top/$1.log" >&2
      exit 1
    fi
    read -rt 0.01 <> <(:) || true
  done
  echo $(($(date +%s%3N) - began)) >"$top/$1.start"
}
stop() {
  kill -TERM "${daemon[$1]}"
  wait "${daemon[$1]}" || true
  unset "daemon[$1]"
}
