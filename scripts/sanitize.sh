#!/usr/bin/env bash
# Runs rings of tests from a build with sanitizers, and fails if a test does or if any process of them left a report, whatever it
# exited with.  Called by `make sanitize`.  Usage: sanitize.sh BUILD RING|TEST...   Reports stay in BUILD/reports.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=$1
shift
reports=$PWD/$build/reports
rm -rf "$reports"
mkdir -p "$reports"
chmod 1777 "$reports" # processes that give up root report too
leaks=1
[ "$*" != tests/sim/seeds.t ] || leaks=0 # the simulator ends processes as a crash does: what they had is gone, not freed
export ASAN_OPTIONS=log_path=$reports/asan:detect_leaks=$leaks:strict_string_checks=1
export UBSAN_OPTIONS=log_path=$reports/ubsan:print_stacktrace=1
export TSAN_OPTIONS=log_path=$reports/tsan:suppressions=$PWD/tests/tsan.supp:second_deadlock_stack=1
B=$build scripts/test.sh "$@"
status=$?
while read -r report; do
  echo "sanitize.sh: $report:"
  head -n 40 "$report"
  status=1
done < <(grep -rlE 'ERROR: |WARNING: ThreadSanitizer|runtime error: ' "$reports")
exit "$status"
