/* bulk_table.c - what a bulk command would do, or did, to each case: for people and machines. */
#include <string.h>

#include "client/command/bulk.h"
#include "client/command/language.h"
#include "client/command/sheet.h"

static const struct column columns[] = {
    {"case", "CASE", "编号", 0},
    {"unit", "UNIT", "责任单位", 0},
    {"light", "LIGHT", "灯色", COLUMN_LIGHT | COLUMN_ROOM},
    {"status_before", "STATUS", "状态", 0},
    {"due_before", "DUE", "完成时限", COLUMN_ROOM},
    {"outcome", "OUTCOME", "结果", 0}, /* accepted, repeated, refused, left_out, error; of a preview with would_ before */
    {"rule", "RULE", "规则号", COLUMN_NUMBER},
    {"rule_text", "WHAT COMES OF IT", "说明", COLUMN_TEXT},
    {"status", "THEN", "新状态", COLUMN_ROOM},
    {"track", "TRACK", "整改类型", COLUMN_MACHINE},
    {"due", "NEW DUE", "新时限", COLUMN_MACHINE},
    {"event", "EVENT", "事件号", COLUMN_NUMBER | COLUMN_MACHINE},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER | COLUMN_MACHINE},
};

struct outcome_word {
  const char *name, *en, *zh;
};

/* What was foretold to be refused is not tried: once the rest is done it was left out. */
static struct outcome_word outcome_of(const struct bulk *bulk, const struct bulk_row *row) {
  static const struct outcome_word would[] = {
      [BULK_DONE] = {"would_accept", "would do", "可办理"},
      [BULK_REPEATED] = {"repeated", "done before", "此前已办理"},
      [BULK_REFUSED] = {"would_refuse", "would refuse", "将不予办理"},
      [BULK_ERROR] = {"error", "error", "出错"},
      [BULK_SAVED] = {"saved", "saved here", "已暂存"},
  };
  static const struct outcome_word did[] = {
      [BULK_DONE] = {"accepted", "done", "已办理"},
      [BULK_REPEATED] = {"repeated", "done before", "此前已办理"},
      [BULK_REFUSED] = {"refused", "refused", "不予办理"},
      [BULK_ERROR] = {"error", "error", "出错"},
      [BULK_SAVED] = {"saved", "saved here", "已暂存"},
  };
  static const struct outcome_word left_out = {"left_out", "left out", "未提交"};
  if (!row->foretold) return did[row->result];
  return bulk->order.preview || row->result != BULK_REFUSED ? would[row->result] : left_out;
}

static void put_row(struct sheet *sheet, const struct bulk *bulk, const struct bulk_row *row) {
  const struct session *session = bulk->session;
  const struct outcome_word word = outcome_of(bulk, row);
  const bool table = session->format == FORMAT_TABLE;
  sheet_case(sheet, row->case_no);
  sheet_string(sheet, row->unit);
  sheet_light(sheet, row->light);
  sheet_word(sheet, words_status, row->status);
  sheet_string(sheet, row->due);
  sheet_string(sheet, table ? in_language(session, word.en, word.zh) : word.name);
  if (row->rule != 0) sheet_number(sheet, row->rule);
  else sheet_nothing(sheet);
  if (row->rule == 0) sheet_string(sheet, row->text);
  else sheet_string(sheet, in_language(session, word_text(words_rule, row->rule), word_zh(words_rule, row->rule)));
  sheet_word(sheet, words_status, row->status_then);
  sheet_word(sheet, words_track, row->track_then);
  sheet_string(sheet, row->due_then);
  if (row->event_number != 0) sheet_number(sheet, row->event_number);
  else sheet_nothing(sheet);
  if (row->event_number != 0 && !row->foretold) sheet_number(sheet, (int64_t)row->log_index);
  else sheet_nothing(sheet);
}

/* "would do 12, would refuse 3": the outcomes in the order of their first rows. */
static void print_sum(const struct bulk *bulk) {
  const char *names[2 * (BULK_SAVED + 1)];
  size_t counts[2 * (BULK_SAVED + 1)] = {0}, kinds = 0;
  for (size_t i = 0; i < bulk->count; i++) {
    const struct outcome_word word = outcome_of(bulk, &bulk->rows[i]);
    const char *name = in_language(bulk->session, word.en, word.zh);
    size_t kind = 0;
    while (kind < kinds && strcmp(names[kind], name) != 0) kind++;
    if (kind == kinds) names[kinds++] = name;
    counts[kind]++;
  }
  (void)printf("%zu %s:", bulk->count, language_form("case", "cases", bulk->count));
  for (size_t kind = 0; kind < kinds; kind++)
    (void)printf("%s%s %zu", kind == 0 ? " " : _(", "), names[kind], counts[kind]);
  (void)putchar('\n');
}

void bulk_print(const struct bulk *bulk) {
  struct sheet *sheet = sheet_open(bulk->session, stdout, columns, sizeof columns / sizeof columns[0]);
  for (size_t i = 0; i < bulk->count; i++) put_row(sheet, bulk, &bulk->rows[i]);
  (void)sheet_close(sheet);
  if (bulk->session->format == FORMAT_TABLE) print_sum(bulk);
}
