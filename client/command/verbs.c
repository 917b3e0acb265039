/* verbs.c - the one table of subcommands: names, help, options, functions.  Help and completion are made from it. */
#include "client/command/verb.h"

#define ACT_HELP                                                                                                \
  "CASE is 42, C-42 or C-000042; several may be given.  A refusal is an answer: it names its rule and changes " \
  "nothing but\n"                                                                                               \
  "the record of the attempt.\n\nExamples:\n"

const struct verb verbs[] = {
    {"submit", GROUP_REPORT, "[OPTION...] | --jsonl FILE | --csv FILE --map MAPPING",
     "report findings: one, or a file of them",
     "One finding by options, JSON lines (one object a line, the names of the options), or CSV with a mapping file.\n"
     "A file's rows need no ids: the id of a row is made from its bytes, its ordinal among identical rows and the "
     "date\n"
     "found, so that submitting the same file twice doubles nothing.  A row that was edited is a new finding; a row "
     "that was\n"
     "refused before is tried anew.  Bad rows are reported as file:line:column and do not stop the good ones; the "
     "summary\n"
     "counts them and the exit code is then 1.  After exit code 69 run the same command again.\n"
     "\n"
     "A mapping says where each field comes from:\n"
     "  unit:     {column: unit_code, empty: unknown}      # a unit that nobody knows goes to the office\n"
     "  found:    {column: date}\n"
     "  text:     {column: text}\n"
     "  team:     {constant: team-1}\n"
     "  severity: {constant: ordinary}\n"
     "  kind:     {column: critical, words: {Yes: prominent, No: incipient}, otherwise: poor_execution}\n"
     "  id:       {derive: [inspection, line]}   # or {column: NAME}; without it the whole row counts\n"
     "\nExamples:\n"
     "  rectify submit --unit east --kind loophole --severity ordinary --category procurement -m 'no second "
     "signature'\n"
     "  rectify submit --csv findings.csv --map findings.yaml --dry-run\n"
     "  generate | rectify submit --jsonl -\n",
     submit_flags, submit_run, COMMAND_SUBMIT},

    {"dispatch", GROUP_ACT, "CASE... [--unit UNIT] [OPTION...]", "give a case to a unit (office)",
     ACT_HELP "  rectify dispatch 7 --unit east --track special_rectification\n"
              "  rectify dispatch C-000007 C-000009 --unit east --officer li.wei --verifier wang.fang\n",
     act_place_flags, act_run, COMMAND_DISPATCH},
    {"sign-for", GROUP_ACT, "CASE... [OPTION...]", "accept the case for your unit; the clock ran already",
     ACT_HELP "  rectify sign-for 42\n  rectify sign-for 42 43 44 -m 'received, Li Wei is on it'\n", act_flags, act_run,
     COMMAND_SIGN_FOR},
    {"progress", GROUP_ACT, "CASE... -m TEXT [OPTION...]", "report progress",
     ACT_HELP "  rectify progress 42 -m 'new lock ordered, comes on Friday'\n  rectify progress 42 -m - < report.txt\n",
     act_flags, act_run, COMMAND_PROGRESS},
    {"comment", GROUP_ACT, "CASE... -m TEXT [OPTION...]", "add a remark",
     ACT_HELP "  rectify comment 42 -m 'see also C-000017'\n  rectify comment 42       # opens $EDITOR on a terminal\n",
     act_flags, act_run, COMMAND_COMMENT},
    {"endorse", GROUP_ACT, "CASE... [OPTION...]", "as head of the unit, answer for the closing",
     ACT_HELP "  rectify endorse 42\n  rectify --as head.east endorse 42 43\n", act_flags, act_run, COMMAND_ENDORSE},
    {"request-closure", GROUP_ACT, "CASE... --evidence [KIND:]FILE [OPTION...]",
     "say that it is put right, with evidence",
     "The file itself stays with you: its SHA-256, name and size are recorded.  Some tracks need a document of a "
     "certain\n"
     "kind, and every closing needs the principal's endorsement.\n" ACT_HELP
     "  rectify request-closure 42 --evidence photo.jpg\n"
     "  rectify request-closure 42 --evidence plan:plan.pdf --evidence photo.jpg -m 'done as planned'\n",
     act_flags, act_run, COMMAND_REQUEST_CLOSURE},
    {"pass", GROUP_ACT, "CASE... [OPTION...]", "checked: it is put right",
     ACT_HELP "  rectify pass 42\n  rectify pass 42 --evidence visit.jpg -m 'seen on site'\n", act_flags, act_run,
     COMMAND_VERIFY_PASS},
    {"fail", GROUP_ACT, "CASE... -m TEXT [OPTION...]", "checked: it is not put right",
     ACT_HELP
     "  rectify fail 42 -m 'the lock is there, the key is not'\n  rectify fail 42 43 -m 'no evidence on site'\n",
     act_flags, act_run, COMMAND_VERIFY_FAIL},
    {"reassign", GROUP_ACT, "CASE... -m TEXT [--unit UNIT] [--officer OFFICER] [--verifier OFFICER]",
     "another unit, officer or verifier (office)",
     ACT_HELP "  rectify reassign 42 --officer zhao.min -m 'Li Wei is ill'\n  rectify reassign 42 --unit west -m 'the "
              "building is theirs'\n",
     act_place_flags, act_run, COMMAND_REASSIGN},
    {"escalate", GROUP_ACT, "CASE... -m TEXT [--track TRACK]", "move to a stricter track (office)",
     ACT_HELP
     "  rectify escalate 42 -m 'third time this year'\n  rectify escalate 42 --track supervision -m 'harm is near'\n",
     act_track_flags, act_run, COMMAND_ESCALATE},

    {"inbox", GROUP_SEE, "[OPTION...]", "what waits for you, by due date",
     "`rectify` alone on a terminal shows the same.\n\nExamples:\n  rectify inbox\n  rectify inbox --officer li.wei "
     "--csv\n",
     inbox_flags, inbox_run, 0},
    {"show", GROUP_SEE, "CASE", "one case: facts, who must act, until when, and what happens otherwise",
     "Examples:\n  rectify show 42\n  rectify show C-000042 --json\n", no_flags, show_run, 0},
    {"history", GROUP_SEE, "CASE", "everything that happened to a case",
     "Who, when, by which rule, what it changed, who was told.  Times are local; --utc prints UTC.\n"
     "\nExamples:\n  rectify history 42\n  rectify history 42 --json | jq .effects\n",
     no_flags, history_run, 0},
    {"why", GROUP_SEE, "CASE", "why a case is due when it is, day by day",
     "Examples:\n  rectify why 42\n  rectify why C-000042 --zh\n", no_flags, why_run, 0},
    {"cases", GROUP_SEE, "[OPTION...]", "list cases",
     "All conditions hold together; repeated ones add up.\n"
     "\nExamples:\n  rectify cases --unit east --overdue\n  rectify cases --track supervision --light red --by-due\n"
     "  rectify cases --open --csv > open.csv\n",
     case_flags, cases_run, 0},
    {"ledger", GROUP_SEE, "[OPTION...]", "the rectification ledger",
     "One row a case.  The last line names the log that it was read from; with --csv and --json it goes to stderr.\n"
     "\nExamples:\n  rectify ledger --unit east\n  rectify ledger --zh --csv > ledger.csv\n",
     case_flags, ledger_run, 0},
    {"watch", GROUP_SEE, "[OPTION...]", "print changes and notices as they come",
     "Survives restarts of the daemon and fetches what it missed.  Ctrl-C ends it.\n"
     "\nExamples:\n  rectify watch --unit east\n  rectify watch --until-closed 1 --json\n",
     watch_flags, watch_run, 0},

    {"due", GROUP_DATES, "DATE LIMIT [OPTION...]", "the last day that is in time; needs no daemon",
     "Working days are counted from the day after DATE, make-up working days included.  A date whose year is not "
     "published\n"
     "yet is provisional, said on stderr.  Hours run round the clock from a date and time, as written.\n"
     "For a negative limit write -- before it.\n"
     "\nExamples:\n  rectify due 2026-02-13 1wd --calendar cn       # 2026-02-14, a make-up Saturday\n"
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

    {"unit list", GROUP_ADMINISTER, "", "the units", "Examples:\n  rectify unit list\n  rectify unit list --csv\n",
     no_flags, unit_list_run, 0},
    {"officer list", GROUP_ADMINISTER, "", "the officers and their roles",
     "Examples:\n  rectify officer list\n  rectify officer list --json\n", no_flags, officer_list_run, 0},
    {"registry load", GROUP_ADMINISTER, "FILE", "publish units, officers and appointments from a file",
     "A code that the file leaves out is retired, not forgotten.\n"
     "\nExamples:\n  rectify --as office registry load city.yaml\n  rectify registry load city.yaml --timeout 60\n",
     publish_flags, registry_load_run, 0},
    {"policy check", GROUP_ADMINISTER, "FILE", "look for errors in a policy; needs no daemon",
     "Every error in one pass, as file:line:column, on stderr.\n\nExamples:\n  rectify policy check "
     "policy/municipal.yaml\n"
     "  rectify policy check draft.yaml && rectify policy publish draft.yaml\n",
     no_flags, policy_check_run, 0},
    {"policy publish", GROUP_ADMINISTER, "FILE", "put a policy in force, for cases to come",
     "Examples:\n  rectify --as office policy publish draft.yaml\n  rectify policy publish draft.yaml --json\n",
     publish_flags, policy_publish_run, 0},
    {"calendar publish", GROUP_ADMINISTER, "FILE", "publish a calendar",
     "Examples:\n  rectify --as office calendar publish cn-2027.yaml\n  rectify calendar publish cn-2027.yaml --json\n",
     publish_flags, calendar_publish_run, 0},
    {"ping", GROUP_ADMINISTER, "", "ask the daemon how it is",
     "Examples:\n  rectify ping\n  rectify ping --json | jq .cases_open\n", no_flags, ping_run, 0},
    {"doctor", GROUP_ADMINISTER, "", "prove that what is stored agrees with itself",
     "Reads the whole log, rebuilds its Merkle root, folds every case from its events and compares the result with "
     "the\n"
     "stored rows.  Exit code 2 when anything differs.  For an auditor or the office at the root.\n"
     "\nExamples:\n  rectify --as auditor doctor\n  rectify --as auditor doctor --timeout 60\n",
     no_flags, doctor_run, 0},

    {"key new", GROUP_TRUST, "--name NAME [--for USE] FILE", "make a key pair; prints the public half",
     "The file is made with mode 0600 and never written over; a key file that others could read is refused wherever it is "
     "used.\n"
     "Give the public half to whoever is to know you: an administrator (client), the audit office (log), the log's keepers "
     "(person).\n"
     "\nExamples:\n  rectify key new --name li.wei ~/.config/rectify/key\n"
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
    {"verify", GROUP_TRUST, "--offline EXPORT --key KEY [--head FILE]... [--printed SIZE:CODE]... [--witness KEY]...",
     "prove that an exported log was not tampered with; needs no daemon",
     "Computes the tree anew, checks every head's signature, folds every case again and compares its row.  Names every "
     "record,\n"
     "head, row and column that is wrong; exit code 2 means tampering.  Give heads that were kept elsewhere (--head): they "
     "alone\n"
     "find a log that was rewritten as a whole.  docs/EXPORT.md says what is found; scripts/verify.py does the same "
     "independently.\n"
     "\nExamples:\n  rectify verify --offline log.export --key log.pub --head january.head --head my.receipt\n"
     "  rectify verify --offline - --key log.pub --witness audit.pub < log.export\n",
     verify_flags, verify_run, 0},
    {"witness", GROUP_TRUST, "--key FILE --log KEY --state FILE [--origin NAME] REQUEST", "cosign a log's head if it extends the last one",
     "REQUEST (or - for stdin) is the text of C2SP tlog-witness: the old size, the consistency proof, the signed head.  Prints "
     "the\n"
     "cosignature.  Exit code 1: not signed, the reason and its number (400, 403, 404, 409) on stderr, for 409 the size known "
     "here on\n"
     "stdout; 2: the log is not what it was (409 with another root, 422).\n"
     "\nExamples:\n  rectify witness --key audit.key --log log.pub --state log.head request >> signatures\n"
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
    {"__complete", GROUP_HIDDEN, "WORD...", "candidates for the last word", "", no_flags, complete_run, 0},
    {NULL, GROUP_HIDDEN, NULL, NULL, NULL, NULL, NULL, 0},
};
