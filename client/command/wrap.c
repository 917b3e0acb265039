/* wrap.c - see wrap.h. */
#include "client/command/wrap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/command/command.h"
#include "core/text.h"
#include "rectify/must.h"

#define WIDTH_LEAST 64
#define WIDTH_MOST 100
#define WIDTH_ELSE 80
#define WORD_BYTES_MAX 2048

size_t wrap_width(FILE *out) {
  struct winsize size;
  if (isatty(fileno(out)) != 1 || ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return WIDTH_ELSE;
  if (size.ws_col < WIDTH_LEAST) return WIDTH_LEAST;
  return size.ws_col > WIDTH_MOST ? WIDTH_MOST : size.ws_col;
}

/* The columns of the first `length` bytes; a word longer than any is cut for the count only. */
static size_t columns_of(const char *word, size_t length) {
  char copy[WORD_BYTES_MAX];
  size_t kept = length < sizeof copy - 1 ? length : sizeof copy - 1;
  memcpy(copy, word, kept);
  copy[kept] = '\0';
  return text_width(copy);
}

static size_t character_bytes(const char *text) {
  size_t bytes = 1;
  while ((text[bytes] & 0xc0) == 0x80) bytes++;
  return bytes;
}

static bool is_wide(const char *text) { return columns_of(text, character_bytes(text)) == 2; }

/* No line begins with one of these. */
static bool closes(const char *text) {
  return is_wide(text) && strstr("，；：。、）”〕", (char[5]){text[0], text[1], text[2], '\0'}) != NULL;
}

/* Bytes of what stays together: up to a space or a wide character, or one wide character and what closes behind it. */
static size_t piece_of(const char *text) {
  size_t bytes = text[0] == '\0' ? 0 : character_bytes(text);
  const bool wide = bytes > 0 && is_wide(text);
  while (text[bytes] != '\0' && text[bytes] != ' ' && text[bytes] != '\n' && (closes(text + bytes) || (!wide && !is_wide(text + bytes))))
    bytes += character_bytes(text + bytes);
  return bytes;
}

/* Between two pieces, `spaces` apart in the text.  Two spaces between sentences, also where the text itself breaks the line there;
 * none where it does between wide characters. */
static size_t gap_of(const char *text, size_t spaces, bool ends, bool wide) {
  if (spaces == 0 || (wide && text[0] == '\n' && is_wide(text + spaces))) return 0;
  return (spaces > 1 && text[0] == ' ' && text[1] == ' ') || (ends && text[0] == '\n') ? 2 : 1;
}

void wrap_words(FILE *out, const char *text, size_t at, size_t indent, size_t width) {
  size_t used = at;
  bool first = true, ends = false, after_wide = false; /* a sentence, with the piece before */
  while (*text != '\0') {
    size_t spaces = strspn(text, " \n");
    size_t length = piece_of(text + spaces);
    size_t wide = columns_of(text + spaces, length);
    if (length == 0) break;
    size_t gap = first ? 0 : gap_of(text, spaces, ends, after_wide);
    if (!first && used + gap + wide > width) {
      (void)fprintf(out, "\n%*s", (int)indent, "");
      used = indent;
      gap = 0;
    }
    (void)fprintf(out, "%*s%.*s", (int)gap, "", (int)length, text + spaces);
    used += gap + wide;
    text += spaces + length;
    first = false;
    after_wide = (text[-1] & 0x80) != 0;
    ends = text[-1] == '.';
  }
  (void)fputc('\n', out);
}

static bool is_layout(const char *line) { return line[0] == ' ' || line[0] == '\n' || line[0] == '\0'; }

/* Bytes of the longest beginning of a command that leaves room for " \" and ends before a space outside of quotes; 0 where
 * there is none. */
static size_t fitting_words(const char *text, size_t length, size_t width) {
  size_t best = 0;
  bool quoted = false;
  for (size_t i = 0; i < length && columns_of(text, i) + 2 <= width; i++) {
    if (text[i] == '\'') quoted = !quoted;
    if (text[i] == ' ' && i > 0 && text[i - 1] != ' ' && !quoted) best = i;
  }
  return best;
}

#define COMMAND_INDENT 6

/* A line as it is; an example that is too wide is broken as a shell takes it. */
static void wrap_layout(FILE *out, const char *text, size_t length, size_t width) {
  const bool command = strncmp(text, "  rectify ", strlen("  rectify ")) == 0;
  size_t at = 0;
  while (command && at + columns_of(text, length) > width) {
    const size_t bytes = fitting_words(text, length, width - at);
    if (bytes == 0) break;
    (void)fprintf(out, "%.*s \\\n%*s", (int)bytes, text, COMMAND_INDENT, "");
    text += bytes + 1;
    length -= bytes + 1;
    at = COMMAND_INDENT;
  }
  (void)fprintf(out, "%.*s\n", (int)length, text);
}

void wrap_text(FILE *out, const char *text, size_t width) {
  while (*text != '\0') {
    size_t length = strcspn(text, "\n");
    if (is_layout(text)) {
      wrap_layout(out, text, length, width);
      text += length + (text[length] == '\n');
      continue;
    }
    const char *end = text;
    while (!is_layout(end)) {
      end += strcspn(end, "\n");
      end += *end == '\n';
    }
    char *paragraph = strndup(text, (size_t)(end - text));
    must(paragraph != NULL);
    wrap_words(out, paragraph, 0, 0, width);
    free(paragraph);
    text = end;
  }
}

/* Bytes of the longest beginning of `text` that fits `width` columns and ends where a line may be broken: before a space,
 * or between two characters of which one is wide. */
static size_t fitting(const char *text, size_t width) {
  size_t best = 0, joint = 0, used = 0; /* behind a semicolon is better, unless much of the line stays empty */
  for (size_t i = 0; text[i] != '\0';) {
    const size_t bytes = character_bytes(text + i), wide = columns_of(text + i, bytes);
    if (i > 0 && (text[i] == ' ' || (wide == 2 && !closes(text + i)))) best = i;
    used += wide;
    if (used > width) return joint > best / 2 ? joint : best > 0 ? best : i;
    i += bytes;
    if (text[i - 1] == ';' || (bytes == 3 && memcmp(text + i - 3, "；", 3) == 0)) joint = i;
  }
  return strlen(text);
}

size_t wrap_limit(FILE *out) { return isatty(fileno(out)) == 1 ? wrap_width(out) : SIZE_MAX; }

void wrap_rest(FILE *out, const void *text, size_t length, size_t at, size_t indent, size_t width) {
  char *line = strndup(length > 0 ? text : "", length);
  must(line != NULL);
  if (indent == 0) indent = strspn(line, " ") + 2;
  if (indent > WIDTH_LEAST / 2) indent = WIDTH_LEAST / 2; /* there is always room for more than one character */
  if (at > 0 && at + WIDTH_LEAST / 4 > width) {
    (void)fprintf(out, "\n%*s", (int)indent, "");
    at = indent;
  }
  for (char *rest = line; *rest != '\0';) {
    size_t bytes = columns_of(rest, strlen(rest)) + at <= width ? strlen(rest) : fitting(rest, width - at);
    print_safe(out, rest, bytes);
    rest += bytes;
    rest += strspn(rest, " ");
    at = indent;
    if (*rest != '\0') (void)fprintf(out, "\n%*s", (int)indent, "");
  }
  (void)fputc('\n', out);
  free(line);
}

void wrap_line(FILE *out, const void *text, size_t length, size_t indent, size_t width) {
  wrap_rest(out, text, length, 0, indent, width);
}
