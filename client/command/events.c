/* events.c - see events.h. */
#include "client/command/events.h"
#include "client/command/language.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

/* Grows *list so that slot `id` exists. */
static void put_name(char (**list)[CODE_BYTES_MAX + 1], uint32_t *count, uint32_t id, uint32_t id_max,
                     const ProtobufCBinaryData *code) {
  if (id == 0 || id > id_max || code->len > CODE_BYTES_MAX) return;
  if (id >= *count) {
    uint32_t wanted = id + 256;
    *list = reallocarray(*list, wanted, sizeof **list);
    must(*list != NULL);
    memset(*list + *count, 0, (wanted - *count) * sizeof **list);
    *count = wanted;
  }
  memcpy((*list)[id], code->data, code->len);
  (*list)[id][code->len] = '\0';
}

static int note_page(void *context, const Rectify__V1__Page *page) {
  struct names *names = context;
  for (size_t i = 0; i < page->n_units; i++)
    put_name(&names->units, &names->unit_count, page->units[i]->id, UNITS_MAX, &page->units[i]->code);
  for (size_t i = 0; i < page->n_officers; i++)
    put_name(&names->officers, &names->officer_count, page->officers[i]->id, OFFICERS_MAX, &page->officers[i]->code);
  return EXIT_FINE;
}

void names_load(struct session *session, struct names *names) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__UnitQuery units = RECTIFY__V1__UNIT_QUERY__INIT;
  Rectify__V1__OfficerQuery officers = RECTIFY__V1__OFFICER_QUERY__INIT;
  memset(names, 0, sizeof *names);
  query.what_case = RECTIFY__V1__QUERY__WHAT_UNITS;
  query.units = &units;
  if (session_pages(session, &query, note_page, names) != EXIT_FINE) return;
  rectify__v1__query__init(&query);
  query.what_case = RECTIFY__V1__QUERY__WHAT_OFFICERS;
  query.officers = &officers;
  (void)session_pages(session, &query, note_page, names);
}

void names_free(struct names *names) {
  free(names->units);
  free(names->officers);
  memset(names, 0, sizeof *names);
}

struct writer {
  char *out;
  size_t at, size;
};

static void add(struct writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct writer *writer, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int length = vsnprintf(writer->out + writer->at, writer->size - writer->at, format, list);
  va_end(list);
  if (length <= 0) return;
  writer->at += (size_t)length;
  if (writer->at >= writer->size) writer->at = writer->size - 1;
}

/* One effect that is said by its name alone. */
static void add_name(struct writer *writer, const struct session *session, const char *en, const char *zh) {
  add(writer, "%s%s", writer->at > 0 ? _("; ") : "", in_language(session, en, zh));
}

/* Begins one effect. */
static void begin(struct writer *writer, const struct session *session, const char *en, const char *zh) {
  add_name(writer, session, en, zh);
  add(writer, " ");
}

static void add_id(struct writer *writer, char (*list)[CODE_BYTES_MAX + 1], uint32_t count, uint32_t id) {
  if (id < count && list[id][0] != '\0') add(writer, "%s", list[id]);
  else add(writer, "#%u", id);
}

static void add_officer(struct writer *writer, const struct session *session, const struct names *names, uint32_t id,
                        const char *en, const char *zh) {
  if (id == 0) return;
  begin(writer, session, en, zh);
  add_id(writer, names->officers, names->officer_count, id);
}

static void add_word(struct writer *writer, const struct session *session, const struct word *table, uint32_t number,
                     const char *en, const char *zh) {
  if (number == 0) return;
  begin(writer, session, en, zh);
  add(writer, "%s", say_word(session, table, number));
}

static void add_number(struct writer *writer, const struct session *session, int64_t number, const char *en,
                       const char *zh) {
  if (number == 0) return;
  begin(writer, session, en, zh);
  add(writer, "%lld", (long long)number);
}

static void add_case(struct writer *writer, const struct session *session, uint64_t case_no, const char *en,
                     const char *zh) {
  char name[CASE_TEXT_BYTES];
  if (case_no == 0) return;
  case_text(case_no, name);
  begin(writer, session, en, zh);
  add(writer, "%s", name);
}

static void add_day(struct writer *writer, const struct session *session, day_t day, const char *en, const char *zh) {
  char text[11];
  if (day == 0) return;
  workday_format(day, text);
  begin(writer, session, en, zh);
  add(writer, "%s", text);
}

/* ---- clocks ---- */

static void due_text(const struct session *session, const struct case_clock *clock, char out[INSTANT_TEXT_BYTES]) {
  instant_text(session, clock->due - 1, out); /* the last instant in time */
}

/* "due 2026-03-20 -> 2026-03-27": from what to what, when the same clock's date moved. */
static void add_due(struct writer *writer, const struct session *session, const struct case_clock *was,
                    const struct case_clock *clock) {
  char due[INSTANT_TEXT_BYTES], due_was[INSTANT_TEXT_BYTES];
  due_text(session, clock, due);
  add(writer, "%s ", _("due until"));
  if (was != NULL && was->generation == clock->generation && was->due != clock->due) {
    due_text(session, was, due_was);
    add(writer, "%s -> ", due_was);
  }
  add(writer, "%s%s", due, clock->provisional ? _(" (provisional)") : "");
}

static void add_clock(struct writer *writer, const struct session *session, const struct case_state *before,
                      const struct case_clock *clock) {
  char budget[24], more[24];
  const struct case_clock *was = before == NULL ? NULL : case_clock_of(before, clock->kind);
  begin(writer, session, "clock", "时限");
  add(writer, "%s ", say_word(session, words_clock, clock->kind));
  if (clock->state == CLOCK_STOPPED) {
    add(writer, "%s", _("stops"));
    return;
  }
  span_text(clock->budget, budget);
  if (clock->state == CLOCK_PAUSED) add(writer, "%s", _("paused"));
  else add_due(writer, session, was, clock);
  add(writer, " (%s", budget);
  span_text((struct span){.count = clock->extended, .unit = clock->budget.unit}, more);
  if (clock->extended != 0) add(writer, " + %s", more);
  if (clock->moved != 0 && clock->budget.unit == SPAN_WD) add(writer, " + %lldwd", (long long)clock->moved);
  add(writer, ")");
}

/* A rung that fired only moves its clock on along the ladder: the date stays, nothing to tell. */
static bool moved_on_only(const struct event *event, const struct case_clock *clock) {
  return event->command == COMMAND_RUNG_DUE && event->track == 0 && clock->state == CLOCK_RUNNING &&
         clock->kind == event->fired_clock && clock->generation == event->fired_generation;
}

/* ---- what else ---- */

static void add_notices(struct writer *writer, const struct session *session, const struct names *names,
                        const struct event *event) {
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const struct notice_out *notice = &event->notices[i];
    if (i == 0) begin(writer, session, "told:", "通知");
    else add(writer, "%s", _(", "));
    add(writer, "%s ", say_word(session, words_recipient, notice->recipient));
    add_id(writer, names->officers, names->officer_count, notice->officer);
    if (notice->instead_of != 0) {
      add(writer, "%s", _(" for "));
      add_id(writer, names->officers, names->officer_count, notice->instead_of);
    }
    add(writer, " (%s%s)", say_word(session, words_notice, notice->kind),
        notice->copy ? _(", copy") : "");
  }
}

static void add_marks(struct writer *writer, const struct session *session, const struct event *event) {
  for (uint32_t mark = 1; mark <= MARK_COUNT; mark++) {
    const char *en = word_text(words_mark, mark), *zh = word_zh(words_mark, mark);
    if ((event->flags_set >> (mark - 1) & 1u) != 0 && mark != MARK_PROVISIONAL) add_name(writer, session, en, zh);
  }
  if ((event->flags_clear & CASE_HELD) != 0) add_name(writer, session, "no longer on hold", "恢复计时");
}

static void add_evidence(struct writer *writer, const struct session *session, const struct event *event) {
  for (uint32_t i = 0; i < event->evidence_count; i++) {
    const struct evidence_item *item = &event->evidence[i];
    char other[CASE_TEXT_BYTES];
    if (i == 0) begin(writer, session, "evidence", "佐证材料");
    add(writer, "%s%s", i > 0 ? ", " : "", say_word(session, words_evidence, item->kind));
    if (item->absent) add(writer, "%s", _(" (only its hash)"));
    if (item->measure != 0) add(writer, _(" (measure %u)"), item->measure);
    if (item->also_in == 0) continue;
    case_text(item->also_in, other);
    add(writer, " (%s %s)", _("also handed in for"), other);
  }
}

/* Plans, extensions, orders, rules, decisions: what was asked and under which number. */
static void add_papers(struct writer *writer, const struct session *session, const struct names *names,
                       const struct case_state *before, const struct event *event) {
  int32_t asked = event->asked != 0 || before == NULL ? event->asked : before->asked;
  add_number(writer, session, event->measures, "measures", "整改措施数");
  add_number(writer, session, event->rule == RULE_EXTENSION_ASKED ? asked : 0, "working days asked for", "申请工作日数");
  if (before != NULL && event->extended != 0)
    add_number(writer, session, event->extended - before->extended, "working days granted", "同意工作日数");
  add_word(writer, session, words_form, event->form, "decision", "决定");
  add_officer(writer, session, names, event->subject, "about", "当事人");
  if (event->number[0] != '\0') {
    begin(writer, session, "document", "文号");
    add(writer, "%s", event->number);
  }
  add_day(writer, session, event->rule_day, "in effect from", "生效日期");
  if (event->order_serial != 0) {
    begin(writer, session, "supervision order", "督办单");
    add(writer, "%u-%u", event->order_year, event->order_serial);
  }
  if (event->rebased_to != 0) {
    begin(writer, session, "policy version", "规则版本");
    if (before != NULL) add(writer, "%u -> ", before->policy_version);
    add(writer, "%u", event->rebased_to);
  }
  add_number(writer, session, event->document_version, "document version", "文件版本");
}

bool event_is_erasure(const struct event *event) {
  return (event->command == COMMAND_ERASE_ASK || event->command == COMMAND_ERASE) && event->other != 0;
}

static void add_relations(struct writer *writer, const struct session *session, const struct event *event) {
  if (event->origin != ORIGIN_FINDING) add_word(writer, session, words_origin, event->origin, "origin", "来源");
  add_word(writer, session, words_relation, event->relation, "relation", "关联");
  if (event_is_erasure(event)) add_number(writer, session, event->other - 1, "text of log index", "文本日志号");
  else add_case(writer, session, event->other, "case", "事项");
  add_case(writer, session, event->merged_into, "into", "并入");
}

static void add_place(struct writer *writer, const struct session *session, const struct names *names,
                      const struct event *event) {
  if (event->unit != 0) {
    begin(writer, session, "unit", "单位");
    add_id(writer, names->units, names->unit_count, event->unit);
  }
  add_officer(writer, session, names, event->handler, "handler", "整改责任人");
  add_officer(writer, session, names, event->verifier, "verifier", "核查人");
  add_officer(writer, session, names, event->accountable, "must act now:", "当前责任人");
}

void event_effects(const struct session *session, const struct names *names, const struct case_state *before,
                   const struct event *event, char out[EFFECTS_BYTES_MAX]) {
  struct writer writer = {out, 0, EFFECTS_BYTES_MAX};
  out[0] = '\0';
  add_relations(&writer, session, event);
  add_word(&writer, session, words_status, event->status, "status", "状态");
  add_word(&writer, session, words_track, event->track, "track", "措施");
  add_word(&writer, session, words_edge, event->edge, "because", "原因");
  add_word(&writer, session, words_light, event->light, "light", "灯色");
  add_place(&writer, session, names, event);
  if (event->has_signature) add_officer(&writer, session, names, event->actor, "signed by", "签名人");
  add_papers(&writer, session, names, before, event);
  for (uint32_t i = 0; i < event->clock_count; i++)
    if (!moved_on_only(event, &event->clocks[i])) add_clock(&writer, session, before, &event->clocks[i]);
  add_marks(&writer, session, event);
  add_number(&writer, session, event->rework, "rework", "返工");
  add_number(&writer, session, event->bounces, "bounces", "退单");
  add_evidence(&writer, session, event);
  add_notices(&writer, session, names, event);
}

void event_what(const struct session *session, const struct event *event, char out[WHAT_BYTES_MAX]) {
  struct writer writer = {out, 0, WHAT_BYTES_MAX};
  add(&writer, "%s", say_word(session, words_command, event->command));
  if (event->fired_clock != 0)
    add(&writer, " (%s, %u)", say_word(session, words_clock, event->fired_clock), event->fired_nth + 1);
}
