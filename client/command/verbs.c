/* verbs.c - the one table of subcommands: names, help, options, functions.  Help and completion are made from it. */
#include "client/command/verb.h"

#define ACT_HELP                                                                                                \
  "\nCASE is 42, C-42 or C-000042; several may be given.  A refusal is an answer: it names its rule and changes\n" \
  "nothing but the record of the attempt; --preview asks first.\n\nExamples:\n"

const struct verb verbs[] = {
    {"submit", GROUP_REPORT, "[OPTION...] | --jsonl FILE | --csv FILE --map MAPPING",
     "report findings: one, or a file of them",
     "One finding by options, JSON lines (one object a line), or CSV with a mapping file.  The names in JSON and in a mapping\n"
     "are: unit, kind, severity, found, text, team, inspection, category, code, id.\n"
     "A file's rows need no ids: the id of a row is made from its bytes, its ordinal among identical rows and the "
     "date\n"
     "found, so that submitting the same file twice doubles nothing.  A row that was edited is a new finding; a row "
     "that was\n"
     "refused before is tried anew.  Bad rows are reported as file:line:column and do not stop the good ones; the "
     "summary\n"
     "counts them and the exit code is then 1.  After exit code 69 run the same command again.\n"
     "\n"
     "A mapping says where each field comes from:\n"
     "  unit:     {column: unit_code, empty: unknown} # nobody's goes to the office\n"
     "  found:    {column: date}\n"
     "  text:     {column: text}\n"
     "  team:     {constant: team-1}\n"
     "  severity: {constant: ordinary}\n"
     "  kind:     {column: critical, words: {Yes: prominent}, otherwise: incipient}\n"
     "  id:       {derive: [inspection, line]} # or {column: NAME}; else the whole row\n"
     "\nExamples:\n"
     "  rectify submit --team team-1 --unit east --kind loophole --severity ordinary -m 'no second signature'\n"
     "  rectify submit --csv findings.csv --map findings.yaml --dry-run\n"
     "  generate | rectify submit --jsonl -    # {\"unit\": \"east\", \"text\": \"...\", ...}\n"
     "  rectify submit --csv findings.csv --map findings.yaml --sign li.wei.key --offline\n",
     submit_flags, submit_run, COMMAND_SUBMIT},

    {"spool show", GROUP_REPORT, "[--waiting]", "what was saved here, and what became of it; needs no daemon",
     "What no daemon answered for is saved on this machine, under ~/.local/state/rectify/spool or RECTIFY_SPOOL, and goes out with\n"
     "the next command that reaches one.  `saved`: here only.  `received`: there, with its receipt.  `refused`, `error`: there, and\n"
     "not tried again.  With --log KEY nothing is received whose receipt does not prove itself by the log's key.\n"
     "\nExamples:\n  rectify spool show\n  rectify spool show --waiting --json\n", spool_show_flags, spool_show_run, 0},
    {"spool send", GROUP_REPORT, "[--wait]", "send what was saved here",
     "In the order in which it was saved.  Whatever is not answered for stays; exit code 75 then.\n"
     "\nExamples:\n  rectify spool send\n  rectify --endpoint tcp://a:7411,tcp://b:7411 spool send --wait\n",
     spool_send_flags, spool_send_run, 0},
    {"spool drop", GROUP_REPORT, "ID... | --settled", "do not send it after all; needs no daemon",
     "What a daemon may have received already is not undone by this.  --settled makes the spool small again.\n"
     "\nExamples:\n  rectify spool drop 018f4b2e-7c11-7abc-8def-0123456789ab\n  rectify spool drop --settled\n",
     spool_drop_flags, spool_drop_run, 0},

    {"bundle export", GROUP_REPORT, "FILE --sign KEYFILE", "what waits here, and receipts, as a signed file to carry; needs no daemon",
     "For a machine that reaches no daemon: another one imports the file and sends what is in it.  It holds what waits of the officer\n"
     "whom the key names, and what became of everything that is settled here: receipts go back the same way.  Files of evidence stay here: only their hashes go.  What was exported\n"
     "waits on until its receipt comes; sent twice it is still recorded once.\n"
     "\nExamples:\n  rectify key new --for person --name li.wei li.wei.key\n  rectify bundle export to-town.bundle --sign li.wei.key\n",
     bundle_export_flags, bundle_export_run, 0},
    {"bundle import", GROUP_REPORT, "FILE --from KEY", "take a bundle in: what is to be sent, and receipts; needs no daemon",
     "KEY is the public key of whoever made it (`rectify key public`).  A bundle that was changed or cut short, or that somebody else\n"
     "signed, is refused whole, with exit code 2; one that was imported before changes nothing.\n"
     "\nExamples:\n  rectify bundle import to-town.bundle --from li.wei.pub && rectify spool send\n"
     "  rectify bundle import receipts.bundle --from town.pub\n",
     bundle_import_flags, bundle_import_run, 0},

    {"withdraw", GROUP_REPORT, "CASE... -m TEXT [OPTION...]",
     "the team asks to take a finding back",
     "The office approves it or not (`withdrawal approve`); until then the clocks run on.\n" ACT_HELP
     "  rectify withdraw 42 -m 'found twice, see C-000017'\n",
     act_flags, act_run, COMMAND_WITHDRAW},
    {"sign-for", GROUP_UNIT, "CASE... [OPTION...]",
     "accept the case for your unit; the clock ran already",
     "The clock starts with the dispatch: not to sign stops nothing.  Signs for the supervision order that came with it too.\n" ACT_HELP
     "  rectify sign-for 42\n"
     "  rectify sign-for 42 43 44 -m 'received, Li Wei is on it'\n",
     act_flags, act_run, COMMAND_SIGN_FOR},
    {"bounce", GROUP_UNIT, "CASE... -m TEXT [OPTION...]",
     "say that it is not this unit's case",
     "Only before it is signed for, and as often as the policy allows.  The office says whose it is (`adjudicate`); its days\n"
     "are not charged to the unit.\n" ACT_HELP
     "  rectify bounce 42 -m 'the pavement belongs to the street, see the deed of 2019'\n",
     act_flags, act_run, COMMAND_BOUNCE},
    {"plan submit", GROUP_UNIT, "CASE... --measures N -e FILE [OPTION...]",
     "hand in the plan with its measures",
     "FILE is the plan.  Its measures are numbered from 1; each needs evidence before the case can be closed, by `attach`,\n"
     "`progress` or `request-closure` with -e N:FILE.  Somebody else approves the plan.\n" ACT_HELP
     "  rectify plan submit 42 --measures 3 -e plan.pdf\n"
     "  rectify plan submit 42 --measures 2 -e plan.odt -e material:budget.ods\n",
     act_plan_flags, act_run, COMMAND_PLAN_SUBMIT},
    {"progress", GROUP_UNIT, "CASE... -m TEXT [OPTION...]",
     "report progress",
     "Where the policy wants a report every so many working days, the next one is counted from this one.\n" ACT_HELP
     "  rectify progress 42 -m 'new lock ordered, comes on Friday'\n"
     "  rectify progress 42 -m - -e 2:lock.jpg < report.txt\n",
     act_flags, act_run, COMMAND_PROGRESS},
    {"extension ask", GROUP_UNIT, "CASE... --days N -m TEXT [OPTION...]",
     "ask for more time",
     "N working days more than now.  The policy says how many working days before the due date it must be asked for, how\n"
     "often, and how many in all; the clock runs on until somebody else has granted it.\n" ACT_HELP
     "  rectify extension ask 42 --days 10 -m 'the supplier delivers on the 20th'\n",
     act_days_flags, act_run, COMMAND_EXTENSION_ASK},
    {"attach", GROUP_UNIT, "CASE... -e [WHAT:]FILE [OPTION...]",
     "add evidence",
     "The file is uploaded (documents, pictures, films, plain text; a large one goes on where it was cut off), and its SHA-256,\n"
     "name and size are recorded.  WHAT is the kind of evidence, or N where it shows measure N of the plan done, or both, as\n"
     "KIND/N.  The same bytes handed in for another case are taken, and marked on both.\n" ACT_HELP
     "  rectify attach 42 -e photo.jpg\n"
     "  rectify attach 42 -e 1:gate.jpg -e 2:register.pdf\n"
     "  rectify attach 42 -e talk_record/3:minutes.pdf\n",
     act_flags, act_run, COMMAND_ATTACH},
    {"issue-rule", GROUP_UNIT, "CASE... --number NUMBER --date DATE -m TITLE -e FILE [OPTION...]",
     "record the rule that was issued (track new_rules)",
     "FILE is its text, TITLE its title, DATE when it takes effect.  A finding of the same kind after that date is marked:\n"
     "the rule did not hold.\n" ACT_HELP
     "  rectify issue-rule 42 --number 'YF 2026-7' --date 2026-03-01 -m 'Small purchases' -e rule.pdf\n",
     act_rule_flags, act_run, COMMAND_RULE_ISSUE},
    {"sign-order", GROUP_UNIT, "CASE... [OPTION...]",
     "sign for the supervision order (track supervision)",
     "Without it a case in supervision cannot be closed.\n" ACT_HELP
     "  rectify sign-order 42\n"
     "  rectify sign-order 42 -e receipt.pdf\n",
     act_flags, act_run, COMMAND_ORDER_SIGN},
    {"endorse", GROUP_UNIT, "CASE... [OPTION...]",
     "as head of the unit, answer for the closing",
     "For the closing that is asked for next; a failed verification takes it away.\n" ACT_HELP
     "  rectify endorse 42\n"
     "  rectify --as head.east endorse 42 43\n",
     act_flags, act_run, COMMAND_ENDORSE},
    {"request-closure", GROUP_UNIT, "CASE... --evidence [WHAT:]FILE [OPTION...]",
     "say that it is put right, with evidence",
     "Every closing needs evidence and the principal's endorsement; each track something more:\n"
     "  early_warning          the reminder talk on record (`talk`)\n"
     "  new_rules              the rule that was issued (`issue-rule`)\n"
     "  special_rectification  an approved plan, and evidence for each measure\n"
     "                         (-e N:FILE)\n"
     "  supervision            the supervision order signed for (`sign-order`)\n"
     "  accountability         the body's decision, or its recorded refusal (`decide`)\n"
     "Open cases of co-units keep it open.\n" ACT_HELP
     "  rectify request-closure 42 -e photo.jpg\n"
     "  rectify request-closure 42 -e 1:gate.jpg -e 2:register.pdf -m 'done as planned'\n",
     act_flags, act_run, COMMAND_REQUEST_CLOSURE},
    {"dispatch", GROUP_OFFICE, "CASE... [--unit UNIT] [OPTION...]",
     "give a case that nobody was found for to a unit",
     "Without --unit to the unit that the finding names.  The clocks start now.\n" ACT_HELP
     "  rectify dispatch 7 --unit east --track special_rectification\n"
     "  rectify dispatch C-000007 C-000009 --unit east --officer li.wei --verifier wang.fang\n",
     act_place_flags, act_run, COMMAND_DISPATCH},
    {"adjudicate", GROUP_OFFICE, "CASE... -m TEXT [--unit UNIT] [OPTION...]",
     "after a bounce, say whose case it is",
     "Without --unit it was this unit's all along: its clocks run on, moved by the working days that the office took.  With\n"
     "another unit they start anew.\n" ACT_HELP
     "  rectify adjudicate 42 -m 'the deed of 2019 was changed in 2023'\n"
     "  rectify adjudicate 42 --unit west -m 'the street keeps the pavement'\n",
     act_people_flags, act_run, COMMAND_ADJUDICATE},
    {"plan approve", GROUP_OFFICE, "CASE... [OPTION...]",
     "approve the plan",
     "Not by whoever submitted it: four eyes.\n" ACT_HELP
     "  rectify plan approve 42\n",
     act_flags, act_run, COMMAND_PLAN_APPROVE},
    {"plan return", GROUP_OFFICE, "CASE... -m TEXT [OPTION...]",
     "return the plan for rework",
     "The unit's clock for the plan starts anew; the time it lay with the office is the office's.\n" ACT_HELP
     "  rectify plan return 42 -m 'measure 2 has no date and nobody responsible'\n",
     act_flags, act_run, COMMAND_PLAN_RETURN},
    {"extension grant", GROUP_OFFICE, "CASE... [--days N] [OPTION...]",
     "grant the extension, or a part of it",
     "Not by whoever asked for it.\n" ACT_HELP
     "  rectify extension grant 42\n"
     "  rectify extension grant 42 --days 5 -m 'five will do'\n",
     act_grant_flags, act_run, COMMAND_EXTENSION_GRANT},
    {"extension refuse", GROUP_OFFICE, "CASE... -m TEXT [OPTION...]",
     "refuse the extension",
     ACT_HELP
     "  rectify extension refuse 42 -m 'the parts are in stock'\n",
     act_flags, act_run, COMMAND_EXTENSION_REFUSE},
    {"hold", GROUP_OFFICE, "CASE... --days N -m TEXT [OPTION...]",
     "stop the unit's clocks for a stated reason",
     "For at most N working days, then they run again by themselves; their dates move by the working days of the hold.\n" ACT_HELP
     "  rectify hold 42 --days 20 -m 'the court has the file'\n",
     act_days_flags, act_run, COMMAND_HOLD},
    {"resume", GROUP_OFFICE, "CASE... [OPTION...]",
     "let the clocks run again before the hold ends",
     ACT_HELP
     "  rectify resume 42 -m 'the file came back'\n",
     act_flags, act_run, COMMAND_RESUME},
    {"stage", GROUP_OFFICE, "CASE... --days N -m TEXT [OPTION...]",
     "done for now, kept under watch",
     "A new promise for what takes years: in N working days it is to be put right for good; reports go on until then.\n" ACT_HELP
     "  rectify stage 42 --days 250 -m 'the drain is dug; the bank needs two winters'\n",
     act_days_flags, act_run, COMMAND_STAGE},
    {"reassign", GROUP_OFFICE, "CASE... -m TEXT [--unit UNIT] [--officer OFFICER] [--verifier OFFICER]",
     "another unit, officer or verifier",
     "A new owner is no new date.\n" ACT_HELP
     "  rectify reassign 42 --officer zhao.min -m 'Li Wei is ill'\n"
     "  rectify reassign 42 --unit west -m 'the building is theirs'\n",
     act_people_flags, act_run, COMMAND_REASSIGN},
    {"hand-over", GROUP_OFFICE, "CASE... --officer OFFICER [OPTION...]",
     "the post changes hands",
     "Nothing but the person: status, dates and clocks stay.  For all cases of somebody who leaves: `rectify bulk`.\n" ACT_HELP
     "  rectify hand-over 42 --officer zhao.min\n"
     "  rectify bulk --handler li.wei --open hand-over --officer zhao.min --preview\n",
     act_officer_flags, act_run, COMMAND_HAND_OVER},
    {"escalate", GROUP_OFFICE, "CASE... -m TEXT [--track TRACK]",
     "move to a stricter track",
     "Into supervision it issues a numbered supervision order, into accountability it proposes; a person decides.\n" ACT_HELP
     "  rectify escalate 42 -m 'third time this year'\n"
     "  rectify escalate 42 --track supervision -m 'harm is near'\n",
     act_track_flags, act_run, COMMAND_ESCALATE},
    {"rebase", GROUP_OFFICE, "CASE... -m TEXT [OPTION...]",
     "move the case to the policy in force",
     "A case keeps the policy that it began with; this is the recorded exception, with before and after.\n" ACT_HELP
     "  rectify rebase 42 -m 'the new limits are milder'\n"
     "  rectify bulk --unit east --open rebase -m 'merger of the bureaus' --preview\n",
     act_flags, act_run, COMMAND_REBASE},
    {"restrict", GROUP_OFFICE, "CASE... -m TEXT [OPTION...]", "from now on it is recorded who reads the case",
     "Its words are shown in no list, and to whom they are shown by its number is in its history, for auditors and the office.  A case in\n"
     "which accountability was proposed is restricted by itself.\n" ACT_HELP
     "  rectify restrict 42 -m 'it names a minor'\n",
     act_flags, act_run, COMMAND_RESTRICT},
    {"unrestrict", GROUP_OFFICE, "CASE... -m TEXT [OPTION...]", "restrict the case no longer",
     "Not possible where accountability was proposed.\n" ACT_HELP "  rectify unrestrict 42 -m 'the name was erased'\n",
     act_flags, act_run, COMMAND_UNRESTRICT},
    {"withdrawal approve", GROUP_OFFICE, "CASE... [OPTION...]",
     "approve that the finding is taken back",
     ACT_HELP
     "  rectify withdrawal approve 42\n",
     act_flags, act_run, COMMAND_WITHDRAW_APPROVE},
    {"withdrawal refuse", GROUP_OFFICE, "CASE... -m TEXT [OPTION...]",
     "do not approve that the finding is taken back",
     ACT_HELP
     "  rectify withdrawal refuse 42 -m 'C-000017 is about the other gate'\n",
     act_flags, act_run, COMMAND_WITHDRAW_REFUSE},
    {"merge", GROUP_RELATE, "CASE... --into CASE -m TEXT [OPTION...]",
     "go on as part of another case",
     "The cases that are named end as `merged`; the one after --into goes on.\n" ACT_HELP
     "  rectify merge 42 43 --into 17 -m 'the same gate, reported three times'\n",
     act_into_flags, act_run, COMMAND_MERGE_INTO},
    {"unmerge", GROUP_RELATE, "CASE... -m TEXT [OPTION...]",
     "let a merged case go on by itself again",
     "It keeps its first date and its light.\n" ACT_HELP
     "  rectify unmerge 42 -m 'it was the other gate after all'\n",
     act_flags, act_run, COMMAND_UNMERGE},
    {"split", GROUP_RELATE, "CASE... -m TEXT [--unit UNIT] [OPTION...]",
     "split a part off into a case of its own",
     "TEXT says which part.  The new case has its own clocks, and closes by itself.\n" ACT_HELP
     "  rectify split 42 --unit finance -m 'the invoices of 2025'\n",
     act_split_flags, act_run, COMMAND_SPLIT},
    {"co-unit", GROUP_RELATE, "CASE... --unit UNIT [OPTION...]",
     "give a part to a co-unit, with clocks of its own",
     "The lead's case cannot be closed before the co-unit's.\n" ACT_HELP
     "  rectify co-unit 42 --unit fire -m 'the hydrants'\n",
     act_co_unit_flags, act_run, COMMAND_CO_UNIT},
    {"sweep", GROUP_RELATE, "CASE... [OPTION...]",
     "have the sibling units check themselves",
     "One problem, the same check everywhere: each sibling unit gets a small case of its own.  Once for each case.\n" ACT_HELP
     "  rectify sweep 42\n"
     "  rectify sweep 42 --preview\n",
     act_flags, act_run, COMMAND_SWEEP},
    {"pass", GROUP_VERIFY, "CASE... [OPTION...]",
     "checked: it is put right",
     "Four eyes: not by the handler nor anybody of the handler's unit; in supervision and accountability by the office.\n" ACT_HELP
     "  rectify pass 42\n"
     "  rectify pass 42 --evidence visit.jpg -m 'seen on site'\n",
     act_flags, act_run, COMMAND_VERIFY_PASS},
    {"fail", GROUP_VERIFY, "CASE... -m TEXT [OPTION...]",
     "checked: it is not put right",
     "Back to work; the date moves only by the working days that the verifier took.\n" ACT_HELP
     "  rectify fail 42 -m 'the lock is there, the key is not'\n"
     "  rectify fail 42 43 -m 'no evidence on site'\n",
     act_flags, act_run, COMMAND_VERIFY_FAIL},
    {"reopen", GROUP_VERIFY, "CASE... -m TEXT [OPTION...]",
     "a closed case was not put right after all (office)",
     "Reopened is not new: it keeps its first date.\n" ACT_HELP
     "  rectify reopen 42 -m 'the gate is locked again'\n",
     act_flags, act_run, COMMAND_REOPEN},
    {"look-back pass", GROUP_VERIFY, "CASE... [OPTION...]",
     "looked again at a closed case: it stayed put right",
     ACT_HELP
     "  rectify look-back pass 42 -e visit.jpg\n",
     act_flags, act_run, COMMAND_LOOK_BACK_PASS},
    {"look-back relapse", GROUP_VERIFY, "CASE... -m TEXT [OPTION...]",
     "looked again at a closed case: it came back",
     "Back to work, one track up; the first date stays.\n" ACT_HELP
     "  rectify look-back relapse 42 -m 'three cars in the lane, no patrol since May'\n",
     act_flags, act_run, COMMAND_LOOK_BACK_RELAPSE},
    {"talk", GROUP_ACCOUNT, "CASE... -m TEXT [OPTION...]",
     "record the reminder talk (principal or office)",
     "Not by whoever is talked to.  Evidence is the record of the talk unless another kind is said.\n" ACT_HELP
     "  rectify talk 42 -m 'talked with Li Wei about the empty pages' -e minutes.pdf\n",
     act_flags, act_run, COMMAND_TALK},
    {"decide", GROUP_ACCOUNT, "CASE... --form FORM [--number NUMBER] -m GROUNDS -e FILE [OPTION...]",
     "the body's decision on accountability",
     "GROUNDS are the grounds, FILE the decision.  Not before the subject has made a statement, or had the time for it.  With\n"
     "--form none_held it is the recorded refusal, and needs no number.\n" ACT_HELP
     "  rectify decide 42 --form admonition --number 'YW 2026-3' -m 'did not patrol for a month' -e decision.pdf\n"
     "  rectify decide 42 --form none_held -m 'was ill at the time' -e refusal.pdf\n",
     act_decide_flags, act_run, COMMAND_DECIDE},
    {"statement", GROUP_ACCOUNT, "CASE... -m TEXT [OPTION...]",
     "the subject of a proposal states a defence",
     "In person: nobody stands in.\n" ACT_HELP
     "  rectify statement 42 -m - < statement.txt\n",
     act_flags, act_run, COMMAND_STATEMENT},
    {"appeal", GROUP_ACCOUNT, "CASE... -m TEXT [OPTION...]",
     "the subject appeals against the decision",
     "Once, within the time of the policy; the body decides again, and that stands.\n" ACT_HELP
     "  rectify appeal 42 -m 'the roster shows that I was not on duty'\n",
     act_flags, act_run, COMMAND_APPEAL},
    {"comment", GROUP_ANYBODY, "CASE... -m TEXT [OPTION...]",
     "add a remark",
     "On a terminal without -m it opens $EDITOR.\n" ACT_HELP
     "  rectify comment 42 -m 'see also C-000017'\n"
     "  rectify comment 42\n",
     act_flags, act_run, COMMAND_COMMENT},
    {"bulk", GROUP_ANYBODY, "FILTER... COMMAND [OPTION...] --preview | --yes",
     "one command over all cases that a filter finds",
     "FILTER are the options of `rectify cases`, before COMMAND; COMMAND is any command on cases, followed by its options.\n"
     "--preview shows a row for each case: what would come of it, or by which rule it would be refused.  Without it the\n"
     "same is shown on a terminal, and you are asked; elsewhere --yes is needed.  What would be refused is left out.  The\n"
     "rest is one transaction of at most 500 cases, and each has a row of its own in the answer.  Exit code 1: some were\n"
     "left out or refused.  After exit code 69 say the same again with the --id that it names: nothing happens twice.\n"
     "\nExamples:\n"
     "  rectify bulk --unit east --status dispatched sign-for --preview\n"
     "  rectify bulk --handler li.wei --open hand-over --officer zhao.min --yes\n"
     "  rectify bulk --inspection 2026-2 --light red escalate -m 'the inspection ends' --yes --csv > done.csv\n",
     bulk_flags, bulk_run, 0},

    {"inbox", GROUP_SEE, "[OPTION...]", "what waits for you, by due date",
     "With each case: what is asked of you now, and what happens on which day if you do nothing.  Cases of those whom you stand in\n"
     "for today are marked with their names.  `rectify` alone on a terminal shows the same.\n"
     "\nExamples:\n  rectify inbox\n  rectify inbox --officer li.wei --csv\n  rectify inbox --json | jq -r '.case + \" \" + .do'\n",
     inbox_flags, inbox_run, 0},
    {"show", GROUP_SEE, "CASE", "one case: facts, who must act, until when, and what happens otherwise",
     "--as-of and --known-at tell what was, with the names and the calendar of then.\n"
     "\nExamples:\n  rectify show 42\n  rectify show C-000042 --json\n  rectify show 42 --as-of 2026-03-01\n", past_flags, show_run, 0},
    {"history", GROUP_SEE, "CASE", "everything that happened to a case",
     "Who, when, by which rule, what it changed, who was told.  Times are local; --utc prints UTC.\n"
     "\nExamples:\n  rectify history 42\n  rectify history 42 --json | jq .effects\n  rectify history 42 --known-at 812\n",
     past_flags, history_run, 0},
    {"why", GROUP_SEE, "CASE", "why a case is due when it is, day by day",
     "Each rule that fired, each due date with every counted day and the reason of every skipped one, holds and extensions,\n"
     "the versions of policy and calendar, and whose the working days were; they add up to the total.\n"
     "\nExamples:\n  rectify why 42\n  rectify why C-000042 --zh\n", no_flags, why_run, 0},
    {"next", GROUP_SEE, "CASE [--steps N]", "what fires, when, and who is told, if nobody does anything",
     "The daemon plays its own rules on, without recording anything.\n"
     "\nExamples:\n  rectify next 42\n  rectify next C-000042 --steps 32 --zh\n", next_flags, next_run, 0},
    {"cases", GROUP_SEE, "[OPTION...]", "list cases",
     "All conditions hold together; repeated ones add up.\n"
     "\nExamples:\n  rectify cases --unit east --overdue\n  rectify cases --overdue --as-of 2026-03-31\n  rectify cases --track supervision --light red --by-due\n"
     "  rectify cases --open --csv > open.csv\n",
     case_flags, cases_run, 0},
    {"ledger", GROUP_SEE, "[OPTION...]", "the rectification ledger, the work ledger, or one with columns of your own",
     "A row a case, or with --type work a row a step.  Without --type or --map it shows whatever is known.  --map takes the columns of a\n"
     "superior office: built in are rectification, work, problem, responsibility, measures, audit, discipline; your own is a file\n"
     "(docs/LEDGER.md).  The last line names the log's head that it was made from: size, root, and its short code when the log's key\n"
     "is known; with --csv, --json and --xlsx it goes to stderr.  --as-of and --known-at make an old ledger again, byte for byte,\n"
     "whatever came later.  A spreadsheet has its head in its last row, and the same head gives the same file.\n"
     "\nExamples:\n  rectify ledger --unit east\n  rectify ledger --type rectification --zh --xlsx ledger.xlsx\n"
     "  rectify ledger --type work --from 2026-03-01 --until 2026-03-31\n"
     "  rectify ledger --map audit --zh --csv --bom > ledger.csv\n"
     "  rectify ledger --as-of 2026-03-31 --log log.pub\n",
     ledger_flags, ledger_run, 0},
    {"forecast", GROUP_SEE, "[--officer OFFICER] [--weeks N]", "the weeks in which more falls due than can be done",
     "Counts open cases that the officer is responsible for and must act on, by the week in which they fall due, and holds them against\n"
     "the pace of the past: the median of how many of his cases were closed a week, over the last 13 weeks.  A week is too full when more\n"
     "falls due by its end, overdue cases included, than that pace can do until then.  With less than 8 weeks or 4 closings behind him it\n"
     "says so, and names no week.\n"
     "\nExamples:\n  rectify forecast\n  rectify forecast --officer li.wei --weeks 26 --json\n", forecast_flags, forecast_run, 0},
    {"evidence list", GROUP_SEE, "CASE", "what was handed in for a case, and whether the files are here",
     "The numbers are those that `evidence get` takes.  `only its hash`: whoever handed it in has not uploaded the file.\n"
     "\nExamples:\n  rectify evidence list 42\n  rectify evidence list 42 --json | jq -r .sha256\n", no_flags, evidence_list_run, 0},
    {"evidence get", GROUP_SEE, "CASE N|SHA256 [-o FILE]", "a file of evidence, held against its hash",
     "N is its number in `evidence list`; of a SHA-256 the first 8 digits will do.  The file gets its name when its hash is right, and\n"
     "is never written over another; exit code 2 when what came is not what was handed in.  For whoever may read the case.\n"
     "\nExamples:\n  rectify evidence get 42 1\n  rectify evidence get 42 ba7816bf -o photo.jpg\n", evidence_get_flags, evidence_get_run, 0},
    {"evidence put", GROUP_UNIT, "FILE...", "upload files ahead of the command that hands them in",
     "Every command with -e FILE uploads its files by itself; this is for a slow line, or many.  Said again, it goes on where it was cut\n"
     "off.  What nobody hands in within a week goes again.\n"
     "\nExamples:\n  rectify evidence put film.mp4 && rectify attach 42 -e film.mp4\n", no_flags, evidence_put_run, 0},
    {"lists", GROUP_SEE, "[--type TYPE] [OPTION...]", "the three lists: problems, responsibilities, rectification",
     "The options are those of `rectify ledger`; --map gives other columns.\n"
     "\nExamples:\n  rectify lists --type problem --inspection 2026-spring\n"
     "  rectify lists --type responsibility --unit east --zh --xlsx lists.xlsx\n",
     lists_flags, lists_run, 0},
    {"circular", GROUP_SEE, "MONTH [--unit UNIT] [--html]", "the monthly circular: what became of it, unit by unit",
     "Per unit: new, closed, closed within the first date, open, overdue, red, bounced, relapsed, supervision orders; then each overdue\n"
     "case by name.  A month that is over is told as of its last instant, and comes out the same for ever; the present one, as of now.\n"
     "A case counts for the unit that has it at the end.\n"
     "\nExamples:\n  rectify circular 2026-03\n  rectify circular 2026-03 --zh --html > circular.html\n  rectify circular 2026-03 --json\n",
     circular_flags, circular_run, 0},
    {"order", GROUP_SEE, "NUMBER [--html]", "a supervision order, as it goes out on paper",
     "As the case stood right after the event that issued it: it can be printed again at any time.  With the log's key it has the short\n"
     "code that `rectify verify --printed` checks.\n"
     "\nExamples:\n  rectify order 2026-17\n  rectify order 2026-17 --zh --html --log log.pub > order.html\n",
     printed_order_flags, printed_order_run, 0},
    {"search", GROUP_SEE, "WORD... [OPTION...]", "findings whose text has all of these words",
     "Capitals and small letters are alike, and so are 全角 and half-width ones; a word in quotes may hold spaces.  Chinese words of\n"
     "two characters are found as well as long ones, but a single character alone is not searched for.  Only among the cases that\n"
     "you may read, by number; restricted cases are not searched, for who reads them is on record.  --json and --csv print the whole text.\n"
     "\nExamples:\n  rectify search 消防 通道\n  rectify search 'fire exit' locked --unit east --open\n  rectify search sewage --json\n",
     search_flags, search_run, 0},
    {"grade", GROUP_SEE, "[UNIT] --period PERIOD [--why] [OPTION...]", "score cards of a unit and those below it",
     "By the section `grading` of the policy in force: rectify-policy(5).  Each unit counts its own and what is below it; units with\n"
     "nothing to count in the period are left out.  What counts is an event of the period, or a due date that fell into it and was\n"
     "kept or missed by then.  Next to the points of a component: so many of so many were well.\n"
     "--why lists for UNIT every event with what it gave or took; the columns add up to the points.  For who may read all cases of\n"
     "UNIT (the root unless one is named); the answer is the same whoever asks, and for the same log always.\n"
     "\nExamples:\n  rectify grade --period 2026Q1\n  rectify grade east --period 2026-03 --why\n"
     "  rectify grade --period 2026Q1 --as-of 2026-03-31 --csv > q1.csv\n",
     grade_flags, grade_run, 0},
    {"times", GROUP_SEE, "[UNIT] --period PERIOD [--by WHAT] [OPTION...]", "how many working days cases took: percentiles",
     "Of the cases of UNIT (the root unless one is named) and below it that were closed out in the period.  Each working day is\n"
     "charged to one holder and lies in one status: `rectify why` shows them for one case.  P90 is the value that nine cases of ten do\n"
     "not exceed (nearest rank).\n"
     "\nExamples:\n  rectify times --period 2026\n  rectify times east --period 2026Q1 --by holder\n"
     "  rectify times --period 2026-03 --by unit --csv\n",
     times_flags, times_run, 0},
    {"watch", GROUP_SEE, "[OPTION...]", "print changes and notices as they come",
     "Survives restarts of the daemon, fetches what it missed and shows nothing twice.  Ctrl-C ends it.\n"
     "\nExamples:\n  rectify watch --unit east\n  rectify watch --mine --kind urge\n  rectify watch --until-closed 1 --json\n",
     watch_flags, watch_run, 0},
    {"notices", GROUP_SEE, "[OPTION...]", "who was told what, and in whose stead",
     "Yours; those of another officer or about a case as far as you may read them.\n"
     "\nExamples:\n  rectify notices --limit 20\n  rectify notices --case 42 --csv\n", notice_flags, notices_run, 0},
    {"letters", GROUP_SEE, "[OPTION...]", "what was sent to whom, and every attempt",
     "A letter tells notices to one officer over one channel.  For the office and auditors of the root unit.\n"
     "\nExamples:\n  rectify letters --dead\n  rectify letters --case 42 --json\n", letter_flags, letters_run, 0},
    {"documents", GROUP_SEE, "[policy | calendar | registry [VERSION]]", "what was published; one version, as it was",
     "Versions are never changed.  One version prints its body, as it was published.\n"
     "\nExamples:\n  rectify documents\n  rectify documents policy 3 > policy.yaml\n", no_flags, documents_run, 0},

    {"due", GROUP_DATES, "DATE LIMIT [OPTION...]", "the last day that is in time; needs no daemon",
     "Working days are counted from the day after DATE, make-up working days included.  A date whose year is not "
     "published\n"
     "yet is provisional, said on stderr.  Hours run round the clock from a date and time, as written.\n"
     "For a negative limit write -- before it.\n"
     "\nExamples:\n  rectify due 2026-02-13 1wd --calendar cn    # 2026-02-14, a make-up Saturday\n"
     "  rectify due 2026-02-13 1wd --why\n  rectify due 2026-02-13T09:00 24h\n",
     due_flags, due_run, 0},
    {"clock show", GROUP_DATES, "", "the daemon's time",
     "Examples:\n  rectify clock show\n  rectify clock show --json\n", no_flags, clock_show_run, 0},
    {"clock advance", GROUP_DATES, "30d | 12h | DATE[THH:MM[Z]]", "move a manual clock forward",
     "Only with `rectifyd --clock manual`.  Every rung due until then fires first, in order.  A date alone is its "
     "first\n"
     "minute in the local time zone; --utc or Z: in UTC.\n"
     "\nExamples:\n  rectify clock advance 30d\n  rectify clock advance 2026-03-01T09:00Z\n",
     no_flags, clock_advance_run, 0},

    {"key register", GROUP_ADMINISTER, "OFFICER KEY [--from DATE] [--until DATE]",
     "say whose a key is, and for how long (administrator)",
     "An officer may have several keys that are valid together: that is how one is changed without a gap.  Registering a "
     "key\n"
     "again sets its days anew.  A key never changes hands, and a revoked one never comes back.  KEY is one to connect with, or one\n"
     "to sign findings with (`rectify key new --for person`).\n"
     "\nExamples:\n  rectify key register li.wei 1f0c... --until 2027-12-31\n",
     key_register_flags, key_register_run, 0},
    {"key revoke", GROUP_ADMINISTER, "KEY -m TEXT", "a key is no longer to be believed, from now on (administrator)",
     "Open connections are cut off with their next message.\n"
     "\nExamples:\n  rectify key revoke 1f0c... -m 'the laptop was lost'\n",
     key_revoke_flags, key_revoke_run, 0},
    {"key list", GROUP_ADMINISTER, "[--officer OFFICER]", "the keys that were registered (administrator, auditor)",
     "Examples:\n  rectify key list --officer li.wei\n  rectify key list --csv\n", key_list_flags, key_list_run, 0},
    {"unit list", GROUP_ADMINISTER, "", "the units", "Examples:\n  rectify unit list\n  rectify unit list --csv\n",
     no_flags, unit_list_run, 0},
    {"officer list", GROUP_ADMINISTER, "", "the officers and their roles",
     "Examples:\n  rectify officer list\n  rectify officer list --json\n", no_flags, officer_list_run, 0},
    {"registry load", GROUP_ADMINISTER, "FILE", "publish units, officers and appointments from a file",
     "A code that the file leaves out is retired, not forgotten.\n"
     "\nExamples:\n  rectify --as office registry load city.yaml\n  rectify registry load city.yaml --timeout 60\n",
     publish_flags, registry_load_run, 0},
    {"policy check", GROUP_ADMINISTER, "FILE... [--registry FILE]", "errors and gaps of a policy, and its longest times; needs no daemon",
     "FILE may be - for standard input.  Every error in one pass, as file:line:column, on stderr; then what the policy leaves out or can never do; then, "
     "for each\n"
     "kind of finding, the longest time from the report to an accountability proposal.  Exit code 78 when there are "
     "errors.\n"
     "\nExamples:\n  rectify policy check policy/municipal.yaml\n"
     "  rectify policy check draft.yaml --registry city.yaml && rectify policy publish draft.yaml\n",
     policy_check_flags, policy_check_run, 0},
    {"policy test", GROUP_ADMINISTER, "FILE... [--calendar FILE]", "play the tests inside policy files; needs no daemon",
     "The key `tests` of a policy says what its author expects; rectify-policy(5) explains it.  What came instead is "
     "said with\n"
     "file:line:column on stderr, and the exit code is then 1.\n"
     "\nExamples:\n  rectify policy test policy/municipal.yaml\n  rectify policy test policy/*.yaml --json\n",
     policy_test_flags, policy_test_run, 0},
    {"policy diff", GROUP_ADMINISTER, "FILE FILE", "in what two policies differ, and what it changes; needs no daemon",
     "Routes, limits, ladders and caps in words; then, for each kind of finding, what changes: track, limit, and the "
     "longest\n"
     "time to an accountability proposal.  Exit code 0 when they are alike, 1 when they differ.\n"
     "\nExamples:\n  rectify policy diff policy/municipal.yaml draft.yaml\n"
     "  rectify policy diff old.yaml new.yaml --json | jq -r .what\n",
     no_flags, policy_diff_run, 0},
    {"policy rehearse", GROUP_ADMINISTER, "FILE [--against history | --csv FILE --map MAPPING | --city UxBxP] [OPTION...]",
     "play a policy in virtual time over findings",
     "The daemon's own core, without a database: who would be escalated, how many notices an officer gets a day, which "
     "findings\n"
     "no route catches.  People sign, plan, report, close and verify as rectify-policy(5) says; with --idle nobody does.\n"
     "The same input and seed give the same bytes.  Only --against history needs a daemon.\n"
     "\nExamples:\n  rectify policy rehearse draft.yaml --city 80x1175x17373 --seed 7 --current policy/municipal.yaml\n"
     "  rectify policy rehearse draft.yaml --csv findings.csv --map mapping.yaml --calendar us-federal --zone America/Chicago\n"
     "  rectify --as auditor policy rehearse draft.yaml --against history --idle\n",
     policy_rehearse_flags, policy_rehearse_run, 0},
    {"policy publish", GROUP_ADMINISTER, "FILE", "put a policy in force, for cases to come",
     "Examples:\n  rectify --as office policy publish draft.yaml\n  rectify policy publish draft.yaml --json\n",
     publish_flags, policy_publish_run, 0},
    {"calendar publish", GROUP_ADMINISTER, "FILE", "publish a calendar",
     "Examples:\n  rectify --as office calendar publish cn-2027.yaml\n  rectify calendar publish cn-2027.yaml --json\n",
     publish_flags, calendar_publish_run, 0},
    {"erase ask", GROUP_ADMINISTER, "[CASE] --index N --ground TEXT -m WHY", "ask for a personal text to be erased, on a legal ground",
     "The office at the root asks; an administrator, who must be another person, erases.  Asking and erasing are on record for "
     "ever,\n"
     "so say in -m why, but not what the text said.\n"
     "\nExamples:\n  rectify history 42 --json | jq 'select(.text != null) | .log_index'\n"
     "  rectify --as office erase ask 42 --index 812 --ground 'PIPL 47' -m 'the witness withdrew consent'\n",
     act_erase_ask_flags, erase_run, COMMAND_ERASE_ASK},
    {"erase", GROUP_ADMINISTER, "[CASE] --index N", "erase a text that another person asked to be erased; its hash stays",
     "The text, its salt and the names of the evidence handed in with it go; no proof breaks, and every verifier says `erased by "
     "event\n"
     "N`.  Backups that were made before keep it until they expire: docs/DESIGN.md.\n"
     "\nExamples:\n  rectify --as admin erase 42 --index 812\n  rectify --as admin erase --index 812\n",
     act_erase_flags, erase_run, COMMAND_ERASE},
    {"ping", GROUP_ADMINISTER, "", "ask the daemon how it is",
     "Examples:\n  rectify ping\n  rectify ping --json | jq .cases_open\n", no_flags, ping_run, 0},
    {"doctor", GROUP_ADMINISTER, "[--no-files]", "prove that what is stored agrees with itself",
     "Reads the whole log, rebuilds its Merkle root, folds every case from its events and compares the result with "
     "the\n"
     "stored rows; hashes the files of evidence again.  Exit code 2 when anything differs.  For an auditor or the office at the root.\n"
     "\nExamples:\n  rectify --as auditor doctor\n  rectify --as auditor doctor --timeout 60\n",
     doctor_flags, doctor_run, 0},

    {"key new", GROUP_TRUST, "[--for USE --name NAME] FILE", "make a key pair; prints the public half",
     "The file is made with mode 0600 and never written over; a key file that others could read is refused wherever it is "
     "used.\n"
     "Give the public half to whoever is to know you: an administrator (client), the audit office (log), the log's keepers "
     "(person).\n"
     "\nThe public half of a key to connect with is for `rectify key register`.\n"
     "\nExamples:\n  rectify key new ~/.config/rectify/key\n"
     "  rectify key new --for witness --name witness.audit-office /etc/rectify/witness.key\n",
     key_new_flags, key_new_run, 0},
    {"key public", GROUP_TRUST, "FILE", "print the public half of a key",
     "Examples:\n  rectify key public ~/.config/rectify/key\n  rectify key public credential:witness.key\n", no_flags,
     key_public_run, 0},
    {"key sign", GROUP_TRUST, "FILE [NOTE]", "add a signature to a note (C2SP signed-note)",
     "Reads the text, or the note that others signed already, from NOTE or stdin, and prints it with one signature more.\n"
     "\nExamples:\n  rectify-sign fork-text ... | rectify key sign mine.key > fork.once\n"
     "  rectify key sign other.key fork.once > fork.twice\n",
     no_flags, key_sign_run, 0},
    {"receipt check", GROUP_TRUST, "--key KEY [--witness KEY]... FILE", "check a receipt; needs no daemon",
     "Shows what was recorded and that it stands in the log that was signed.  Exit code 2 when it does not hold.\n"
     "\nExamples:\n  rectify receipt check --key log.pub C-000042-3.receipt\n"
     "  rectify receipt check --key log.pub --witness audit.pub - < receipt\n",
     receipt_flags, receipt_check_run, 0},
    {"receipt get", GROUP_TRUST, "CASE EVENT [--output FILE]", "the receipt of an event, at any time",
     "What was recorded, under the last head that was signed, with the proof that it is in that log.  EVENT is its number as "
     "`rectify history` shows it.\n"
     "\nExamples:\n  rectify receipt get 42 3 > C-000042-3.receipt\n",
     receipt_get_flags, receipt_get_run, 0},
    {"export log", GROUP_TRUST, "FILE [--resume]", "write the whole log to a file, for verifiers (auditor, office)",
     "Records, signed heads and the rows of all cases (docs/EXPORT.md).  An export that was cut off is gone on with by "
     "--resume.\n"
     "\nExamples:\n  rectify export log city.export\n  rectify export log --resume city.export\n",
     export_flags, export_run, 0},
    {"verify", GROUP_TRUST, "[--offline EXPORT] --key KEY [--head FILE]... [--printed SIZE:CODE]... [--witness KEY]...",
     "prove that the log was not tampered with: a running daemon's, or an export's, which needs no daemon",
     "Computes the tree anew, checks every head's signature, folds every case again and compares its row.  Names every "
     "record,\n"
     "head, row and column that is wrong; exit code 2 means tampering.  Give heads that were kept elsewhere (--head): they "
     "alone\n"
     "find a log that was rewritten as a whole.  docs/EXPORT.md says what is found; scripts/verify.py does the same "
     "independently.\n"
     "\nExamples:\n  rectify verify --offline log.export --key log.pub --head january.head --head my.receipt\n"
     "  rectify verify --offline - --key log.pub --witness audit.pub < log.export\n",
     verify_flags, verify_run, 0},
    {"lookback draw", GROUP_TRUST, "--closed FROM..TO (--rate PERCENT | --count N) --head FILE --key KEY [OPTION...]",
     "draw closed cases to be looked at again, by a seed that nobody chose",
     "The seed is the hash of a signed head of a log that goes on behind the closings, and of what a second party may add. Prints\n"
     "the draw, with all the cases that it was made from: anybody can repeat it.  docs/LOOKBACK.md is its specification.\n"
     "\nExamples:\n  rectify lookback draw --closed 2026-01-01..2026-03-31 --rate 5 --stratum unit --head april.head --key log.pub > q1.draw\n"
     "  rectify lookback draw --closed 2026-01-01..2026-03-31 --count 59 --head april.head --key log.pub --seed 'lottery 7 12 31' > q1.draw\n",
     lookback_draw_flags, lookback_draw_run, 0},
    {"lookback check", GROUP_TRUST, "--key KEY [--population] FILE", "repeat a draw and compare",
     "Needs no daemon, but for --population.  Exit code 2 when the draw is not what its head and its cases give.\n"
     "\nExamples:\n  rectify lookback check --key log.pub q1.draw\n  rectify --as auditor lookback check --key log.pub --population q1.draw\n",
     lookback_check_flags, lookback_check_run, 0},
    {"lookback report", GROUP_TRUST, "--key KEY --bad N FILE", "what the result of a look-back proves",
     "Exact: hypergeometric, in whole numbers, with 95 % confidence.  59 of 59 clean: fewer than 5 % are not.\n"
     "\nExamples:\n  rectify lookback report --key log.pub --bad 0 q1.draw\n  rectify lookback report --key log.pub --bad 2 q1.draw --json\n",
     lookback_report_flags, lookback_report_run, 0},
    {"witness", GROUP_TRUST, "--key FILE --log KEY --state FILE [--origin NAME] [--every SECONDS] [REQUEST]", "cosign a log's head if it extends the last one",
     "Without REQUEST a running daemon is asked for its last signed head and for the proof that it extends the one known "
     "here;\n"
     "the cosignature is handed in, and stands behind the head for everybody.\n"
     "REQUEST (or - for stdin) is the text of C2SP tlog-witness: the old size, the consistency proof, the signed head.  Prints "
     "the\n"
     "cosignature.  Exit code 1: not signed, the reason and its number (400, 403, 404, 409) on stderr, for 409 the size known "
     "here on\n"
     "stdout; 2: the log is not what it was (409 with another root, 422).\n"
     "\nExamples:\n  rectify witness --as auditor --key audit.key --log log.pub --state log.head --every 60\n"
     "  rectify witness --key audit.key --log log.pub --state log.head request >> signatures\n"
     "  rectify witness --key credential:audit.key --log log.pub --state /var/lib/witness/log -\n",
     witness_flags, witness_run, 0},

    {"completion", GROUP_HELP, "bash", "print shell completion",
     "Examples:\n  source <(rectify completion bash)\n"
     "  rectify completion bash > ~/.local/share/bash-completion/completions/rectify\n",
     no_flags, completion_run, 0},
    {"help", GROUP_HELP, "[COMMAND]", "the same as --help", "Examples:\n  rectify help\n  rectify help registry load\n",
     no_flags, help_run, 0},
    {"version", GROUP_HELP, "", "print the version", "Examples:\n  rectify version\n  rectify --version\n", no_flags,
     version_run, 0},
    {"__manual", GROUP_HIDDEN, "", "the manual page, in scdoc's language", "", no_flags, manual_run, 0},
    {"__messages", GROUP_HIDDEN, "", "what there is to translate", "", no_flags, messages_run, 0},
    {"__complete", GROUP_HIDDEN, "WORD...", "candidates for the last word", "", no_flags, complete_run, 0},
    {NULL, GROUP_HIDDEN, NULL, NULL, NULL, NULL, NULL, 0},
};
