/* explain_line.c - lines, names and dates of the explanations; see core/explain.h. */
#include "core/explain.h"

#include "rectify/must.h"

#define MINUTE_USEC (60 * USEC_PER_SECOND)

const char *tell_in(const struct teller *teller, const char *en, const char *zh) { return teller->zh ? zh : en; }

const char *tell_word(const struct teller *teller, const struct word *table, uint32_t number) {
  return teller->zh ? word_zh(table, number) : word_name(table, number);
}

const char *tell_text(const struct teller *teller, const struct word *table, uint32_t number) {
  return teller->zh ? word_zh(table, number) : word_text(table, number);
}

void tell(const struct teller *teller, const char *text) { teller->line(teller->context, text); }

/* ---- values ---- */

static void put_id(struct text *text, uint32_t id) {
  text_put(text, "#");
  text_put_number(text, id, 0);
}

void put_officer(struct text *text, const struct teller *teller, uint32_t officer) {
  const struct registry *registry = teller->world->registry;
  if (officer == 0) text_put(text, tell_in(teller, "rectifyd", "系统"));
  else if (officer > registry->officer_count) put_id(text, officer);
  else if (registry->officers[officer].name[0] != '\0') text_put(text, registry->officers[officer].name);
  else text_put(text, registry->officers[officer].code);
}

void put_unit(struct text *text, const struct teller *teller, uint32_t unit) {
  const struct registry *registry = teller->world->registry;
  if (unit == 0 || unit > registry->unit_count) put_id(text, unit);
  else if (registry->units[unit].name[0] != '\0') text_put(text, registry->units[unit].name);
  else text_put(text, registry->units[unit].code);
}

void put_case(struct text *text, uint64_t case_no) {
  text_put(text, "C-");
  for (uint64_t least = 100000; least > case_no && least > 1; least /= 10) text_put(text, "0");
  text_put_number(text, (int64_t)case_no, 0);
}

void put_instant(struct text *text, const struct teller *teller, usec_t instant) {
  text_put_instant(text, teller->zone, instant);
}

void put_due(struct text *text, const struct teller *teller, uint8_t unit, usec_t due) {
  if (unit == SPAN_HOURS) put_instant(text, teller, due);
  else text_put_day(text, zone_day_of(teller->zone, due - 1));
}

void put_span(struct text *text, const struct teller *teller, struct span span) {
  text_put_number(text, span.count, 0);
  if (span.unit == SPAN_HOURS) text_put(text, tell_in(teller, "h", "小时"));
  else text_put(text, tell_in(teller, "wd", "个工作日"));
}

void put_moved(struct text *text, const struct teller *teller, uint8_t unit, int64_t moved) {
  if (unit != SPAN_HOURS) {
    put_span(text, teller, (struct span){.count = (int32_t)moved, .unit = unit});
    return;
  }
  text_put_number(text, moved / USEC_PER_HOUR, 0);
  text_put(text, tell_in(teller, "h", "小时"));
  int64_t minutes = moved % USEC_PER_HOUR / MINUTE_USEC;
  if (minutes == 0) return;
  text_put_number(text, minutes, 0);
  text_put(text, tell_in(teller, "m", "分"));
}

/* ---- pieces ---- */

void pieces_begin(struct pieces *pieces, const struct teller *teller, const char *head, size_t indent) {
  must(indent < EXPLAIN_COLUMNS);
  pieces->teller = teller;
  pieces->indent = indent;
  pieces->first = true;
  text_clear(&pieces->line);
  text_put(&pieces->line, head);
  text_pad(&pieces->line, indent);
}

static void next_line(struct pieces *pieces) {
  tell(pieces->teller, pieces->line.bytes);
  text_clear(&pieces->line);
  text_pad(&pieces->line, pieces->indent);
  pieces->first = true;
}

void pieces_add(struct pieces *pieces, const char *text) {
  const char *joint = tell_in(pieces->teller, "; ", "；");
  size_t width = text_width(pieces->line.bytes) + text_width(text) + (pieces->first ? 0 : 2);
  if (width > EXPLAIN_COLUMNS && text_width(pieces->line.bytes) > pieces->indent) next_line(pieces);
  if (!pieces->first) text_put(&pieces->line, joint);
  text_put(&pieces->line, text);
  pieces->first = false;
}

/* Without the spaces that only led up to a piece. */
static void trim(struct text *text) {
  while (text->length > 0 && text->bytes[text->length - 1] == ' ') text->bytes[--text->length] = '\0';
}

void pieces_end(struct pieces *pieces, bool even_empty) {
  if (pieces->first && !even_empty) return;
  trim(&pieces->line);
  tell(pieces->teller, pieces->line.bytes);
}
