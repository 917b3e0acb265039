/* field.c - mappings by their keys, and the values that are texts, numbers, dates and words. */
#include "document/field.h"

#include <string.h>

#include "rectify/must.h"

struct quoted field_quote(const struct yaml_node *node) { return report_quote(node->text, node->length); }

bool field_is(struct report *report, const struct yaml_node *node, enum yaml_type type, const char *what) {
  static const char *const names[] = {
      [YAML_SCALAR] = "one word or text", [YAML_SEQUENCE] = "a list", [YAML_MAPPING] = "a mapping of keys to values"};
  if (node == NULL) return false;
  if (node->type == type) return true;
  report_error(report, node->at, "%s must be %s", what, names[type]);
  return false;
}

static struct hint field_hint(const struct field *fields, const struct yaml_node *key) {
  struct word table[FIELDS_MAX + 1] = {{0}};
  for (uint16_t i = 0; fields[i].key != NULL; i++) table[i] = (struct word){(uint16_t)(i + 1), fields[i].key, "", ""};
  return report_hint(table, key->text, key->length);
}

static bool field_is_named(const struct yaml_node *key, const char *name) {
  return key->length == strlen(name) && memcmp(key->text, name, key->length) == 0;
}

bool field_has(const struct yaml_node *node, const char *key) {
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
    if (field_is_named(child->key, key)) return true;
  return false;
}

static void field_take_one(struct report *report, const struct yaml_node *child, const char *what,
                           const struct field *fields, const struct yaml_node **values) {
  for (uint32_t i = 0; fields[i].key != NULL; i++) {
    if (!field_is_named(child->key, fields[i].key)) continue;
    values[i] = child;
    return;
  }
  report_error(report, child->key->at, "%s has no key '%s'%s", what, field_quote(child->key).text,
               field_hint(fields, child->key).text);
}

bool field_take(struct report *report, const struct yaml_node *node, const char *what, const struct field *fields,
                const struct yaml_node **values) {
  uint32_t count = 0;
  for (; fields[count].key != NULL; count++) values[count] = NULL;
  must(count <= FIELDS_MAX);
  if (!field_is(report, node, YAML_MAPPING, what)) return false;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
    field_take_one(report, child, what, fields, values);
  for (uint32_t i = 0; i < count; i++)
    if (fields[i].required && values[i] == NULL)
      report_error(report, node->at, "%s needs the key '%s'", what, fields[i].key);
  return true;
}

/* A scalar of 1 .. bytes_max bytes. */
static bool field_is_text(struct report *report, const struct yaml_node *node, const char *what, uint32_t bytes_max) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  if (node->length >= 1 && node->length <= bytes_max) return true;
  if (node->length == 0) report_error(report, node->at, "%s must not be empty", what);
  else report_error(report, node->at, "%s must have at most %u bytes; this has %u", what, bytes_max, node->length);
  return false;
}

bool field_name(struct report *report, const struct yaml_node *node, const char *what, char out[NAME_BYTES_MAX + 1]) {
  if (!field_is_text(report, node, what, NAME_BYTES_MAX)) return false;
  memset(out, 0, NAME_BYTES_MAX + 1);
  memcpy(out, node->text, node->length);
  return true;
}

bool field_phrase(struct report *report, const struct yaml_node *node, const char *what, char out[CODE_BYTES_MAX + 1]) {
  if (!field_is_text(report, node, what, CODE_BYTES_MAX)) return false;
  memset(out, 0, CODE_BYTES_MAX + 1);
  memcpy(out, node->text, node->length);
  return true;
}

static bool field_is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

static bool field_is_code(char c) {
  return field_is_lower(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == ':' || c == '/' ||
         (unsigned char)c >= 0x80;
}

static bool field_letters(struct report *report, const struct yaml_node *node, const char *what, bool allowed(char),
                          const char *which, char out[CODE_BYTES_MAX + 1]) {
  if (!field_is_text(report, node, what, CODE_BYTES_MAX)) return false;
  for (uint32_t i = 0; i < node->length; i++) {
    if (allowed(node->text[i])) continue;
    report_error(report, node->at, "%s may have %s only; this is '%s'", what, which, field_quote(node).text);
    return false;
  }
  memset(out, 0, CODE_BYTES_MAX + 1);
  memcpy(out, node->text, node->length);
  return true;
}

bool field_code(struct report *report, const struct yaml_node *node, const char *what, char out[CODE_BYTES_MAX + 1]) {
  return field_letters(report, node, what, field_is_code, "letters, digits and . _ - : /", out);
}

bool field_slug(struct report *report, const struct yaml_node *node, const char *what, char out[CODE_BYTES_MAX + 1]) {
  return field_letters(report, node, what, field_is_lower, "a-z, 0-9 and -", out);
}

bool field_integer(struct report *report, const struct yaml_node *node, const char *what, int32_t min, int32_t max,
                   int32_t *out) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  int64_t value = 0;
  const bool negative = min < 0 && node->length >= 2 && node->text[0] == '-';
  bool good = node->length >= 1 && node->length <= 9;
  for (uint32_t i = negative; good && i < node->length; i++) {
    good = node->text[i] >= '0' && node->text[i] <= '9';
    value = value * 10 + (node->text[i] - '0');
  }
  if (negative) value = -value;
  if (good && value >= min && value <= max) {
    *out = (int32_t)value;
    return true;
  }
  report_error(report, node->at, "%s must be a number from %d to %d; this is '%s'", what, min, max,
               field_quote(node).text);
  return false;
}

bool field_date(struct report *report, const struct yaml_node *node, const char *what, day_t *out) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  if (workday_parse(node->text, node->length, out)) return true;
  report_error(report, node->at, "%s must be a date from 1970-01-01 to 2100-12-31; this is '%s'", what,
               field_quote(node).text);
  return false;
}

bool field_flag(struct report *report, const struct yaml_node *node, const char *what, bool *out) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  bool yes = field_is_named(node, "true");
  if (!yes && !field_is_named(node, "false")) {
    report_error(report, node->at, "%s must be true or false; this is '%s'", what, field_quote(node).text);
    return false;
  }
  *out = yes;
  return true;
}

uint32_t field_word(struct report *report, const struct yaml_node *node, const char *what, const struct word *table) {
  if (!field_is(report, node, YAML_SCALAR, what)) return 0;
  uint32_t number = word_number(table, node->text, node->length);
  if (number == 0)
    report_error(report, node->at, "'%s' is no %s%s", field_quote(node).text, what,
                 report_hint(table, node->text, node->length).text);
  return number;
}

uint32_t field_key_word(struct report *report, const struct yaml_node *node, const char *what,
                        const struct word *table) {
  return field_word(report, node->key, what, table);
}

static uint16_t field_add_word(struct report *report, const struct yaml_node *node, const char *what,
                               const struct word *table, uint16_t bits) {
  uint32_t number = field_word(report, node, what, table);
  if (number == 0) return bits;
  must(number < 16);
  uint16_t bit = (uint16_t)(1u << number);
  if ((bits & bit) != 0) report_error(report, node->at, "%s '%s' is named twice", what, field_quote(node).text);
  return bits | bit;
}

uint16_t field_words(struct report *report, const struct yaml_node *node, const char *what, const struct word *table) {
  if (node == NULL) return 0;
  if (node->type == YAML_SCALAR) return field_add_word(report, node, what, table, 0);
  if (!field_is(report, node, YAML_SEQUENCE, what)) return 0;
  uint16_t bits = 0;
  for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
    bits = field_add_word(report, item, what, table, bits);
  if (node->first == NULL) report_error(report, node->at, "the list of %s is empty", what);
  return bits;
}
