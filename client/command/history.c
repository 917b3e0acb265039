/* history.c - `history`: all that happened to a case.  The events are folded as they come, so that what changed can be told
 * with what was there before. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/events.h"
#include "client/command/history.h"
#include "client/command/language.h"
#include "client/command/past.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/wrap.h"
#include "core/text.h"
#include "rectify/must.h"

#define INDENT 5
#define RULE_LINE_BYTES_MAX 512
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct flag no_flags[] = {{NULL, 0, NULL, NULL, NULL}};

static const struct column history_columns[] = {
    {"case", "CASE", "编号", COLUMN_MACHINE},
    {"event", "NO", "序号", COLUMN_NUMBER},
    {"recorded", "WHEN", "时间", 0},
    {"effective", "EFFECTIVE", "生效时间", COLUMN_MACHINE},
    {"actor", "WHO", "人员", 0},
    {"actor_name", "NAME", "姓名", COLUMN_MACHINE},
    {"on_behalf", "FOR", "代", COLUMN_MACHINE},
    {"on_behalf_name", "FOR NAME", "代（姓名）", COLUMN_MACHINE},
    {"command", "WHAT", "操作", 0},
    {"rule", "RULE", "规则号", COLUMN_NUMBER},
    {"rule_text", "VERDICT", "结果", 0},
    {"effects", "EFFECTS", "内容", 0},
    {"other_case", "OTHER CASE", "关联事项", COLUMN_MACHINE},
    {"number", "DOCUMENT", "文号", COLUMN_MACHINE},
    {"text", "TEXT", "说明", 0},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER | COLUMN_MACHINE},
    {"erased_by", "ERASED BY", "删除文本的日志号", COLUMN_NUMBER | COLUMN_MACHINE},
};

struct history {
  struct session *session;
  struct sheet *sheet;
  struct names names;
  uint64_t seen;
  uint64_t skip; /* events not shown, from the first */
  bool damaged;
  struct case_state state; /* before the event that is being printed */
};

/* A history with a gap cannot be folded on: then the events stand for themselves. */
static const struct case_state *known_before(const struct history *history) {
  return history->damaged ? NULL : &history->state;
}

static void put_event(struct history *history, const Rectify__V1__EventRow *row, const struct event *event) {
  char what[WHAT_BYTES_MAX], effects[EFFECTS_BYTES_MAX];
  struct sheet *sheet = history->sheet;
  event_what(history->session, event, what);
  event_effects(history->session, &history->names, known_before(history), event, effects);
  sheet_case(sheet, event->case_no);
  sheet_number(sheet, event->version);
  sheet_instant(sheet, event->recorded);
  sheet_instant(sheet, event->effective);
  if (row->actor.len > 0) sheet_data(sheet, &row->actor);
  else sheet_string(sheet, _("(rectifyd)"));
  sheet_data(sheet, &row->actor_name);
  sheet_data(sheet, &row->on_behalf);
  sheet_data(sheet, &row->on_behalf_name);
  if (history->session->format == FORMAT_TABLE) sheet_string(sheet, what);
  else sheet_word(sheet, words_command, event->command);
  sheet_number(sheet, event->rule);
  sheet_string(sheet,
               in_language(history->session, word_text(words_rule, event->rule), word_zh(words_rule, event->rule)));
  sheet_string(sheet, effects);
  sheet_case(sheet, event_is_erasure(event) ? 0 : event->other != 0 ? event->other : event->merged_into);
  sheet_string(sheet, event->number);
  sheet_data(sheet, &row->text);
  sheet_number(sheet, (int64_t)row->log_index);
  if (row->erased_by != 0) sheet_number(sheet, (int64_t)row->erased_by);
  else sheet_nothing(sheet);
}

static void say_officer(const ProtobufCBinaryData *code, const ProtobufCBinaryData *name) {
  print_safe(stdout, code->data, code->len);
  if (name->len > 0) (void)putchar(' ');
  print_safe(stdout, name->data, name->len);
}

static void say_text(const ProtobufCBinaryData *text) {
  const size_t width = wrap_limit(stdout);
  for (size_t i = 0, from = 0; text->len > 0 && i <= text->len; i++) {
    if (i < text->len && text->data[i] != '\n') continue;
    (void)printf("%*s| ", INDENT, "");
    wrap_rest(stdout, text->data + from, i - from, INDENT + 2, INDENT + 2, width);
    from = i + 1;
  }
}

#define COLUMNS 100 /* where the output is no terminal */

struct breaker {
  const char *joint, *comma; /* between effects, and within one */
  size_t used, most;
};

/* The bytes up to where a line may end: behind an effect, or behind one of a list within it, but not within brackets. */
static size_t piece_length(const struct breaker *breaker, const char *effects) {
  size_t depth = 0;
  for (size_t i = 0; effects[i] != '\0'; i++) {
    if (effects[i] == '(') depth++;
    if (effects[i] == ')' && depth > 0) depth--;
    if (depth > 0) continue;
    if (strncmp(effects + i, breaker->joint, strlen(breaker->joint)) == 0) return i + strlen(breaker->joint);
    if (strncmp(effects + i, breaker->comma, strlen(breaker->comma)) == 0) return i + strlen(breaker->comma);
  }
  return strlen(effects);
}

/* One piece without the spaces at its end, which are printed before the next one if that stands on the same line. */
static void say_piece(struct breaker *breaker, const char *piece, size_t length) {
  char one[EFFECTS_BYTES_MAX];
  size_t bare = length;
  while (bare > 0 && piece[bare - 1] == ' ') bare--;
  memcpy(one, piece, bare);
  one[bare] = '\0';
  const size_t width = text_width(one);
  if (breaker->used > INDENT && breaker->used + width > breaker->most) {
    (void)fputc('\n', stdout);
    breaker->used = 0;
  }
  if (breaker->used == 0) breaker->used = (size_t)printf("%*s", INDENT, "");
  else (void)printf("%*s", (int)(breaker->used > INDENT && piece[-1] == ' '), "");
  breaker->used += width + (length - bare);
  if (INDENT + width <= breaker->most) {
    (void)fputs(one, stdout);
    return;
  }
  wrap_rest(stdout, one, bare, INDENT, INDENT + 2, breaker->most); /* wider than any line */
  breaker->used = 0;
}

static void say_effects(const char *effects) {
  struct breaker breaker = {_("; "), _(", "), 0, COLUMNS};
  if (isatty(STDOUT_FILENO) == 1) breaker.most = wrap_width(stdout);
  if (effects[0] == '\0') return;
  while (*effects != '\0') {
    size_t length = piece_length(&breaker, effects);
    say_piece(&breaker, effects, length);
    effects += length;
  }
  if (breaker.used > 0) (void)putchar('\n');
}

static void say_rule(const struct session *session, uint32_t rule) {
  char line[RULE_LINE_BYTES_MAX];
  const bool refuses = rule_refuses(rule);
  (void)snprintf(line, sizeof line, "%*s%s%u: %s", INDENT, "",
                 refuses ? _("refused, rule ") : _("rule "), rule,
                 in_language(session, word_text(words_rule, rule), word_zh(words_rule, rule)));
  wrap_line(stdout, line, strlen(line), INDENT + 2, wrap_limit(stdout));
}

/* One event as a few lines; a table would be wider than any terminal. */
static void say_event(struct history *history, const Rectify__V1__EventRow *row, const struct event *event) {
  const struct session *session = history->session;
  char what[WHAT_BYTES_MAX], effects[EFFECTS_BYTES_MAX], when[INSTANT_TEXT_BYTES];
  event_what(session, event, what);
  event_effects(session, &history->names, known_before(history), event, effects);
  instant_text(session, event->recorded, when);
  (void)printf("%3u  %s  ", event->version, when);
  if (row->actor.len == 0) (void)fputs(_("rectifyd"), stdout);
  say_officer(&row->actor, &row->actor_name);
  if (row->on_behalf.len > 0) (void)fputs(_(" for "), stdout);
  say_officer(&row->on_behalf, &row->on_behalf_name);
  (void)printf("  %s\n", what);
  say_rule(session, event->rule);
  say_effects(effects);
  say_text(&row->text);
  if (row->erased_by != 0)
    (void)printf("     | (%s %llu)\n", _("its text was erased by event"),
                 (unsigned long long)row->erased_by);
}

static void take_event(struct history *history, const Rectify__V1__EventRow *row) {
  struct event event;
  const bool shown = history->seen++ >= history->skip;
  if (row->record.len == 0) { /* who read it is not for everybody */
    history->state.version++;
    return;
  }
  if (!codec_event_unpack(row->record.data, row->record.len, &event)) {
    complain("the record at log index %llu cannot be read; `rectify doctor` checks the whole log",
             (unsigned long long)row->log_index);
    history->damaged = true;
    return;
  }
  if (shown && history->sheet != NULL) put_event(history, row, &event);
  if (shown && history->sheet == NULL) say_event(history, row, &event);
  if (!history->damaged) history->damaged = !case_apply(&history->state, &event);
}

static int print_events(void *context, const Rectify__V1__Page *page) {
  for (size_t i = 0; i < page->n_events; i++) take_event(context, page->events[i]);
  return EXIT_FINE;
}

int history_print(struct session *session, uint64_t case_no, uint64_t skip) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__HistoryQuery which = RECTIFY__V1__HISTORY_QUERY__INIT;
  struct history history = {.session = session, .skip = skip};
  which.case_no = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_HISTORY;
  query.history = &which;
  names_load(session, &history.names);
  if (session->format != FORMAT_TABLE)
    history.sheet = sheet_open(session, stdout, history_columns, COUNT(history_columns));
  int code = session_pages(session, &query, print_events, &history);
  if (history.sheet != NULL) (void)sheet_close(history.sheet);
  names_free(&history.names);
  if (code == EXIT_FINE && history.seen == 0) {
    complain("there is no such case, or you may not read it; `rectify cases` lists those you may");
    return EXIT_REFUSED;
  }
  return code == EXIT_FINE && history.damaged ? EXIT_DIFFERENT : code;
}

int history_read(struct session *session, struct arguments *arguments, uint64_t *case_no) {
  int code = past_read(session, arguments);
  if (code == EXIT_FINE) code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  return session_open(session);
}

int history_run(struct session *session, struct arguments *arguments) {
  uint64_t case_no;
  int code = history_read(session, arguments, &case_no);
  return code == EXIT_FINE ? history_print(session, case_no, 0) : code;
}
