#!/usr/bin/env bash
# Plays a hundred years of a few cases in one run: leap years, summer time, a calendar that ends in their midst, a fault now and then.
exec "${B:-build}/tests/sim/sim" --century --seeds 1
