/* watch.c - `watch`: prints changes as the daemon commits them; nothing is missed silently.
 *
 * A push names the log's size before and after it.  When the size before is beyond where we stand, or a renewal's
 * answer comes from another epoch of the writer (a restart forgot us) or too late (the lease had ended), what lies between
 * is fetched from the log, as far as the user may know it.  Where we stand is a place in the log, so nothing is shown twice.
 * The lease is renewed with the same request id: a restarted daemon takes it up. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/command/events.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/wrap.h"
#include "rectify/must.h"

#define INDENT 21 /* of a broken line: below the case */
#define RENEW_SECONDS 5 /* so soon a restarted daemon is noticed */
#define RECEIVE_MSEC 500

enum { WATCH_UNIT, WATCH_CASE, WATCH_KIND, WATCH_MINE, WATCH_COUNT, WATCH_UNTIL_CLOSED };
const struct flag watch_flags[] = {
    {"unit", 'u', "UNIT", "of this unit and its subtree only", NULL},
    {"case", 0, "CASE", "of this case only", NULL},
    {"kind", 'k', "NOTICE", "only what somebody is told by such a notice: reminder, urge, ...", words_notice},
    {"mine", 'm', NULL, "only what you are told", NULL},
    {"count", 'n', "N", "end after N events", NULL},
    {"until-closed", 0, "N", "end after N cases were closed", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column columns[] = {
    {"recorded", "WHEN", "时间", 0},
    {"case", "CASE", "编号", 0},
    {"unit", "UNIT", "单位", 0},
    {"command", "WHAT", "操作", 0},
    {"actor", "WHO", "人员", 0},
    {"on_behalf", "FOR", "代", 0},
    {"rule", "RULE", "规则号", COLUMN_NUMBER},
    {"status", "STATUS", "状态", 0},
    {"track", "TRACK", "整改类型", 0},
    {"light", "LIGHT", "灯色", COLUMN_LIGHT},
    {"due", "DUE", "完成时限", 0},
    {"effects", "EFFECTS", "内容", 0},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER},
    {"notices", "NOTICES", "通知标识", COLUMN_MACHINE}, /* ids of the notices that were asked for */
};

struct watching {
  struct session *session;
  const char *unit;
  uint64_t case_no;
  uint32_t kind; /* of notices; 0: any event */
  bool mine;
  uint32_t me;   /* id of the user, as events name it; 0: not known */
  uint64_t count_max, closed_max; /* 0: for ever */
  uint64_t printed, closed;
  uint8_t id[16];
  bool leased;    /* answered at least once */
  uint64_t size;  /* of the log, as far as shown */
  uint64_t epoch; /* of the daemon that holds the lease */
  time_t renewed, answered;
  struct names names;
  struct sheet *sheet; /* machines only */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

static bool done(const struct watching *watching) {
  if (interrupted != 0) return true;
  if (watching->count_max != 0 && watching->printed >= watching->count_max) return true;
  return watching->closed_max != 0 && watching->closed >= watching->closed_max;
}

/* ---- one event ---- */

static bool is_asked_for(const struct watching *watching, const struct notice_out *notice) {
  if (watching->kind != 0 && notice->kind != watching->kind) return false;
  return !watching->mine || notice->officer == watching->me;
}

static bool is_wanted(const struct watching *watching, const struct event *event) {
  if (watching->kind == 0 && !watching->mine) return true;
  for (uint32_t i = 0; i < event->notice_count; i++)
    if (is_asked_for(watching, &event->notices[i])) return true;
  return false;
}

static void put_notices(struct watching *watching, const Rectify__V1__EventRow *row, const struct event *event) {
  char text[EVENT_NOTICES_MAX * 21 + 1] = "";
  size_t at = 0;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    if (!is_asked_for(watching, &event->notices[i])) continue;
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu", at > 0 ? " " : "", (unsigned long long)(row->log_index * 16 + i));
  }
  sheet_cell(watching->sheet, text, at);
}

static void put_event(struct watching *watching, const Rectify__V1__EventRow *event_row,
                      const Rectify__V1__CaseRow *row, const struct event *event, const char *effects) {
  struct sheet *sheet = watching->sheet;
  static const ProtobufCBinaryData none = {0, NULL};
  sheet_instant(sheet, event->recorded);
  sheet_case(sheet, event->case_no);
  sheet_data(sheet, row == NULL ? &none : &row->unit);
  sheet_word(sheet, words_command, event->command);
  sheet_data(sheet, &event_row->actor);
  sheet_data(sheet, &event_row->on_behalf);
  sheet_number(sheet, event->rule);
  sheet_word(sheet, words_status, row == NULL ? event->status : row->status);
  sheet_word(sheet, words_track, row == NULL ? event->track : row->track);
  sheet_word(sheet, words_light, row == NULL ? event->light : row->light);
  sheet_data(sheet, row == NULL ? &none : &row->due_text);
  sheet_string(sheet, effects);
  sheet_number(sheet, (int64_t)event_row->log_index);
  put_notices(watching, event_row, event);
}

static void say_people(FILE *out, const Rectify__V1__EventRow *event_row) {
  if (event_row->actor.len > 0) {
    (void)fputs(_(" by "), out);
    print_safe(out, event_row->actor.data, event_row->actor.len);
  }
  if (event_row->on_behalf.len == 0) return;
  (void)fputs(_(" for "), out);
  print_safe(out, event_row->on_behalf.data, event_row->on_behalf.len);
}

static void say_event(struct watching *watching, const Rectify__V1__EventRow *event_row,
                      const Rectify__V1__CaseRow *row, const struct event *event, const char *effects) {
  const struct session *session = watching->session;
  char when[INSTANT_TEXT_BYTES], name[CASE_TEXT_BYTES] = "-", what[WHAT_BYTES_MAX];
  static const char *const colours[] = {"", "\033[32m", "\033[33m", "\033[31m"};
  instant_text(session, event->recorded, when);
  if (event->case_no != 0) case_text(event->case_no, name);
  event_what(session, event, what);
  uint32_t light = row == NULL || row->light >= sizeof colours / sizeof colours[0] ? 0 : row->light;
  bool coloured = session->colour && light != 0;
  (void)printf("%s  %s%s%s  ", when, colours[coloured ? light : 0], name, coloured ? "\033[0m" : "");
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  must(out != NULL);
  if (row != NULL) print_safe(out, row->unit.data, row->unit.len);
  (void)fprintf(out, "  %s", what);
  say_people(out, event_row);
  if (rule_refuses(event->rule))
    (void)fprintf(out, "  %s %u", _("refused, rule"), event->rule);
  if (effects[0] != '\0') (void)fprintf(out, "  -> %s", effects);
  must(fclose(out) == 0);
  wrap_rest(stdout, text, length, strlen(when) + strlen(name) + 4, INDENT, wrap_limit(stdout));
  free(text);
}

static void show(struct watching *watching, const Rectify__V1__EventRow *event_row, const Rectify__V1__CaseRow *row) {
  struct event event;
  char effects[EFFECTS_BYTES_MAX];
  if (event_row == NULL || event_row->log_index < watching->size || done(watching)) return;
  if (!codec_event_unpack(event_row->record.data, event_row->record.len, &event)) {
    complain("the record at log index %llu cannot be read; `rectify doctor` checks the whole log",
             (unsigned long long)event_row->log_index);
    return;
  }
  if (!is_wanted(watching, &event)) return;
  event_effects(watching->session, &watching->names, NULL, &event, effects);
  if (watching->sheet != NULL) put_event(watching, event_row, row, &event, effects);
  else say_event(watching, event_row, row, &event, effects);
  watching->printed++;
  if (event.status == STATUS_CLOSED_OUT) watching->closed++;
}

/* ---- what was missed ---- */

/* A page of the log, kept over the next question. */
struct missed {
  Rectify__V1__Page *page; /* owned copy */
  uint64_t case_nos[WIRE_PAGE_MAX];
  size_t case_count;
};

static int keep_page(struct missed *missed, const Rectify__V1__Page *page) {
  size_t length;
  uint8_t *bytes = codec_pack(&page->base, &length);
  must(bytes != NULL);
  missed->page = rectify__v1__page__unpack(NULL, length, bytes);
  free(bytes);
  return missed->page == NULL ? EXIT_PROTOCOL : EXIT_FINE;
}

/* The cases of the page's events, each once. */
static void gather_cases(struct watching *watching, struct missed *missed) {
  missed->case_count = 0;
  for (size_t i = 0; i < missed->page->n_events; i++) {
    struct event event;
    const Rectify__V1__EventRow *row = missed->page->events[i];
    bool known = false;
    if (!codec_event_unpack(row->record.data, row->record.len, &event) || event.case_no == 0) continue;
    for (size_t k = 0; k < missed->case_count; k++) known = known || missed->case_nos[k] == event.case_no;
    bool wanted = watching->case_no == 0 || watching->case_no == event.case_no;
    if (!known && wanted && missed->case_count < WIRE_PAGE_MAX) missed->case_nos[missed->case_count++] = event.case_no;
  }
}

struct replay {
  struct watching *watching;
  Rectify__V1__CaseRow **rows; /* owned copies */
  size_t count;
};

static int keep_rows(void *context, const Rectify__V1__Page *page) {
  struct replay *replay = context;
  for (size_t i = 0; i < page->n_cases && replay->count < WIRE_PAGE_MAX; i++) {
    size_t length;
    uint8_t *bytes = codec_pack(&page->cases[i]->base, &length);
    must(bytes != NULL);
    replay->rows[replay->count] = rectify__v1__case_row__unpack(NULL, length, bytes);
    free(bytes);
    if (replay->rows[replay->count] != NULL) replay->count++;
  }
  return EXIT_FINE;
}

/* Of a case that the user may not read he sees what he was told; a unit that was asked for cannot be held against it. */
static void show_one_missed(struct watching *watching, const Rectify__V1__EventRow *row, const struct event *event,
                            const struct replay *replay) {
  bool told = false;
  for (size_t k = 0; k < replay->count; k++)
    if (replay->rows[k]->case_no == event->case_no) {
      show(watching, row, replay->rows[k]);
      return;
    }
  for (uint32_t i = 0; i < event->notice_count; i++) told |= watching->me != 0 && event->notices[i].officer == watching->me;
  const bool is_case = watching->case_no == 0 || watching->case_no == event->case_no;
  if (told && is_case && watching->unit == NULL) show(watching, row, NULL);
}

static void show_missed(struct watching *watching, const struct missed *missed, const struct replay *replay) {
  for (size_t i = 0; i < missed->page->n_events; i++) {
    struct event event;
    const Rectify__V1__EventRow *row = missed->page->events[i];
    if (codec_event_unpack(row->record.data, row->record.len, &event))
      show_one_missed(watching, row, &event, replay);
    if (row->log_index >= watching->size) watching->size = row->log_index + 1;
  }
}

/* Shows a kept page: the rows of its cases say which of them are ours to see. */
static int show_page(struct watching *watching, struct missed *missed) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
  struct replay replay = {watching, calloc(WIRE_PAGE_MAX, sizeof(Rectify__V1__CaseRow *)), 0};
  must(replay.rows != NULL);
  gather_cases(watching, missed);
  cases.n_case_no = missed->case_count;
  cases.case_no = missed->case_nos;
  cases.unit = wire_text(watching->unit);
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &cases;
  int code = missed->case_count == 0 ? EXIT_FINE : session_pages(watching->session, &query, keep_rows, &replay);
  if (code == EXIT_FINE) show_missed(watching, missed, &replay);
  for (size_t i = 0; i < replay.count; i++) rectify__v1__case_row__free_unpacked(replay.rows[i], NULL);
  free(replay.rows);
  return code;
}

/* Reads the log, as far as the user may know it, from where we stand until nothing newer is committed, at least up to `size`. */
static int recover(struct watching *watching, uint64_t size) {
  while (!done(watching) && watching->size < size) {
    Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
    Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
    Rectify__V1__LogQuery log = RECTIFY__V1__LOG_QUERY__INIT;
    const Rectify__V1__Reply *reply;
    struct missed missed = {NULL, {0}, 0};
    log.from_index = watching->size;
    log.readable = true;
    query.what_case = RECTIFY__V1__QUERY__WHAT_LOG;
    query.log = &log;
    request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
    request.query = &query;
    int result = rectify_ask(watching->session->rectify, &request, watching->session->timeout_msec, &reply);
    watching->answered = 0; /* until it is whole: else the next renewal tries again */
    if (result == RECTIFY_TIMEOUT) return EXIT_FINE;
    if (result != RECTIFY_OK) return session_failure(watching->session, result);
    if (reply->body_case != RECTIFY__V1__REPLY__BODY_PAGE || reply->page->head == NULL) return session_misfit();
    if (reply->page->head->size > size) size = reply->page->head->size;
    const uint64_t until = reply->page->next_cursor.len == 0 ? reply->page->head->size : 0; /* behind it lies nothing of ours */
    int code = keep_page(&missed, reply->page);
    if (code == EXIT_FINE) code = show_page(watching, &missed);
    if (code == EXIT_FINE && until > watching->size) watching->size = until;
    if (missed.page != NULL) rectify__v1__page__free_unpacked(missed.page, NULL);
    if (code == EXIT_UNREACHABLE) return EXIT_FINE;
    if (code != EXIT_FINE) return code;
    if (until != 0 && until < size) return EXIT_FINE;
  }
  watching->answered = time(NULL);
  return EXIT_FINE;
}

/* ---- the lease ---- */

static int renew(struct watching *watching) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Watch watch = RECTIFY__V1__WATCH__INIT;
  time_t now = time(NULL);
  if (watching->renewed != 0 && now - watching->renewed < RENEW_SECONDS) return EXIT_FINE;
  watching->renewed = now;
  if (rectify_unanswered(watching->session->rectify) > 0) return EXIT_FINE; /* it is being resent already */
  watch.unit = wire_text(watching->unit);
  watch.case_no = watching->case_no;
  request.id = wire_bytes(watching->id, sizeof watching->id);
  request.body_case = RECTIFY__V1__REQUEST__BODY_WATCH;
  request.watch = &watch;
  int result = rectify_send(watching->session->rectify, &request);
  return result == RECTIFY_OK || result == RECTIFY_TIMEOUT ? EXIT_FINE : session_failure(watching->session, result);
}

static int on_pong(struct watching *watching, const Rectify__V1__Pong *pong) {
  uint64_t size = pong->head == NULL ? 0 : pong->head->size, epoch = pong->head == NULL ? 0 : pong->head->epoch;
  const time_t now = time(NULL);
  const bool first = !watching->leased, held = now - watching->answered < WATCH_LEASE_SECONDS;
  const bool same = epoch == watching->epoch && held;
  watching->answered = now;
  watching->leased = true;
  watching->epoch = epoch;
  if (first) {
    watching->size = size;
    if (watching->session->format == FORMAT_TABLE)
      (void)fprintf(stderr, "%s\n", _("watching; Ctrl-C ends"));
    return EXIT_FINE;
  }
  return !same && size > watching->size ? recover(watching, size) : EXIT_FINE;
}

static int on_push(struct watching *watching, const Rectify__V1__Push *push) {
  if (!watching->leased || push->size <= watching->size) return EXIT_FINE;
  if (push->previous_size > watching->size) return recover(watching, push->size);
  for (size_t i = 0; i < push->n_events; i++) show(watching, push->events[i]->event, push->events[i]->row);
  watching->size = push->size;
  return EXIT_FINE;
}

static int loop(struct watching *watching) {
  int code = EXIT_FINE;
  while (code == EXIT_FINE && !done(watching)) {
    const Rectify__V1__Reply *reply;
    code = renew(watching);
    if (code != EXIT_FINE) break;
    int result = rectify_receive(watching->session->rectify, RECEIVE_MSEC, &reply);
    if (result == RECTIFY_TIMEOUT || interrupted != 0) continue;
    if (result != RECTIFY_OK) return session_failure(watching->session, result);
    if (reply->body_case == RECTIFY__V1__REPLY__BODY_PONG) code = on_pong(watching, reply->pong);
    if (reply->body_case == RECTIFY__V1__REPLY__BODY_PUSH) code = on_push(watching, reply->push);
    if (reply->body_case == RECTIFY__V1__REPLY__BODY_ERROR) code = session_say_error(reply->error);
    (void)fflush(stdout);
  }
  return interrupted != 0 ? EXIT_FINE : code;
}

static int read_options(struct session *session, struct arguments *arguments, struct watching *watching) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    int64_t number = 0;
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (option == WATCH_MINE) watching->mine = true;
    else if (option == WATCH_UNIT) watching->unit = optarg;
    else if (option == WATCH_KIND) {
      watching->kind = read_word(words_notice, "--kind", optarg);
      if (watching->kind == 0) return EXIT_USE;
    } else if (option == WATCH_CASE) {
      if (!case_read(optarg, &watching->case_no))
        return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", optarg);
    } else if (!number_read(optarg, 1, INT64_MAX, &number))
      return complain_usage(arguments->verb, "--%s wants a number from 1, not '%s'", watch_flags[option].name, optarg);
    if (option == WATCH_COUNT) watching->count_max = (uint64_t)number;
    if (option == WATCH_UNTIL_CLOSED) watching->closed_max = (uint64_t)number;
  }
  return arguments_words(arguments, 0, 0);
}

int watch_run(struct session *session, struct arguments *arguments) {
  struct watching watching = {.session = session};
  struct sigaction action = {.sa_handler = on_signal};
  int code = read_options(session, arguments, &watching);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  if (rectify_key(session->rectify, watching.id) != RECTIFY_OK) return session_failure(session, RECTIFY_SYSTEM);
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  names_load(session, &watching.names);
  for (uint32_t i = 1; i < watching.names.officer_count; i++)
    if (strcmp(watching.names.officers[i], session->actor) == 0) watching.me = i;
  if (session->format != FORMAT_TABLE)
    watching.sheet = sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  code = loop(&watching);
  if (watching.sheet != NULL) (void)sheet_close(watching.sheet);
  names_free(&watching.names);
  return code;
}
