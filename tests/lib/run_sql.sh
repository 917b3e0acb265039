#!/usr/bin/env bash
# Runs one pgTAP file as the superuser of a fresh, migrated private cluster; speaks TAP.  Usage: run_sql.sh FILE.sql
set -eu
file=$1
top=$(mktemp -d)
chmod 711 "$top"
coproc driver { exec "$B/tests/flow/cluster_driver" "$top/data"; }
finish() {
  echo stop >&"${driver[1]}" || true
  read -r _ <&"${driver[0]}" || true
  rm -rf "$top"
}
read -r word conninfo <&"${driver[0]}"
if [ "$word" != ok ]; then
  echo "Bail out! $word $conninfo"
  rm -rf "$top"
  exit 1
fi
trap finish EXIT
echo migrate >&"${driver[1]}"
read -r answer <&"${driver[0]}"
if [ "$answer" != ok ]; then
  echo "Bail out! $answer"
  exit 1
fi
psql -XAtq -v ON_ERROR_STOP=1 -d "$conninfo" -c "CREATE SCHEMA tap; CREATE EXTENSION pgtap SCHEMA tap" \
  -c "ALTER DATABASE rectify SET search_path = public, tap"
psql -XAtq -v ON_ERROR_STOP=1 -P pager=off -d "$conninfo" -f "$file"
