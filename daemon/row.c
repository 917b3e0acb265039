/* row.c - a folded case as people see it. */
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"

static ProtobufCBinaryData bytes_of(const char *text) { return answer_text(text); }

/* Another daemon may have taken over and published a registry that this one has not read: its ids have no names here. */
void row_name_unit(const struct registry *registry, uint32_t unit, ProtobufCBinaryData *code, ProtobufCBinaryData *name) {
  if (unit == 0 || unit > registry->unit_count) return;
  *code = bytes_of(registry->units[unit].code);
  *name = bytes_of(registry->units[unit].name);
}

void row_name_officer(const struct registry *registry, uint32_t officer, ProtobufCBinaryData *code,
                      ProtobufCBinaryData *name) {
  if (officer == 0 || officer > registry->officer_count) return;
  *code = bytes_of(registry->officers[officer].code);
  *name = bytes_of(registry->officers[officer].name);
}

void row_of_people(const struct registry *registry, uint32_t actor, uint32_t on_behalf, Rectify__V1__EventRow *row) {
  row_name_officer(registry, actor, &row->actor, &row->actor_name);
  row_name_officer(registry, on_behalf, &row->on_behalf, &row->on_behalf_name);
}

static void name_people(const struct registry *registry, const struct case_state *state, Rectify__V1__CaseRow *row) {
  ProtobufCBinaryData team_name;
  row_name_officer(registry, state->accountable, &row->accountable, &row->accountable_name);
  row_name_officer(registry, state->handler, &row->handler, &row->handler_name);
  row_name_officer(registry, state->verifier, &row->verifier, &row->verifier_name);
  row_name_officer(registry, state->subject, &row->subject, &row->subject_name);
  row_name_unit(registry, state->unit, &row->unit, &row->unit_name);
  row_name_unit(registry, state->team, &row->team, &team_name);
}

static void date_row(const struct world *world, usec_t now, const struct case_state *state, Rectify__V1__CaseRow *row,
                     struct row_room *room) {
  const struct zone *zone = world_zone(world, state->unit);
  uint32_t clock;
  row->due = case_due(state, &clock);
  row->due_clock = clock;
  if (row->due != 0) {
    day_t last = zone_day_of(zone, row->due - 1), today = zone_day_of(zone, now);
    workday_format(last, room->due);
    row->due_text = bytes_of(room->due);
    row->working_days_left = workday_between(world_calendar(world, state->unit), today, last);
  }
  if (state->closed != 0) {
    workday_format(zone_day_of(zone, state->closed), room->closed);
    row->closed_text = bytes_of(room->closed);
  }
  usec_t fire = case_next_fire(state, NULL);
  row->next_fire = fire == INSTANT_NONE ? 0 : fire;
}

/* What came of it: other cases, orders, plans, extensions, decisions. */
static void fill_workflow(const struct case_state *state, Rectify__V1__CaseRow *row, struct row_room *room) {
  row->origin = state->origin;
  row->parent = state->parent;
  row->finding_of = state->finding_of;
  row->merged_into = state->merged_into;
  row->children = state->children;
  row->flags = state->flags;
  row->extensions = state->extensions;
  row->extended = state->extended;
  row->measures = state->measures;
  row->measures_shown = state->measures_shown;
  row->form = state->form;
  row->rule_day = state->rule_day;
  if (state->order_serial == 0) return;
  (void)snprintf(room->order, sizeof room->order, "%u-%u", state->order_year, state->order_serial);
  row->order = bytes_of(room->order);
}

void row_of_case(const struct world *world, usec_t now, const struct case_state *state, Rectify__V1__CaseRow *row,
                 struct row_room *room) {
  row->case_no = state->case_no;
  row->version = state->version;
  row->status = state->status;
  row->track = state->track;
  row->kind = state->kind;
  row->severity = state->severity;
  row->light = state->light;
  row->found_on = state->found_on;
  row->opened = state->opened;
  row->first_due = state->first_due;
  row->closed = state->closed;
  row->rework = state->rework;
  row->bounces = state->bounces;
  row->same_problem = state->same_problem;
  row->same_kind = state->same_kind;
  row->provisional = (state->flags & CASE_PROVISIONAL) != 0;
  row->policy_version = state->policy_version;
  row->calendar_version = state->calendar_version;
  fill_workflow(state, row, room);
  name_people(world->registry, state, row);
  date_row(world, now, state, row, room);
}
