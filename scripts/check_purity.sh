#!/usr/bin/env bash
# core/ is pure: its objects call nothing outside but a short list, keep no variables and use no floats.
set -euo pipefail
cd "$(dirname "$0")/.."
B=${B:-build}
allowed='mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp)'
# What the compiler adds: stack protector, fortified copies, position independence, sanitizers.
added='__stack_chk_fail|__mem(cpy|move|set)_chk|_GLOBAL_OFFSET_TABLE_|__(a|ub)san_.*|__sanitizer_.*'
must_only='abort|write|strlen'
status=0
breach() {
  echo "purity: $*"
  status=1
}

shopt -s nullglob
objects=("$B"/core/*.o)
if [ "${#objects[@]}" = 0 ]; then
  echo "purity: core/ is not built in $B"
  exit 1
fi
own=$(nm --defined-only -g "${objects[@]}" | awk 'NF == 3 { print $3 }' | sort -u)
for object in "${objects[@]}"; do
  name=${object##*/}
  list="$allowed|$added"
  [ "$name" = must.o ] && list="$list|$must_only"
  while read -r symbol; do
    [[ $symbol =~ ^($list)$ ]] || grep -qx -- "$symbol" <<< "$own" || breach "core/${name%.o}.c uses $symbol"
  done < <(nm -u "$object" | awk '{ print $2 }')
  # Sanitizers keep tables of their own in .data.
  if ! nm -u "$object" | grep -qE '__(a|ub)san_'; then
    kept=$(size -A "$object" | awk '$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 { print $1 }' | xargs)
    [ -z "$kept" ] || breach "core/${name%.o}.c keeps variables ($kept)"
  fi
done
floats=$(grep -nwE 'float|double' core/*.c core/*.h include/rectify/*.h 2>/dev/null | grep -vE '^[^:]*:[0-9]*: *(/?\*|//)' || true)
[ -z "$floats" ] || breach "floats: $floats"
exit $status
