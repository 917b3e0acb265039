#!/usr/bin/env bash
# Measures what proofs cost: hashing, tree, signing, proofs, receipts, and the offline verification of a made-up log of a million
# events by both verifiers.  Prints the table and writes trust.md of RESULTS.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); EVENTS (1000000); PLACE (where the export is made).
set -euo pipefail
cd "$(dirname "$0")/.."
EVENTS=${EVENTS:-1000000}
. bench/lib/common.sh

"$B/rectify-sign" new --name rectify.bench/log --key "$top/key" --state "$top/state" >"$top/pub"
made=$("$B/tests/flow/export_city" "$top/key" "$top" "$EVENTS" 256)

first=$(seconds "$B/rectify" verify --offline "$top/export" --key "$top/pub" --head "$top/head-$EVENTS")
grep -q 'nothing was tampered with' "$top/said"
second=$(seconds scripts/verify.py --key "$top/pub" --head "$top/head-$EVENTS" "$top/export")
grep -q 'nothing was tampered with' "$top/said"

{
  echo '# What proofs cost'
  echo
  echo "One core of $(nproc); $(openssl version 2>/dev/null | cut -d' ' -f1,2 || echo libcrypto). Written by \`bench/trust.sh\`; figures are CPU time, where they are not said to be by the clock."
  echo
  "$B/bench/trust"
  echo
  echo "An export of $made, $(stat -c %s "$top/export") bytes:"
  echo
  echo '| verifier | CPU seconds | events a CPU second | seconds by the clock | events a second |'
  echo '|---|---|---|---|---|'
  echo "$first $EVENTS" | awk '{ printf "| `rectify verify --offline` | %s | %d | %s | %d |\n", $1, $3 / $1, $2, $3 / $2 }'
  echo "$second $EVENTS" | awk '{ printf "| `scripts/verify.py` | %s | %d | %s | %d |\n", $1, $3 / $1, $2, $3 / $2 }'
} | keep trust
