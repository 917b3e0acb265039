#!/usr/bin/env bash
# Searches with libFuzzer, one target after the other, from the corpus that is kept.  Called by `make fuzz`.  Usage: fuzz.sh BUILD
# New inputs go to BUILD/corpus/NAME, what breaks something to BUILD/found/NAME-*; exit 1 when something did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=$1
status=0
mkdir -p "$build/found" "$build/run"
printf '%-10s %12s %10s %8s %s\n' target executions a_second covered found
for source in tests/fuzz/fuzz_*.c; do
  name=${source##*/fuzz_} name=${name%.c}
  mkdir -p "$build/corpus/$name"
  # shellcheck disable=SC2086 # words
  clang -fsanitize=fuzzer $FUZZ_FLAGS "$build/${source%.c}.o" "$build/librectify-all.a" -o "$build/run/$name" $LIBS || exit 1
  log=$build/run/$name.log
  "$build/run/$name" -max_total_time="$FUZZ_SECONDS" -max_len=32768 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -close_fd_mask=1 -artifact_prefix="$build/found/$name-" "$build/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1
  got=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  printf '%-10s %12s %10s %8s %s\n' "$name" "${executions:-?}" "$((${executions:-0} / FUZZ_SECONDS))" "${covered:-?}" \
    "$([ "$got" = 0 ] && echo nothing || echo "see $log")"
  [ "$got" = 0 ] || status=1
done
exit "$status"
