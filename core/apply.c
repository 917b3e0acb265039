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
  state->origin = event->origin;
  state->parent = event->other;
  state->finding_of = event->finding_of != 0 ? event->finding_of : event->case_no;
  state->opened = event->recorded;
  state->policy_version = event->policy_version;
  state->calendar_version = event->calendar_version;
}

static bool apply_evidence(struct case_state *state, const struct event *event) {
  if (event->evidence_count > EVIDENCE_MAX) return false;
  for (uint32_t i = 0; i < event->evidence_count; i++) {
    if (event->evidence[i].kind > EVIDENCE_COUNT) return false;
    if (event->evidence[i].measure > MEASURES_MAX) return false;
    state->evidence_kinds |= (uint16_t)(1u << event->evidence[i].kind);
    if (event->evidence[i].measure != 0 && !event->evidence[i].absent) state->measures_shown |= 1u << (event->evidence[i].measure - 1);
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
  if (event->clock_count > 0 && event->calendar_version != 0)
    state->calendar_version = event->calendar_version; /* by which the dates were counted last */
  return true;
}

static void apply_values(struct case_state *state, const struct event *event) {
  set8(&state->status, event->status);
  set8(&state->track, event->track);
  set8(&state->light, event->light);
  state->flags = (state->flags | event->flags_set) & ~event->flags_clear;
  set16(&state->rework, event->rework);
  set16(&state->bounces, event->bounces);
  set16(&state->route, event->route);
  set32(&state->unit, event->unit);
  set32(&state->handler, event->handler);
  set32(&state->verifier, event->verifier);
  set32(&state->accountable, event->accountable);
  set64(&state->first_due, event->first_due);
  set64(&state->closed, event->closed);
  set8(&state->extensions, event->extensions);
  set16(&state->extended, event->extended);
  set16(&state->asked, event->asked);
  set32(&state->asked_by, event->asked_by);
  set32(&state->asked_for, event->asked_for);
  set32(&state->withdrawal_by, event->withdrawal_by);
  set32(&state->withdrawal_for, event->withdrawal_for);
  set32(&state->endorsed_by, event->endorsed_by);
  set32(&state->endorsed_for, event->endorsed_for);
  set32(&state->closing_by, event->closing_by);
  set32(&state->closing_for, event->closing_for);
  set16(&state->evidence_spent, event->evidence_spent);
  set16(&state->held, event->held);
  set16(&state->staged, event->staged);
  set32(&state->plan_by, event->plan_by);
  set32(&state->plan_for, event->plan_for);
  set32(&state->order_year, event->order_year);
  set32(&state->order_serial, event->order_serial);
  set32(&state->subject, event->subject);
  set8(&state->form, event->form);
  set64(&state->decided, event->decided);
  if (event->rule_day != 0) state->rule_day = event->rule_day;
  if (event->merged_into != 0) state->merged_into = event->merged_into;
  if (event->rebased_to != 0) state->policy_version = event->rebased_to;
}

/* Other cases that are merged into this one: the daemon notes each on it. */
static void apply_relation(struct case_state *state, const struct event *event) {
  if (event->relation == RELATION_ABSORBED && state->absorbed < UINT16_MAX) state->absorbed++;
  if (event->relation == RELATION_RELEASED && state->absorbed > 0) state->absorbed--;
}

/* What ends with the status that it belongs to, and what a new plan begins anew. */
static void apply_ends(struct case_state *state, const struct event *event) {
  if (status_is_open(state->status)) state->closed = 0;
  if (state->status != STATUS_MERGED) state->merged_into = 0;
  if (state->status == STATUS_UNROUTED) {
    state->unit = state->handler = state->verifier = 0;
    state->track = TRACK_NONE;
  }
  if (event->measures == 0) return;
  state->measures = event->measures;
  state->measures_shown = 0;
}

static bool apply_children(struct case_state *state, const struct event *event) {
  uint32_t children = (uint32_t)state->children + event->children_more;
  if (event->children_less > children || children > UINT16_MAX) return false;
  state->children = (uint16_t)(children - event->children_less);
  return true;
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
    apply_relation(&next, event);
    apply_ends(&next, event);
    if (!apply_children(&next, event) || !apply_evidence(&next, event) || !apply_clocks(&next, event)) return false;
  }
  *state = next;
  return true;
}
