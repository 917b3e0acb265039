/* verify_case.c - folds every case again and compares its row with the fold. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "verify/verify_internal.h"

#define SLOTS_FIRST 4096

static struct folded *find(struct folded *cases, size_t slots, uint64_t case_no) {
  size_t at = (size_t)((case_no * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (slots - 1);
  while (cases[at].state.case_no != 0 && cases[at].state.case_no != case_no) at = (at + 1) & (slots - 1);
  return &cases[at];
}

static void grow(struct verify *verify) {
  size_t slots = verify->case_slots == 0 ? SLOTS_FIRST : 2 * verify->case_slots;
  struct folded *cases = calloc(slots, sizeof *cases);
  must(cases != NULL);
  for (size_t i = 0; i < verify->case_slots; i++)
    if (verify->cases[i].state.case_no != 0) *find(cases, slots, verify->cases[i].state.case_no) = verify->cases[i];
  free(verify->cases);
  verify->cases = cases;
  verify->case_slots = slots;
}

static struct folded *slot_of(struct verify *verify, uint64_t case_no) {
  if (verify->case_used * 4 >= verify->case_slots * 3) grow(verify);
  return find(verify->cases, verify->case_slots, case_no);
}

/* ---- events ---- */

static void number_wrong(struct verify *verify, const struct event *event, uint64_t log_index, uint32_t before) {
  verify->records_wrong = true;
  if (event->case_no == 0)
    verify_found(verify, VERIFY_EVENT_NUMBER, "record %" PRIu64 ": event %u of no case follows number %u", log_index,
                 event->version, before);
  else
    verify_found(verify, VERIFY_EVENT_NUMBER, "record %" PRIu64 ": event %u of case %" PRIu64 " follows number %u",
                 log_index, event->version, event->case_no, before);
}

/* After a gap the case is folded on as if there were none, so that one removed event is one finding and its
 * consequences. */
static bool apply_past_gap(struct case_state *state, const struct event *event) {
  if (event->version == state->version + 1) return case_apply(state, event);
  struct case_state next = *state;
  if (event->version == 0) return false;
  next.version = event->version - 1;
  if (!case_apply(&next, event)) return false;
  *state = next;
  return true;
}

void case_fold_event(struct verify *verify, const struct event *event, uint64_t log_index) {
  if (event->case_no == 0) {
    if (event->version != verify->last_version_of_none + 1)
      number_wrong(verify, event, log_index, verify->last_version_of_none);
    verify->last_version_of_none = event->version;
    return;
  }
  struct folded *folded = slot_of(verify, event->case_no);
  const uint32_t before = folded->state.version;
  const bool is_new = folded->state.case_no == 0;
  if (event->version != before + 1) number_wrong(verify, event, log_index, before);
  bool follows = apply_past_gap(&folded->state, event);
  if (!follows && !folded->broken) {
    verify->records_wrong = true;
    verify_found(verify, VERIFY_EVENT_UNFOLLOWING, "record %" PRIu64 ": event %u cannot follow in case %" PRIu64,
                 log_index, event->version, event->case_no);
  }
  folded->state.case_no = event->case_no; /* also when its first event is the one that is wrong */
  folded->broken |= !follows;
  verify->case_used += is_new;
}

/* ---- rows ---- */

static const char *const column_names[] = {
#define COLUMN(name, value) #name,
#include "verify/column.def"
#undef COLUMN
};

static void values_of(const struct case_state *s, int64_t out[EXPORT_COLUMN_COUNT]) {
  uint32_t due_clock;
  const int64_t due = case_due(s, &due_clock);
  const usec_t fires = case_next_fire(s, NULL);
  const int64_t next_fire = fires == INSTANT_NONE ? 0 : fires;
  const int64_t values[] = {
#define COLUMN(name, value) value,
#include "verify/column.def"
#undef COLUMN
  };
  memcpy(out, values, sizeof values);
}

static void compare_columns(struct verify *verify, const struct export_case *row, const struct case_state *state) {
  int64_t values[EXPORT_COLUMN_COUNT];
  values_of(state, values);
  for (uint32_t i = 0; i < EXPORT_COLUMN_COUNT; i++)
    if (row->columns[i] != values[i])
      verify_found(verify, VERIFY_COLUMN_DIFFERS,
                   "case %" PRIu64 ": %s is %" PRId64 " in the row, %" PRId64 " by its events", row->case_no,
                   column_names[i], row->columns[i], values[i]);
}

void case_compare_row(struct verify *verify, const struct export_case *row) {
  uint8_t packed[STATE_BODY_BYTES_MAX];
  struct folded *folded = row->case_no == 0 ? NULL : slot_of(verify, row->case_no);
  verify->result.cases++;
  if (folded == NULL || folded->state.case_no == 0 || folded->compared) {
    verify_found(verify, VERIFY_ROW_UNASKED, "case %" PRIu64 ": has a row, but no events that it would be the row of",
                 row->case_no);
    return;
  }
  folded->compared = true;
  if (folded->broken) return;
  size_t length = codec_state_pack(&folded->state, packed);
  if (length != row->state_length || memcmp(packed, row->state, length) != 0)
    verify_found(verify, VERIFY_ROW_NOT_FOLD, "case %" PRIu64 ": the stored state is not the fold of its %u events",
                 row->case_no, folded->state.version);
  compare_columns(verify, row, &folded->state);
}

void case_find_missing(struct verify *verify) {
  for (size_t i = 0; i < verify->case_slots; i++)
    if (verify->cases[i].state.case_no != 0 && !verify->cases[i].compared)
      verify_found(verify, VERIFY_ROW_MISSING, "case %" PRIu64 ": has events and no row",
                   verify->cases[i].state.case_no);
}
