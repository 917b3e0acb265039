/* spool.c - `spool show`, `spool send`, `spool drop`: what waits here, and what became of what was sent. */
#include <stdlib.h>
#include <string.h>

#include "client/command/keep.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/upload.h"
#include "client/command/verb.h"

static const struct word words_fate[] = {
    {RECTIFY_WAITING, "saved", "已暂存", "saved here, not received there"},
    {RECTIFY_RECEIVED, "received", "已收到", "received there: there is a receipt"},
    {RECTIFY_REFUSED, "refused", "不予受理", "refused by the rules"},
    {RECTIFY_FAILED, "error", "出错", "the daemon says that it would fail again"},
    {RECTIFY_DROPPED, "dropped", "已放弃", "not to be sent"},
    {0, NULL, NULL, NULL},
};

/* ---- show ---- */

enum { SHOW_WAITING };
const struct flag spool_show_flags[] = {
    {"waiting", 0, NULL, "only what waits", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column columns[] = {
    {"fate", "FATE", "状态", 0}, /* saved, received, refused, error, dropped */
    {"what", "WHAT", "事项", 0},
    {"case", "CASE", "编号", 0},
    {"actor", "AS", "人员", 0},
    {"text", "WHAT CAME OF IT", "说明", COLUMN_TEXT},
    {"rule", "RULE", "规则", COLUMN_NUMBER | COLUMN_MACHINE},
    {"event", "EVENT", "事件号", COLUMN_NUMBER | COLUMN_MACHINE},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER | COLUMN_MACHINE},
    {"saved", "SAVED", "暂存时间", COLUMN_ROOM},
    {"settled", "SETTLED", "办结时间", COLUMN_ROOM},
    {"exported", "EXPORTED", "已导出", COLUMN_NUMBER | COLUMN_MACHINE},
    {"endpoint", "ENDPOINT", "地址", COLUMN_MACHINE},
    {"id", "ID", "标识", 0},
};

static uint64_t case_of(const struct rectify_spooled *item) {
  const Rectify__V1__Outcome *outcome = item->outcome;
  uint64_t case_no = 0;
  if (outcome != NULL && outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) case_no = outcome->receipt->case_no;
  if (outcome != NULL && outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) case_no = outcome->refusal->case_no;
  if (case_no == 0 && item->request->body_case == RECTIFY__V1__REQUEST__BODY_ACT)
    case_no = item->request->act->commands[0]->case_no;
  return case_no;
}

static void put_numbers(struct sheet *sheet, uint32_t rule, uint32_t event_number, uint64_t log_index) {
  sheet_number(sheet, rule);
  sheet_number(sheet, event_number);
  sheet_number(sheet, (int64_t)log_index);
}

/* The columns text to log_index. */
static void put_outcome(struct sheet *sheet, const struct session *session, const struct rectify_spooled *item) {
  const Rectify__V1__Outcome *outcome = item->outcome;
  uint32_t rule = 0;
  if (outcome != NULL && outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) rule = outcome->receipt->rule;
  if (outcome != NULL && outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) rule = outcome->refusal->rule;
  if (rule != 0) sheet_string(sheet, in_language(session, word_text(words_rule, rule), word_zh(words_rule, rule)));
  else if (outcome != NULL && outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_ERROR)
    sheet_data(sheet, &outcome->error->text);
  else if (session->zh) sheet_string(sheet, "");
  else sheet_string(sheet, item->fate == RECTIFY_WAITING && item->exported ? "in a bundle; not received there yet"
                                                                          : word_text(words_fate, item->fate));
  if (rule != 0 && outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT)
    put_numbers(sheet, rule, outcome->receipt->event_number, outcome->receipt->log_index);
  else if (rule != 0) put_numbers(sheet, rule, outcome->refusal->event_number, outcome->refusal->log_index);
  else for (int i = 0; i < 3; i++) sheet_nothing(sheet);
}

static void put_item(struct sheet *sheet, const struct session *session, const struct rectify_spooled *item) {
  const bool act = item->request->body_case == RECTIFY__V1__REQUEST__BODY_ACT;
  char id[UUID_TEXT_BYTES];
  uuid_text(item->id, id);
  sheet_word(sheet, words_fate, item->fate);
  sheet_word(sheet, words_command, act ? item->request->act->commands[0]->command : COMMAND_SUBMIT);
  sheet_case(sheet, case_of(item));
  sheet_data(sheet, &item->request->actor);
  put_outcome(sheet, session, item);
  sheet_instant(sheet, item->saved_msec * 1000);
  sheet_instant(sheet, item->settled_msec * 1000);
  sheet_truth(sheet, item->exported);
  sheet_string(sheet, item->endpoint);
  sheet_string(sheet, id);
}

/* The last line of a table, for people. */
static void say_counts(const struct session *session, const uint64_t counts[RECTIFY_DROPPED + 1]) {
  if (session->format != FORMAT_TABLE) return;
  for (uint32_t fate = RECTIFY_WAITING; fate <= RECTIFY_DROPPED; fate++)
    (void)printf("%s%llu %s", fate == RECTIFY_WAITING ? "" : ", ", (unsigned long long)counts[fate],
                 session->zh ? word_zh(words_fate, fate) : word_name(words_fate, fate));
  (void)putchar('\n');
}

static int show(const struct session *session, struct rectify_spool *spool, bool waiting_only) {
  struct sheet *sheet = sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  uint64_t counts[RECTIFY_DROPPED + 1] = {0};
  int result, code = EXIT_FINE;
  for (size_t i = 0; i < rectify_spool_count(spool); i++) {
    struct rectify_spooled item;
    char id[UUID_TEXT_BYTES];
    result = rectify_spool_item(spool, i, &item);
    counts[item.fate]++;
    if (result == RECTIFY_OK && (!waiting_only || item.fate == RECTIFY_WAITING)) put_item(sheet, session, &item);
    if (result == RECTIFY_OK) continue;
    uuid_text(item.id, id);
    complain("%s: %s", id, rectify_spool_error(spool)); /* the others are shown all the same */
    code = EXIT_PROTOCOL;
  }
  (void)sheet_close(sheet);
  say_counts(session, counts);
  return code;
}

int spool_show_run(struct session *session, struct arguments *arguments) {
  bool waiting_only = false;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    waiting_only = true;
  }
  int code = arguments_words(arguments, 0, 0);
  if (code != EXIT_FINE) return code;
  struct rectify_spool *spool = session_spool(session, true);
  return spool == NULL ? EXIT_SYSTEM : show(session, spool, waiting_only);
}

/* ---- send ---- */

enum { SEND_WAIT };
const struct flag spool_send_flags[] = {
    {"wait", 0, NULL, "keep trying until all is sent", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct sending {
  const struct session *session;
  struct sheet *sheet;
  bool bad;
};

static void print_settled(void *context, const struct rectify_spooled *item) {
  struct sending *sending = context;
  put_item(sending->sheet, sending->session, item);
  sending->bad |= item->fate != RECTIFY_RECEIVED;
}

/* Whatever it was saved for, it goes to the daemon that is named now. */
static int send_all(struct session *session, struct rectify_spool *spool, bool wait) {
  struct sending sending = {session, sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]), false};
  int result = upload_spooled(session, spool, NULL);
  if (result == RECTIFY_TIMEOUT || result == RECTIFY_PROTOCOL) complain("%s", rectify_error_text(session->rectify));
  if (result == RECTIFY_OK)
    result = rectify_spool_send(spool, session->rectify, NULL, wait ? -1 : session->timeout_msec, print_settled, &sending);
  upload_forget(spool);
  const uint64_t rows = sheet_close(sending.sheet);
  if (session->format == FORMAT_TABLE)
    (void)printf("%llu %s, %zu %s\n", (unsigned long long)rows, _("sent"),
                 rectify_spool_waiting(spool, NULL), _("saved here"));
  if (result != RECTIFY_OK) return spool_failure(session, spool, result);
  return sending.bad ? EXIT_REFUSED : EXIT_FINE;
}

int spool_send_run(struct session *session, struct arguments *arguments) {
  bool wait = false;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    wait = true;
  }
  int code = arguments_words(arguments, 0, 0);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  struct rectify_spool *spool = session_spool(session, true);
  return spool == NULL ? EXIT_SYSTEM : send_all(session, spool, wait);
}

/* ---- drop ---- */

enum { DROP_SETTLED };
const struct flag spool_drop_flags[] = {
    {"settled", 0, NULL, "forget everything that does not wait any more, its receipts too", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static int drop_one(struct rectify_spool *spool, const char *text) {
  struct rectify_fate_of fate = {.fate = RECTIFY_DROPPED};
  uint32_t news = 0;
  size_t at;
  if (!uuid_read(text, strlen(text), fate.id) || !rectify_spool_find(spool, fate.id, &at)) {
    complain("'%s' is not the id of anything in the spool; `rectify spool show`", text);
    return EXIT_USE;
  }
  if (rectify_spool_settle(spool, &fate, 1, &news) != RECTIFY_OK) {
    complain("%s", rectify_spool_error(spool));
    return EXIT_SYSTEM;
  }
  if (news == 0) complain("%s does not wait any more", text);
  else (void)printf("%s  %s\n", text, _("dropped: it will not be sent from here"));
  return news == 0 ? EXIT_REFUSED : EXIT_FINE;
}

static int forget(struct rectify_spool *spool) {
  if (rectify_spool_forget(spool) == RECTIFY_OK) return EXIT_FINE;
  complain("%s", rectify_spool_error(spool));
  return EXIT_SYSTEM;
}

int spool_drop_run(struct session *session, struct arguments *arguments) {
  bool settled = false;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    settled = true;
  }
  if (!settled && optind == arguments->argc) return complain_usage(arguments->verb, "spool drop: which? an id, or --settled");
  struct rectify_spool *spool = session_spool(session, true);
  int code = spool == NULL ? EXIT_SYSTEM : EXIT_FINE;
  for (int i = optind; i < arguments->argc && code == EXIT_FINE; i++) code = drop_one(spool, arguments->argv[i]);
  if (code == EXIT_FINE && settled) code = forget(spool);
  if (spool != NULL) upload_forget(spool);
  return code;
}
