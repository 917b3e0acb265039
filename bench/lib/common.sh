# shellcheck shell=bash
# common.sh - what the scripts of bench/ share; each sources it from the project's root.
#
# Sets B (programs, build), RESULTS (where the table goes, B/bench/results) and top, a folder of this run below PLACE (/var/tmp)
# that is gone at its end, with all processes that are in `daemon`.  A daemon has a name: NAME's data directory is $top/NAME, its
# log $top/NAME.log.  `rectify` without --endpoint, and all functions that name none, mean the one that was started last.
B=$(realpath "${B:-build}")
RESULTS=${RESULTS:-$B/bench/results}
top=$(mktemp -d "${PLACE:-/var/tmp}/rectify-$(basename "$0" .sh).XXXXXX")
chmod 711 "$top" # the server is another user's
export RECTIFY_ACTOR=office RECTIFY_SPOOL=/dev/null/none LC_ALL=C.UTF-8
declare -A daemon
finish() {
  local process
  for process in "${daemon[@]}"; do
    { kill -TERM "$process" && wait "$process"; } 2>/dev/null || true
  done
  rm -rf "$top"
}
trap finish EXIT

# ---- a daemon and its private cluster ----

endpoint() { echo "ipc://$top/$1/rectifyd.sock"; }
# NAME OPTION...: starts it, waits until it says `ready`; milliseconds from exec into $top/NAME.start.
start() {
  local began tries=0
  export RECTIFY_ENDPOINT
  RECTIFY_ENDPOINT=$(endpoint "$1")
  : >"$top/$1.log"
  began=$(msec)
  "$B/rectifyd" --data "$top/$1" --endpoint "$RECTIFY_ENDPOINT" "${@:2}" >"$top/$1.log" 2>&1 </dev/null &
  daemon[$1]=$!
  until grep -q ' ready endpoint=' "$top/$1.log"; do
    tries=$((tries + 1))
    if ! kill -0 "${daemon[$1]}" 2>/dev/null || [ "$tries" -gt 60000 ]; then
      cat "$top/$1.log" >&2
      exit 1
    fi
    sleep 0.01
  done
  echo $(($(msec) - began)) >"$top/$1.start"
}
stop() { # NAME [SIGNAL]
  kill -"${2:-TERM}" "${daemon[$1]}"
  wait "${daemon[$1]}" 2>/dev/null || true
  unset "daemon[$1]"
}
socket_folder() { cat "$top/$1/postgres-socket.path" 2>/dev/null || echo "$top/$1/postgres-socket"; }
conninfo() { echo "host=$(socket_folder "$1") port=5432 dbname=rectify user=rectify_admin"; }
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$(conninfo "$1")" "${@:2}"; } # NAME OPTION-OF-PSQL...
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${daemon[$1]}/status"; } # kB

# Publishes 1,300 units of 80 bureaus, as bench/lib/made.h names them; every bureau has a head and a handler.
registry() { # INSPECTOR...
  awk -v inspectors="$*" 'BEGIN {
    n = split(inspectors, inspector, " ")
    print "registry: bench\nunits:\n  - {code: city, name: City, calendar: cn, zone: Asia/Shanghai}\n  - {code: team-1, name: Team, parent: city}"
    for (i = 0; i < 1300; i++) printf "  - {code: u%04d, name: Unit %d, parent: %s}\n", i, i, i < 80 ? "city" : sprintf("u%04d", i % 80)
    print "officers:\n  - {code: office, name: Office, unit: city}\n  - {code: verifier, name: Verifier, unit: city}"
    for (i = 1; i <= n; i++) printf "  - {code: %s, name: Inspector, unit: team-1}\n", inspector[i]
    for (i = 0; i < 80; i++) printf "  - {code: p%02d, name: Head %d, unit: u%04d}\n  - {code: h%02d, name: Handler %d, unit: u%04d}\n", i, i, i, i, i, i
    print "appointments:\n  - {officer: office, role: office, unit: city}\n  - {officer: office, role: administrator, unit: city}"
    print "  - {officer: verifier, role: verifier, unit: city}"
    for (i = 1; i <= n; i++) printf "  - {officer: %s, role: inspector, unit: team-1}\n", inspector[i]
    for (i = 0; i < 80; i++) printf "  - {officer: p%02d, role: principal, unit: u%04d}\n  - {officer: h%02d, role: handler, unit: u%04d}\n", i, i, i, i
  }' >"$top/registry.yaml"
  "$B/rectify" registry load "$top/registry.yaml" >/dev/null
}

# The five tables that a finding leaves rows in, with their indexes, but without checks and triggers.
plain() { # NAME SCHEMA
  local table
  sql "$1" -c "CREATE SCHEMA $2"
  for table in event private finding case_ notice; do
    sql "$1" -c "CREATE TABLE $2.$table (LIKE rectify.$table INCLUDING DEFAULTS INCLUDING INDEXES)"
  done
}

flood() { # NAME SEED COUNT: see bench/intake.c
  local writer
  writer=$(sql "$1" -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'rectifyd writer'")
  "$B/bench/intake" flood "$(endpoint "$1")" "${daemon[$1]}" "$writer" "$2" "$3"
}

# ---- figures ----

msec() { date +%s%3N; }
seconds() { # COMMAND...: seconds of CPU that it takes, user and system, and seconds by the clock; what it says goes into $top/said
  local TIMEFORMAT='%U %S %R'
  { time "$@" >"$top/said" 2>&1; } 2>&1 | awk '{ printf "%.2f %.2f\n", $1 + $2, $3 }'
}
column() { cut -d' ' -f"$2" "$top/$1"; } # FILE COLUMN
last() { tail -n 1 "$top/$1" | cut -d' ' -f"$2"; }
median() { sort -n | awk '{ a[NR] = $1 } END { if (NR) print a[int((NR + 1) / 2)] }'; }
least() { sort -n | sed -n 1p; }
most() { sort -n | sed -n '$p'; }
ratio() { awk -v a="$1" -v b="$2" -v d="${3:-2}" 'BEGIN { printf "%.*f\n", d, a / b }'; } # A B [DIGITS]

# ---- the report ----

load_average() { cut -d' ' -f1 /proc/loadavg; }
machine() { # NAME: a daemon whose server's version is told too, or ''
  printf '%s processors: %s; %s;\nLinux %s' "$(nproc)" "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)" \
    "$(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)"
  [ -z "$1" ] || printf '; PostgreSQL %s' "$(sql "$1" -c 'SHOW server_version')"
}
keep() { # NAME: the report is printed, and is NAME.md of RESULTS
  mkdir -p "$RESULTS"
  tee "$RESULTS/$1.md"
}
