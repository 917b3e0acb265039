/* jsonl.c - see jsonl.h. */
#include "client/command/jsonl.h"

#include <string.h>

struct parser {
  const char *start, *at, *end;
  char *out;
  struct draft *draft;
  bool failed;
};

static struct place here(const struct parser *parser) {
  return (struct place){parser->draft->start.line, (uint64_t)(parser->at - parser->start) + 1};
}

static bool fail(struct parser *parser, const char *text) {
  draft_problem(parser->draft, here(parser), "%s", text);
  parser->failed = true;
  return false;
}

static void blanks(struct parser *parser) {
  while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\r')) parser->at++;
}

/* Takes `c`, with blanks before it. */
static bool take(struct parser *parser, char c) {
  blanks(parser);
  if (parser->at == parser->end || *parser->at != c) return false;
  parser->at++;
  return true;
}

static bool hex4(struct parser *parser, uint32_t *out) {
  *out = 0;
  if (parser->end - parser->at < 4) return fail(parser, "four hexadecimal digits must follow \\u");
  for (int i = 0; i < 4; i++) {
    char c = *parser->at;
    uint32_t digit = c >= '0' && c <= '9'                 ? (uint32_t)(c - '0')
                     : (c | 32) >= 'a' && (c | 32) <= 'f' ? (uint32_t)((c | 32) - 'a' + 10)
                                                          : 16;
    if (digit == 16) return fail(parser, "four hexadecimal digits must follow \\u");
    *out = *out << 4 | digit;
    parser->at++;
  }
  return true;
}

/* UTF-8 of a code point; never longer than its escape. */
static void put(struct parser *parser, uint32_t point) {
  if (point < 0x80) *parser->out++ = (char)point;
  else if (point < 0x800) {
    *parser->out++ = (char)(0xc0 | point >> 6);
    *parser->out++ = (char)(0x80 | (point & 0x3f));
  } else {
    if (point < 0x10000) *parser->out++ = (char)(0xe0 | point >> 12);
    else {
      *parser->out++ = (char)(0xf0 | point >> 18);
      *parser->out++ = (char)(0x80 | (point >> 12 & 0x3f));
    }
    *parser->out++ = (char)(0x80 | (point >> 6 & 0x3f));
    *parser->out++ = (char)(0x80 | (point & 0x3f));
  }
}

static bool unicode(struct parser *parser) {
  uint32_t high, low;
  if (!hex4(parser, &high)) return false;
  if (high >= 0xdc00 && high <= 0xdfff) return fail(parser, "half of a surrogate pair");
  if (high < 0xd800 || high > 0xdbff) {
    put(parser, high);
    return true;
  }
  if (parser->end - parser->at < 6 || parser->at[0] != '\\' || parser->at[1] != 'u')
    return fail(parser, "half of a surrogate pair");
  parser->at += 2;
  if (!hex4(parser, &low)) return false;
  if (low < 0xdc00 || low > 0xdfff) return fail(parser, "half of a surrogate pair");
  put(parser, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
  return true;
}

static bool escape(struct parser *parser) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  if (parser->at == parser->end) return fail(parser, "this string is not closed");
  char c = *parser->at++;
  if (c == 'u') return unicode(parser);
  const char *found = memchr(from, c, sizeof from - 1);
  if (found == NULL) {
    parser->at--;
    return fail(parser, "no such escape");
  }
  *parser->out++ = to[found - from];
  return true;
}

/* A string; `at` is at its opening quote. */
static bool string(struct parser *parser, const char **text, size_t *length) {
  char *begin = parser->out;
  if (!take(parser, '"')) return fail(parser, "a string in double quotes is expected");
  while (parser->at < parser->end && *parser->at != '"') {
    if ((uint8_t)*parser->at < 0x20) return fail(parser, "a control character inside a string");
    if (*parser->at != '\\') {
      *parser->out++ = *parser->at++;
      continue;
    }
    parser->at++;
    if (!escape(parser)) return false;
  }
  if (!take(parser, '"')) return fail(parser, "this string is not closed");
  *text = begin;
  *length = (size_t)(parser->out - begin);
  return true;
}

/* null, or a number as it is written. */
static bool bare(struct parser *parser, const char **text, size_t *length) {
  *text = parser->at;
  while (parser->at < parser->end && strchr("+-.0123456789eE", *parser->at) != NULL) parser->at++;
  *length = (size_t)(parser->at - *text);
  if (*length > 0) return true;
  *text = NULL;
  if (parser->end - parser->at < 4 || memcmp(parser->at, "null", 4) != 0) return fail(parser, "a string is expected");
  parser->at += 4;
  return true;
}

/* "unknown name 'message'": with the one that may have been meant, else with all that there are. */
static void unknown_name(struct parser *parser, struct place place, const char *name, size_t length) {
  char known[PROBLEM_BYTES_MAX] = "; known are:";
  const int shown = (int)(length > 40 ? 40 : length);
  const char *near = length < CODE_BYTES_MAX ? word_nearest(words_draft, name, length) : NULL;
  if (near != NULL) {
    draft_problem(parser->draft, place, "unknown name '%.*s'; did you mean '%s'?", shown, name, near);
    return;
  }
  for (const struct word *word = words_draft; word->name != NULL; word++) {
    const size_t used = strlen(known);
    (void)snprintf(known + used, sizeof known - used, " %s", word->name);
  }
  draft_problem(parser->draft, place, "unknown name '%.*s'%s", shown, name, known);
}

static bool member(struct parser *parser) {
  const char *name, *text;
  size_t name_length, length;
  blanks(parser);
  struct place name_place = here(parser);
  if (!string(parser, &name, &name_length)) return false;
  if (!take(parser, ':')) return fail(parser, "a colon is expected");
  blanks(parser);
  struct place place = here(parser);
  bool quoted = parser->at < parser->end && *parser->at == '"';
  if (!(quoted ? string(parser, &text, &length) : bare(parser, &text, &length))) return false;
  uint32_t field = word_number(words_draft, name, name_length);
  if (field == 0) unknown_name(parser, name_place, name, name_length);
  else if (parser->draft->values[field - 1].set)
    draft_problem(parser->draft, name_place, "'%s' is named twice", words_draft[field - 1].name);
  else if (text != NULL) draft_set(parser->draft, (enum draft_field)(field - 1), text, length, place);
  return true;
}

void jsonl_read(const char *line, size_t length, char *scratch, struct draft *draft) {
  struct parser parser = {line, line, line + length, scratch, draft, false};
  if (!take(&parser, '{')) {
    (void)fail(&parser, "a JSON object is expected");
    return;
  }
  if (!take(&parser, '}')) {
    do {
      if (!member(&parser)) return;
    } while (take(&parser, ','));
    if (!take(&parser, '}')) {
      (void)fail(&parser, "a comma or a closing brace is expected");
      return;
    }
  }
  blanks(&parser);
  if (parser.at != parser.end) (void)fail(&parser, "nothing may follow the object");
}
