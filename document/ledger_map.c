/* ledger_map.c - see ledger_map.h. */
#include "document/ledger_map.h"

#include <stdio.h>
#include <string.h>

#include "document/field.h"

#define IMMEDIATE_DEFAULT 5
#define LONG_DEFAULT 125 /* half a year */

enum { ON_LEDGER, ON_OF, ON_TITLE, ON_DATES, ON_IMMEDIATE, ON_LONG, ON_COLUMNS, ON_COUNT };
static const struct field map_fields[] = {
    [ON_LEDGER] = {"ledger", true},        [ON_OF] = {"of", true},      [ON_TITLE] = {"title", true},
    [ON_DATES] = {"dates", false},         [ON_IMMEDIATE] = {"immediate", false}, [ON_LONG] = {"long", false},
    [ON_COLUMNS] = {"columns", true},      [ON_COUNT] = {NULL, false},
};
enum { AT_SOURCE, AT_EN, AT_ZH, AT_WIDTH, AT_COUNT };
static const struct field column_fields[] = {
    [AT_SOURCE] = {"source", true}, [AT_EN] = {"en", false}, [AT_ZH] = {"zh", false}, [AT_WIDTH] = {"width", false},
    [AT_COUNT] = {NULL, false},
};
static const struct field title_fields[] = {{"en", true}, {"zh", true}, {NULL, false}};

static const struct word words_of[] = {
    {LEDGER_OF_CASES, "cases", "事项", "cases"}, {LEDGER_OF_STEPS, "steps", "工作", "steps"}, {0, NULL, NULL, NULL}};
static const struct word words_dates[] = {
    {LEDGER_DATES_ISO, "iso", "", "2026-03-09"},   {LEDGER_DATES_SLASH, "slash", "", "2026/3/9"},
    {LEDGER_DATES_DOTS, "dots", "", "2026.3.9"},   {LEDGER_DATES_CHINESE, "chinese", "", "2026年3月9日"},
    {0, NULL, NULL, NULL},
};

/* A heading that is not given is that of the source. */
static void heading(struct report *report, const struct yaml_node *node, const char *plain, char out[CODE_BYTES_MAX + 1]) {
  if (node != NULL) (void)field_phrase(report, node, "a heading", out);
  else
    (void)snprintf(out, CODE_BYTES_MAX + 1, "%s", plain);
}

static bool is_new(struct report *report, const struct yaml_node *node, const struct ledger_map *map, uint32_t source) {
  for (uint32_t i = 0; i < map->column_count; i++) {
    if (map->columns[i].source != source) continue;
    report_error(report, node->at, "the column '%s' is there already", word_name(words_ledger, source));
    return false;
  }
  return true;
}

static void read_column(struct report *report, const struct yaml_node *node, struct ledger_map *map) {
  const struct yaml_node *values[AT_COUNT];
  if (!field_take(report, node, "a column", column_fields, values)) return;
  const uint32_t source = field_word(report, values[AT_SOURCE], "column of a ledger", words_ledger);
  if (source == 0 || !is_new(report, values[AT_SOURCE], map, source)) return;
  if (map->of != 0 && (ledger_column_of(source) & map->of) == 0)
    report_error(report, values[AT_SOURCE]->at, "'%s' is no column of a ledger of %s", word_name(words_ledger, source),
                 word_name(words_of, map->of));
  if (map->column_count == LEDGER_COLUMNS_MAX) {
    report_error(report, node->at, "a ledger has at most %d columns", LEDGER_COLUMNS_MAX);
    return;
  }
  struct ledger_column *column = &map->columns[map->column_count++];
  column->source = source;
  heading(report, values[AT_EN], word_text(words_ledger, source), column->en);
  heading(report, values[AT_ZH], word_zh(words_ledger, source), column->zh);
  (void)field_integer(report, values[AT_WIDTH], "the width of a column", 1, LEDGER_WIDTH_MAX, &column->width);
}

static void read_columns(struct report *report, const struct yaml_node *node, struct ledger_map *map) {
  if (!field_is(report, node, YAML_SEQUENCE, "columns")) return;
  if (node->count == 0) report_error(report, node->at, "a ledger has at least one column");
  for (const struct yaml_node *child = node->first; child != NULL && !report_is_full(report); child = child->next)
    read_column(report, child, map);
}

static void read_title(struct report *report, const struct yaml_node *node, struct ledger_map *map) {
  const struct yaml_node *values[2];
  if (node == NULL || !field_take(report, node, "the title", title_fields, values)) return;
  (void)field_name(report, values[0], "a title", map->title_en);
  (void)field_name(report, values[1], "a title", map->title_zh);
}

static void read_limits(struct report *report, const struct yaml_node *const *values, struct ledger_map *map) {
  struct span immediate = {.count = IMMEDIATE_DEFAULT}, long_from = {.count = LONG_DEFAULT};
  (void)field_workdays(report, values[ON_IMMEDIATE], "the limit of what is put right at once", 0, &immediate);
  (void)field_workdays(report, values[ON_LONG], "the limit of what takes long", 1, &long_from);
  map->immediate = immediate.count;
  map->long_from = long_from.count;
  if (long_from.count > immediate.count) return;
  const struct yaml_node *node = values[ON_LONG] != NULL ? values[ON_LONG] : values[ON_IMMEDIATE];
  report_error(report, node->at, "'long' must be more than 'immediate': %dwd is not more than %dwd", long_from.count,
               immediate.count);
}

static void read_map(struct report *report, const struct yaml_node *root, struct ledger_map *map) {
  const struct yaml_node *values[ON_COUNT];
  if (!field_take(report, root, "a map of a ledger", map_fields, values)) return;
  (void)field_slug(report, values[ON_LEDGER], "the name of a ledger", map->name);
  map->of = (enum ledger_of)field_word(report, values[ON_OF], "what a ledger is of", words_of);
  map->dates = (enum ledger_dates)field_word(report, values[ON_DATES], "way to write dates", words_dates);
  if (map->dates == 0) map->dates = LEDGER_DATES_ISO;
  read_title(report, values[ON_TITLE], map);
  read_limits(report, values, map);
  read_columns(report, values[ON_COLUMNS], map);
}

bool ledger_map_parse(const char *file_name, const char *text, size_t length, struct ledger_map *out,
                      struct document_report *report_out) {
  struct report report;
  const struct yaml_node *root;
  memset(out, 0, sizeof *out);
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  if (root != NULL) read_map(&report, root, out);
  yaml_free(yaml);
  return report_close(&report, report_out);
}
