#!/usr/bin/env bash
# Plays the real faults for long, one test after the other, and makes a table of their figures: $B/faults.md.
# CYCLES: how often each fault is repeated (20).  ONLY: some of the tests ("kills power").  PUBLISH=1: into docs/RELIABILITY.md too.
# Exit 1 when a test failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export B=${B:-build} CYCLES=${CYCLES:-20} FAULTS=all PYTHONDONTWRITEBYTECODE=1
FAULTS_OUT=$(realpath -m "$B/faults")
export FAULTS_OUT
# A table of old figures of a test that failed now would be a lie; those of tests that are not played stay.
[ -n "${ONLY:-}" ] || rm -rf "$FAULTS_OUT"
mkdir -p "$FAULTS_OUT"
status=0
for name in ${ONLY:-kills failover power disk network crowd jumps standby patroni rot}; do
  echo "$name: CYCLES=$CYCLES"
  scripts/run_test.sh "tests/flow/$name.t" > "$FAULTS_OUT/$name.log" 2>&1
  failed=$?
  grep -E '^not ok|SKIP' "$FAULTS_OUT/$name.log"
  tail -n 2 "$FAULTS_OUT/$name.log" | head -n 1
  [ "$failed" = 0 ] || { status=1; echo "$name failed: $FAULTS_OUT/$name.log" >&2; }
done
if [ -n "${PUBLISH:-}" ]; then
  scripts/faults_table.py "$FAULTS_OUT" --publish || status=1
else
  scripts/faults_table.py "$FAULTS_OUT" || status=1
fi
exit "$status"
