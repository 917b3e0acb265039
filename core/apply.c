/* apply.c - case_apply(): the one function that changes a case.  It looks nothing up; the event carries values. */
#include "core/judge.h"

static void set8(uint8_t *field, uint8_t value) {
  if (value != 0) *field = value;
}
static void set16(uint16_t *field, uint16_t value) {
  if (value != 0) *field = value;
}
static void set32(uint32_t *field, uint32_t value) {
  if (value != 0) *field = value;
}
static void set64(usec_t *field, usec_t value) {
  if (value != 0) *field = value;
}

static void apply_finding(struct case_state *state, const struct event *event) {
  const struct finding *finding = &event->finding;
  state->case_no = event->case_no;
  state->kind = finding->kind;
  state->severity = finding->severity;
  state->reported_unit = finding->unit;
  state->team = finding->team;
  state->reporter = event->actor;
  state->found_on = finding->found_on;
  state->same_problem = finding->same_problem;
  state->same_kind = finding->same_kind;
  state->opened = event->recorded;
  state->policy_version = event->policy_version;
  state->calendar_version = event->calendar_version;
}

static bool apply_evidence(struct case_state *state, const struct event *event) {
  if (event->evidence_count > EVIDENCE_MAX) return false;
  for (uint32_t i = 0; i < event->evidence_count; i++) {
    if (event->evidence[i].kind > EVIDENCE_COUNT) return false;
    state->evidence_kinds |= (uint16_t)(1u << event->evidence[i].kind);
  }
  uint32_t count = (uint32_t)state->evidence_count + event->evidence_count;
  state->evidence_count = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
  return true;
}

static bool apply_clocks(struct case_state *state, const struct event *event) {
  if (event->clock_count > sizeof event->clocks / sizeof *event->clocks) return false;
  for (uint32_t i = 0; i < event->clock_count; i++) {
    const struct case_clock *clock = &event->clocks[i];
    if (clock->kind == 0 || clock->kind > CLOCK_COUNT || clock->state == CLOCK_STATE_NONE) return false;
    if (!clock_put(state, clock)) return false;
  }
  return true;
}

static void apply_values(struct case_state *state, const struct event *event) {
  set8(&state->status, event->status);
  set8(&state->track, event->track);
  set8(&state->light, event->light);
  state->flags = (uint8_t)((state->flags | event->flags_set) & ~event->flags_clear);
  set16(&state->rework, event->rework);
  set16(&state->bounces, event->bounces);
  set16(&state->route, event->route);
  set32(&state->unit, event->unit);
  set32(&state->handler, event->handler);
  set32(&state->verifier, event->verifier);
  set32(&state->accountable, event->accountable);
  set64(&state->first_due, event->first_due);
  set64(&state->closed, event->closed);
}

/* The first event accepts a finding, and no later one does. */
static bool follows(const struct case_state *state, const struct event *event) {
  if (event->case_no == 0 || event->version != state->version + 1) return false;
  if (state->version == 0) return state->case_no == 0 && event->has_finding && !rule_refuses(event->rule);
  return event->case_no == state->case_no && !event->has_finding;
}

bool case_apply(struct case_state *state, const struct event *event) {
  if (!follows(state, event)) return false;
  struct case_state next = *state;
  next.version = event->version;
  if (!rule_refuses(event->rule)) {
    if (event->has_finding) apply_finding(&next, event);
    apply_values(&next, event);
    if (!apply_evidence(&next, event) || !apply_clocks(&next, event)) return false;
  }
  *state = next;
  return true;
}
