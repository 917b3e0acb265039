/* mapping.c - see mapping.h. */
#include "client/command/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "document/yaml.h"
#include "rectify/must.h"

#define NO_COLUMN SIZE_MAX
#define DERIVED_BYTES_MAX (CSV_RECORD_BYTES_MAX + (MAPPING_DERIVE_MAX + 1) * sizeof(uint64_t))

/* A column by name, found in the header later. */
struct source {
  char *name; /* owned; NULL: none */
  size_t index;
  struct position at;
};

struct entry {
  bool set;
  struct source column;
  char *constant; /* owned */
  uint32_t word_count;
  char *from[MAPPING_WORDS_MAX], *to[MAPPING_WORDS_MAX]; /* owned */
  char *otherwise;                                       /* owned */
  char *empty;                                           /* owned; instead of an empty value */
};

struct mapping {
  char *file; /* owned */
  struct entry entries[DRAFT_FIELDS];
  uint32_t derive_count;
  struct source derive[MAPPING_DERIVE_MAX];
  char *derived; /* scratch, CSV_RECORD_BYTES_MAX + room for lengths */
};

static const struct word words_entry[] = {
    {1, "column", "", ""}, {2, "constant", "", ""}, {3, "words", "", ""},  {4, "otherwise", "", ""},
    {5, "derive", "", ""}, {6, "empty", "", ""},    {0, NULL, NULL, NULL},
};

static char *copy(const struct yaml_node *node) {
  char *text = strndup(node->text, node->length);
  must(text != NULL);
  return text;
}

/* A copy of a scalar, or NULL after an error. */
static char *scalar(struct report *report, const struct yaml_node *node, const char *what) {
  if (node->type == YAML_SCALAR) return copy(node);
  report_error(report, node->at, "%s must be a plain value", what);
  return NULL;
}

/* A value that is the same for many rows is checked once, here. */
static char *value_read(struct report *report, const struct yaml_node *node, enum draft_field field, const char *what) {
  const struct word *table = field == DRAFT_KIND ? words_kind : field == DRAFT_SEVERITY ? words_severity : NULL;
  if (node->type == YAML_SCALAR && table != NULL && word_number(table, node->text, node->length) == 0)
    report_error(report, node->at, "unknown %s '%s'%s", words_draft[field].name,
                 report_quote(node->text, node->length).text, report_hint(table, node->text, node->length).text);
  return scalar(report, node, what);
}

static void source_read(struct report *report, const struct yaml_node *node, struct source *source) {
  source->name = scalar(report, node, "a column name");
  source->at = node->at;
  source->index = NO_COLUMN;
}

static void words_read(struct report *report, const struct yaml_node *node, struct entry *entry,
                       enum draft_field field) {
  if (node->type != YAML_MAPPING || node->count > MAPPING_WORDS_MAX) {
    report_error(report, node->at, "words must be a mapping of at most %d words", MAPPING_WORDS_MAX);
    return;
  }
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    char *to = value_read(report, child, field, "a word's meaning");
    if (to == NULL) continue;
    entry->from[entry->word_count] = copy(child->key);
    entry->to[entry->word_count++] = to;
  }
}

static void derive_read(struct report *report, const struct yaml_node *node, struct mapping *mapping) {
  if (node->type != YAML_SEQUENCE || node->count == 0 || node->count > MAPPING_DERIVE_MAX) {
    report_error(report, node->at, "derive must be a list of 1 to %d columns", MAPPING_DERIVE_MAX);
    return;
  }
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
    source_read(report, child, &mapping->derive[mapping->derive_count++]);
}

static void key_read(struct report *report, const struct yaml_node *node, struct mapping *mapping,
                     enum draft_field field) {
  struct entry *entry = &mapping->entries[field];
  const struct yaml_node *key = node->key;
  switch (word_number(words_entry, key->text, key->length)) {
    case 1:
      source_read(report, node, &entry->column);
      return;
    case 2:
      entry->constant = value_read(report, node, field, "constant");
      return;
    case 3:
      words_read(report, node, entry, field);
      return;
    case 4:
      entry->otherwise = value_read(report, node, field, "otherwise");
      return;
    case 6:
      entry->empty = value_read(report, node, field, "empty");
      return;
    case 5:
      if (field == DRAFT_ID) derive_read(report, node, mapping);
      else report_error(report, key->at, "only an id can be derived");
      return;
    default:
      break;
  }
  report_error(report, key->at, "unknown key '%s'%s; known are column, constant, words, otherwise, empty, derive",
               report_quote(key->text, key->length).text, report_hint(words_entry, key->text, key->length).text);
}

static void entry_read(struct report *report, const struct yaml_node *node, struct mapping *mapping,
                       enum draft_field field) {
  struct entry *entry = &mapping->entries[field];
  uint32_t errors = report->count;
  entry->set = true;
  if (node->type != YAML_MAPPING) {
    report_error(report, node->at, "'%s' must be {column: NAME} or {constant: VALUE}", words_draft[field].name);
    return;
  }
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
    key_read(report, child, mapping, field);
  if (report->count != errors) return;
  bool derived = field == DRAFT_ID && mapping->derive_count > 0;
  int ways = (entry->column.name != NULL) + (entry->constant != NULL) + derived;
  if (ways != 1)
    report_error(report, node->at, "'%s' must name exactly one of column%s", words_draft[field].name,
                 field == DRAFT_ID ? " and derive" : " and constant");
  else if (field == DRAFT_ID && entry->constant != NULL)
    report_error(report, node->at, "an id cannot be the same for all rows");
  else if ((entry->word_count > 0 || entry->otherwise != NULL || entry->empty != NULL) && entry->column.name == NULL)
    report_error(report, node->at, "words, otherwise and empty go with a column");
  else if (entry->otherwise != NULL && entry->word_count == 0)
    report_error(report, node->at, "otherwise goes with words");
}

static void root_read(struct report *report, const struct yaml_node *root, struct mapping *mapping) {
  if (root->type != YAML_MAPPING) {
    report_error(report, root->at, "a mapping names fields, such as `unit: {column: unit_code}`");
    return;
  }
  for (const struct yaml_node *child = root->first; child != NULL; child = child->next) {
    const struct yaml_node *key = child->key;
    uint32_t number = word_number(words_draft, key->text, key->length);
    if (number != 0) entry_read(report, child, mapping, (enum draft_field)(number - 1));
    else
      report_error(report, key->at, "unknown field '%s'%s", report_quote(key->text, key->length).text,
                   report_hint(words_draft, key->text, key->length).text);
  }
  static const enum draft_field needed[] = {DRAFT_UNIT, DRAFT_KIND, DRAFT_SEVERITY, DRAFT_FOUND, DRAFT_TEXT};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (!mapping->entries[needed[i]].set)
      report_error(report, root->at, "the field '%s' is missing", words_draft[needed[i]].name);
}

struct mapping *mapping_parse(const char *file_name, const char *text, size_t length, struct document_report *out) {
  struct report report;
  const struct yaml_node *root;
  struct mapping *mapping = calloc(1, sizeof *mapping);
  must(mapping != NULL);
  mapping->file = strdup(file_name);
  mapping->derived = malloc(DERIVED_BYTES_MAX);
  must(mapping->file != NULL && mapping->derived != NULL);
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  /* A key that is there twice was reported, and must not be taken twice: there is room for one. */
  if (root != NULL && report.count == 0) root_read(&report, root, mapping);
  yaml_free(yaml);
  if (report_close(&report, out)) return mapping;
  mapping_free(mapping);
  return NULL;
}

static void entry_free(struct entry *entry) {
  free(entry->column.name);
  free(entry->constant);
  free(entry->otherwise);
  free(entry->empty);
  for (uint32_t i = 0; i < entry->word_count; i++) {
    free(entry->from[i]);
    free(entry->to[i]);
  }
}

void mapping_free(struct mapping *mapping) {
  if (mapping == NULL) return;
  for (int i = 0; i < DRAFT_FIELDS; i++) entry_free(&mapping->entries[i]);
  for (uint32_t i = 0; i < mapping->derive_count; i++) free(mapping->derive[i].name);
  free(mapping->file);
  free(mapping->derived);
  free(mapping);
}

static void bind_source(struct report *report, struct source *source, const struct csv_record *header) {
  if (source->name == NULL) return;
  size_t length = strlen(source->name);
  source->index = NO_COLUMN;
  for (size_t i = 0; i < header->count; i++) {
    if (header->fields[i].length != length || memcmp(header->fields[i].text, source->name, length) != 0) continue;
    if (source->index != NO_COLUMN) report_error(report, source->at, "the file has two columns '%s'", source->name);
    source->index = i;
  }
  if (source->index == NO_COLUMN)
    report_error(report, source->at, "the file has no column '%s'", report_quote(source->name, length).text);
}

bool mapping_bind(struct mapping *mapping, const struct csv_record *header, struct document_report *out) {
  struct report report;
  report_open(&report, mapping->file);
  for (int i = 0; i < DRAFT_FIELDS; i++) bind_source(&report, &mapping->entries[i].column, header);
  for (uint32_t i = 0; i < mapping->derive_count; i++) bind_source(&report, &mapping->derive[i], header);
  return report_close(&report, out);
}

/* The field of a record; NULL, with a problem noted, when the record is too short. */
static const struct csv_field *pick(const struct source *source, const struct csv_record *record, struct draft *draft) {
  if (source->index < record->count) return &record->fields[source->index];
  draft_problem(draft, draft->start, "the row has %zu fields; column '%s' is number %zu", record->count, source->name,
                source->index + 1);
  return NULL;
}

static void translate(const struct entry *entry, const struct csv_field *field, struct draft *draft,
                      enum draft_field to) {
  struct place place = {field->line, field->column};
  const char *text = entry->otherwise;
  for (uint32_t i = 0; i < entry->word_count; i++)
    if (strlen(entry->from[i]) == field->length && memcmp(entry->from[i], field->text, field->length) == 0)
      text = entry->to[i];
  if (text != NULL) draft_set(draft, to, text, strlen(text), place);
  else
    draft_problem(draft, place, "'%.*s' is none of the words of '%s', and the mapping has no `otherwise`",
                  (int)(field->length > 40 ? 40 : field->length), field->text, words_draft[to].name);
}

static void entry_apply(const struct entry *entry, const struct csv_record *record, struct draft *draft,
                        enum draft_field to) {
  if (entry->constant != NULL) draft_set(draft, to, entry->constant, strlen(entry->constant), draft->start);
  if (entry->column.name == NULL) return;
  const struct csv_field *field = pick(&entry->column, record, draft);
  if (field == NULL) return;
  if (field->length == 0 && entry->empty != NULL)
    draft_set(draft, to, entry->empty, strlen(entry->empty), (struct place){field->line, field->column});
  else if (entry->word_count > 0) translate(entry, field, draft, to);
  else draft_set(draft, to, field->text, field->length, (struct place){field->line, field->column});
}

/* Length and bytes of each column, one after the other: no two different lists give the same bytes. */
static size_t derive(struct mapping *mapping, const struct csv_record *record, struct draft *draft) {
  size_t at = 0;
  for (uint32_t i = 0; i < mapping->derive_count; i++) {
    const struct csv_field *field = pick(&mapping->derive[i], record, draft);
    uint64_t length = field == NULL ? 0 : field->length;
    for (int shift = 56; shift >= 0; shift -= 8) mapping->derived[at++] = (char)(length >> shift);
    if (at + length > DERIVED_BYTES_MAX - sizeof length) break; /* one long column named many times */
    if (length > 0) memcpy(mapping->derived + at, field->text, length);
    at += length;
  }
  return at;
}

void mapping_apply(struct mapping *mapping, const struct csv_record *record, struct draft *draft, const void **derived,
                   size_t *derived_length, bool *whole_row) {
  for (int i = 0; i < DRAFT_FIELDS; i++) entry_apply(&mapping->entries[i], record, draft, (enum draft_field)i);
  *whole_row = mapping->derive_count == 0;
  *derived = *whole_row ? (const void *)record->raw : mapping->derived;
  *derived_length = *whole_row ? record->raw_length : derive(mapping, record, draft);
}
