/* policy.h - a policy as the core sees it: routes, tracks, limits, ladders.  Filled by document/policy.c from YAML.
 *
 * What policy may choose stands here; what it may never switch off is code (core/decide.c) and not here at all.
 */
#ifndef RECTIFY_POLICY_H
#define RECTIFY_POLICY_H

#include "rectify/calendar.h"
#include "rectify/words.h"

enum span_unit {
  SPAN_NONE = 0, /* no limit set */
  SPAN_WD = 1,   /* working days of the unit's calendar */
  SPAN_HOURS = 2 /* round the clock */
};

/* A limit or an offset: "15wd", "-3wd", "24h". */
struct span {
  int32_t count;
  uint8_t unit; /* enum span_unit */
};

/* One rung.  `at` is the offset from the due date: negative before it, 0 at it, positive after it.
 *
 * When it fires (one rule, DESIGN.md "When a rung fires"):
 *   before the due date, in wd: that day at policy.remind_minutes local time;
 *   at or after the due date, in wd: at the END of that day, so never before the deadline has passed;
 *   in hours: exactly so many hours from the due instant.
 * `every` set: after `at` the rung repeats for ever at that distance; only the last rung of a ladder may (and every
 * ladder must end with one: reminders never go silent, domain.md §5). */
struct rung {
  struct span at;
  struct span every;
  uint8_t notice;      /* enum notice, 0 none */
  uint16_t recipients; /* bits: 1 << enum recipient */
  uint16_t copies;     /* the same, told as a copy */
  uint8_t light;       /* enum light, 0 unchanged; a rung never betters a light */
  uint8_t edge;        /* enum edge: move along that edge of the track, 0 stay */
  bool propose;        /* propose accountability, in whatever track */
  uint16_t conditions; /* bits 1 << enum condition: all must hold, else the rung is passed over (rule 651) */
  uint16_t unless;     /* the same: none may hold */
};

struct ladder {
  char name[CODE_BYTES_MAX + 1];
  uint32_t count;
  struct rung rungs[RUNGS_MAX]; /* ascending by fire time for every limit */
};

struct track_policy {
  struct span limits[CLOCK_COUNT + 1]; /* by enum clock; SPAN_NONE: the clock is not used in this track */
  uint8_t ladders[CLOCK_COUNT + 1];    /* index into policy.ladders, by enum clock */
  uint8_t edges[EDGE_COUNT + 1];       /* by enum edge: enum track moved to, 0 none */
  uint8_t rework_max;                  /* failed verifications before the quality edge is taken; 0 never */
  bool sweep;                          /* closing needs the sibling units to have been told to check themselves */
};

/* One route: all set conditions must hold; the first that matches wins. */
struct route {
  uint16_t number;                      /* 1.. in file order; cited by events */
  uint16_t kinds;                       /* bits 1 << enum kind; 0 any */
  uint16_t severities;                  /* bits 1 << enum severity; 0 any */
  char category[CODE_BYTES_MAX + 1];    /* exact; empty any */
  char code_prefix[CODE_BYTES_MAX + 1]; /* empty any */
  char unit[CODE_BYTES_MAX + 1];        /* code of a unit whose subtree matches; empty any */
  char inspection[CODE_BYTES_MAX + 1];  /* exact; empty any */
  uint16_t recurrence_min;              /* at least so many earlier same problems in the window; 0 any */
  uint16_t same_kind_min;               /* at least so many earlier ones of the same kind in the window; 0 any */
  char text[CODE_BYTES_MAX + 1];        /* words that the finding's text must contain, byte by byte; empty any */
  uint8_t track;                        /* enum track */
  struct span limits[CLOCK_COUNT + 1];  /* override the track's limits where set (sign_for, plan, rectify) */
  uint8_t responsible;                  /* enum role made the handler: handler (0, the default) or principal */
  uint32_t co_unit_count;
  char co_units[CO_UNITS_MAX][CODE_BYTES_MAX + 1]; /* codes of units that take part, each with a case of its own */
  uint16_t copies;                      /* bits 1 << enum recipient: told of the dispatch as a copy */
};

/* How more time may be asked for.  count_max 0: not at all. */
struct extension_policy {
  int32_t ask_before_wd;    /* at the latest so many working days before the due date */
  struct span decide;       /* limit of the decision */
  uint8_t ladder;           /* of the extension clock */
  uint8_t count_max;
  uint16_t total_max_wd;
};

/* How units are graded (domain.md §8, practice.md §5): a hundred points shared out over components, more or fewer for what
 * stands beside them, thresholds, and what nobody with a good grade may have.  core/grade.c reckons. */
#define GRADING_COMPONENTS_MAX COMPONENT_COUNT
#define GRADING_EXTRAS_MAX 8
#define GRADING_VETOES_MAX 8
#define GRADES_MAX 8
struct grading {
  int32_t cases;            /* so many are imagined for every unit, as well done as `expected` says; 0: the policy grades nobody */
  uint32_t component_count;
  struct grading_component {
    uint8_t component;      /* enum component */
    uint8_t weight;         /* points of it; all together 100 */
    uint8_t expected;       /* in a hundred */
  } components[GRADING_COMPONENTS_MAX];
  uint32_t extra_count;
  struct grading_extra {
    uint8_t score;          /* enum score: for each one of these */
    int16_t points;         /* so many more, or fewer */
    uint16_t most;          /* but no more than so many in all, in either direction */
  } extras[GRADING_EXTRAS_MAX];
  uint32_t veto_count;
  struct grading_veto {
    uint8_t score;          /* enum score: with so many of these the grade is the last one */
    uint16_t least;
  } vetoes[GRADING_VETOES_MAX];
  uint32_t grade_count;
  struct grading_grade {
    int32_t from;           /* points; descending, the last one 0 */
    char name[CODE_BYTES_MAX + 1];
    char zh[CODE_BYTES_MAX + 1];
  } grades[GRADES_MAX];
};

struct policy {
  char name[CODE_BYTES_MAX + 1];
  char title[NAME_BYTES_MAX + 1];
  uint32_t version;          /* number it was published under; 0 = straight from a file */
  int32_t remind_minutes;    /* local time of day of rungs before a due date, minutes after midnight */
  int32_t recurrence_days;   /* same problem (unit, code) again within so many days; 0 never */
  int32_t recurrence_min;    /* so many earlier ones make it a recurrence, 1 or more */
  uint8_t recurrence_edge;   /* enum edge taken at once when the same problem recurs; 0 none */
  int32_t same_kind_days;    /* same kind (parent unit, category) again within so many days; 0 never */
  int32_t same_kind_min;     /* the finding with so many earlier ones asks for a rule: a case of its own for the unit above */
  uint8_t same_kind_track;   /* enum track of that case; 0: none is opened */
  struct span unrouted;      /* limit of the office's adjudicate clock on an unrouted or bounced case */
  uint8_t unrouted_ladder;
  uint8_t bounce_max;        /* bounces of one case; 0: none is allowed */
  struct extension_policy extension;
  struct span hold_max;      /* all holds of a case together, in working days; SPAN_NONE: no holds */
  uint8_t hold_ladder;       /* reminders before its end; at its end the clocks run again by themselves */
  struct span stage_max;     /* all stages of a case together, in working days; SPAN_NONE: no staging */
  struct span statement;     /* time of the subject's statement, from the proposal, in working days */
  struct span appeal;        /* time of an appeal, from the decision, in working days */
  uint8_t sweep_track;       /* enum track and limit of a sibling unit's case; 0: no sweeps */
  struct span sweep_limit;
  bool evidence_stored;      /* a piece counts for closing only if its file was there when it was handed in */
  struct grading grading;
  uint32_t route_count;
  struct route routes[ROUTES_MAX];
  struct track_policy tracks[TRACK_COUNT + 1]; /* by enum track */
  uint32_t ladder_count;
  struct ladder ladders[LADDERS_MAX];
};

#endif
