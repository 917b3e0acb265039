/* letter.c - see letter.h. */
#include "courier/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/report.h"
#include "rectify/must.h"

#define SHORT_BYTES 1500      /* of a finding, or what was said, in a letter of its own */
#define SHORT_LINE_BYTES 180  /* in a line of a digest */
#define ELLIPSIS "…"

struct facts {
  enum language language;
  const struct zone *zone;
  usec_t now;
  uint32_t count;     /* notices in the letter */
  size_t short_bytes; /* of free texts */
};

/* The values of one notice; `at` has the texts that are not somebody else's. */
struct values {
  const char *of[VARIABLES];
  struct buffer texts[VARIABLES];
};

static const char *in_language(const struct facts *facts, const char *en, const char *zh) {
  return facts->language == LANGUAGE_ZH ? zh : en;
}

/* What comes from people: nothing that a mail would show as something else but new lines, and not longer than a letter bears. */
static void put_clean(struct buffer *text, const ProtobufCBinaryData *data, size_t bytes_max) {
  const char *from = (const char *)data->data;
  const size_t cut = text_cut(from, data->len, bytes_max);
  for (size_t at = 0; at < cut;) {
    uint32_t point = 0;
    const size_t size = utf8_next(from + at, cut - at, &point);
    if (size > 0 && (point == '\n' || utf8_is_plain(point))) buffer_put(text, from + at, size);
    else buffer_puts(text, " ");
    at += size > 0 ? size : 1;
  }
  if (cut < data->len) buffer_puts(text, ELLIPSIS);
}

static void put_field(struct values *values, enum variable variable, const ProtobufCBinaryData *data, size_t bytes_max) {
  put_clean(&values->texts[variable], data, bytes_max);
  values->of[variable] = buffer_text(&values->texts[variable]);
}

/* An identifier as an English sentence has it. */
static void put_name(struct values *values, enum variable variable, const struct word *table, uint32_t number) {
  struct buffer *text = &values->texts[variable];
  if (number == 0) return;
  buffer_puts(text, word_name(table, number));
  for (char *c = text->data; *c != '\0'; c++)
    if (*c == '_') *c = ' ';
  values->of[variable] = buffer_text(text);
}

/* What is short in both languages; and what is a phrase in English. */
static void put_title(const struct facts *facts, struct values *values, enum variable variable, const struct word *table,
                      uint32_t number) {
  if (facts->language == LANGUAGE_EN) put_name(values, variable, table, number);
  else if (number != 0) values->of[variable] = word_zh(table, number);
}

static void put_phrase(const struct facts *facts, struct values *values, enum variable variable, const struct word *table,
                       uint32_t number) {
  if (number != 0) values->of[variable] = in_language(facts, word_text(table, number), word_zh(table, number));
}

/* "2026-01-12" as the language writes it. */
static void put_day(const struct facts *facts, struct values *values, enum variable variable, const char *text) {
  day_t day;
  int32_t year, month, of_month;
  if (!workday_parse(text, strlen(text), &day)) {
    buffer_puts(&values->texts[variable], text);
  } else {
    workday_civil(day, &year, &month, &of_month);
    if (facts->language == LANGUAGE_ZH)
      buffer_putf(&values->texts[variable], "%d年%d月%d日", year, month, of_month);
    else
      buffer_puts(&values->texts[variable], text);
  }
  values->of[variable] = buffer_text(&values->texts[variable]);
}

static void put_date(const struct facts *facts, struct values *values, enum variable variable, usec_t instant) {
  char text[11];
  workday_format(zone_day_of(facts->zone, instant), text);
  put_day(facts, values, variable, text);
}

static void put_days(const struct facts *facts, struct values *values, int32_t left) {
  struct buffer *text = &values->texts[VARIABLE_DAYS];
  const int32_t days = left < 0 ? -left : left;
  if (left == 0) buffer_puts(text, in_language(facts, "due today", "今日到期"));
  else if (facts->language == LANGUAGE_ZH) buffer_putf(text, left < 0 ? "已超期%d个工作日" : "还剩%d个工作日", days);
  else buffer_putf(text, "%d working day%s %s", days, days == 1 ? "" : "s", left < 0 ? "overdue" : "left");
  values->of[VARIABLE_DAYS] = buffer_text(text);
}

/* "2026-17" */
static void put_order(const struct facts *facts, struct values *values, const ProtobufCBinaryData *order) {
  char number[32] = "";
  if (order->len == 0 || order->len >= sizeof number) return;
  memcpy(number, order->data, order->len);
  char *dash = strrchr(number, '-');
  if (dash == NULL) return;
  *dash = '\0';
  buffer_puts(&values->texts[VARIABLE_ORDER_YEAR], number);
  buffer_puts(&values->texts[VARIABLE_ORDER_SERIAL], dash + 1);
  buffer_putf(&values->texts[VARIABLE_ORDER], facts->language == LANGUAGE_ZH ? "督〔%s〕%s号" : "No. %s-%s", number, dash + 1);
  for (int i = VARIABLE_ORDER; i <= VARIABLE_ORDER_SERIAL; i++) values->of[i] = buffer_text(&values->texts[i]);
}

/* The order that the event issued; what else says "supervision order" means the case's present one. */
static const ProtobufCBinaryData *order_of(const Rectify__V1__NoticeRow *row) {
  const bool present = row->order.len == 0 && row->kind == NOTICE_SUPERVISION_ORDER && row->case_row != NULL;
  return present ? &row->case_row->order : &row->order;
}

static void put_stead(const struct facts *facts, struct values *values, const Rectify__V1__NoticeRow *row) {
  struct buffer *text = &values->texts[VARIABLE_STEAD];
  if (row->instead_of_name.len == 0) return;
  buffer_puts(text, in_language(facts, " (standing in for ", "（代"));
  put_clean(text, &row->instead_of_name, NAME_BYTES_MAX);
  buffer_puts(text, in_language(facts, ")", "）"));
  values->of[VARIABLE_STEAD] = buffer_text(text);
}

static void put_told(const struct facts *facts, struct values *values, usec_t instant) {
  const int32_t minutes = zone_minutes_of(facts->zone, instant);
  put_date(facts, values, VARIABLE_TOLD, instant);
  buffer_putf(&values->texts[VARIABLE_TOLD], " %02d:%02d", minutes / 60, minutes % 60);
  values->of[VARIABLE_TOLD] = buffer_text(&values->texts[VARIABLE_TOLD]);
}

static void put_case(const struct facts *facts, struct values *values, const Rectify__V1__CaseRow *row) {
  char due[32] = "";
  put_field(values, VARIABLE_UNIT, &row->unit, CODE_BYTES_MAX);
  put_field(values, VARIABLE_UNIT_NAME, &row->unit_name, NAME_BYTES_MAX);
  put_field(values, VARIABLE_HANDLER_NAME, &row->handler_name, NAME_BYTES_MAX);
  put_field(values, VARIABLE_FINDING, &row->text, facts->short_bytes);
  if (row->text.len == 0) values->of[VARIABLE_FINDING] = in_language(facts, "(not told here: see `rectify show`)", "（内容不在此列示，请在系统中查阅）");
  put_title(facts, values, VARIABLE_TRACK, words_track, row->track);
  put_title(facts, values, VARIABLE_STATUS, words_status, row->status);
  put_title(facts, values, VARIABLE_LIGHT, words_light, row->light);
  if (row->due == 0 || row->due_text.len == 0 || row->due_text.len >= sizeof due) return;
  memcpy(due, row->due_text.data, row->due_text.len);
  put_day(facts, values, VARIABLE_DUE, due);
  put_days(facts, values, row->working_days_left);
}

static void put_letter(const struct facts *facts, struct values *values, const Rectify__V1__NoticeRow *row) {
  put_field(values, VARIABLE_OFFICER, &row->officer, CODE_BYTES_MAX);
  put_field(values, VARIABLE_OFFICER_NAME, &row->officer_name, NAME_BYTES_MAX);
  put_date(facts, values, VARIABLE_DATE, facts->now);
  buffer_putf(&values->texts[VARIABLE_COUNT], "%u", facts->count);
  values->of[VARIABLE_COUNT] = buffer_text(&values->texts[VARIABLE_COUNT]);
}

static void put_notice(const struct facts *facts, struct values *values, const Rectify__V1__NoticeRow *row) {
  put_letter(facts, values, row);
  buffer_putf(&values->texts[VARIABLE_CASE], "C-%06llu", (unsigned long long)row->case_no);
  values->of[VARIABLE_CASE] = buffer_text(&values->texts[VARIABLE_CASE]);
  put_title(facts, values, VARIABLE_KIND, words_notice, row->kind);
  values->of[VARIABLE_COPY] = row->copy ? in_language(facts, " (copy)", "（抄送）") : "";
  put_phrase(facts, values, VARIABLE_RECIPIENT, words_recipient, row->recipient);
  put_phrase(facts, values, VARIABLE_COMMAND, words_command, row->command);
  put_field(values, VARIABLE_RULE, facts->language == LANGUAGE_ZH ? &row->rule_text_zh : &row->rule_text, NAME_BYTES_MAX);
  put_field(values, VARIABLE_REMARK, &row->event_text, facts->short_bytes);
  put_stead(facts, values, row);
  put_order(facts, values, order_of(row));
  put_told(facts, values, row->created);
  if (row->case_row != NULL) put_case(facts, values, row->case_row);
}

static void values_clear(struct values *values) {
  for (int i = 0; i < VARIABLES; i++) {
    values->of[i] = NULL;
    buffer_clear(&values->texts[i]);
  }
}

static void values_free(struct values *values) {
  for (int i = 0; i < VARIABLES; i++) buffer_free(&values->texts[i]);
}

/* ---- letters ---- */

static void put_sections(const struct template *template, const struct values *values, struct letter *letter) {
  template_render(template, SECTION_SUBJECT, values->of, &letter->subject);
  template_render(template, SECTION_TEXT, values->of, &letter->text);
}

static void render_one(const struct template_set *set, const struct facts *facts, const Rectify__V1__NoticeRow *row,
                       struct letter *letter) {
  struct values values = {0};
  const struct template *template = &set->of[facts->language][row->kind];
  put_notice(facts, &values, row);
  put_sections(template, &values, letter);
  template_render(template, SECTION_HTML, values.of, &letter->html);
  values_free(&values);
}

/* The line of a notice, numbered in plain text, an item of a list in HTML. */
static void put_item(const struct template_set *set, const struct facts *facts, const Rectify__V1__NoticeRow *row,
                     uint32_t number, struct values *values, struct buffer *text, struct buffer *html) {
  struct buffer line = {0};
  values_clear(values);
  put_notice(facts, values, row);
  template_render(&set->of[facts->language][row->kind], SECTION_LINE, values->of, &line);
  buffer_putf(text, "%s%u. ", number == 1 ? "" : "\n", number);
  buffer_put(text, buffer_text(&line), line.length);
  buffer_puts(html, number == 1 ? "<li>" : "\n<li>");
  buffer_put_escaped(html, ESCAPE_HTML, buffer_text(&line), line.length);
  buffer_puts(html, "</li>");
  buffer_free(&line);
}

static void render_digest(const struct template_set *set, const struct facts *facts, const Rectify__V1__NoticeRow *const *rows,
                          struct letter *letter) {
  struct values values = {0};
  struct buffer text = {0}, html = {0};
  const struct template *template = &set->of[facts->language][TEMPLATE_DIGEST];
  for (uint32_t i = 0; i < facts->count; i++) put_item(set, facts, rows[i], i + 1, &values, &text, &html);
  values_clear(&values);
  put_letter(facts, &values, rows[0]);
  values.of[VARIABLE_ITEMS] = buffer_text(&text);
  put_sections(template, &values, letter);
  values.of[VARIABLE_ITEMS] = buffer_text(&html);
  template_render(template, SECTION_HTML, values.of, &letter->html);
  values_free(&values);
  buffer_free(&text);
  buffer_free(&html);
}

void letter_render(const struct template_set *set, enum language language, const struct zone *zone, usec_t now,
                   const Rectify__V1__NoticeRow *const *rows, uint32_t count, struct letter *letter) {
  const struct facts facts = {language, zone, now, count, count == 1 ? SHORT_BYTES : SHORT_LINE_BYTES};
  must(count > 0);
  letter->subject.bytes_max = LETTER_SUBJECT_BYTES_MAX;
  letter->text.bytes_max = LETTER_BODY_BYTES_MAX;
  letter->html.bytes_max = LETTER_HTML_BYTES_MAX;
  buffer_clear(&letter->subject);
  buffer_clear(&letter->text);
  buffer_clear(&letter->html);
  if (count == 1) render_one(set, &facts, rows[0], letter);
  else render_digest(set, &facts, rows, letter);
  if (letter->html.cut) buffer_clear(&letter->html);
}

void letter_free(struct letter *letter) {
  buffer_free(&letter->subject);
  buffer_free(&letter->text);
  buffer_free(&letter->html);
}
