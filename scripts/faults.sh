#!/usr/bin/env bash
# Plays the real faults for long, one test after the other, and makes a table of their figures: $B/faults.md.
# CYCLES: how often each fault is repeated (20).  ONLY: some of the tests ("kills power").  PUBLISH=1: into docs/RELIABILITY.md too.
# Exit 1 when a test failed; then the table names it, has no row of what failed, and is not published.
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
  rm -f "$FAULTS_OUT/$name"-*.json "$FAULTS_OUT/$name.failed"
  scripts/run_test.sh "tests/flow/$name.t" > "$FAULTS_OUT/$name.log" 2>&1
  failed=$?
  grep -E '^not ok|SKIP' "$FAULTS_OUT/$name.log"
  tail -n 2 "$FAULTS_OUT/$name.log" | head -n 1
  if [ "$failed" != 0 ] || grep -q '^not ok' "$FAULTS_OUT/$name.log"; then
    touch "$FAULTS_OUT/$name.failed"
    status=1
    echo "$name failed: $FAULTS_OUT/$name.log" >&2
  fi
done
scripts/faults_table.py "$FAULTS_OUT" ${PUBLISH:+--publish} || status=1
exit "$status"
