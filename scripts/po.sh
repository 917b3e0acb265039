#!/usr/bin/env bash
# The Chinese catalogue of the command, po/zh_CN.po.  msgids are English; each has its translation, or lint fails.
#
#   po.sh update   takes in what the code and the tables say now, drops what nobody says any more
#   po.sh check    fails, naming them, if texts are missing, superfluous, fuzzy or of another format
set -euo pipefail
cd "$(dirname "$0")/.."
B=${B:-build}
po=po/zh_CN.po
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

gather() { # all texts of today, once each, into $work/all.pot
  "$B/rectify" __messages > "$work/tables.po"
  xgettext --from-code=UTF-8 --no-location --language=C -k_ -kN_ -kread_word:2 -kcomplain:1 -kcomplain_usage:2 -klanguage_form:1,2 -kdraft_problem:3 \
    -o "$work/code.po" client/command/*.c
  sed -i 's/charset=CHARSET/charset=UTF-8/' "$work/code.po"
  msguniq --to-code=UTF-8 "$work/tables.po" -o "$work/tables.pot"
  msgcat --use-first --no-wrap --to-code=UTF-8 "$work/code.po" "$work/tables.pot" -o "$work/all.pot"
}

merge() { # the catalogue as it would be now, into $work/new.po
  gather
  msgmerge --quiet --no-fuzzy-matching --no-wrap --no-location "$po" "$work/all.pot" -o "$work/merged.po"
  msgattrib --no-obsolete --no-wrap "$work/merged.po" -o "$work/new.po"
  sed -i '/^"POT-Creation-Date/d' "$work/new.po"
}

case ${1:-} in
  update)
    merge
    cp "$work/new.po" "$po"
    msgfmt --check --statistics -o /dev/null "$po"
    ;;
  check)
    merge
    if ! diff -u "$po" "$work/new.po" >&2; then
      echo "po: $po is not what the programs say: scripts/po.sh update, and translate what is new" >&2
      exit 1
    fi
    missing=$(msgattrib --untranslated --no-wrap "$po" | grep -c '^msgid "..*"\|^msgid ""$' || true)
    if [ "$missing" -gt 1 ] || [ -n "$(msgattrib --only-fuzzy "$po")" ]; then
      echo "po: without a translation in $po:" >&2
      msgattrib --untranslated --no-wrap "$po" >&2
      msgattrib --only-fuzzy --no-wrap "$po" >&2
      exit 1
    fi
    msgfmt --check -o /dev/null "$po"
    ;;
  *)
    echo "usage: po.sh update | check" >&2
    exit 64
    ;;
esac
