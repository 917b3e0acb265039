#!/usr/bin/env bash
# The arrows of the architecture, checked on what files include and what objects call.  Prints each breach; exit 1.
#
#   include <- core <- daemon     include <- proto <- daemon     include, core <- document <- daemon, client     include, core <- sign
#   include, core <- rehearse <- client     include, core, proto, sign <- verify     include, core, proto, document, sign, verify <- client
#   include, core, proto, document, sign <- courier
set -euo pipefail
cd "$(dirname "$0")/.."
B=${B:-build}
status=0
breach() {
  echo "layers: $*"
  status=1
}

# Folder, and the first parts of the project's headers it may include.
arrows() {
  cat <<'TABLE'
include rectify
core rectify core
proto rectify proto
document rectify core document
rehearse rectify core rehearse
sign rectify core sign
daemon rectify core proto document sign daemon
courier rectify core proto document sign courier
verify rectify core proto sign verify
client rectify core proto document rehearse sign verify client
TABLE
}

# Header of a library, and a pattern of the files that may include it.
libraries() {
  cat <<'TABLE'
zmq\.h daemon/(router|zap|stranger|outbox)\.[ch]|client/[a-z_]+\.[ch]
libpq-fe\.h daemon/(pg[a-z_]*|commit|load|query|migrate|cluster[a-z_]*)\.[ch]
libfyaml\.h document/.*|client/command/mapping\.c
protobuf-c/.*|rectify/v1/.*\.pb-c\.h proto/.*|daemon/.*|client/.*|courier/.*|include/rectify/client\.h
libsmartcols/.* client/command/.*
xlsxwriter\.h client/command/xlsx\.c
openssl/.* daemon/.*|client/.*|sign/.*|courier/channel_[a-z]+\.c
curl/.* courier/.*
syslog\.h (daemon|courier)/(log|options)\.[ch]
TABLE
}

# Function, and a pattern of the objects that may call it.
calls() {
  cat <<'TABLE'
clock_gettime|gettimeofday|time|ftime|timespec_get (daemon|courier)/clock\.o|client/.*
syslog|vsyslog|openlog|__syslog_chk|__vsyslog_chk (daemon|courier)/log\.o
TABLE
}

includes() { # includes FOLDER: "file header" of every #include
  grep -rHEo --include='*.[ch]' '^ *# *include *[<"][^>"]+' "$1" | sed -E 's/^([^:]*): *# *include *[<"]/\1 /'
}

while read -r folder allowed; do
  [ -d "$folder" ] || continue
  while read -r file header; do
    breach "$file includes $header: $folder may include only: $allowed"
  done < <(includes "$folder" | A="^(${allowed// /|})/" awk '
    $2 ~ "^(rectify|core|proto|document|rehearse|daemon|client|courier|sign|verify)/" && $2 !~ ENVIRON["A"]')
done < <(arrows)

all=$(for folder in include core proto document rehearse sign verify daemon client courier; do includes "$folder"; done)
while read -r header files; do
  while read -r file name; do
    [ -z "$file" ] || breach "$file includes $name: only $files may"
  done < <(H="^($header)$" F="^($files)$" awk '$2 ~ ENVIRON["H"] && $1 !~ ENVIRON["F"]' <<< "$all")
done < <(libraries)

called=$(cd "$B" && find core proto document rehearse sign verify daemon client courier -name '*.o' -exec nm -u -A {} + 2>/dev/null |
  sed -E 's/^([^:]*):.* U ([^@]*).*/\1 \2/') || true
if [ -z "$called" ]; then
  echo "layers: nothing is built in $B, so calls were not checked"
  exit 1
fi
while read -r functions files; do
  while read -r object name; do
    [ -z "$object" ] || breach "${object%.o}.c calls $name: only $files may"
  done < <(H="^($functions)$" F="^($files)$" awk '$2 ~ ENVIRON["H"] && $1 !~ ENVIRON["F"]' <<< "$called")
done < <(calls)
exit $status
