/* calendar.c - a calendar file into a struct calendar.
 *
 * Days are laid out over the whole range DAY_MIN..DAY_MAX first, so that a day given twice is found at once and the
 * result comes out in order.
 */
#include <stdlib.h>
#include <string.h>

#include "document/field.h"

#define WEEKDAYS 7
#define ROW_DAYS_MAX 366 /* days of one row: keeps the cost of a file linear in its length */
#define NOTICES_MAX YAML_KEYS_MAX
#define TEXTS_MAX (CALENDAR_DAYS_MAX + NOTICES_MAX)

static const struct word weekday_words[] = {
    {1, "monday", "", ""}, {2, "tuesday", "", ""},  {3, "wednesday", "", ""}, {4, "thursday", "", ""},
    {5, "friday", "", ""}, {6, "saturday", "", ""}, {7, "sunday", "", ""},    {0, NULL, NULL, NULL},
};

static const struct word day_kind_words[] = {
    {CALENDAR_HOLIDAY, "holiday", "", ""}, {CALENDAR_MAKE_UP, "make_up", "", ""}, {0, NULL, NULL, NULL}};

enum { TOP_CALENDAR, TOP_TITLE, TOP_REST, TOP_PUBLISHED, TOP_NOTICES, TOP_DAYS, TOP_COUNT };
static const struct field top_fields[] = {
    [TOP_CALENDAR] = {"calendar", true},   [TOP_TITLE] = {"title", true},      [TOP_REST] = {"rest", true},
    [TOP_PUBLISHED] = {"published", true}, [TOP_NOTICES] = {"notices", false}, [TOP_DAYS] = {"days", false},
    [TOP_COUNT] = {NULL, false},
};

enum { ROW_DATE, ROW_FROM, ROW_UNTIL, ROW_KIND, ROW_NAME, ROW_NOTICE, ROW_REPLACES, ROW_COUNT };
static const struct field row_fields[] = {
    [ROW_DATE] = {"date", false}, [ROW_FROM] = {"from", false}, [ROW_UNTIL] = {"until", false},
    [ROW_KIND] = {"kind", true},  [ROW_NAME] = {"name", true},  [ROW_NOTICE] = {"notice", true},
    [ROW_REPLACES] = {"replaces", false}, [ROW_COUNT] = {NULL, false},
};

struct calendar_slot {
  uint32_t line; /* of the row that gave the day; 0: none did */
  uint16_t name;
  uint16_t notice;
  uint8_t kind;
};

/* What is being built. */
struct calendar_draft {
  struct report *report;
  struct calendar *calendar;
  struct calendar_slot *slots;       /* by day - DAY_MIN */
  struct word notices[NOTICES_MAX + 1]; /* ids, for hints; number is the text's index + 1 */
  char (*notice_ids)[CODE_BYTES_MAX + 1];
  uint32_t notice_count;
};

/* The index of `text` among the calendar's texts, added when it is new. */
static uint16_t calendar_text(struct calendar_draft *draft, struct position at, const char *text) {
  struct calendar *calendar = draft->calendar;
  for (uint32_t i = 0; i < calendar->text_count; i++)
    if (strcmp(calendar->texts[i], text) == 0) return (uint16_t)i;
  if (calendar->text_count == TEXTS_MAX) {
    report_error(draft->report, at, "more than %d different names and notices", TEXTS_MAX);
    return 0;
  }
  strcpy(calendar->texts[calendar->text_count], text);
  return (uint16_t)calendar->text_count++;
}

static void calendar_rest(struct calendar_draft *draft, const struct yaml_node *node) {
  uint16_t bits = field_words(draft->report, node, "weekday", weekday_words);
  draft->calendar->rest_mask = (uint8_t)(bits >> 1);
  if (node != NULL && draft->calendar->rest_mask == (1u << WEEKDAYS) - 1)
    report_error(draft->report, node->at, "a week without a working day: no limit would ever end");
}

static void calendar_published(struct calendar_draft *draft, const struct yaml_node *node) {
  int32_t first = 0, last = 0;
  if (!field_is(draft->report, node, YAML_SEQUENCE, "published")) return;
  if (node->count != 2) {
    report_error(draft->report, node->at, "published must be two years: [first, last]");
    return;
  }
  if (!field_integer(draft->report, node->first, "the first year", 1970, 2100, &first) ||
      !field_integer(draft->report, node->last, "the last year", 1970, 2100, &last))
    return;
  if (first > last) report_error(draft->report, node->at, "the first published year is after the last");
  draft->calendar->year_first = (int16_t)first;
  draft->calendar->year_last = (int16_t)last;
}

static void calendar_notices(struct calendar_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_MAPPING, "notices")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    char text[NAME_BYTES_MAX + 1], *id = draft->notice_ids[draft->notice_count];
    if (!field_code(draft->report, child->key, "the id of a notice", id) ||
        !field_name(draft->report, child, "a notice", text))
      continue;
    uint16_t number = (uint16_t)(calendar_text(draft, child->at, text) + 1);
    draft->notices[draft->notice_count++] = (struct word){number, id, "", ""};
  }
}

/* The days of a row: `date`, or `from` and `until`. */
static bool calendar_range(struct calendar_draft *draft, const struct yaml_node *row,
                           const struct yaml_node *const *values, day_t *from, day_t *until) {
  bool one = values[ROW_DATE] != NULL;
  bool both = values[ROW_FROM] != NULL && values[ROW_UNTIL] != NULL;
  bool any = values[ROW_FROM] != NULL || values[ROW_UNTIL] != NULL;
  if (one == any || (any && !both)) {
    report_error(draft->report, row->at, "a day needs either 'date' or both 'from' and 'until'");
    return false;
  }
  if (one) {
    if (!field_date(draft->report, values[ROW_DATE], "date", from)) return false;
    *until = *from;
    return true;
  }
  bool begins = field_date(draft->report, values[ROW_FROM], "from", from);
  if (!field_date(draft->report, values[ROW_UNTIL], "until", until) || !begins) return false;
  if (*from > *until) report_error(draft->report, values[ROW_UNTIL]->at, "'until' is before 'from'");
  else if (*until - *from >= ROW_DAYS_MAX)
    report_error(draft->report, values[ROW_UNTIL]->at, "one row gives at most %d days", ROW_DAYS_MAX);
  else return true;
  return false;
}

static void calendar_set(struct calendar_draft *draft, const struct yaml_node *row, day_t day,
                         const struct calendar_slot *slot, bool replaces) {
  struct calendar_slot *place = &draft->slots[day - DAY_MIN];
  char date[11];
  workday_format(day, date);
  bool rests = (draft->calendar->rest_mask >> workday_weekday(day) & 1) != 0;
  if (slot->kind == CALENDAR_MAKE_UP && !rests)
    report_error(draft->report, row->at, "%s works by the weekly rule: it cannot be a make-up day", date);
  if (place->line != 0 && !replaces)
    report_error(draft->report, row->at, "%s was given before, in line %u; a later notice says 'replaces: true'", date,
                 place->line);
  if (place->line == 0 && replaces)
    report_error(draft->report, row->at, "%s replaces nothing: no row before this one gives that day", date);
  *place = *slot;
}

static void calendar_row(struct calendar_draft *draft, const struct yaml_node *row) {
  const struct yaml_node *values[ROW_COUNT];
  day_t from = 0, until = 0;
  bool replaces = false;
  char name[NAME_BYTES_MAX + 1] = "";
  if (!field_take(draft->report, row, "a day", row_fields, values)) return;
  bool dated = calendar_range(draft, row, values, &from, &until);
  uint32_t kind = field_word(draft->report, values[ROW_KIND], "kind of day", day_kind_words);
  uint32_t notice = field_word(draft->report, values[ROW_NOTICE], "notice of this file", draft->notices);
  field_flag(draft->report, values[ROW_REPLACES], "replaces", &replaces);
  bool named = field_name(draft->report, values[ROW_NAME], "name", name);
  if (!dated || kind == 0 || notice == 0 || !named) return;
  struct calendar_slot slot = {.line = row->at.line,
                               .name = calendar_text(draft, row->at, name),
                               .notice = (uint16_t)(notice - 1),
                               .kind = (uint8_t)kind};
  for (day_t day = from; day <= until && !report_is_full(draft->report); day++)
    calendar_set(draft, row, day, &slot, replaces);
}

static void calendar_rows(struct calendar_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_SEQUENCE, "days")) return;
  for (const struct yaml_node *row = node->first; row != NULL && !report_is_full(draft->report); row = row->next)
    calendar_row(draft, row);
}

static void calendar_collect(struct calendar_draft *draft, const struct yaml_node *root) {
  struct calendar *calendar = draft->calendar;
  for (day_t day = DAY_MIN; day <= DAY_MAX; day++) {
    const struct calendar_slot *slot = &draft->slots[day - DAY_MIN];
    if (slot->line == 0) continue;
    if (calendar->day_count == CALENDAR_DAYS_MAX) {
      report_error(draft->report, root->at, "more than %d special days", CALENDAR_DAYS_MAX);
      return;
    }
    calendar->days[calendar->day_count++] =
        (struct calendar_day){.day = day, .kind = slot->kind, .name = slot->name, .notice = slot->notice};
  }
}

static void calendar_read(struct calendar_draft *draft, const struct yaml_node *root) {
  const struct yaml_node *values[TOP_COUNT];
  if (!field_take(draft->report, root, "a calendar", top_fields, values)) return;
  field_slug(draft->report, values[TOP_CALENDAR], "the calendar's name", draft->calendar->name);
  field_name(draft->report, values[TOP_TITLE], "title", draft->calendar->title);
  calendar_rest(draft, values[TOP_REST]);
  calendar_published(draft, values[TOP_PUBLISHED]);
  calendar_notices(draft, values[TOP_NOTICES]);
  calendar_rows(draft, values[TOP_DAYS]);
  calendar_collect(draft, root);
}

/* Gives back what the texts do not need. */
static void calendar_trim(struct calendar *calendar) {
  size_t count = calendar->text_count > 0 ? calendar->text_count : 1;
  void *texts = realloc(calendar->texts, count * sizeof *calendar->texts);
  if (texts != NULL) calendar->texts = texts;
}

static void calendar_build(struct report *report, struct calendar *calendar, const struct yaml_node *root) {
  struct calendar_draft *draft = calloc(1, sizeof *draft);
  struct calendar_slot *slots = calloc(DAY_MAX - DAY_MIN + 1, sizeof *slots);
  char(*ids)[CODE_BYTES_MAX + 1] = calloc(NOTICES_MAX, sizeof *ids);
  calendar->texts = calloc(TEXTS_MAX, sizeof *calendar->texts);
  if (draft == NULL || slots == NULL || ids == NULL || calendar->texts == NULL) {
    report_error(report, root->at, "out of memory");
  } else {
    *draft = (struct calendar_draft){.report = report, .calendar = calendar, .slots = slots, .notice_ids = ids};
    calendar_read(draft, root);
    calendar_trim(calendar);
  }
  free(ids);
  free(slots);
  free(draft);
}

struct calendar *calendar_parse(const char *file_name, const char *text, size_t length,
                                struct document_report *out) {
  struct report report;
  const struct yaml_node *root = NULL;
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  struct calendar *calendar = calloc(1, sizeof *calendar);
  if (calendar == NULL) report_error(&report, (struct position){0, 0}, "out of memory");
  else if (root != NULL) calendar_build(&report, calendar, root);
  yaml_free(yaml);
  if (report_close(&report, out)) return calendar;
  calendar_free(calendar);
  return NULL;
}

void calendar_free(struct calendar *calendar) {
  if (calendar == NULL) return;
  free(calendar->texts);
  free(calendar);
}
