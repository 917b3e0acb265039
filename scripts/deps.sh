#!/usr/bin/env bash
# Installs the Debian packages that are missing.  Usage: deps.sh GROUP...   (run, test, faults, lint, docs, coverage)
# When nothing is missing it does nothing: no network, no root.
# deps.sh --into DIR GROUP... (bench): unpacks them and all that they need into DIR instead; nothing is installed or started, no root.
set -euo pipefail

# Group and package.  `postgresql` stands for any version of the server, `pgtap` for pgTAP of the same version.
packages() {
  sed 's/#.*//' <<'TABLE' | awk -v groups=" $* " 'NF == 2 && index(groups, " " $1 " ") { print $2 }'
run gcc
run libc6-dev
run protobuf-c-compiler
run libprotobuf-c-dev
run libzmq3-dev
run libpq-dev
run libssl-dev
run libfyaml-dev
run libsmartcols-dev
run gettext           # the Chinese catalogue of the command
run libxlsxwriter-dev
run libcurl4-openssl-dev # the courier
run tzdata            # time zones of units
run python3           # the demonstration's server of mail
run postgresql        # the private cluster
test libcmocka-dev
test perl             # prove
test postgresql-client
test pgtap
test python3
test python3-zmq      # a client in another language
test python3-protobuf
test python3-aiosmtpd    # a server of mail for the courier
test python3-cryptography # the second verifier
test python3-openpyxl  # a second and a third reader of the ledgers' XLSX
test libreoffice-calc-nogui
test python3-yaml      # the real data set's expectations read the policy
test protobuf-compiler
test procps
test iproute2         # a network that can be cut
test nftables         # ... and loses packets
test valgrind          # each program from its start to its end
test libfaketime      # a clock that jumps
test xfsprogs         # a disk whose power is cut
faults patroni        # failover by itself; `make faults` alone
faults etcd-server
test scdoc            # does the manual page of the command read well?
docs scdoc
coverage gcovr
bench rabbitmq-server  # what people would use instead: `make bench` compares with them
bench rsyslog-pgsql
bench request-tracker5
bench rt5-db-postgresql
docs python3
lint clang
lint cppcheck
lint shellcheck
lint codespell
lint binutils
lint git
lint python3
TABLE
}

pg_major() { # the highest server installed, or nothing
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  [ -x "$found" ] && echo "$found" | cut -d/ -f5
}

installed="" # one package a line; read by one call, for speed
read_installed() {
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
}

is_installed() {
  grep -qx -- "$1" <<< "$installed"
}

missing() {
  local package
  read_installed
  for package in $(packages "$@"); do
    case $package in
      postgresql) [ -n "$(pg_major)" ] || echo postgresql ;;
      postgresql-client) [ -n "$(command -v psql)" ] || echo postgresql-client ;;
      pgtap) [ -e "/usr/share/postgresql/$(pg_major)/extension/pgtap.control" ] || echo pgtap ;;
      gcc) is_installed gcc || [ -n "$(command -v gcc)" ] || echo gcc ;;
      *) is_installed "$package" || echo "$package" ;;
    esac
  done
}

# root runs commands itself, others through sudo if it lets them.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

can_be_root() {
  [ "$(id -u)" = 0 ] && return
  [ -n "$(command -v sudo)" ] || return 1
  sudo -n true 2>/dev/null || [ -t 0 ]
}

install_packages() {
  as_root apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "$@" >&2
}

# The server's package makes a cluster on TCP port 5432 at installation.  We need none, so ours is not the hand that
# opens it; a machine that has postgresql-common already is left as its administrator set it up.
avoid_main_cluster() {
  read_installed
  is_installed postgresql-common && return
  install_packages postgresql-common
  as_root sed -i 's/^#\? *create_main_cluster *=.*/create_main_cluster = false/' \
    /etc/postgresql-common/createcluster.conf
}

# What they need is left out where it is installed, even if they would have it newer.  A stamp saves the next call the work.
unpack_into() {
  local directory=$1 archive name stamp
  shift
  stamp="$(packages "$@" | sort | xargs) in $directory"
  [ "$(cat "$directory/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  if [ -z "$(command -v apt-get)" ] || [ -z "$(command -v dpkg-query)" ]; then
    echo "deps.sh: this is not Debian" >&2
    return 1
  fi
  echo "deps.sh: unpacking $stamp" >&2
  rm -rf "$directory"
  mkdir -p "$directory/archives/partial"
  ! can_be_root || as_root apt-get -o DPkg::Lock::Timeout=300 update -q >&2
  mapfile -t wanted < <(packages "$@" | sort -u)
  apt-get install -y -q --download-only --reinstall --no-install-recommends -o Dir::Cache::archives="$directory/archives" \
    -o Debug::NoLocking=1 "${wanted[@]}" >&2
  read_installed
  for archive in "$directory"/archives/*.deb; do
    name=$(basename "$archive")
    [[ " ${wanted[*]} " == *" ${name%%_*} "* ]] || ! is_installed "${name%%_*}" || continue
    dpkg-deb -x "$archive" "$directory"
  done
  rm -rf "$directory/archives"
  echo "$stamp" >"$directory/stamp"
}

if [ "${1:-}" = --into ]; then
  [ "$#" -gt 2 ] || { echo "usage: deps.sh --into DIR GROUP..." >&2; exit 64; }
  shift
  unpack_into "$@"
  exit
fi
if [ -z "$(command -v dpkg-query)" ]; then
  echo "deps.sh: this is not Debian; make sure that there are: $(packages "$@" | sort -u | xargs)" >&2
  exit 0
fi
mapfile -t wanted < <(missing "$@" | sort -u)
[ "${#wanted[@]}" = 0 ] && exit 0
if ! can_be_root; then
  {
    echo "deps.sh: these packages are missing, and this user may not install them.  As root:"
    echo "  apt-get install ${wanted[*]/#pgtap/postgresql-$(pg_major)-pgtap}"
  } >&2
  exit 1
fi
echo "deps.sh: installing ${wanted[*]}" >&2
as_root apt-get -o DPkg::Lock::Timeout=300 update -q >&2
[[ " ${wanted[*]} " == *" postgresql "* ]] && avoid_main_cluster
mapfile -t first < <(printf '%s\n' "${wanted[@]}" | grep -vx pgtap)
[ "${#first[@]}" = 0 ] || install_packages "${first[@]}"
if [[ " ${wanted[*]} " == *" pgtap "* ]]; then
  install_packages "postgresql-$(pg_major)-pgtap"
fi
mapfile -t left < <(missing "$@")
if [ "${#left[@]}" != 0 ]; then
  echo "deps.sh: still missing after installing: ${left[*]}" >&2
  exit 1
fi
