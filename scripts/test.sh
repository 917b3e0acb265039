#!/usr/bin/env bash
# Runs the rings of tests that are named (unit spec fuzz sim sql flow), or single .t files, through prove, from what is built in $B;
# JOBS at a time.
# The last line is `N passed, N failed`, of tests; ", N skipped" when some were.  Exit 1 when one failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export B=${B:-build}
export CMOCKA_MESSAGE_OUTPUT=TAP PYTHONDONTWRITEBYTECODE=1
shopt -s nullglob globstar

programs() { # programs FOLDER PATTERN: the built program of each source
  local source
  for source in tests/"$1"/$2; do
    echo "$B/${source%.c}"
  done
}

files=()
for ring in "$@"; do
  case $ring in
    unit) mapfile -t -O "${#files[@]}" files < <(programs unit 'test_*.c') ; files+=("$B/tests/history/history" tests/unit/*.py) ;;
    spec) files+=(tests/spec/**/*.spec) ;;
    fuzz) mapfile -t -O "${#files[@]}" files < <(programs fuzz 'fuzz_*.c') ;;
    sql) files+=(tests/sql/*.sql) ;;
    sim) files+=(tests/sim/*.t) ;;
    flow) files+=(tests/flow/**/*.t) ;;
    tests/*.t) files+=("$ring") ;;
    *) echo "no such ring: $ring" >&2; exit 64 ;;
  esac
done
if [ "${#files[@]}" = 0 ]; then
  echo "no tests of: $*" >&2
  echo "0 passed, 1 failed"
  exit 1
fi

# What takes minutes begins first, so that nothing else waits for it in the end.
long='/(realdata|courier_kills|seeds|bugs|ledger|failover|network|wire)\.t$'
mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -E "$long"; printf '%s\n' "${files[@]}" | grep -Ev "$long")

COUNTS=$(mktemp)
export COUNTS
clusters=$(mktemp -d /var/tmp/rectify-clusters.XXXXXX)
trap 'rm -rf "$COUNTS" "$clusters"' EXIT
[ -n "${PG_BIN:-}" ] || PG_BIN=$(tests/lib/programs.sh "$clusters")
[ -z "$PG_BIN" ] || export PG_BIN
# Twice as many as processors: most of a flow test is waiting for another process.
PERL5LIB=tests/lib${PERL5LIB:+:$PERL5LIB} prove --jobs "${JOBS:-$(($(nproc) * 2))}" --formatter TAP::Formatter::Counting --timer \
  --exec scripts/run_test.sh "${files[@]}"
status=$?
if ! read -r passed failed skipped < "$COUNTS"; then
  passed=0 failed=1 skipped=0
fi
[ "$status" != 0 ] && [ "$failed" = 0 ] && failed=1
if [ "$skipped" = 0 ]; then
  echo "$passed passed, $failed failed"
else
  echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
