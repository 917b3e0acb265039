#!/usr/bin/env bash
# Makes FOLDER/bin, for PG_BIN: PostgreSQL's programs, but an initdb that runs once for each user and then copies what came of it.
# Most tests make clusters of their own, all alike but for what makes no difference to one alone (the system identifier); an initdb takes
# ten times as long as a copy.  A copy is not synced: tests that cut the power take the programs themselves (tests/lib/power.py).
# Usage: programs.sh FOLDER.  Prints FOLDER/bin, or nothing where there is no PostgreSQL.
set -eu
folder=$1
real=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$real/initdb" ] || exit 0
mkdir "$folder/bin" "$folder/made"
chmod 755 "$folder" "$folder/bin"
chmod 1777 "$folder/made"
ln -s "$real"/* "$folder/bin"
rm "$folder/bin/initdb"
cat >"$folder/bin/initdb" <<END
#!/bin/sh
set -eu
[ "\$1" = -D ] || exec '$real/initdb' "\$@"
directory=\$2
shift 2
made='$folder/made'/\$(id -u)-\$(echo "\$@" | cksum | tr ' ' -)
if [ ! -d "\$made" ]; then
  new=\$(mktemp -d '$folder/made/new.XXXXXX')
  '$real/initdb' -D "\$new/cluster" "\$@"
  mv -T "\$new/cluster" "\$made" || [ -d "\$made" ] # two at once: one of them
  rm -rf "\$new"
fi
cp -RT --preserve=mode "\$made" "\$directory"
END
chmod 755 "$folder/bin/initdb"
echo "$folder/bin"
