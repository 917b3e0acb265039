#!/usr/bin/env bash
# Plays the seeds that once failed, then SEEDS others (2,000).  What to do with one that fails: docs/RELIABILITY.md.
exec "${B:-build}/tests/sim/sim" --kept tests/sim/seeds --seeds "${SEEDS:-2000}"
