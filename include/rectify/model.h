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
};

enum case_flag {
  CASE_ENDORSED = 1 << 0,        /* the principal answers for the closing asked for next */
  CASE_PROVISIONAL = 1 << 1,     /* some due date is provisional */
  CASE_ACCOUNTABILITY = 1 << 2,  /* accountability has been proposed */
};

/* A case, folded from its events by case_apply() and by nothing else. */
struct case_state {
  uint64_t case_no; /* from 1, in order of acceptance */
  uint32_t version; /* number of its last event, from 1, dense */
  uint8_t status;
  uint8_t track; /* 0 while unrouted */
  uint8_t kind;
  uint8_t severity;
  uint8_t light;
  uint8_t flags;         /* enum case_flag */
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
  struct case_clock clocks[CASE_CLOCKS_MAX]; /* free slots have kind 0; taken slots come first */
};

struct command {
  uint8_t kind;     /* enum command_kind */
  uint64_t case_no; /* 0 for submit and publish */
  struct uuid key;  /* made by the client before it first sends; by the daemon for RUNG_DUE */
  uint32_t actor;   /* officer id; 0 the daemon itself */
  bool has_text;
  struct hash text; /* commitment to the text */
  uint16_t evidence_count;
  struct {
    uint8_t kind; /* enum evidence */
    struct hash sha256;
  } evidence[EVIDENCE_MAX];
  uint32_t unit;     /* dispatch, reassign: to which unit; 0 unchanged */
  uint32_t officer;  /* dispatch, reassign: to which handler; 0 whoever answers for the unit */
  uint32_t verifier; /* dispatch, reassign: which verifier; 0 whoever has the role */
  uint8_t track;     /* dispatch, escalate: to which track; 0 by route or edge */
  uint8_t clock;     /* RUNG_DUE: which clock, */
  uint32_t generation; /* which of its generations, */
  uint32_t nth;        /* and how many rungs had fired before this one */
  bool unit_unknown;    /* a unit was named that the registry does not know */
  bool officer_unknown; /* likewise an officer or verifier */
  const struct finding *finding; /* SUBMIT; borrowed */
};

/* One notice to one officer. */
struct notice_out {
  uint8_t kind; /* enum notice */
  bool copy;
  uint8_t recipient; /* enum recipient: in what capacity */
  uint32_t officer;
};

/* What happened: recorded for ever.  Only the fields that the event changes are set. */
struct event {
  uint64_t case_no;
  uint32_t version;
  uint8_t command; /* enum command_kind: what was asked */
  uint16_t rule;   /* enum rule: the verdict; a refusal changes nothing but the version */
  struct uuid key;
  uint32_t actor;
  usec_t recorded;
  usec_t effective; /* when it counts from: the fire time of a rung, else as recorded */
  uint32_t policy_version, calendar_version, registry_version;
  bool has_text;
  struct hash text;
  uint16_t evidence_count;
  struct {
    uint8_t kind;
    struct hash sha256;
  } evidence[EVIDENCE_MAX];

  /* Effects; 0: unchanged. */
  uint8_t status, track, light, edge;
  uint8_t flags_set, flags_clear;
  uint16_t rework, bounces, route;
  uint32_t unit, handler, verifier, accountable;
  usec_t first_due, closed;
  uint8_t clock_count;
  struct case_clock clocks[CASE_CLOCKS_MAX + 2]; /* new state of each clock that changed; STOPPED frees it */
  uint8_t notice_count;
  struct notice_out notices[EVENT_NOTICES_MAX];

  /* RUNG_DUE: which rung. */
  uint8_t fired_clock;
  uint32_t fired_generation, fired_nth;

  /* SUBMIT: the facts. */
  bool has_finding;
  struct finding finding;

  /* PUBLISH: which document. */
  uint8_t document; /* enum document_kind */
  uint32_t document_version;
  struct hash document_sha256;
};

enum document_kind { DOCUMENT_NONE = 0, DOCUMENT_REGISTRY = 1, DOCUMENT_POLICY = 2, DOCUMENT_CALENDAR = 3 };

/* The answer to a command: always exactly one event, accepting or refusing.  `record` is false only for a stale
 * timer, which is nobody's attempt and leaves no trace. */
struct decision {
  uint16_t rule;
  bool record;
  struct event event;
};

#endif
