/* draw.c - see draw.h. */
#include "client/command/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"

#define FIRST_LINE "rectify-draw 1\n"

const char *const draw_by_names[DRAW_BY_COUNT] = {"none", "unit", "track", "kind"};

void draw_free(struct draw *draw) {
  free(draw->cases);
  free(draw->strata);
  draw->cases = NULL;
  draw->strata = NULL;
}

bool draw_head(struct draw *draw, const char *note, size_t length, const struct note_verifier *key) {
  struct note parts;
  if (length == 0 || length > sizeof draw->note) return false;
  memcpy(draw->note, note, length);
  draw->note_length = length;
  return note_parse(draw->note, length, &parts) && checkpoint_parse(parts.text, parts.text_length, &draw->head) &&
         checkpoint_is_of(&draw->head, key->name) && note_is_signed_by(&parts, key, NULL);
}

void draw_add(struct draw *draw, uint64_t case_no, const char *stratum, size_t length) {
  if (draw->case_count == draw->case_room) {
    draw->case_room = draw->case_room == 0 ? 1024 : 2 * draw->case_room;
    draw->cases = reallocarray(draw->cases, draw->case_room, sizeof *draw->cases);
    must(draw->cases != NULL);
  }
  struct draw_case *one = &draw->cases[draw->case_count++];
  memset(one, 0, sizeof *one);
  must(length <= CODE_BYTES_MAX);
  memcpy(one->stratum, stratum, length);
  one->case_no = case_no;
}

/* ---- drawing ---- */

static int by_place(const void *a, const void *b) {
  const struct draw_case *x = a, *y = b;
  const int order = strcmp(x->stratum, y->stratum);
  return order != 0 ? order : (x->case_no > y->case_no) - (x->case_no < y->case_no);
}

static int by_rank(const void *a, const void *b) {
  const struct draw_case *const *x = a, *const *y = b;
  const int order = memcmp((*x)->rank, (*y)->rank, HASH_BYTES);
  return order != 0 ? order : ((*x)->case_no > (*y)->case_no) - ((*x)->case_no < (*y)->case_no);
}

/* SHA-256 over the checkpoint's three lines, and the value. */
static void make_seed(struct draw *draw) {
  char bytes[NOTE_TEXT_BYTES_MAX + DRAW_VALUE_BYTES_MAX + 1];
  size_t length = checkpoint_format(&draw->head, bytes);
  memcpy(bytes + length, draw->value, strlen(draw->value));
  digest_sha256(bytes, length + strlen(draw->value), draw->seed);
}

static void make_ranks(struct draw *draw) {
  uint8_t bytes[HASH_BYTES + 8];
  memcpy(bytes, draw->seed, HASH_BYTES);
  for (size_t i = 0; i < draw->case_count; i++) {
    for (uint32_t k = 0; k < 8; k++) bytes[HASH_BYTES + k] = (uint8_t)(draw->cases[i].case_no >> (56 - 8 * k));
    digest_sha256(bytes, sizeof bytes, draw->cases[i].rank);
    draw->cases[i].drawn = false;
  }
}

static void make_strata(struct draw *draw) {
  draw->strata = calloc(draw->case_count + 1, sizeof *draw->strata);
  must(draw->strata != NULL);
  draw->stratum_count = 0;
  for (size_t i = 0; i < draw->case_count; i++) {
    const char *name = draw->cases[i].stratum;
    if (draw->stratum_count == 0 || strcmp(draw->strata[draw->stratum_count - 1].name, name) != 0)
      draw->strata[draw->stratum_count++] = (struct draw_stratum){.name = name, .first = i};
    draw->strata[draw->stratum_count - 1].size++;
  }
}

/* The rest of count * size / all, for the order in which what is left over is given out. */
static uint64_t rest_of(const struct draw *draw, const struct draw_stratum *stratum) {
  return (uint64_t)draw->amount * stratum->size % draw->case_count;
}

/* Largest remainders: what is left over goes to the largest, equal ones in the order of the names. */
static void share_out(struct draw *draw) {
  size_t left = draw->amount;
  for (size_t i = 0; i < draw->stratum_count; i++) {
    draw->strata[i].drawn = (size_t)((uint64_t)draw->amount * draw->strata[i].size / draw->case_count);
    left -= draw->strata[i].drawn;
  }
  bool *given = calloc(draw->stratum_count + 1, sizeof *given);
  must(given != NULL);
  for (; left > 0; left--) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < draw->stratum_count; i++)
      if (!given[i] && (best == SIZE_MAX || rest_of(draw, &draw->strata[i]) > rest_of(draw, &draw->strata[best]))) best = i;
    must(best != SIZE_MAX);
    given[best] = true;
    draw->strata[best].drawn++;
  }
  free(given);
}

static void set_sizes(struct draw *draw) {
  if (draw->by_count && draw->amount >= draw->case_count) {
    for (size_t i = 0; i < draw->stratum_count; i++) draw->strata[i].drawn = draw->strata[i].size;
  } else if (draw->by_count) {
    share_out(draw);
  } else { /* rounded up: no stratum is left out */
    for (size_t i = 0; i < draw->stratum_count; i++)
      draw->strata[i].drawn = (size_t)(((uint64_t)draw->strata[i].size * draw->amount + 9999) / 10000);
  }
}

void draw_make(struct draw *draw) {
  if (draw->case_count > 0) qsort(draw->cases, draw->case_count, sizeof *draw->cases, by_place);
  make_seed(draw);
  make_ranks(draw);
  make_strata(draw);
  set_sizes(draw);
  struct draw_case **order = calloc(draw->case_count + 1, sizeof(struct draw_case *));
  must(order != NULL);
  for (size_t i = 0; i < draw->stratum_count; i++) {
    const struct draw_stratum *stratum = &draw->strata[i];
    for (size_t k = 0; k < stratum->size; k++) order[k] = &draw->cases[stratum->first + k];
    qsort(order, stratum->size, sizeof(struct draw_case *), by_rank);
    for (size_t k = 0; k < stratum->drawn; k++) order[k]->drawn = true;
  }
  free(order);
}

size_t draw_count(const struct draw *draw) {
  size_t count = 0;
  for (size_t i = 0; i < draw->stratum_count; i++) count += draw->strata[i].drawn;
  return count;
}

/* ---- the file ---- */

static void put_hex(FILE *out, const uint8_t bytes[HASH_BYTES]) {
  for (size_t i = 0; i < HASH_BYTES; i++) (void)fprintf(out, "%02x", bytes[i]);
}

char *draw_format(const struct draw *draw, size_t *length) {
  char *text = NULL;
  FILE *out = open_memstream(&text, length);
  must(out != NULL);
  (void)fprintf(out, FIRST_LINE "closed %s..%s\nby %s\n", draw->from, draw->until, draw_by_names[draw->by]);
  (void)fprintf(out, "%s %u\nvalue %s\nseed ", draw->by_count ? "count" : "rate", draw->amount, draw->value);
  put_hex(out, draw->seed);
  (void)fprintf(out, "\ndrawn %zu of %zu\n", draw_count(draw), draw->case_count);
  for (size_t i = 0; i < draw->stratum_count; i++)
    (void)fprintf(out, "stratum %zu of %zu %s\n", draw->strata[i].drawn, draw->strata[i].size, draw->strata[i].name);
  for (size_t i = 0; i < draw->case_count; i++) {
    (void)fprintf(out, "case %" PRIu64 " %c ", draw->cases[i].case_no, draw->cases[i].drawn ? '*' : '-');
    put_hex(out, draw->cases[i].rank);
    (void)fprintf(out, " %s\n", draw->cases[i].stratum);
  }
  (void)fputs("head\n", out);
  (void)fwrite(draw->note, 1, draw->note_length, out);
  must(ferror(out) == 0 && fclose(out) == 0);
  return text;
}

/* ---- reading it back ---- */

struct reader {
  const char *at, *end;
};

/* The next line without its prefix and newline. */
static bool take(struct reader *reader, const char *prefix, const char **line, size_t *length) {
  const size_t skip = strlen(prefix);
  const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
  if (newline == NULL || (size_t)(newline - reader->at) < skip || memcmp(reader->at, prefix, skip) != 0) return false;
  *line = reader->at + skip;
  *length = (size_t)(newline - *line);
  reader->at = newline + 1;
  return true;
}

static bool read_number(const char **at, const char *end, uint64_t *out) {
  const char *from = *at;
  for (*out = 0; *at < end && **at >= '0' && **at <= '9' && *at - from < 18; (*at)++) *out = *out * 10 + (uint64_t)(**at - '0');
  return *at > from;
}

static bool read_days(struct reader *reader, struct draw *out) {
  const char *line;
  size_t length;
  day_t from, until;
  if (!take(reader, "closed ", &line, &length) || length != 22 || memcmp(line + 10, "..", 2) != 0) return false;
  memcpy(out->from, line, 10);
  memcpy(out->until, line + 12, 10);
  return workday_parse(out->from, 10, &from) && workday_parse(out->until, 10, &until) && from <= until;
}

static bool read_plan(struct reader *reader, struct draw *out) {
  const char *line;
  size_t length;
  uint64_t amount;
  if (!take(reader, "by ", &line, &length)) return false;
  for (out->by = 0; out->by < DRAW_BY_COUNT; out->by++)
    if (strlen(draw_by_names[out->by]) == length && memcmp(draw_by_names[out->by], line, length) == 0) break;
  if (out->by == DRAW_BY_COUNT) return false;
  out->by_count = take(reader, "count ", &line, &length);
  if (!out->by_count && !take(reader, "rate ", &line, &length)) return false;
  if (!read_number(&line, line + length, &amount) || amount == 0 || amount > (out->by_count ? UINT32_MAX : 10000)) return false;
  out->amount = (uint32_t)amount;
  if (!take(reader, "value ", &line, &length) || length > DRAW_VALUE_BYTES_MAX) return false;
  memcpy(out->value, line, length);
  return memchr(line, '\0', length) == NULL;
}

/* "17 * 9f..(64) north": the mark and the rank are made again. */
static bool read_case(const char *line, size_t length, struct draw *out) {
  const char *at = line, *end = line + length;
  uint64_t case_no;
  if (!read_number(&at, end, &case_no) || end - at < 3 + 2 * HASH_BYTES + 1) return false;
  at += 3 + 2 * HASH_BYTES + 1;
  if (end - at > CODE_BYTES_MAX || memchr(at, '\0', (size_t)(end - at)) != NULL) return false;
  draw_add(out, case_no, at, (size_t)(end - at));
  return true;
}

bool draw_parse(const char *text, size_t length, const struct note_verifier *key, struct draw *out) {
  struct reader reader = {text, text + length};
  const char *line;
  size_t line_length;
  memset(out, 0, sizeof *out);
  if (length < sizeof FIRST_LINE || memcmp(text, FIRST_LINE, sizeof FIRST_LINE - 1) != 0) return false;
  reader.at += sizeof FIRST_LINE - 1;
  if (!read_days(&reader, out) || !read_plan(&reader, out)) return false;
  if (!take(&reader, "seed ", &line, &line_length) || !take(&reader, "drawn ", &line, &line_length)) return false;
  while (take(&reader, "stratum ", &line, &line_length)) continue;
  while (take(&reader, "case ", &line, &line_length))
    if (!read_case(line, line_length, out)) return false;
  return take(&reader, "head", &line, &line_length) && line_length == 0 &&
         draw_head(out, reader.at, (size_t)(reader.end - reader.at), key);
}
