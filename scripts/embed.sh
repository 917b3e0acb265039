#!/bin/sh
# Lists migrations/NNNN_name.sql for daemon/migrate.c, in order, as rows MIGRATION(number, "name", "path").
# Usage: embed.sh OUTPUT.  Writes only when the list has changed, so that make rebuilds only then,
# and nothing at all otherwise: what was built may lie in a place that is read-only now.
set -eu
output=$1
mkdir -p "$(dirname "$output")"
list() {
  expected=1
  for file in migrations/*.sql; do
    name=${file##*/}
    case $name in
      [0-9][0-9][0-9][0-9]_*.sql) ;;
      *) echo "$file: a migration is named NNNN_name.sql" >&2; exit 1 ;;
    esac
    number=$((1${name%%_*} - 10000)) # not octal
    if [ "$number" -ne "$expected" ]; then
      echo "$file: the next migration has the number $expected" >&2
      exit 1
    fi
    expected=$((number + 1))
    printf 'MIGRATION(%s, "%s", "%s")\n' "$number" "${name%.sql}" "$file"
  done
}
new=$(list)
printf '%s\n' "$new" | cmp -s - "$output" || printf '%s\n' "$new" > "$output"
