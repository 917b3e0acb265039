/* codec_numbers.h - the known numbers of each table of the domain as bits: bit n is set when the table has number n.
 * Made from the *.def files, so that the wire knows a new row as soon as it stands there.  (Enumeration constants, because C has no
 * other named integer constants; the one of command.def is wider than int, a GNU extension.) */
#ifndef RECTIFY_CODEC_NUMBERS_H
#define RECTIFY_CODEC_NUMBERS_H

#include <stdint.h>

#define NUMBER_BIT(number) (UINT64_C(1) << (number))
#define OR_NONE NUMBER_BIT(0)

#define KIND(no, ...) | NUMBER_BIT(no)
#define SEVERITY(no, ...) | NUMBER_BIT(no)
#define STATUS(no, ...) | NUMBER_BIT(no)
#define TRACK(no, ...) | NUMBER_BIT(no)
#define LIGHT(no, ...) | NUMBER_BIT(no)
#define EDGE(no, ...) | NUMBER_BIT(no)
#define CLOCK(no, ...) | NUMBER_BIT(no)
#define EVIDENCE(no, ...) | NUMBER_BIT(no)
#define NOTICE(no, ...) | NUMBER_BIT(no)
#define RECIPIENT(no, ...) | NUMBER_BIT(no)
#define COMMAND(no, ...) | NUMBER_BIT(no)
#define ORIGIN(no, ...) | NUMBER_BIT(no)
#define RELATION(no, ...) | NUMBER_BIT(no)
#define FORM(no, ...) | NUMBER_BIT(no)
#define LETTER_STATE(no, ...) | NUMBER_BIT(no)
#define DELIVERY(no, NAME, name, zh, reported, text) | (reported ? NUMBER_BIT(no) : 0)

enum {
  NUMBERS_KIND = 0
#include "rectify/kind.def"
};
enum {
  NUMBERS_SEVERITY = 0
#include "rectify/severity.def"
};
enum {
  NUMBERS_STATUS = 0
#include "rectify/status.def"
};
enum {
  NUMBERS_TRACK = 0
#include "rectify/track.def"
};
enum {
  NUMBERS_LIGHT = 0
#include "rectify/light.def"
};
enum {
  NUMBERS_EDGE = 0
#include "rectify/edge.def"
};
enum {
  NUMBERS_CLOCK = 0
#include "rectify/clock.def"
};
enum {
  NUMBERS_EVIDENCE = 0
#include "rectify/evidence.def"
};
enum {
  NUMBERS_NOTICE = 0
#include "rectify/notice.def"
};
enum {
  NUMBERS_RECIPIENT = 0
#include "rectify/recipient.def"
};
enum {
  NUMBERS_COMMAND = 0
#include "rectify/command.def"
};
enum {
  NUMBERS_ORIGIN = 0
#include "rectify/origin.def"
};
enum {
  NUMBERS_RELATION = 0
#include "rectify/relation.def"
};
enum {
  NUMBERS_FORM = 0
#include "rectify/form.def"
};
enum {
  NUMBERS_LETTER_STATE = 0
#include "rectify/letter_state.def"
};
enum { /* what a courier may report */
  NUMBERS_REPORTED = 0
#include "rectify/delivery.def"
};

#undef KIND
#undef SEVERITY
#undef STATUS
#undef TRACK
#undef LIGHT
#undef EDGE
#undef CLOCK
#undef EVIDENCE
#undef NOTICE
#undef RECIPIENT
#undef COMMAND
#undef ORIGIN
#undef RELATION
#undef FORM
#undef LETTER_STATE
#undef DELIVERY

#endif
