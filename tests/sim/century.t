#!/usr/bin/env bash
# Plays a hundred years of a few cases in one run.  It takes many minutes, so `make sim` alone does it.
[ -n "${CENTURY:-}" ] || { echo "1..0 # SKIP make sim plays the century"; exit 0; }
exec "${B:-build}/tests/sim/sim" --century --seeds 1
