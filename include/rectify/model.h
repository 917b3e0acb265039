/* model.h - what the core thinks in: a case, a command, an event, a decision.
 *
 * Everything is plain data of fixed size: no pointers to own, no text.  Free text is represented by its commitment
 * (SHA-256 over salt and text): the text itself stands beside the log, so that it can be erased without breaking a
 * proof.  0 in an enum, id, day or instant field means "none"; in an event it means "unchanged".
 */
#ifndef RECTIFY_MODEL_H
#define RECTIFY_MODEL_H

#include "rectify/calendar.h"
#include "rectify/limits.h"
#include "rectify/policy.h"
#include "rectify/registry.h"
#include "rectify/words.h"

struct uuid {
  uint8_t bytes[WIRE_ID_BYTES];
};

struct hash {
  uint8_t bytes[HASH_BYTES];
};

/* All that a decision may look at besides the case and the command.  Borrowed, read only. */
struct world {
  const struct policy *policies; /* ascending by version; the last one is in force */
  uint32_t policy_count;
  const struct calendar *calendars; /* the version in force of each name; units index it */
  uint32_t calendar_count;
  const struct zone *zones;
  uint32_t zone_count;
  uint32_t calendar_version; /* number of the newest calendar publication */
  const struct registry *registry;
};

/* The facts as reported; they never change.  Strings are bounded and NUL terminated. */
struct finding {
  struct uuid id;
  uint32_t team; /* unit id of the inspection team; 0 none */
  uint32_t unit; /* id of the unit named, 0 when its code is unknown */
  uint8_t kind;
  uint8_t severity;
  day_t found_on;
  uint32_t same_problem; /* earlier findings of (unit, code) inside the policy's window */
  uint32_t same_kind;    /* earlier findings of (parent unit, category) inside the policy's window */
  uint64_t rule_case;    /* a case whose rule was issued against this kind and was in force when it was found; 0 none */
  char unit_code[CODE_BYTES_MAX + 1];
  char code[CODE_BYTES_MAX + 1];
  char category[CODE_BYTES_MAX + 1];
  char inspection[CODE_BYTES_MAX + 1];
};

enum clock_state { CLOCK_STATE_NONE = 0, CLOCK_RUNNING = 1, CLOCK_PAUSED = 2, CLOCK_STOPPED = 3 };

/* One clock of a case: what it was derived from and where it stands on its ladder. */
struct case_clock {
  uint8_t kind;       /* enum clock; 0: free slot */
  uint8_t state;      /* enum clock_state; STOPPED only in events */
  uint8_t track;      /* enum track whose limit and ladder apply; 0: the policy's `unrouted` */
  bool provisional;   /* the due date lies beyond the calendar's published years */
  struct span budget; /* the limit */
  uint32_t generation; /* event number that started it: with `nth` the identity of a rung */
  uint32_t nth;        /* rungs fired so far */
  uint8_t rung;        /* index of the next rung in its ladder */
  uint32_t repeat;     /* how often the last, repeating rung has fired */
  usec_t start;        /* the event it counts from */
  usec_t due;          /* first instant that is too late */
  usec_t next_fire;    /* of the next rung; INSTANT_NONE unless running */
  usec_t paused;       /* since when, while paused */
  int64_t moved;       /* what pauses that are over added to the budget: working days, or microseconds of an hour limit */
  int32_t extended;    /* working days (hours of an hour limit) that extensions added to the budget */
};

enum case_flag {
  CASE_ENDORSED = 1 << 0,         /* the principal answers for the closing asked for next */
  CASE_PROVISIONAL = 1 << 1,      /* some due date is provisional */
  CASE_ACCOUNTABILITY = 1 << 2,   /* accountability has been proposed */
  CASE_HELD = 1 << 3,             /* the unit's clocks stand still */
  CASE_PLAN_APPROVED = 1 << 4,
  CASE_TALKED = 1 << 5,           /* a reminder talk is on record */
  CASE_RULE_ISSUED = 1 << 6,      /* a rule was issued: rule_day */
  CASE_ORDER_SIGNED = 1 << 7,     /* the present supervision order was signed for */
  CASE_STATED = 1 << 8,           /* the subject made a statement on the present proposal */
  CASE_DECIDED = 1 << 9,          /* the body decided: form */
  CASE_APPEALED = 1 << 10,        /* the first decision was appealed */
  CASE_SWEPT = 1 << 11,           /* the sibling units were told to check themselves */
  CASE_WITHDRAWAL = 1 << 12,      /* a withdrawal waits for the office */
  CASE_EVIDENCE_SHARED = 1 << 13, /* some evidence was handed in for another case too */
  CASE_RULE_FAILED = 1 << 14,     /* the finding came although a rule against its kind was in force */
  CASE_REOPENED = 1 << 15,        /* it had been closed out before */
  CASE_RESTRICTED = 1 << 16,      /* the office or the body says that reading it is to be recorded */
};
/* Restricted is also, by itself, each case in which accountability was proposed: a person's name hangs on it. */
#define CASE_RESTRICTS (CASE_RESTRICTED | CASE_ACCOUNTABILITY)

/* A case, folded from its events by case_apply() and by nothing else. */
struct case_state {
  uint64_t case_no; /* from 1, in order of acceptance */
  uint32_t version; /* number of its last event, from 1, dense */
  uint8_t status;
  uint8_t track; /* 0 while unrouted */
  uint8_t kind;
  uint8_t severity;
  uint8_t light;
  uint32_t flags; /* enum case_flag */
  uint16_t evidence_kinds; /* bits 1 << enum evidence, all that were handed in */
  uint16_t evidence_count;
  uint16_t rework;       /* failed verifications */
  uint16_t bounces;
  uint16_t route;        /* number of the route that matched */
  uint32_t unit;         /* responsible unit; 0 while unrouted */
  uint32_t reported_unit; /* as reported; 0 unknown */
  uint32_t team;
  uint32_t reporter;     /* officer who submitted */
  uint32_t handler;
  uint32_t verifier;
  uint32_t accountable;  /* the one officer who must act; never 0 while open */
  uint32_t policy_version;
  uint32_t calendar_version;
  uint32_t same_problem;
  uint32_t same_kind;
  day_t found_on;
  usec_t opened;    /* accepted */
  usec_t first_due; /* first due instant of the rectify clock: a reopened case keeps it */
  usec_t closed;    /* closed out; 0 while open */
  uint8_t origin;        /* enum origin */
  uint64_t parent;       /* the case it follows from; 0 none */
  uint64_t finding_of;   /* the case whose finding it is about: itself, or the first of its parents */
  uint64_t merged_into;  /* while merged */
  uint16_t children;     /* cases of co-units that are open */
  uint8_t measures;      /* of the plan last submitted */
  uint32_t measures_shown; /* bits 1 << (measure - 1): measures that have evidence */
  uint32_t plan_by, plan_for; /* officer who submitted the plan, and in whose right: the same one, or whom he stood in for */
  uint8_t extensions;    /* granted */
  uint16_t extended;     /* working days granted in total */
  uint16_t asked;        /* working days asked for; counts while the extension clock is there */
  uint32_t asked_by, asked_for; /* officer who asked, and in whose right */
  uint32_t withdrawal_by, withdrawal_for; /* officer who asked for the withdrawal, and in whose right; counts while CASE_WITHDRAWAL */
  uint32_t endorsed_by, endorsed_for; /* officer who endorsed last, and in whose right: not a verifier of the closing */
  uint32_t closing_by, closing_for;   /* officer who asked for the closing last, and in whose right: likewise */
  uint32_t order_year, order_serial; /* number of the present supervision order; 0 none */
  day_t rule_day;        /* effective date of the rule issued */
  uint32_t subject;      /* whom accountability is proposed for */
  uint8_t form;          /* enum form: what the body decided last */
  usec_t decided;        /* when */
  uint16_t evidence_spent; /* of evidence_count: what no longer shows, or never did, that the problem is put right */
  uint16_t held;         /* working days of the holds that are over */
  uint16_t staged;       /* working days of all stages, as promised */
  uint16_t absorbed;     /* cases that are merged into this one */
  struct case_clock clocks[CASE_CLOCKS_MAX]; /* free slots have kind 0; taken slots come first */
};

struct evidence_item {
  uint8_t kind;    /* enum evidence */
  uint8_t measure; /* of the plan, from 1; 0: of the whole */
  struct hash sha256;
  uint64_t also_in; /* another case that the same bytes were handed in for; 0 none.  Set by the shell. */
  bool stored;      /* of a command: who hands it in has uploaded the file.  Set by the shell. */
  bool absent;      /* of an event: the policy asks for the file, and it was not there: the piece shows nothing */
};

struct command {
  uint8_t kind;     /* enum command_kind */
  uint64_t case_no; /* 0 for submit and publish */
  struct uuid key;  /* made by the client before it first sends; by the daemon for RUNG_DUE */
  uint32_t actor;   /* officer id; 0 the daemon itself */
  bool has_text;
  struct hash text; /* commitment to the text */
  uint16_t evidence_count;
  struct evidence_item evidence[EVIDENCE_MAX];
  uint32_t unit;     /* dispatch, reassign, adjudicate, split, co_unit, spawn: to which unit; 0 unchanged */
  uint32_t officer;  /* ... to which handler; 0 whoever answers for the unit.  decide: whom it is about; 0 the subject */
  uint32_t verifier; /* dispatch, reassign, adjudicate: which verifier; 0 whoever has the role */
  uint8_t track;     /* dispatch, escalate, split, spawn: to which track; 0 by route, edge or parent */
  uint16_t days;     /* extension_ask, extension_grant (0: as asked), hold, stage: working days */
  day_t day;         /* rule_issue: effective date */
  uint8_t measures;  /* plan_submit: how many measures the plan has */
  uint8_t form;      /* decide: enum form */
  char number[CODE_BYTES_MAX + 1]; /* rule_issue, decide: number of the document */
  uint64_t other;    /* merge_into: the other case; spawn: the parent; relate: the case it happened on; erase_ask and erase: one
                      * more than the log index of the event whose text it is about, which is no case */
  uint8_t origin;    /* spawn: enum origin */
  uint8_t relation;  /* relate: enum relation */
  const struct case_state *other_state; /* merge_into, spawn: `other` as it stands, NULL when unknown; borrowed */
  const char *plain; /* submit: the text itself, for routes that ask for words; borrowed, not terminated, never kept */
  uint32_t plain_length;
  uint8_t clock;     /* RUNG_DUE: which clock, */
  uint32_t generation; /* which of its generations, */
  uint32_t nth;        /* and how many rungs had fired before this one */
  bool unit_unknown;    /* a unit was named that the registry does not know */
  bool officer_unknown; /* likewise an officer or verifier */
  const struct finding *finding; /* SUBMIT; borrowed */
  uint8_t signature;       /* SUBMIT: enum signature */
  struct hash signed_hash; /* commitment to the signature and what was signed; counts unless SIGNATURE_NONE */
};

/* One notice to one officer. */
struct notice_out {
  uint8_t kind; /* enum notice */
  bool copy;
  uint8_t recipient; /* enum recipient: in what capacity */
  uint32_t officer;  /* who is told */
  uint32_t instead_of; /* whom the officer stands in for ("C for A"), or in whose stead acts; 0: nobody */
};

/* What happened: recorded for ever.  Only the fields that the event changes are set. */
struct event {
  uint64_t case_no;
  uint32_t version;
  uint8_t command; /* enum command_kind: what was asked */
  uint16_t rule;   /* enum rule: the verdict; a refusal changes nothing but the version */
  struct uuid key;
  uint32_t actor;
  uint32_t on_behalf; /* whom the actor stood in for; 0: nobody */
  usec_t recorded;
  usec_t effective; /* when it counts from: the fire time of a rung, else as recorded */
  uint32_t policy_version, calendar_version, registry_version;
  bool has_text;
  struct hash text;
  uint16_t evidence_count;
  struct evidence_item evidence[EVIDENCE_MAX];

  /* Effects; 0: unchanged. */
  uint8_t status, track, light, edge;
  uint32_t flags_set, flags_clear;
  uint16_t rework, bounces, route;
  uint32_t unit, handler, verifier, accountable;
  usec_t first_due, closed;
  uint64_t merged_into; /* apply clears it when the case leaves `merged` */
  uint16_t children_more, children_less; /* co-units' cases opened and closed */
  uint8_t measures;     /* of a new plan: what was shown for the old one no longer counts */
  uint32_t plan_by, plan_for;
  uint8_t extensions;
  uint16_t extended, asked;
  uint32_t asked_by, asked_for, withdrawal_by, withdrawal_for;
  uint32_t endorsed_by, endorsed_for, closing_by, closing_for;
  uint16_t evidence_spent, held, staged;
  uint32_t order_year, order_serial;
  day_t rule_day;
  uint32_t subject;
  uint8_t form;
  usec_t decided;
  char number[CODE_BYTES_MAX + 1]; /* of the document: a rule, a decision */
  uint32_t rebased_to;  /* REBASE: the policy version from now on */
  uint8_t relation;     /* RELATE: enum relation, */
  uint64_t other;       /* RELATE, SPAWN and UNMERGE: the other case; ERASE_ASK and ERASE: log index of the text, plus 1 */
  uint32_t spawn_unit, spawn_officer; /* SPLIT and CO_UNIT: to whom the case that follows goes; officer 0: whoever answers, */
  uint8_t spawn_track;                /* and in which track */
  uint8_t clock_count;
  struct case_clock clocks[CASE_CLOCKS_MAX + 2]; /* new state of each clock that changed; STOPPED frees it */
  uint8_t notice_count;
  struct notice_out notices[EVENT_NOTICES_MAX];

  /* RUNG_DUE: which rung. */
  uint8_t fired_clock;
  uint32_t fired_generation, fired_nth;

  /* SUBMIT and SPAWN: the facts; a spawned case repeats those of its parent that it needs, without texts. */
  uint8_t origin;
  uint64_t finding_of;  /* SPAWN; a submitted case is about its own finding */
  bool has_finding;
  struct finding finding;

  /* KEY_REGISTER and KEY_REVOKE: which key; whose it is stands in `subject`. */
  bool has_key;
  struct hash client_key; /* the public half */
  uint8_t key_kind;       /* enum key_kind */
  day_t valid_from, valid_until; /* KEY_REGISTER: both included, in UTC */

  /* SUBMIT: the inspector's own signature over the finding's bytes, which stand beside the text. */
  bool has_signature;
  struct hash signature; /* SHA-256(salt || signature || signer || bytes) */

  /* COUNT_REFUSALS: how many of `subject`'s. */
  uint32_t counted;

  /* PUBLISH: which document. */
  uint8_t document; /* enum document_kind */
  uint32_t document_version;
  struct hash document_sha256;
};

/* What a registered key is for. */
enum key_kind { KEY_TO_CONNECT = 0, KEY_TO_SIGN = 1 };

/* What the shell found out about a finding's signature. */
enum signature { SIGNATURE_NONE = 0, SIGNATURE_GOOD = 1, SIGNATURE_BAD = 2 };

enum document_kind { DOCUMENT_NONE = 0, DOCUMENT_REGISTRY = 1, DOCUMENT_POLICY = 2, DOCUMENT_CALENDAR = 3 };

/* The answer to a command: always exactly one event, accepting or refusing.  `record` is false only for a stale
 * timer, which is nobody's attempt and leaves no trace. */
struct decision {
  uint16_t rule;
  bool record;
  struct event event;
};

#endif
