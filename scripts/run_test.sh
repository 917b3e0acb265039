#!/usr/bin/env bash
# Runs one test file so that it speaks TAP; called by prove.  Usage: run_test.sh FILE
set -eu
file=$1
# Nothing is saved on the machine of whoever runs the tests; a test of the spool names a folder.
export RECTIFY_SPOOL=/dev/null/none
case $file in
  *.spec) exec "$B/tests/spec/runner" "$file" ;;
  *.sql) exec tests/lib/run_sql.sh "$file" ;;
  */tests/fuzz/fuzz_*)
    corpus=tests/fuzz/corpus/${file##*/fuzz_}
    exec "$file" "$corpus" ;;
  /*) exec "$file" ;;
  *) exec "./$file" ;;
esac
