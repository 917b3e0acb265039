/* template.h - the texts of letters, as files that an office may edit: one for each kind of notice and language, and one for
 * digests.
 *
 *   # a comment, before the first section only
 *   --- subject        one line
 *   --- line           one line: this notice within a digest (not in a digest's own file)
 *   --- text           plain text
 *   --- html           HTML; what variables bring is escaped
 *
 * {name} stands for a variable of variable.def, {{ and }} for braces.  A line whose variables are all empty is left out, so
 * that "No. {order_serial}" is not there when there is no order.  A file is judged whole when it is read: a variable that is not
 * known, or does not belong there, a section that is missing or twice, bytes that are not UTF-8 are errors with line and column.
 * Callers: letter.c, main.c, tests.
 */
#ifndef RECTIFY_COURIER_TEMPLATE_H
#define RECTIFY_COURIER_TEMPLATE_H

#include "courier/buffer.h"
#include "document/courier.h"

enum variable {
#define VARIABLE(NAME, name, of, text) VARIABLE_##NAME,
#include "courier/variable.def"
#undef VARIABLE
  VARIABLES /* how many there are */
};

enum section { SECTION_SUBJECT, SECTION_LINE, SECTION_TEXT, SECTION_HTML, SECTION_COUNT };

struct template {
  struct { const char *text; size_t length; } sections[SECTION_COUNT]; /* into the file's text */
};

#define TEMPLATE_DIGEST 0 /* the place of digests, beside the kinds of notice */
struct template_set {
  struct template of[LANGUAGE_COUNT + 1][NOTICE_COUNT + 1]; /* by language and kind */
  char *files[LANGUAGE_COUNT + 1][NOTICE_COUNT + 1];        /* owned; NULL: compiled in */
};

#define TEMPLATE_BYTES_MAX (64 * 1024)

/* Judges one file; the text must outlive *out.  False with errors in *report. */
bool template_parse(const char *file_name, const char *text, size_t length, bool digest, struct template *out,
                    struct document_report *report);
/* Reads FOLDER/LANGUAGE/KIND.txt for all kinds and languages, or takes those compiled in (folder ""); all or none.  False with
 * all errors in *errors (to free), and nothing to free. */
bool templates_load(const char *folder, struct template_set *set, char **errors);
void templates_free(struct template_set *set);

/* Puts a section of a template; `values` by variable (NULL: empty).  {items} is put as it is: its lines were escaped when they
 * were made. */
void template_render(const struct template *template, enum section section, const char *const values[VARIABLES],
                     struct buffer *out);

/* The files compiled in, by language and kind: name, text, length. */
extern const struct document_embedded template_embedded[LANGUAGE_COUNT][NOTICE_COUNT + 1];

#endif
