#!/bin/bash
# The demonstration: a city, its findings, and four months of virtual time in less than a minute.  Called by `make run`.
#
#   deploy/demo/run.sh          plays the scenario, then stays in the foreground until Ctrl-C
#   ONCE=1 deploy/demo/run.sh   plays the scenario and stops
#
# Environment: B (where the programs are, build), RECTIFY_DEMO (the demonstration's own directory; emptied at each run).
# Exit codes: 0 all went as told; 1 something did not, the daemon's log is shown; 2 another demonstration is running.
set -euo pipefail

cd "$(dirname "$0")/../.."
HERE=deploy/demo
BASE=${RECTIFY_DEMO:-}
if [ -z "$BASE" ] && [ "$(id -u)" = 0 ]; then BASE=/var/tmp/rectify-demo; fi
BASE=${BASE:-${HOME:?names no home directory: say where by RECTIFY_DEMO}/.local/state/rectify-demo}
DATA=$BASE/data # the daemon makes it; as root it gives itself up to the account postgres first
LOG=$BASE/rectifyd.log
PID=$BASE/rectifyd.pid
WATCHED=$BASE/watch.log
PATH=$(realpath "${B:-build}"):$PATH
export LC_ALL=C.UTF-8 # so that lines are cut between characters
export RECTIFY_ENDPOINT=ipc://$DATA/rectifyd.sock RECTIFY_LANG=en TZ=Asia/Shanghai # the story looks for English words
START=2026-01-05
WIDTH=130 # of the lines of long tables, in columns; as wide as the terminal is, if it is wide enough for them
LEDGER=200 # of those of the ledger
if [ -t 1 ] && read -r _ columns < <(stty size 2>/dev/null </dev/tty) && [ "$columns" -ge 100 ]; then
  WIDTH=$columns LEDGER=$columns
fi
SIGNER=$BASE/signer
MAIL=$BASE/mail
daemon='' watcher='' signer='' mail='' courier='' shown=0 partly=''

# ---- starting and stopping --------------------------------------------------------------------------------------

say() {
  echo
  printf '%s\n' "$@"
}

fail() {
  printf '\nrun.sh: %s\n' "$*" >&2
  if [ -s "$LOG" ]; then
    printf -- '--- the last lines of %s\n' "$LOG" >&2
    tail -n 25 "$LOG" >&2
  fi
  exit 1
}

# Whether process $1 runs and has $2 in its command line.
runs() { [ -n "${1:-}" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$2"; }

# Waits up to 30 s until process $1 is gone.
gone() {
  local tries=0
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || return 1
    sleep 0.1
  done
}

stop() {
  trap - EXIT INT TERM
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  if [ -n "$courier" ]; then # while the daemon answers it ends at once
    kill "$courier" 2>/dev/null || true
    wait "$courier" || true
  fi
  [ -z "$mail" ] || kill "$mail" 2>/dev/null || true
  [ -z "$daemon" ] || kill -TERM "$daemon" 2>/dev/null || true
  local code=0
  [ -z "$daemon" ] || wait "$daemon" || code=$?
  [ -z "$signer" ] || kill "$signer" 2>/dev/null || true
  rm -f "$PID"
  daemon=''
  return "$code"
}

# Takes the demonstration's directory for this run, and stops what an earlier one that ended badly may have left.
take_over() {
  local left='' server=''
  mkdir -p "$BASE"
  [ -O "$BASE" ] || fail "$BASE belongs to somebody else"
  chmod 755 "$BASE"
  exec 9>>"$BASE/lock"
  if ! flock -n 9; then
    echo "run.sh: another demonstration is running; stop it with Ctrl-C in its terminal" >&2
    exit 2
  fi
  [ ! -r "$PID" ] || read -r left <"$PID" || true
  if runs "$left" "$DATA"; then
    echo "stopping the daemon of an earlier demonstration (process $left)"
    kill -TERM "$left"
    gone "$left" || fail "process $left does not stop"
  fi
  [ ! -r "$DATA/postgres/postmaster.pid" ] || read -r server <"$DATA/postgres/postmaster.pid" || true
  if runs "$server" "$DATA"; then
    kill -INT "$server"
    gone "$server" || fail "process $server does not stop"
  fi
  left=''
  [ ! -r "$BASE/signer.pid" ] || read -r left <"$BASE/signer.pid" || true
  ! runs "$left" "$SIGNER" || kill "$left" || true
  find "$BASE" -mindepth 1 -maxdepth 1 ! -name lock -exec rm -rf {} +
}

# The signer of the log's heads: a process, a key and a folder of its own.  As root it is the daemon's account.
start_signer() {
  local -a as=()
  mkdir -m 700 "$SIGNER"
  if [ "$(id -u)" = 0 ]; then
    local user=nobody
    id postgres >/dev/null 2>&1 && user=postgres
    chown "$user" "$SIGNER"
    as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --)
  fi
  local at
  at=$(command -v rectify-sign)
  install -m 755 "$at" "$BASE/rectify-sign" # a checkout may lie where that account cannot go
  (cd / && "${as[@]}" "$BASE/rectify-sign" new --name rectify.demo.example/log --key "$SIGNER/key" --state "$SIGNER/state") >"$BASE/log.pub"
  (cd / && exec "${as[@]}" "$BASE/rectify-sign" run --key "$SIGNER/key" --state "$SIGNER/state" --socket "$SIGNER/socket") \
    >>"$LOG" 2>&1 </dev/null 9>&- &
  signer=$!
  echo "$signer" >"$BASE/signer.pid"
}

start() {
  local program
  for program in rectifyd rectify rectify-sign rectify-courier; do
    command -v "$program" >/dev/null || fail "$program is not there; build it first: make"
  done
  start_signer
  rectifyd --clock manual --clock-start "$START" --data "$DATA" --endpoint "$RECTIFY_ENDPOINT" --signer "$SIGNER/socket" \
    >>"$LOG" 2>&1 </dev/null 9>&- &
  daemon=$!
  echo "$daemon" >"$PID"
  local tries=0
  until rectify ping --as office --timeout 1 >/dev/null 2>&1; do
    kill -0 "$daemon" 2>/dev/null || fail "rectifyd ended"
    tries=$((tries + 1))
    [ "$tries" -le 60 ] || fail "rectifyd does not answer"
  done
}

# ---- telling ----------------------------------------------------------------------------------------------------

# Shows a command and runs it: it must succeed.
run() {
  printf '$ %s\n' "$(quoted "$@")"
  "$@" 2>&1 | sed 's/^/  /' || fail "that should have worked"
}

# The same for one that must be refused by rule $1.
refused() {
  local rule=$1 code=0 answer
  shift
  printf '$ %s\n' "$(quoted "$@")"
  answer=$("$@" 2>&1) || code=$?
  printf '%s\n' "$answer" | sed 's/^/  /'
  if [ "$code" != 1 ] || ! grep -q "rule $rule" <<<"$answer"; then
    fail "that should have been refused by rule $rule (exit code $code)"
  fi
}

# The first $1 lines of what a command prints, none longer than fits.
first() {
  local lines=$1 answer
  shift
  printf '$ %s\n' "$(quoted "$@")"
  answer=$("$@" 2>"$BASE/error") || [ -n "$partly" ] || fail "that should have worked: $(cat "$BASE/error")"
  awk -v most="$lines" 'NR <= most { print "  " $0 } END { if (NR > most) print "  ... " NR - most " more lines" }' <<<"$answer" |
    clip "$WIDTH"
}

# Cuts lines to $1 columns.  A character beyond ASCII is taken to be two wide, as Chinese is.
clip() {
  local line wide over
  while IFS= read -r line; do
    line=${line:0:$1}
    wide=${line//[ -~]/}
    while over=$((${#line} + ${#wide} - $1)) && [ "$over" -gt 0 ]; do
      line=${line:0:$((${#line} - (over + 1) / 2))}
      wide=${line//[ -~]/}
    done
    printf '%s\n' "$line"
  done
}

# The same for a command over many cases, of which some are refused: exit code 1.
partly() {
  partly=yes
  "$@"
  partly=''
}

quoted() {
  local word out=''
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./:=@,+-]* | '') word="'$word'" ;;
    esac
    out+=" $word"
  done
  printf '%s' "${out# }"
}

# ---- what `rectify watch` saw meanwhile -------------------------------------------------------------------------

start_watch() {
  rectify watch --as o107 >"$WATCHED" 2>>"$LOG" </dev/null 9>&- &
  watcher=$!
}

# Shows what came since the last call, at most $1 lines (0: it is passed over): one line for all that happened alike at one time.  $2: only
# events that match it.
happened() {
  local most=$1 only=${2:-.} before=-1 now
  now=$(wc -l <"$WATCHED")
  while [ "$now" != "$before" ]; do # it comes a moment after the command's own answer
    before=$now
    sleep 0.2
    now=$(wc -l <"$WATCHED")
  done
  [ "$most" = 0 ] || sed -n "$((shown + 1)),${now}p" "$WATCHED" | { grep -E -- "$only" || true; } | digest "$most"
  shown=$now
}

# From lines "2026-01-19 09:00:00  C-000004  petition  rung_due (rectify, 1)  -> effects".
digest() {
  awk -F '  ' -v most="$1" '
    function after(word, text) { return match(text, "(^|; )" word " [a-z_]+") ? last(substr(text, RSTART, RLENGTH)) : "" }
    function last(text) { sub(/.* /, "", text); return text }
    {
      what = $4
      effects = index($0, "  -> ") ? substr($0, index($0, "  -> ") + 5) : ""
      track = after("track", effects)
      light = after("light", effects)
      if (what ~ /^rung_due/) {
        sub(/^rung_due \(/, "", what); sub(/,.*/, "", what)
        notice = match(effects, /\([a-z_]+[,)]/) ? substr(effects, RSTART + 1, RLENGTH - 2) : "fired"
        what = what ": " notice
      } else
        sub(/ by .*/, "", what)
      if (track) what = what ", to " track
      if (light) what = what ", " light
      if ($0 ~ /refused, rule/) what = what ", refused"
      key = substr($1, 6, 11) "  " what
      if (!(key in count)) order[++keys] = key
      if (count[key]++ < 3) cases[key] = cases[key] (cases[key] == "" ? "" : ", ") $2 ($3 == "" ? "" : " " $3)
    }
    END {
      for (i = 1; i <= keys && i <= most; i++) {
        key = order[i]
        print "  | " key ": " cases[key] (count[key] > 3 ? " and " count[key] - 3 " more" : "")
      }
      for (; i <= keys; i++) rest += count[order[i]]
      if (rest) print "  | ... and " rest " more events"
    }'
}

# Cases by unit and light: what a score card would start from.
summary() {
  echo '$ rectify cases --as o107 --csv | (count by unit and light)'
  rectify cases --as o107 --csv | awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    /^C-/ { unit = $column["unit"]; units[unit]; n[unit, $column["light"]]++; n[unit, $column["status"]]++ }
    END {
      printf "  %-20s %6s %6s %6s %7s\n", "unit", "green", "yellow", "red", "closed"
      for (unit in units)
        printf "  %-20s %6d %6d %6d %7d\n", unit, n[unit, "green"], n[unit, "yellow"], n[unit, "red"], n[unit, "closed_out"] | "sort"
    }'
}

# ---- the story --------------------------------------------------------------------------------------------------

# The findings of one team, as its inspector sends them.
submit_team() {
  grep -F "\"team\": \"$1\"" "$HERE/findings.jsonl" >"$BASE/$1.jsonl"
  first 4 rectify submit --jsonl "$BASE/$1.jsonl" --as "$2"
}

# The number of the first case that a filter finds.
found() { rectify cases --as o107 "$@" --limit 1 --csv | awk -F, 'NR == 2 { print $1 }'; }

# At most $1 lines of what a command prints, those that match $2.
only() {
  local lines=$1 pattern=$2 answer
  shift 2
  printf '$ %s\n' "$(quoted "$@")"
  answer=$("$@" 2>&1) || fail "that should have worked: $answer"
  awk -v most="$lines" -v pattern="$pattern" '
    { sub(/^ */, "") }
    $0 ~ pattern && shown < most { print "  " $0; shown++ }
    END { exit shown == 0 }' <<<"$answer" | clip "$WIDTH" || fail "nothing of this is in the answer: $pattern"
}

# $1 lines of what a command prints, from the first one on that matches $2.
from() {
  local lines=$1 pattern=$2 answer
  shift 2
  printf '$ %s\n' "$(quoted "$@")"
  answer=$("$@" 2>&1) || fail "that should have worked: $answer"
  awk -v most="$lines" -v pattern="$pattern" '
    !begun && $0 ~ pattern { begun = 1; if (NR > 1) print "  ..." }
    begun && shown < most { print "  " $0; shown++ }
    END { if (!begun) exit 1; if (NR > shown) print "  ..." }' <<<"$answer" |
    clip "$WIDTH" || fail "nothing of this is in the answer: $pattern"
}

to() { run rectify clock advance "$1" --as office; }

monday_morning() {
  say "[1] It is Monday, 2026-01-05, in 云泽市 Yunze City.  The registry is published: 12 units, two teams, 30 officers, a courier."
  run rectify registry load "$HERE/registry.yaml" --as office
  start_watch
  say "[2] Inspection team 1 hands in 38 findings over ZeroMQ.  Each becomes a case with a track, an owner and a date."
  submit_team team-1 o191
  first 8 rectify cases --as o107
  echo "What \`rectify watch\` showed meanwhile, one line for all that happened alike:"
  happened 8
  say "[3] A case for each of the five tracks, from the kind of problem alone; the last one only proposes, a person decides."
  local track
  for track in early_warning new_rules special_rectification supervision accountability; do
    first 2 rectify cases --as o107 --track "$track" --limit 1
  done
  say "[4] 柳荫社区 (west-liuyin) has nobody of its own: case 8 finds the officer of the street above." \
    "    Case 9 names a unit that nobody knows: it is not lost, the office has three working days for it."
  first 8 rectify show 8 --as o107
  run rectify dispatch 9 --unit fire --as o102 -m '滨河开发区尚无机构，由消防大队牵头'
}

many_at_once() {
  say "[5] Many at once: the fire brigade signs for all that it was given with one command, in one transaction." \
    "    The office raises all that is about letters from the public; first it looks what would come of it."
  first 6 rectify bulk --unit fire --status dispatched sign-for --yes --as o132
  partly first 8 rectify bulk --category petition_backlog --open escalate --track supervision -m '信访积案专项督办' --preview --as o102
  partly first 8 rectify bulk --category petition_backlog --open escalate --track supervision -m '信访积案专项督办' --yes --as o102
  echo "    Each got a numbered supervision order, to be signed for."
  run rectify sign-order 32 --as o182
  only 1 '^order' rectify show 32 --as o107
}

whose_is_it() {
  say "[6] Case 6 was given to the wrong address: the housing bureau returns it, the office decides, and that is final."
  run rectify bounce 6 --as o142 -m '该路段由东风街道管养，见2019年移交清单'
  run rectify adjudicate 6 --unit street-east --as o102 -m '移交清单属实，由东风街道整改'
  refused 164 rectify bounce 6 --as o112 -m '街道没有经费'
  say "[7] Nobody answered for the dust of case 5: accountability is proposed.  The body may not decide unheard."
  refused 151 rectify decide 5 --form admonition --number '云责〔2026〕3号' -e "$HERE/evidence/decision.txt" -m '扬尘47天' --as o106
  to 2026-01-07T09:30
  run rectify statement 5 --as o141 -m '停工通知未抄送我局，12月20日才知情；责任我认'
  run rectify decide 5 --form admonition --number '云责〔2026〕3号' -e "$HERE/evidence/decision.txt" -m '扬尘47天无人负责，申辩部分采纳' --as o106
  only 1 '^accountable' rectify show 5 --as o107
}

the_fire_lane() {
  say "[8] 王芳 (o113) of 望江社区 signs for case 1.  Case 10 is about the same lane: it goes on as part of case 1." \
    "    Her plan has two measures; the office returns the first one."
  first 4 rectify inbox --as o113
  run rectify sign-for 1 --as o113
  run rectify merge 10 --into 1 --as o102 -m '同一通道，并案整改'
  run rectify plan submit 1 --measures 1 -e "$HERE/evidence/patrol.txt" --as o113
  run rectify plan return 1 --as o103 -m '只有巡查，没有清障措施'
  run rectify plan submit 1 --measures 2 -e "$HERE/evidence/plan.txt" --as o113
  run rectify plan approve 1 --as o103
  to 2026-01-12T09:30
  run rectify progress 1 --as o113 -e "1:$HERE/evidence/cleared.txt" -m '三辆报废车已拖离，标线本周施划'
  say "[9] She asks for the closing.  Refused: first the head of the unit must answer for it, then each measure needs evidence."
  refused 112 rectify request-closure 1 --as o113
  run rectify endorse 1 --as o111
  refused 115 rectify request-closure 1 --as o113
  run rectify request-closure 1 --as o113 -e "2:$HERE/evidence/patrol.txt"
  say "[10] She is a verifier on paper too, and passes herself.  Refused: four eyes (rule 620)."
  refused 620 rectify pass 1 --as o113 -m '我自己看过了'
}

small_and_early() {
  say "[11] 何建国 (o121) is away until the 23rd: 黄志强 (o111) acts in his stead, and gets his notices." \
    "    Case 18 needs the laboratory of the market bureau: a co-unit with a clock of its own."
  run rectify sign-for 15 --as o111 -m '何书记外出，代为签收'
  run rectify sign-for 18 --as o142
  run rectify co-unit 18 --unit market --as o102 -m '塔吊检验由市场监管局配合'
  say "[12] Two teachers of case 26 are talked to before it grows: caught early and small."
  run rectify sign-for 26 --as o162
  refused 116 rectify request-closure 26 --as o161 -e "$HERE/evidence/pledge.txt"
  run rectify talk 26 --as o161 -e "$HERE/evidence/talk.txt" -m '与董磊谈话，两名教师退群'
  run rectify request-closure 26 --as o161 -e "$HERE/evidence/pledge.txt"
  run rectify pass 26 --as o105 -m 'Both have left the group; 42 groups were looked at.'
  happened 0
  say "[13] 钱慧 (o104) looks at the fire lane and finds a car: back to work, the date moves by the verifier's days only."
  to 2026-01-16T10:30
  run rectify fail 1 --as o104 -m '回访时通道内又停有一辆面包车，巡查登记缺三天'
  happened 10
}

more_time() {
  say "[14] More time must be asked for twenty working days before the date.  Today it is twenty, tomorrow nineteen."
  run rectify sign-for 7 --as o152
  run rectify sign-for 29 2 --as o172
  to 2026-01-19T09:30
  run rectify extension ask 7 --days 10 --as o152 -m 'The label printers arrive on 16 February.'
  echo "    Two tenders were written on one computer (case 29): the siblings of the finance bureau look at their own, the" \
    "inspection teams too."
  run rectify sweep 29 --as o102 -m '各单位自查近三年招标档案'
  first 11 rectify cases --parent 29 --as o107
  to 2026-01-20T09:30
  refused 170 rectify extension ask 29 --days 10 --as o172 -m 'The experts need more time.'
  run rectify extension grant 7 --days 8 --as o103 -m '同意延8个工作日'
  say "[15] But the prosecutor has the file of case 29: its clocks stand still for at most forty working days."
  run rectify hold 29 --days 40 --as o103 -m '检察院调取全部评标档案'
  first 4 rectify next 29 --as o107
  say "[16] The finance bureau writes the rule that was missing (case 2): in effect on 1 February, checked and closed."
  to 2026-01-26T09:30
  run rectify issue-rule 2 --number '云财〔2026〕2号' --date 2026-02-01 -e "$HERE/evidence/rule.txt" -m '零星采购管理办法' --as o172
  run rectify request-closure 2 --as o171 -m '制度已印发'
  run rectify pass 2 --as o104 -m '已公布，科室人手一份'
}

time_passes() {
  happened 0
  say "[17] Nobody does anything until the end of January: reminders before the dates, yellow on them, red after them."
  to 2026-01-31T09:30
  happened 14
  first 6 rectify cases --as o107 --light red --by-due
}

the_second_visit() {
  say "[18] 王芳 has patrolled for three weeks and asks again; 钱慧 is satisfied.  Closed out."
  to 2026-02-06T09:30
  run rectify endorse 1 --as o111
  run rectify request-closure 1 --as o113 -e "2:$HERE/evidence/marked.txt" -m '巡查登记完整，限高杆和标线已完成'
  run rectify pass 1 --as o104 -e "$HERE/evidence/revisit.txt" -m 'Seen on site: the lane is free.'
  echo "    Case 18 cannot be closed while its co-unit is still at it:"
  run rectify endorse 18 --as o141
  refused 194 rectify request-closure 18 --as o142 -e "$HERE/evidence/crane.txt"
  say "[19] Team 2 hands in 22 findings.  What was found before in the same unit comes back one track up at once." \
    "    And a purchase without a rule, after the rule took effect: the rule did not hold."
  submit_team team-2 o196
  first 6 rectify cases --as o107 --unit street-west
  only 2 '^(C-|marks)' rectify show "$(found --flag rule_failed)" --as o107
  happened 8
  echo "Where the city stands on 6 February:"
  summary
}

left_alone() {
  happened 0
  say "[20] Case 3, a canteen's blank temperature sheets, was a problem in the bud.  Nobody touched it.  Until April:"
  to 2026-03-20T09:30
  happened 12 C-000003
  say "[21] 唐丽 (o142) leaves the housing bureau: all her posts change hands at once; no case is nobody's for an instant." \
    "    And the file of case 29 is back: its date moves by the working days of the hold."
  first 5 rectify bulk --handler o142 --open hand-over --officer o192 --yes --as o102
  run rectify resume 29 --as o103 -m '档案已退回'
  say "[22] 回头看: three months later the teachers of case 26 recommend again.  Relapsed: back to work, one track up."
  to 2026-04-10T09:30
  run rectify look-back relapse 26 --as o105 -m 'One of the two is in a new group since March.'
  to 2026-04-30T09:30
  happened 12 C-000003
  echo '$ rectify history 3 --as o107   (its moves between tracks)'
  rectify history 3 --as o107 | grep -E 'track [a-z_]+' | sed 's/^ */  /' | clip "$WIDTH"
}

the_books() {
  say "[23] The rectification ledger: one row a case; the last line names the log it was read from."
  echo '$ rectify ledger --as o107'
  rectify ledger --as o107 >"$BASE/ledger.txt"
  head -n 12 "$BASE/ledger.txt" | sed 's/^/  /' | clip "$LEDGER"
  echo "  ..."
  tail -n 1 "$BASE/ledger.txt" | sed 's/^/  /'
  say "[24] By unit and light at the end of April:"
  summary
  say "[25] The history of case 1 begins so: who, when, by which rule, what it changed, who was told.  And who acted for whom:"
  first 24 rectify history 1 --as o107
  only 3 ' for o121' rectify history 15 --as o107
  only 4 'INSTEAD|o121' rectify notices --officer o111 --as o107
  say "[26] Why case 3 is due when it is: every day counted, every day skipped and the notice that says so." \
    "    Of case 29 the working days by holder: they add up to the total."
  from 27 '^rectify: ' rectify why 3 --as o107
  only 9 '^(counted: |moved by|working days by|(unit|approver|verifier|adjudicator|hold|total) +[0-9]+$)' rectify why 29 --as o107
  echo "    And what comes next, if nobody does anything:"
  first 6 rectify next 3 --as o107
  run rectify due 2026-02-13 1wd --calendar cn
  echo "  (a Saturday that works: the make-up day before the Spring Festival)"
  say "[27] What was published, and the doctor: it reads the whole log, rebuilds its Merkle root and folds every case again."
  run rectify documents --as o107
  run rectify doctor --as o107
  say "[28] A receipt proves one event, the verifier the whole log, with nothing but the public key of rectify-sign."
  run rectify receipt get 1 4 --output "$BASE/1-4.receipt" --as o107
  run rectify receipt check --key "$BASE/log.pub" "$BASE/1-4.receipt"
  run rectify verify --key "$BASE/log.pub" --as o107
}

# Waits up to 30 s for a file.
there() {
  local tries=0
  until [ -e "$1" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || fail "$1 does not come"
    sleep 0.1
  done
}

by_mail() {
  say "[29] Until now nobody had mail: notices waited.  A courier comes, a program of its own, with an address of 韩梅 (o182);" \
    "    what gathered for her is one letter, not a flood; whoever has no address is counted."
  mkdir -m 700 "$MAIL"
  python3 "$HERE/mail.py" "$MAIL" >>"$LOG" 2>&1 </dev/null 9>&- &
  mail=$!
  there "$MAIL/port"
  printf '%s\n' "endpoint: $RECTIFY_ENDPOINT" "officer: post" "host: rectify.demo.example" "contacts: $MAIL/contacts.yaml" \
    "times: {zone: Asia/Shanghai, calendar: cn, quiet: none}" "channels:" \
    "  mail: {type: smtp, url: 'smtp://127.0.0.1:$(cat "$MAIL/port")', from: office@demo.example, from_name: 整改办}" >"$MAIL/courier.yaml"
  printf 'contacts:\n  - {officer: o182, channels: {mail: hanmei@demo.example}}\n' >"$MAIL/contacts.yaml"
  chmod 600 "$MAIL/contacts.yaml"
  run rectify-courier check "$MAIL/courier.yaml"
  rectify-courier run "$MAIL/courier.yaml" >>"$LOG" 2>&1 </dev/null 9>&- &
  courier=$!
  there "$MAIL/0001.txt"
  printf '$ cat %s\n' "$MAIL/0001.txt"
  head -n 18 "$MAIL/0001.txt" | sed 's/^/  /' | clip "$WIDTH"
  echo "  ..."
  local tries=0
  until rectify letters --officer o182 --as o107 | grep -q delivered; do # it is reported a moment later
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || fail "the letter is not reported"
    sleep 0.1
  done
  first 3 rectify letters --officer o182 --as o107
}

invite() {
  cat <<END

The city stands at $(rectify clock show --as office).  It stays until Ctrl-C.  In a second terminal, from this directory:
  export PATH=$(realpath "${B:-build}"):\$PATH TZ=Asia/Shanghai RECTIFY_ACTOR=o107
  export RECTIFY_ENDPOINT=$RECTIFY_ENDPOINT
  rectify cases --overdue --by-due       what the auditor finds overdue
  rectify inbox --as o182                what waits for 韩梅 of 信访局
  rectify sign-for 4 --as o182           she takes a case on
  rectify show 4                         and reads what comes next; README.md goes on from here
END
}

take_over
trap 'stop || true' EXIT
trap 'stop || true; exit 1' INT TERM
start
monday_morning
many_at_once
whose_is_it
the_fire_lane
small_and_early
more_time
time_passes
the_second_visit
left_alone
the_books
by_mail
if [ "${ONCE:-}" = 1 ]; then
  say "The end.  (make run without ONCE=1 keeps the city for you.)"
  stop || fail "rectifyd did not stop cleanly"
  exit 0
fi
invite
trap 'echo; echo "stopping"; code=0; stop || code=$?; exit "$code"' INT TERM
wait "$daemon" || true
daemon=''
fail "rectifyd ended"
