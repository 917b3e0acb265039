#!/usr/bin/env bash
# What no file of the project may hold, whatever its language.  Prints each breach; exit 1.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
status=0
files() { # the project's text files: what git knows or would add, without data
  git ls-files -z --cached --others --exclude-standard -- "$@" ':!:LICENSE' ':!:*.csv'
}
forbid() { # forbid WHAT PATTERN PATHSPEC...
  local what=$1 pattern=$2 found
  shift 2
  found=$(files "$@" | xargs -0 -r grep -InE -- "$pattern" 2>/dev/null | grep -v '^scripts/check_text\.sh:')
  if [ -n "$found" ]; then
    echo "text: $what:"
    printf '%s\n' "$found" | head -n 20
    status=1
  fi
}
forbid 'trailing white space' '[[:space:]]+$' . ':!:*.md' ':!:tests/fuzz/corpus'
forbid 'a tab in C' $'\t' '*.c' '*.h' '*.def'
forbid 'unfinished work' '\b(TODO|FIXME)\b' .
forbid 'a path of one machine' '/(work/|home/[a-z])' .
forbid 'a package registry or mirror' 'https?://[a-z.]*(debian|npmjs|pypi)[a-z.]*' .
forbid 'a migration that begins or ends a transaction' '^ *(BEGIN( (WORK|TRANSACTION))?|START TRANSACTION|COMMIT|ROLLBACK|END) *;' 'migrations/*.sql' \
  ':!:migrations/*.md'
exit $status
