#!/usr/bin/env bash
# Runs one test file so that it speaks TAP; called by prove.  Usage: run_test.sh FILE
set -eu
file=$1
case $file in
  *.spec) exec "$B/tests/spec/runner" "$file" ;;
  *.sql) exec tests/lib/run_sql.sh "$file" ;;
  */tests/fuzz/fuzz_*)
    corpus=tests/fuzz/corpus/${file##*/fuzz_}
    exec "$file" "$corpus" ;;
  /*) exec "$file" ;;
  *) exec "./$file" ;;
esac
