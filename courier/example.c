/* example.c - see example.h. */
#include "courier/example.h"

#include <string.h>

#include "courier/wire.h"
#include "rectify/must.h"

#define EXAMPLE_NOW (INT64_C(1772413200) * USEC_PER_SECOND) /* 2026-03-02 09:00 in Shanghai */

/* What caused each kind, as it is usual; and where the case then stands. */
static const struct {
  uint32_t command, rule, recipient, track, status, light;
  int32_t days_left;
  bool order, copy;
} causes[NOTICE_COUNT + 1] = {
    [NOTICE_TASK] = {COMMAND_SUBMIT, 600, RECIPIENT_HANDLER, TRACK_SPECIAL_RECTIFICATION, STATUS_DISPATCHED, LIGHT_GREEN, 15, false, false},
    [NOTICE_REMINDER] = {COMMAND_RUNG_DUE, 650, RECIPIENT_HANDLER, TRACK_SPECIAL_RECTIFICATION, STATUS_RECTIFYING, LIGHT_YELLOW, 1, false, false},
    [NOTICE_URGE] = {COMMAND_RUNG_DUE, 650, RECIPIENT_PRINCIPAL, TRACK_SPECIAL_RECTIFICATION, STATUS_RECTIFYING, LIGHT_RED, -2, false, true},
    [NOTICE_SUPERVISION_ORDER] = {COMMAND_RUNG_DUE, 650, RECIPIENT_HANDLER, TRACK_SUPERVISION, STATUS_DISPATCHED, LIGHT_RED, 5, true, false},
    [NOTICE_INTERVIEW] = {COMMAND_RUNG_DUE, 650, RECIPIENT_PRINCIPAL, TRACK_SUPERVISION, STATUS_RECTIFYING, LIGHT_RED, -3, false, false},
    [NOTICE_CIRCULAR] = {COMMAND_RUNG_DUE, 650, RECIPIENT_ABOVE, TRACK_SUPERVISION, STATUS_RECTIFYING, LIGHT_RED, -5, false, false},
    [NOTICE_PROPOSAL] = {COMMAND_RUNG_DUE, 650, RECIPIENT_BODY, TRACK_ACCOUNTABILITY, STATUS_RECTIFYING, LIGHT_RED, 20, false, false},
    [NOTICE_RECEIPT] = {COMMAND_EXTENSION_GRANT, 615, RECIPIENT_HANDLER, TRACK_NEW_RULES, STATUS_RECTIFYING, LIGHT_GREEN, 10, false, false},
    [NOTICE_UNDELIVERED] = {COMMAND_UNDELIVERED, 840, RECIPIENT_OFFICE, TRACK_EARLY_WARNING, STATUS_RECTIFYING, LIGHT_GREEN, 0, false, false},
};

static void fill_case(Rectify__V1__CaseRow *row, uint32_t kind) {
  rectify__v1__case_row__init(row);
  row->case_no = 42;
  row->unit = wire_text("fire");
  row->unit_name = wire_text("消防救援大队");
  row->handler = wire_text("o132");
  row->handler_name = wire_text("罗勇");
  row->text = wire_text("三号楼 <东侧> 消防通道被杂物占用,\n灭火器 2 具过期");
  row->track = causes[kind].track;
  row->status = causes[kind].status;
  row->light = causes[kind].light;
  row->due = EXAMPLE_NOW;
  row->due_text = wire_text("2026-03-03");
  row->working_days_left = causes[kind].days_left;
}

static void fill_notice(Rectify__V1__NoticeRow *row, Rectify__V1__CaseRow *of, uint32_t kind) {
  rectify__v1__notice_row__init(row);
  fill_case(of, kind);
  row->id = 16 * kind;
  row->case_no = of->case_no;
  row->case_row = of;
  row->kind = kind;
  row->copy = causes[kind].copy;
  row->recipient = causes[kind].recipient;
  row->officer = wire_text("o131");
  row->officer_name = wire_text("马卫东");
  row->created = EXAMPLE_NOW - USEC_PER_HOUR;
  row->command = causes[kind].command;
  row->rule = causes[kind].rule;
  row->rule_text = wire_text(word_text(words_rule, row->rule));
  row->rule_text_zh = wire_text(word_zh(words_rule, row->rule));
  if (causes[kind].order) row->order = wire_text("2026-17");
  if (kind == NOTICE_REMINDER) row->instead_of_name = wire_text("何建国");
  if (kind == NOTICE_UNDELIVERED) row->event_text = wire_text("mail, o172: 550 5.1.1 no such user");
}

bool example_render(const struct template_set *set, const char *kind, enum language language, struct letter *letter) {
  static Rectify__V1__NoticeRow rows[NOTICE_COUNT];
  static Rectify__V1__CaseRow cases[NOTICE_COUNT];
  const Rectify__V1__NoticeRow *pointers[NOTICE_COUNT];
  static struct zone zone;
  const uint32_t number = word_number(words_notice, kind, strlen(kind));
  if (number == 0 && strcmp(kind, "digest") != 0) return false;
  must(zone_load("Asia/Shanghai", &zone));
  for (uint32_t i = 0; i < NOTICE_COUNT; i++) {
    fill_notice(&rows[i], &cases[i], i + 1);
    pointers[i] = &rows[i];
  }
  if (number == 0) letter_render(set, language, &zone, EXAMPLE_NOW, pointers, NOTICE_COUNT, letter);
  else letter_render(set, language, &zone, EXAMPLE_NOW, &pointers[number - 1], 1, letter);
  return true;
}
