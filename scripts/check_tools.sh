#!/usr/bin/env bash
# Other people's checkers, with the settings that fit this project.  Exit 1 when one of them objects.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
status=0
shopt -s nullglob globstar

scripts=(scripts/*.sh tests/**/*.sh bench/**/*.sh deploy/**/*.sh .ci/run)
for file in tests/flow/**/*.t; do
  head -n 1 "$file" | grep -q 'sh$' && scripts+=("$file")
done
shellcheck --external-sources --shell=bash --severity=style "${scripts[@]}" || status=1

# cppcheck reads no library headers: it knows the C library, and what it does not know it leaves alone.  A table of
# options as an X-macro compares string literals with NULL by intent;
# registry_tree.c keeps one block behind its first pointer; watch.c looks at the row only when there is one.
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j "$(nproc)" \
  --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=literalWithCharPtrCompare \
  --suppress=memleak:document/registry_tree.c --suppress=nullPointerRedundantCheck:client/command/watch.c \
  -D__GNUC__=12 -Iinclude -I. core proto document rehearse sign verify daemon client courier tests/lib || status=1

# Tests misspell on purpose, to be asked "did you mean".
git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' '*.def' '*.sh' '*.py' '*.md' '*.sql' '*.yaml' \
  '*.proto' Makefile ':!:*registry.yaml' ':!:tests' | xargs -0 -r codespell || status=1
exit $status
