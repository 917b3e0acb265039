#!/usr/bin/env bash
# The simulator bites: each planted bug of bugs.txt is found within the seeds that stand there.  Prints the table of
# docs/RELIABILITY.md.
set -uo pipefail
B=${B:-build}
count=$(grep -c '^BUG ' tests/sim/bugs.txt)
echo "1..$count"
failed=0 at=0
while read -r _ number name seeds; do
  at=$((at + 1))
  what=$(sed -n "/^BUG $number /{n;p}" tests/sim/bugs.txt)
  said=$("$B/tests/sim/sim-bugs" --bug "$number" --seeds "$seeds")
  found=$(sed -n 's/^not ok 1 - \([0-9]*\) seeds.*/\1/p' <<< "$said")
  broken=$(sed -n 's/^# seed [0-9]*: //p' <<< "$said" | head -1)
  if [ -n "$found" ]; then
    echo "ok $at - bug $number, $name, is found within $seeds seeds"
    echo "# | $number | $what | $found | $broken |"
  else
    echo "not ok $at - bug $number, $name, is found within $seeds seeds"
    failed=1
  fi
done < <(grep '^BUG ' tests/sim/bugs.txt)
exit "$failed"
