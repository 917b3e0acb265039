/* ledger_columns.c - what stands in each column of a ledger, and which columns there are: include/rectify/ledger.def, by maps. */
#include <stdlib.h>
#include <string.h>

#include "client/command/language.h"
#include "client/command/ledger.h"
#include "client/command/policy.h"
#include "rectify/must.h"

static const struct word words_type[] = {{1, "immediate", "立行立改", "put right at once"},
                                         {2, "limit", "限期整改", "within a limit"},
                                         {3, "long", "长期整改", "in stages, or over a long time"},
                                         {0, NULL, NULL, NULL}};
static const struct word words_closed[] = {{1, "yes", "是", "yes"}, {2, "no", "否", "no"}, {0, NULL, NULL, NULL}};
static const struct word words_look_back[] = {{COMMAND_LOOK_BACK_PASS, "consolidated", "巩固", "it stayed put right"},
                                              {COMMAND_LOOK_BACK_RELAPSE, "relapse", "反弹", "it came back"},
                                              {0, NULL, NULL, NULL}};

/* ---- cells ---- */

#define CELL struct sheet *sheet, const struct ledger_cell *cell
static void put_row(CELL) { sheet_number(sheet, (int64_t)cell->row); }

/* By the first limit: what was given more time is no other kind of problem. */
static void put_type(CELL) {
  const bool staged = cell->of->staged > 0 || cell->of->status == STATUS_STAGED;
  uint32_t type = 2;
  if (staged || cell->of->first_limit >= cell->map->long_from) type = 3;
  else if (cell->of->first_due == 0) type = 0;
  else if (cell->of->first_limit <= cell->map->immediate) type = 1;
  sheet_word(sheet, words_type, type);
}

/* A plan of several lines begins with its goal; one of a single line says what is done. */
static size_t goal_length(const ProtobufCBinaryData *plan) {
  const uint8_t *end = plan->len > 0 ? memchr(plan->data, '\n', plan->len) : NULL;
  return end == NULL ? 0 : (size_t)(end - plan->data);
}

static void put_goal(CELL) { sheet_cell(sheet, cell->facts->plan.data, goal_length(&cell->facts->plan)); }

static void put_measures(CELL) {
  const ProtobufCBinaryData *plan = &cell->facts->plan;
  size_t from = goal_length(plan);
  while (from < plan->len && plan->data[from] == '\n') from++;
  sheet_cell(sheet, plan->len > 0 ? plan->data + from : NULL, plan->len - from);
}

static void put_measures_done(CELL) {
  char text[24] = "";
  if (cell->of->measures > 0)
    (void)snprintf(text, sizeof text, "%d / %u", __builtin_popcount(cell->of->measures_shown), cell->of->measures);
  sheet_string(sheet, text);
}

static void put_co_units(CELL) { sheet_data(sheet, &cell->facts->co_units); }
static void put_co_unit_names(CELL) { sheet_data(sheet, &cell->facts->co_unit_names); }
static void put_progress(CELL) { sheet_data(sheet, &cell->facts->progress); }
static void put_progressed_on(CELL) { sheet_day(sheet, instant_day(cell->session, cell->facts->progressed)); }
static void put_evidence(CELL) { sheet_data(sheet, &cell->facts->evidence); }
static void put_evidence_count(CELL) { sheet_number(sheet, cell->facts->evidence_count); }

static bool is_struck_off(const struct ledger_cell *cell) {
  return cell->of->status == STATUS_CLOSED_OUT || cell->of->status == STATUS_ARCHIVED;
}

static void put_closed(CELL) { sheet_word(sheet, words_closed, is_struck_off(cell) ? 1 : 2); }

/* Who once found it put right does not answer for a case that was opened again. */
static void put_verified_by(CELL) { sheet_data(sheet, is_struck_off(cell) ? &cell->facts->verified_by : &(ProtobufCBinaryData){0}); }
static void put_verified_by_name(CELL) {
  sheet_data(sheet, is_struck_off(cell) ? &cell->facts->verified_by_name : &(ProtobufCBinaryData){0});
}
static void put_verified_on(CELL) { sheet_day(sheet, is_struck_off(cell) ? instant_day(cell->session, cell->facts->verified) : 0); }
static void put_look_back(CELL) { sheet_word(sheet, words_look_back, cell->facts->look_back); }
static void put_looked_back_on(CELL) { sheet_day(sheet, instant_day(cell->session, cell->facts->looked_back)); }
static void put_remark(CELL) { sheet_data(sheet, &cell->facts->remark); }

static void put_step_case(CELL) { sheet_case(sheet, cell->event->case_no); }
static void put_step_unit(CELL) { sheet_data(sheet, &cell->step->unit); }
static void put_step_unit_name(CELL) { sheet_data(sheet, &cell->step->unit_name); }
static void put_date(CELL) { sheet_day(sheet, instant_day(cell->session, cell->event->recorded)); }

static void put_time(CELL) {
  char text[INSTANT_TEXT_BYTES];
  instant_text(cell->session, cell->event->recorded, text);
  const size_t length = strlen(text);
  sheet_cell(sheet, length >= 16 ? text + 11 : text, length >= 16 ? 5 : 0); /* HH:MM */
}

static void put_what(CELL) { sheet_word(sheet, words_command, cell->event->command); }

static void put_person(CELL, const ProtobufCBinaryData *person) {
  if (cell->event->actor == 0) sheet_string(sheet, _("(rectifyd)"));
  else sheet_data(sheet, person);
}

static void put_who(CELL) { put_person(sheet, cell, &cell->step->event->actor); }
static void put_who_name(CELL) { put_person(sheet, cell, &cell->step->event->actor_name); }
static void put_on_behalf(CELL) { sheet_data(sheet, &cell->step->event->on_behalf); }

static void put_result(CELL) {
  const uint32_t rule = cell->event->rule;
  sheet_string(sheet, in_language(cell->session, word_text(words_rule, rule), word_zh(words_rule, rule)));
}

static void put_note(CELL) { sheet_data(sheet, &cell->step->event->text); }
static void put_log_index(CELL) { sheet_number(sheet, (int64_t)cell->step->event->log_index); }
#undef CELL

/* ---- the table ---- */

struct source {
  uint32_t flags; /* enum column_flag; COLUMN_ROOM and COLUMN_MACHINE where no map is given */
  uint8_t width;  /* in a spreadsheet, in characters */
  void (*put)(struct sheet *sheet, const struct ledger_cell *cell); /* NULL: the row of the case tells it */
  void (*put_step)(struct sheet *sheet, const struct ledger_cell *cell); /* of a step, where both kinds have it */
};

#define N COLUMN_NUMBER
#define R COLUMN_ROOM
#define M COLUMN_MACHINE
static const struct source sources[LEDGER_COUNT + 1] = {
    [LEDGER_ROW] = {N | M, 6, put_row, put_row},
    [LEDGER_CASE] = {0, 11, NULL, put_step_case},
    [LEDGER_INSPECTION] = {R, 14, NULL, NULL},
    [LEDGER_KIND] = {R, 14, NULL, NULL},
    [LEDGER_SEVERITY] = {M, 10, NULL, NULL},
    [LEDGER_CATEGORY] = {R, 12, NULL, NULL},
    [LEDGER_CODE] = {R, 12, NULL, NULL},
    [LEDGER_TEXT] = {COLUMN_TEXT, 48, NULL, NULL},
    [LEDGER_FOUND_ON] = {R, 12, NULL, NULL},
    [LEDGER_TRACK] = {R, 14, NULL, NULL},
    [LEDGER_TYPE] = {M, 10, put_type, NULL},
    [LEDGER_GOAL] = {M, 28, put_goal, NULL},
    [LEDGER_MEASURES] = {M, 40, put_measures, NULL},
    [LEDGER_MEASURES_DONE] = {M, 9, put_measures_done, NULL},
    [LEDGER_UNIT] = {0, 12, NULL, put_step_unit},
    [LEDGER_UNIT_NAME] = {M, 18, NULL, put_step_unit_name},
    [LEDGER_CO_UNITS] = {M, 14, put_co_units, NULL},
    [LEDGER_CO_UNIT_NAMES] = {M, 18, put_co_unit_names, NULL},
    [LEDGER_HANDLER] = {0, 12, NULL, NULL},
    [LEDGER_HANDLER_NAME] = {M, 12, NULL, NULL},
    [LEDGER_VERIFIER] = {R, 12, NULL, NULL},
    [LEDGER_VERIFIER_NAME] = {M, 12, NULL, NULL},
    [LEDGER_DUE] = {0, 12, NULL, NULL},
    [LEDGER_STATUS] = {0, 12, NULL, NULL},
    [LEDGER_PROGRESS] = {M, 36, put_progress, NULL},
    [LEDGER_PROGRESSED_ON] = {M, 12, put_progressed_on, NULL},
    [LEDGER_LIGHT] = {COLUMN_LIGHT, 8, NULL, NULL},
    [LEDGER_EVIDENCE] = {M, 28, put_evidence, NULL},
    [LEDGER_EVIDENCE_COUNT] = {N | M, 9, put_evidence_count, NULL},
    [LEDGER_CLOSED] = {M, 8, put_closed, NULL},
    [LEDGER_CLOSED_ON] = {R, 12, NULL, NULL},
    [LEDGER_VERIFIED_BY] = {M, 12, put_verified_by, NULL},
    [LEDGER_VERIFIED_BY_NAME] = {M, 12, put_verified_by_name, NULL},
    [LEDGER_VERIFIED_ON] = {M, 12, put_verified_on, NULL},
    [LEDGER_LOOK_BACK] = {M, 12, put_look_back, NULL},
    [LEDGER_LOOKED_BACK_ON] = {M, 12, put_looked_back_on, NULL},
    [LEDGER_REMARK] = {M, 28, put_remark, NULL},
    [LEDGER_ORDER] = {R, 12, NULL, NULL},
    [LEDGER_EXTENSIONS] = {N | M, 9, NULL, NULL},
    [LEDGER_EXTENDED] = {N | R, 9, NULL, NULL},
    [LEDGER_REWORK] = {N | R, 9, NULL, NULL},
    [LEDGER_SAME_PROBLEM] = {N | R, 10, NULL, NULL},
    [LEDGER_SAME_KIND] = {N | R, 10, NULL, NULL},
    [LEDGER_ORIGIN] = {M, 12, NULL, NULL},
    [LEDGER_PARENT] = {M, 11, NULL, NULL},
    [LEDGER_MERGED_INTO] = {M, 11, NULL, NULL},
    [LEDGER_ACCOUNTABLE] = {M, 12, NULL, NULL},
    [LEDGER_ACCOUNTABLE_NAME] = {M, 12, NULL, NULL},
    [LEDGER_SUBJECT] = {M, 12, NULL, NULL},
    [LEDGER_FORM] = {M, 14, NULL, NULL},
    [LEDGER_MARKS] = {M, 24, NULL, NULL},
    [LEDGER_DATE] = {0, 12, NULL, put_date},
    [LEDGER_TIME] = {R, 8, NULL, put_time},
    [LEDGER_WHAT] = {0, 16, NULL, put_what},
    [LEDGER_WHO] = {0, 12, NULL, put_who},
    [LEDGER_WHO_NAME] = {0, 12, NULL, put_who_name},
    [LEDGER_ON_BEHALF] = {R, 12, NULL, put_on_behalf},
    [LEDGER_RESULT] = {R, 30, NULL, put_result},
    [LEDGER_NOTE] = {COLUMN_TEXT, 44, NULL, put_note},
    [LEDGER_LOG_INDEX] = {N | R, 10, NULL, put_log_index},
};
#undef N
#undef R
#undef M

bool ledger_needs_facts(const struct ledger_map *map) {
  for (uint32_t i = 0; i < map->column_count && map->of == LEDGER_OF_CASES; i++) {
    const uint32_t source = map->columns[i].source;
    if (source != LEDGER_ROW && source != LEDGER_TYPE && source != LEDGER_CLOSED && sources[source].put != NULL) return true;
  }
  return false;
}

void ledger_put(struct sheet *sheet, const struct ledger_cell *cell) {
  for (uint32_t i = 0; i < cell->map->column_count; i++) {
    const uint32_t number = cell->map->columns[i].source;
    const struct source *source = &sources[number];
    if (cell->step != NULL) source->put_step(sheet, cell);
    else if (source->put != NULL) source->put(sheet, cell);
    else case_cell(sheet, number, cell->of);
  }
}

/* Of a map nothing is for machines only; what gives way on a narrow terminal is all but the beginning. */
static uint32_t flags_of(const struct ledger_map *map, uint32_t at, bool all) {
  const uint32_t flags = sources[map->columns[at].source].flags;
  if (all) return flags;
  return (flags & (COLUMN_NUMBER | COLUMN_TEXT | COLUMN_LIGHT)) | (at < 2 || (flags & COLUMN_TEXT) != 0 ? 0 : COLUMN_ROOM);
}

void ledger_columns(const struct ledger_map *map, bool all, struct column columns[LEDGER_COLUMNS_MAX],
                    uint8_t widths[LEDGER_COLUMNS_MAX]) {
  for (uint32_t i = 0; i < map->column_count; i++) {
    const struct ledger_column *column = &map->columns[i];
    columns[i] = (struct column){word_name(words_ledger, column->source), column->en, column->zh, flags_of(map, i, all)};
    widths[i] = column->width > 0 ? (uint8_t)column->width : sources[column->source].width;
  }
}

/* ---- maps ---- */

static void copy(char out[CODE_BYTES_MAX + 1], const char *text) { (void)snprintf(out, CODE_BYTES_MAX + 1, "%s", text); }

void ledger_map_all(struct ledger_map *map) {
  *map = (struct ledger_map){.name = "all", .of = LEDGER_OF_CASES, .title_en = "Rectification ledger", .title_zh = "整改台账",
                             .dates = LEDGER_DATES_ISO, .immediate = 5, .long_from = 125};
  for (uint32_t source = 1; source <= LEDGER_COUNT; source++) {
    if ((ledger_column_of(source) & LEDGER_OF_CASES) == 0 || source == LEDGER_ROW) continue;
    struct ledger_column *column = &map->columns[map->column_count++];
    column->source = source;
    copy(column->en, word_text(words_ledger, source));
    copy(column->zh, word_zh(words_ledger, source));
  }
}

static int parse(const char *file, const char *text, size_t length, struct ledger_map *map) {
  struct document_report report = {0, NULL};
  const bool fine = ledger_map_parse(file, text, length, map, &report);
  policy_say(&report);
  return fine ? EXIT_FINE : EXIT_DOCUMENT;
}

static int parse_file(const char *path, struct ledger_map *map) {
  size_t length;
  char *text = policy_read(path, &length);
  if (text == NULL) return EXIT_INPUT;
  const int code = parse(path, text, length, map);
  free(text);
  return code;
}

/* "policy/ledger/audit.yaml" is `audit`. */
static bool is_named(const struct document_embedded *file, const char *name) {
  const char *base = strrchr(file->file_name, '/') + 1;
  const size_t length = strlen(name);
  return strncmp(base, name, length) == 0 && strcmp(base + length, ".yaml") == 0;
}

int ledger_map_load(const char *given, struct ledger_map *map) {
  const struct document_embedded *file = document_embedded_ledgers;
  if (strpbrk(given, "./") != NULL) return parse_file(given, map);
  for (; file->file_name != NULL; file++)
    if (is_named(file, given)) return parse(file->file_name, file->text, file->length, map);
  complain("there is no map '%s': a name without dots is one of those built in, anything else a file; built in are", given);
  for (file = document_embedded_ledgers; file->file_name != NULL; file++) {
    const char *base = strrchr(file->file_name, '/') + 1;
    (void)fprintf(stderr, "  %.*s\n", (int)strcspn(base, "."), base);
  }
  return EXIT_USE;
}
