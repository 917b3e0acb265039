/* yaml.c - from bytes to a tree, through libfyaml's events.
 *
 * The events, not libfyaml's own tree: so depth, anchors, tags and the number of keys are judged before anything is
 * built from them, and the cost of hostile input stays linear.
 */
#include "document/yaml.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

#define YAML_CHUNK_BYTES (64 * 1024)

struct yaml_chunk {
  struct yaml_chunk *next;
  size_t used, size;
  _Alignas(16) char bytes[];
};

struct yaml {
  struct yaml_chunk *chunks;
  struct report *report;
  struct yaml_node *root;
  struct yaml_node *open[YAML_DEPTH_MAX]; /* collections not ended yet, outermost first */
  struct yaml_node *key[YAML_DEPTH_MAX];  /* of each open mapping: the key that waits for its value */
  uint32_t depth;
  uint32_t documents;
  bool broken;                            /* the tree is not the whole file */
  struct position at;                     /* of the last event that had a place */
};

static void *yaml_alloc(struct yaml *yaml, size_t size) {
  size = (size + 15) & ~(size_t)15;
  struct yaml_chunk *chunk = yaml->chunks;
  if (chunk == NULL || chunk->size - chunk->used < size) {
    size_t room = size > YAML_CHUNK_BYTES ? size : YAML_CHUNK_BYTES;
    chunk = malloc(sizeof *chunk + room);
    if (chunk == NULL) return NULL;
    *chunk = (struct yaml_chunk){.next = yaml->chunks, .size = room};
    yaml->chunks = chunk;
  }
  void *out = chunk->bytes + chunk->used;
  chunk->used += size;
  return out;
}

void yaml_free(struct yaml *yaml) {
  if (yaml == NULL) return;
  while (yaml->chunks != NULL) {
    struct yaml_chunk *next = yaml->chunks->next;
    free(yaml->chunks);
    yaml->chunks = next;
  }
  free(yaml);
}

/* Ends the reading; what only spoils a value is reported without ending it. */
static bool yaml_refuse(struct yaml *yaml, struct position at, const char *text) {
  yaml->broken = true;
  report_error(yaml->report, at, "%s", text);
  return false;
}

/* Characters are judged before libfyaml sees them: it would take a NUL for the end of the file, and a tab in front of a
 * key for a mistake in the line above. */
static bool yaml_check_bytes(struct report *report, const char *text, size_t length) {
  struct position at = {1, 1};
  bool indent = true;
  for (size_t i = 0; i < length;) {
    uint32_t point = 0;
    size_t size = utf8_next(text + i, length - i, &point);
    if (size == 0) {
      report_error(report, at, "byte \\x%02x is not UTF-8", (unsigned)(unsigned char)text[i]);
      return false;
    }
    bool ending = point == '\n' || (point == '\r' && i + 1 < length && text[i + 1] == '\n');
    if (!ending && point != '\t' && !utf8_is_plain(point)) {
      report_error(report, at, "character U+%04X is not allowed here", point);
      return false;
    }
    if (indent && point == '\t') {
      report_error(report, at, "indent with spaces, not with a tab");
      return false;
    }
    at.column++;
    indent = point == '\n' || (indent && point == ' ');
    if (point == '\n') at = (struct position){at.line + 1, 1};
    i += size;
  }
  return true;
}

/* Brackets left open in one line.  Each may begin a key, so libfyaml reads to the end of the line before it says that
 * the first one is a list: a line of nothing else takes it half a minute and a gigabyte.  Quotes are not looked at; so
 * far beyond YAML_DEPTH_MAX nobody means it. */
#define YAML_LINE_BRACKETS_MAX 128
static bool yaml_check_brackets(struct report *report, const char *text, size_t length) {
  struct position at = {1, 1};
  int32_t open = 0;
  for (size_t i = 0; i < length; i++, at.column++) {
    if (text[i] == '[' || text[i] == '{') open++;
    if ((text[i] == ']' || text[i] == '}') && open > 0) open--;
    if (text[i] == '\n') at = (struct position){at.line + 1, 0}, open = 0;
    if (open <= YAML_LINE_BRACKETS_MAX) continue;
    report_error(report, at, "nested too deeply");
    return false;
  }
  return true;
}

/* Directives: none is of use here, and libfyaml compares each %TAG with all before it. */
static bool yaml_check_directives(struct report *report, const char *text, size_t length) {
  uint32_t line = 1;
  for (const char *at = text, *end = text + length; at < end; line++) {
    const char *next = memchr(at, '\n', (size_t)(end - at));
    if (*at == '%') {
      report_error(report, (struct position){line, 1}, "a line must not begin with %%: directives are not used in these files");
      return false;
    }
    at = next == NULL ? end : next + 1;
  }
  return true;
}

/* libfyaml's mark of a quoted text stands behind the quote. */
static bool yaml_is_quoted(struct fy_event *event) {
  if (event->type != FYET_SCALAR || event->scalar.value == NULL) return false;
  enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
  return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

/* Empty values, and documents that begin by themselves, have no place of their own: they get the last one. */
static struct position yaml_position(struct yaml *yaml, struct fy_event *event) {
  const struct fy_mark *mark = fy_event_start_mark(event);
  if (mark != NULL && mark->line >= 0 && mark->column >= 0) {
    yaml->at = (struct position){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
    if (mark->column > 0 && yaml_is_quoted(event)) yaml->at.column--;
  }
  return yaml->at;
}

static bool yaml_text_is_plain(const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    uint32_t point = 0;
    size_t size = utf8_next(text + i, length - i, &point);
    if (size == 0 || !utf8_is_plain(point)) return false;
    i += size;
  }
  return true;
}

static struct yaml_node *yaml_node_new(struct yaml *yaml, enum yaml_type type, struct position at) {
  struct yaml_node *node = yaml_alloc(yaml, sizeof *node);
  if (node == NULL) {
    yaml_refuse(yaml, at, "out of memory");
    return NULL;
  }
  *node = (struct yaml_node){.type = type, .at = at};
  return node;
}

static struct yaml_node *yaml_scalar(struct yaml *yaml, struct fy_event *event, struct position at) {
  size_t length = 0;
  const char *text = fy_token_get_text(event->scalar.value, &length);
  if (text == NULL) text = "", length = 0;
  if (!yaml_text_is_plain(text, length))
    report_error(yaml->report, at, "a text must be one line without control characters");
  struct yaml_node *node = yaml_node_new(yaml, YAML_SCALAR, at);
  if (node == NULL) return NULL;
  char *copy = yaml_alloc(yaml, length + 1);
  if (copy == NULL) {
    yaml_refuse(yaml, at, "out of memory");
    return NULL;
  }
  memcpy(copy, text, length);
  node->text = copy;
  node->length = (uint32_t)length;
  return node;
}

static bool yaml_key_check(struct yaml *yaml, const struct yaml_node *mapping, const struct yaml_node *key) {
  if (mapping->count == YAML_KEYS_MAX) return yaml_refuse(yaml, key->at, "too many keys in one mapping");
  for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next) {
    if (child->key->length != key->length || memcmp(child->key->text, key->text, key->length) != 0) continue;
    report_error(yaml->report, key->at, "key '%s' was given before, in line %u",
                 report_quote(key->text, key->length).text, child->key->at.line);
    break;
  }
  return true;
}

/* Puts `node` where the reading stands: as the root, a key, a value or an item. */
static bool yaml_place(struct yaml *yaml, struct yaml_node *node) {
  if (yaml->depth == 0) {
    yaml->root = node;
    return true;
  }
  struct yaml_node *parent = yaml->open[yaml->depth - 1], **key = &yaml->key[yaml->depth - 1];
  if (parent->type == YAML_MAPPING && *key == NULL) {
    if (node->type != YAML_SCALAR) return yaml_refuse(yaml, node->at, "a key must be a word");
    *key = node;
    return yaml_key_check(yaml, parent, node);
  }
  node->key = *key;
  *key = NULL;
  if (parent->last != NULL) parent->last->next = node;
  else parent->first = node;
  parent->last = node;
  parent->count++;
  return true;
}

static bool yaml_open(struct yaml *yaml, enum yaml_type type, struct position at) {
  if (yaml->depth == YAML_DEPTH_MAX) return yaml_refuse(yaml, at, "nested too deeply");
  struct yaml_node *node = yaml_node_new(yaml, type, at);
  if (node == NULL || !yaml_place(yaml, node)) return false;
  yaml->open[yaml->depth] = node;
  yaml->key[yaml->depth] = NULL;
  yaml->depth++;
  return true;
}

static bool yaml_close(struct yaml *yaml) {
  must(yaml->depth > 0);
  yaml->depth--;
  return true;
}

static bool yaml_has_ornament(struct fy_event *event) {
  return fy_event_get_anchor_token(event) != NULL || fy_event_get_tag_token(event) != NULL;
}

/* One event; false ends the reading with an error reported. */
static bool yaml_take_event(struct yaml *yaml, struct fy_event *event) {
  struct position at = yaml_position(yaml, event);
  if (yaml_has_ornament(event)) return yaml_refuse(yaml, at, "anchors and tags are not used in these files");
  switch (event->type) {
    case FYET_ALIAS:
      return yaml_refuse(yaml, at, "aliases are not used in these files");
    case FYET_SCALAR: {
      struct yaml_node *node = yaml_scalar(yaml, event, at);
      return node != NULL && yaml_place(yaml, node);
    }
    case FYET_SEQUENCE_START:
      return yaml_open(yaml, YAML_SEQUENCE, at);
    case FYET_MAPPING_START:
      return yaml_open(yaml, YAML_MAPPING, at);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
      return yaml_close(yaml);
    case FYET_DOCUMENT_START:
      return ++yaml->documents == 1 || yaml_refuse(yaml, at, "a file holds one document only");
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END:
      return true;
  }
  return true;
}

/* Where the list or mapping begins that was being read: a bracket that is missing shows much later. */
static struct hint yaml_inside(const struct yaml *yaml, struct position at) {
  struct hint hint = {{0}};
  if (yaml->depth < 2) return hint;
  struct position begin = yaml->open[yaml->depth - 1]->at;
  if (begin.line != at.line)
    snprintf(hint.text, sizeof hint.text, " (inside what begins at line %u, column %u)", begin.line, begin.column);
  return hint;
}

/* What libfyaml found wrong itself. */
static void yaml_take_faults(struct yaml *yaml, struct fy_diag *diag) {
  void *previous = NULL;
  struct fy_diag_error *error;
  bool any = false;
  while ((error = fy_diag_errors_iterate(diag, &previous)) != NULL) {
    if (error->type != FYET_ERROR || error->msg == NULL) continue;
    struct position at = {0, 0};
    if (error->line > 0) at = (struct position){(uint32_t)error->line, (uint32_t)error->column};
    report_error(yaml->report, at, "%s%s", error->msg, yaml_inside(yaml, at).text);
    yaml->broken = any = true;
  }
  if (!any) yaml_refuse(yaml, (struct position){0, 0}, "not YAML");
}

static void yaml_run(struct yaml *yaml, struct fy_parser *parser, struct fy_diag *diag) {
  bool going = true;
  while (going) {
    struct fy_event *event = fy_parser_parse(parser);
    if (event == NULL) break;
    going = yaml_take_event(yaml, event);
    fy_parser_event_free(parser, event);
  }
  if (going && (fy_parser_get_stream_error(parser) || yaml->depth > 0)) yaml_take_faults(yaml, diag);
}

static void yaml_read(struct yaml *yaml, const char *text, size_t length) {
  struct fy_diag *diag = fy_diag_create(NULL);
  if (diag != NULL) fy_diag_set_collect_errors(diag, true);
  struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = diag};
  struct fy_parser *parser = diag != NULL ? fy_parser_create(&config) : NULL;
  if (parser == NULL || fy_parser_set_string(parser, text, length) != 0)
    yaml_refuse(yaml, (struct position){0, 0}, "out of memory");
  else
    yaml_run(yaml, parser, diag);
  fy_parser_destroy(parser);
  fy_diag_destroy(diag);
}

struct yaml *yaml_parse(struct report *report, const char *text, size_t length, const struct yaml_node **root) {
  *root = NULL;
  if (length > DOCUMENT_BYTES_MAX) {
    report_error(report, (struct position){0, 0}, "larger than %d bytes", DOCUMENT_BYTES_MAX);
    return NULL;
  }
  if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, length -= 3; /* a byte order mark */
  if (!yaml_check_bytes(report, text, length) || !yaml_check_brackets(report, text, length) ||
      !yaml_check_directives(report, text, length))
    return NULL;
  struct yaml *yaml = calloc(1, sizeof *yaml);
  if (yaml == NULL) {
    report_error(report, (struct position){0, 0}, "out of memory");
    return NULL;
  }
  yaml->report = report;
  yaml->at = (struct position){1, 1};
  yaml_read(yaml, text, length);
  if (yaml->root == NULL && !yaml->broken) yaml_refuse(yaml, (struct position){1, 1}, "the file is empty");
  if (!yaml->broken) *root = yaml->root;
  return yaml;
}
