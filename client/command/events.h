/* events.h - what an event of the log says, in words. */
#ifndef RECTIFY_EVENTS_H
#define RECTIFY_EVENTS_H

#include "client/command/command.h"
#include "proto/codec.h"

/* Codes of units and officers by the ids that events use, asked from the daemon once. */
struct names {
  uint32_t unit_count, officer_count; /* slots */
  char (*units)[CODE_BYTES_MAX + 1];
  char (*officers)[CODE_BYTES_MAX + 1];
};
/* Leaves the names empty when the actor may not list them: then ids are shown. */
void names_load(struct session *session, struct names *names);
void names_free(struct names *names);

#define EFFECTS_BYTES_MAX 4096
/* "status rectifying; track supervision; light red; clock rectify due 2026-03-20 -> 2026-03-27; told: handler (114)".
 * Fields that the event leaves unchanged are not mentioned.  `before`: the case as it was, or NULL where only the event is
 * at hand; then what was there before is not said. */
void event_effects(const struct session *session, const struct names *names, const struct case_state *before,
                   const struct event *event, char out[EFFECTS_BYTES_MAX]);

/* Whether its `other` is no case, but one more than the log index of a text. */
bool event_is_erasure(const struct event *event);

/* "rung_due (rectify, rung 3)", "request_closure". */
#define WHAT_BYTES_MAX 160
void event_what(const struct session *session, const struct event *event, char out[WHAT_BYTES_MAX]);

#endif
