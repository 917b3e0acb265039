#!/usr/bin/env bash
# The simulator's model of PostgreSQL is what the SQL does: some seeds are played, and a fresh, migrated PostgreSQL is asked each
# statement that the model was asked, with the same parameters, in the same transactions.  MODEL_SEEDS for more or others.
set -uo pipefail
B=${B:-build}
read -ra seeds <<< "${MODEL_SEEDS:-20261201 20261203 20261131}"
echo "1..$((${#seeds[@]} + 1))"
top=$(mktemp -d)
chmod 711 "$top"
trap 'rm -rf "$top"' EXIT
failed=0 at=0

replay() { # replay SEED [SQL]: in a cluster of its own, in which SQL was run
  "$B/tests/sim/sim" --seed "$1" --record "$top/record" > "$top/said" || { sed 's/^/# /' "$top/said"; return 1; }
  coproc driver { exec "$B/tests/flow/cluster_driver" "$top/data$at"; }
  local word conninfo answer status
  read -r word conninfo <&"${driver[0]}"
  [ "$word" = ok ] || { echo "# $word $conninfo"; return 1; }
  echo migrate >&"${driver[1]}"
  read -r answer <&"${driver[0]}"
  [ -z "${2:-}" ] || psql -XAtq -v ON_ERROR_STOP=1 -d "$conninfo" -c "$2"
  [ "$answer" = ok ] && "$B/tests/flow/model_replay" "$conninfo" "$top/record" > "$top/said"
  status=$?
  sed 's/^\(not ok\|ok\) 1 - /# /' "$top/said"
  echo stop >&"${driver[1]}"
  read -r _ <&"${driver[0]}"
  wait "$driver_PID"
  return "$status"
}

for seed in "${seeds[@]}"; do
  at=$((at + 1))
  if replay "$seed"; then echo "ok $at - seed $seed"; else echo "not ok $at - seed $seed"; failed=1; fi
done

# The control: a database that does something else is told apart.
at=$((at + 1))
said=$(replay "${seeds[0]}" "CREATE FUNCTION public.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.unit_code := ''other''; RETURN NEW; END';
  CREATE TRIGGER other BEFORE INSERT ON rectify.finding FOR EACH ROW EXECUTE FUNCTION public.other();")
if grep -q '^# transaction .*: a row: the model' <<< "$said"; then echo "ok $at - control: a database that does something else is told apart"
else echo "$said"; echo "not ok $at - control: a database that does something else is told apart"; failed=1; fi
exit "$failed"
