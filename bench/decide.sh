#!/usr/bin/env bash
# Measures case_decide(): nanoseconds by the clock, instructions by callgrind (where valgrind is installed); and how long a
# rehearsal of a year of the made-up city takes.  Prints the table and writes decide.md of RESULTS.
#
# Environment: B (programs, build); RESULTS (where the table goes, B/bench/results); DECISIONS (counted under callgrind, 2000);
# PLACE (where what is passed on is put).
set -euo pipefail
cd "$(dirname "$0")/.."
DECISIONS=${DECISIONS:-2000}
. bench/lib/common.sh
decide=$B/bench/decide

counted() { # counted NAME N: instructions inside case_decide() of a run that takes N decisions of the row
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=case_decide "$decide" count "$1" "$2" 2>&1 |
    sed -n 's/^==[0-9]*== Collected : *//p'
}
instructions() { # instructions NAME: of one decision; what the run needs beside them is counted too and taken off
  command -v valgrind >/dev/null || { echo '-'; return; }
  echo $((($(counted "$1" "$DECISIONS") - $(counted "$1" 0)) / DECISIONS))
}

rehearse() { # seconds of user time, one run a line
  for _ in 1 2 3 4 5; do
    TIMEFORMAT=%U
    { time "$B/rectify" policy rehearse policy/municipal.yaml --city 80x1175x17373 --findings 20000 --json >"$top/rehearsal"; } 2>&1
  done | sort -n
}

"$decide" time >"$top/times"
rehearse >"$top/seconds"
events=$(sed -n 's/.*"figure":"events","draft":\([0-9]*\).*/\1/p' "$top/rehearsal")

report() {
  cat <<END
# Decide

Made by \`bench/decide.sh\`.

| decision | ns, median | range | instructions |
|---|---|---|---|
END
  while read -r name median least most; do
    echo "| $name | $median | $least – $most | $(instructions "$name") |"
  done <"$top/times"
  cat <<END

A rehearsal of the municipal policy over a year of a made-up city (80 units, 1,175 branches, 17,373 people, 20,000 findings,
$events events): $(sed -n 3p "$top/seconds") s of user time, median of five; $(sed -n 1p "$top/seconds") – $(sed -n 5p "$top/seconds") s.

## Method

- The world is that city, the policy municipal, the calendar cn. One decision is one call of \`case_decide()\` on the same
  case, with its command made anew; 7 rounds of 200,000, the median and the range of the rounds.
- \`submit\` routes a finding and finds its people; \`refused\` is a command of somebody who may not give it; \`rung\` fires the
  next rung; \`escalate\` moves the case to another track; \`+apply\` folds the event into the case as well.
- Instructions: callgrind, counting only inside \`case_decide()\`, the difference of a run with $DECISIONS decisions and one
  without, divided. It repeats exactly; the clock does not.

## Machine

$(machine ''); load average before the end $(load_average).
END
}
report | keep decide
