/* template.c - see template.h. */
#include "courier/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/report.h"
#include "rectify/must.h"

enum reach { LETTER, ITEMS, NOTICE_ALONE };

static const struct word variables[] = {
#define VARIABLE(NAME, name, of, text) {VARIABLE_##NAME + 1, #name, "", text},
#include "courier/variable.def"
#undef VARIABLE
    {0, NULL, NULL, NULL},
};

#define NOTICE NOTICE_ALONE
static const uint8_t reaches[] = {
#define VARIABLE(NAME, name, of, text) of,
#include "courier/variable.def"
#undef VARIABLE
};
#undef NOTICE

static const char *const section_names[SECTION_COUNT] = {"subject", "line", "text", "html"};

/* ---- judging a file ---- */

struct judging {
  struct report report;
  struct template *out;
  bool digest;
  int32_t section; /* -1: before the first */
  uint32_t line;   /* from 1 */
};

static struct position place(const struct judging *it, size_t column) {
  return (struct position){it->line, (uint32_t)column + 1};
}

/* Whether line `text` may stand in a file at all. */
static bool is_readable(struct judging *it, const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    uint32_t point = 0;
    const size_t size = utf8_next(text + i, length - i, &point);
    if (size == 0) report_error(&it->report, place(it, i), "this is not UTF-8");
    else if (!utf8_is_plain(point)) report_error(&it->report, place(it, i), "a control character, or one that reorders text");
    if (size == 0 || !utf8_is_plain(point)) return false;
    i += size;
  }
  return true;
}

static bool allows(const struct judging *it, uint8_t reach) {
  if (reach == LETTER) return true;
  if (reach == NOTICE_ALONE) return !it->digest;
  return it->digest && (it->section == SECTION_TEXT || it->section == SECTION_HTML);
}

/* `name` stands between braces. */
static void judge_variable(struct judging *it, size_t column, const char *name, size_t length) {
  const uint32_t number = word_number(variables, name, length);
  if (number == 0)
    report_error(&it->report, place(it, column), "there is no variable '%s'%s", report_quote(name, length).text,
                 report_hint(variables, name, length).text);
  else if (!allows(it, reaches[number - 1]))
    report_error(&it->report, place(it, column), "variable '%s' does not belong here: %s", report_quote(name, length).text,
                 word_text(variables, number));
}

/* The next brace from `at` on; the kind of what stands there. */
enum piece { PIECE_END, PIECE_BRACE, PIECE_VARIABLE, PIECE_WRONG };
static enum piece next_piece(const char *line, size_t length, size_t *at, size_t *size) {
  while (*at < length && line[*at] != '{' && line[*at] != '}') ++*at;
  if (*at == length) return PIECE_END;
  *size = 2;
  if (*at + 1 < length && line[*at + 1] == line[*at]) return PIECE_BRACE;
  const char *end = line[*at] == '{' ? memchr(line + *at, '}', length - *at) : NULL;
  if (end == NULL) return PIECE_WRONG;
  *size = (size_t)(end - line) - *at + 1;
  return PIECE_VARIABLE;
}

static void judge_line(struct judging *it, const char *line, size_t length) {
  size_t at = 0, size = 0;
  for (enum piece piece; (piece = next_piece(line, length, &at, &size)) != PIECE_END; at += size) {
    if (piece == PIECE_VARIABLE) judge_variable(it, at + 1, line + at + 1, size - 2);
    if (piece != PIECE_WRONG) continue;
    report_error(&it->report, place(it, at), "a brace without its other half; {{ and }} stand for braces");
    return;
  }
}

static void begin_section(struct judging *it, const char *line, size_t length, const char *after) {
  const char *name = line + 4;
  const size_t size = length - 4;
  for (it->section = 0; it->section < SECTION_COUNT; it->section++)
    if (strlen(section_names[it->section]) == size && memcmp(section_names[it->section], name, size) == 0) break;
  if (it->section == SECTION_COUNT || (it->digest && it->section == SECTION_LINE)) {
    report_error(&it->report, place(it, 4), "there is no section '%s' here", report_quote(name, size).text);
    it->section = SECTION_TEXT;
    return;
  }
  if (it->out->sections[it->section].text != NULL)
    report_error(&it->report, place(it, 4), "section '%s' was there before", section_names[it->section]);
  it->out->sections[it->section].text = after;
  it->out->sections[it->section].length = 0;
}

static void take_line(struct judging *it, const char *line, size_t length, const char *after) {
  if (!is_readable(it, line, length)) return;
  if (length > 4 && memcmp(line, "--- ", 4) == 0) {
    begin_section(it, line, length, after);
    return;
  }
  if (it->section < 0) {
    if (length > 0 && line[0] != '#') report_error(&it->report, place(it, 0), "before the first section there are comments only (#)");
    return;
  }
  it->out->sections[it->section].length = (size_t)(after - it->out->sections[it->section].text);
  judge_line(it, line, length);
}

/* Empty lines around a section are nobody's; a subject and a line are one line. */
static void finish_section(struct judging *it, enum section section) {
  const char *text = it->out->sections[section].text;
  size_t length = it->out->sections[section].length;
  if (text == NULL) {
    if (!it->digest || section != SECTION_LINE)
      report_error(&it->report, (struct position){0, 0}, "section '%s' is missing", section_names[section]);
    return;
  }
  while (length > 0 && *text == '\n') text++, length--;
  while (length > 0 && text[length - 1] == '\n') length--;
  it->out->sections[section].text = text;
  it->out->sections[section].length = length;
  if (length == 0) report_error(&it->report, (struct position){0, 0}, "section '%s' is empty", section_names[section]);
  if ((section == SECTION_SUBJECT || section == SECTION_LINE) && memchr(text, '\n', length) != NULL)
    report_error(&it->report, (struct position){0, 0}, "section '%s' must be one line", section_names[section]);
}

bool template_parse(const char *file_name, const char *text, size_t length, bool digest, struct template *out,
                    struct document_report *errors) {
  struct judging it = {.out = out, .digest = digest, .section = -1};
  *out = (struct template){0};
  report_open(&it.report, file_name);
  for (const char *line = text, *end = text + length; line < end;) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    const char *after = stop == NULL ? end : stop + 1;
    it.line++;
    take_line(&it, line, (size_t)((stop == NULL ? end : stop) - line), after);
    line = after;
  }
  for (int section = 0; section < SECTION_COUNT; section++) finish_section(&it, (enum section)section);
  return report_close(&it.report, errors);
}

/* ---- all of them ---- */

static bool load_one(const char *folder, uint32_t language, uint32_t kind, struct template_set *set, struct buffer *errors) {
  const struct document_embedded *embedded = &template_embedded[language - 1][kind];
  struct document_report report = {0};
  char path[2 * COURIER_VALUE_BYTES_MAX];
  const char *text = embedded->text, *name = embedded->file_name;
  size_t length = embedded->length;
  if (folder[0] != '\0') {
    (void)snprintf(path, sizeof path, "%s/%s", folder, embedded->file_name + strlen("templates/"));
    name = path;
    text = set->files[language][kind] = document_read(path, TEMPLATE_BYTES_MAX, &length);
    if (text == NULL) buffer_putf(errors, "%.900s: error: %s\n", path, strerror(errno));
    if (text == NULL) return false;
  }
  if (template_parse(name, text, length, kind == TEMPLATE_DIGEST, &set->of[language][kind], &report)) return true;
  buffer_puts(errors, report.text != NULL ? report.text : "out of memory\n");
  document_report_free(&report);
  return false;
}

bool templates_load(const char *folder, struct template_set *set, char **errors) {
  struct buffer said = {0};
  bool fine = true;
  *set = (struct template_set){0};
  for (uint32_t language = 1; language <= LANGUAGE_COUNT; language++)
    for (uint32_t kind = 0; kind <= NOTICE_COUNT; kind++) fine &= load_one(folder, language, kind, set, &said);
  *errors = said.data;
  if (!fine) templates_free(set);
  return fine;
}

void templates_free(struct template_set *set) {
  for (uint32_t language = 1; language <= LANGUAGE_COUNT; language++)
    for (uint32_t kind = 0; kind <= NOTICE_COUNT; kind++) free(set->files[language][kind]);
  *set = (struct template_set){0};
}

/* ---- rendering ---- */

/* Whether the line has variables and all of them are empty. */
static bool is_left_out(const char *line, size_t length, const char *const values[VARIABLES]) {
  size_t at = 0, size = 0;
  bool any = false;
  for (enum piece piece; (piece = next_piece(line, length, &at, &size)) != PIECE_END; at += size) {
    if (piece != PIECE_VARIABLE) continue;
    const char *value = values[word_number(variables, line + at + 1, size - 2) - 1];
    if (value != NULL && value[0] != '\0') return false;
    any = true;
  }
  return any;
}

static void put_line(const char *line, size_t length, const char *const values[VARIABLES], enum escape escape,
                     struct buffer *out) {
  size_t from = 0, at = 0, size = 0;
  for (enum piece piece; (piece = next_piece(line, length, &at, &size)) != PIECE_END; from = at += size) {
    buffer_put(out, line + from, at - from);
    must(piece != PIECE_WRONG);
    if (piece == PIECE_BRACE) buffer_put(out, line + at, 1);
    if (piece != PIECE_VARIABLE) continue;
    const uint32_t number = word_number(variables, line + at + 1, size - 2);
    const char *value = values[number - 1];
    if (value == NULL) continue;
    buffer_put_escaped(out, number - 1 == VARIABLE_ITEMS ? ESCAPE_NONE : escape, value, strlen(value));
  }
  buffer_put(out, line + from, length - from);
}

void template_render(const struct template *template, enum section section, const char *const values[VARIABLES],
                     struct buffer *out) {
  static const enum escape escapes[SECTION_COUNT] = {ESCAPE_ONE_LINE, ESCAPE_ONE_LINE, ESCAPE_NONE, ESCAPE_HTML};
  const char *line = template->sections[section].text, *end = line + template->sections[section].length;
  const bool lines = section == SECTION_TEXT || section == SECTION_HTML;
  must(line != NULL);
  while (line < end) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    if (stop == NULL) stop = end;
    if (!is_left_out(line, (size_t)(stop - line), values)) {
      put_line(line, (size_t)(stop - line), values, escapes[section], out);
      if (lines) buffer_puts(out, "\n");
    }
    line = stop + 1;
  }
}
