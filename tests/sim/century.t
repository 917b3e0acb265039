#!/usr/bin/env bash
# Plays a hundred years of a few cases in one run.
exec "${B:-build}/tests/sim/sim" --century --seeds 1
