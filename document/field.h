/* field.h - from a node of the tree to a value: each function checks one kind of value and reports what is wrong.
 *
 * All take `node` NULL for "not given" and then return false (or 0, or NULL) silently: whether a key may be missing
 * was settled by field_take().  On false, outputs are untouched.  Callers: document/ only.
 */
#ifndef RECTIFY_DOCUMENT_FIELD_H
#define RECTIFY_DOCUMENT_FIELD_H

#include "document/yaml.h"

#define FIELDS_MAX 24 /* keys of one kind of mapping */

/* One key that a mapping may have. */
struct field {
  const char *key;
  bool required;
};

/* Sorts the values of mapping `node` by `fields` (ends with key NULL, at most FIELDS_MAX) into `values`.  Unknown and
 * missing keys are reported.  `what` names the mapping in messages ("a rung").  False, all NULL, when it is no
 * mapping. */
bool field_take(struct report *report, const struct yaml_node *node, const char *what, const struct field *fields,
                const struct yaml_node **values);

/* Whether mapping `node` has the key. */
bool field_has(const struct yaml_node *node, const char *key);

/* Whether `node` is of that type; reports when it is given and is not. */
bool field_is(struct report *report, const struct yaml_node *node, enum yaml_type type, const char *what);

/* A text of 1 .. NAME_BYTES_MAX bytes into out. */
bool field_name(struct report *report, const struct yaml_node *node, const char *what, char out[NAME_BYTES_MAX + 1]);
/* Words on one line, 1 .. CODE_BYTES_MAX bytes. */
bool field_phrase(struct report *report, const struct yaml_node *node, const char *what, char out[CODE_BYTES_MAX + 1]);
/* A code of 1 .. CODE_BYTES_MAX bytes: letters, digits, . _ - : / and anything beyond ASCII; no spaces. */
bool field_code(struct report *report, const struct yaml_node *node, const char *what, char out[CODE_BYTES_MAX + 1]);
/* The name of a document: a-z, 0-9 and -. */
bool field_slug(struct report *report, const struct yaml_node *node, const char *what, char out[CODE_BYTES_MAX + 1]);
/* A decimal number in min..max. */
bool field_integer(struct report *report, const struct yaml_node *node, const char *what, int32_t min, int32_t max,
                   int32_t *out);
/* "YYYY-MM-DD" in DAY_MIN..DAY_MAX. */
bool field_date(struct report *report, const struct yaml_node *node, const char *what, day_t *out);
/* "true" or "false". */
bool field_flag(struct report *report, const struct yaml_node *node, const char *what, bool *out);
/* A word of `table`: its number, or 0. */
uint32_t field_word(struct report *report, const struct yaml_node *node, const char *what, const struct word *table);
/* A word or a sequence of different words: bits 1 << number; 0 when there are none. */
uint16_t field_words(struct report *report, const struct yaml_node *node, const char *what, const struct word *table);
/* The key of `node` as a word of `table`. */
uint32_t field_key_word(struct report *report, const struct yaml_node *node, const char *what,
                        const struct word *table);

/* "[+-]N(wd|h)" within WORKDAYS_MAX and HOURS_MAX. */
bool field_offset(struct report *report, const struct yaml_node *node, const char *what, struct span *out);
/* The same, greater than 0: a limit or a distance. */
bool field_limit(struct report *report, const struct yaml_node *node, const char *what, struct span *out);
/* "Nwd" of at least `min`: working days only. */
bool field_workdays(struct report *report, const struct yaml_node *node, const char *what, int32_t min,
                    struct span *out);
/* "Nd": a window in days, up to FIELD_WINDOW_DAYS_MAX. */
#define FIELD_WINDOW_DAYS_MAX 36500
bool field_window(struct report *report, const struct yaml_node *node, const char *what, int32_t *days);
/* "HH:MM": minutes after midnight. */
bool field_time(struct report *report, const struct yaml_node *node, const char *what, int32_t *minutes);

/* The text of a scalar, for a message. */
struct quoted field_quote(const struct yaml_node *node);

#endif
