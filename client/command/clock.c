/* clock.c - `clock show`, `clock advance`, `ping`: the daemon's time and state. */
#include <string.h>
#include <unistd.h>

#include "client/command/clock.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/wrap.h"

#define STEP_MSEC 5000 /* how long one question waits before progress is looked at */

static const struct column ping_columns[] = {
    {"software", "SOFTWARE", "软件", 0},
    {"now", "NOW", "当前时间", 0},
    {"manual_clock", "MANUAL CLOCK", "手动时钟", COLUMN_NUMBER},
    {"standby", "STANDBY", "备用", COLUMN_NUMBER},
    {"cases_open", "OPEN", "未结", COLUMN_NUMBER},
    {"cases_total", "CASES", "事项", COLUMN_NUMBER},
    {"policy_version", "POLICY", "规则版本", COLUMN_NUMBER},
    {"calendar_version", "CALENDAR", "日历版本", COLUMN_NUMBER},
    {"registry_version", "REGISTRY", "名册版本", COLUMN_NUMBER},
    {"log_size", "LOG", "日志", COLUMN_NUMBER},
    {"root", "ROOT", "根", 0},
    {"turns", "TURNS", "循环", 0},
    {"turn_usec_max", "LONGEST TURN", "最长循环", COLUMN_NUMBER},
};

/* For people: a table would be wider than any terminal. */
static void say_pong(const struct session *session, const Rectify__V1__Pong *pong) {
  char root[2 * HASH_BYTES + 1] = "?", now[INSTANT_TEXT_BYTES];
  const unsigned long long open = pong->cases_open, total = pong->cases_total;
  const unsigned long long size = pong->head == NULL ? 0 : pong->head->size;
  if (pong->head != NULL && pong->head->root.len == HASH_BYTES) hex_text(pong->head->root.data, 8, root);
  instant_text(session, pong->now, now);
  print_safe(stdout, pong->software.data, pong->software.len);
  (void)printf("%s%s%s%s\n", _(", "), now,
               pong->manual_clock ? _(" (manual clock)") : "",
               pong->standby ? _(", standby") : "");
  (void)printf(_("%llu cases, %llu of them open\npolicy version %u, calendar version %u, registry version %u\n"
                 "log of %llu events, root %s...\n"), total, open, pong->policy_version, pong->calendar_version,
               pong->registry_version, size, root);
}

static void print_pong(struct session *session, const Rectify__V1__Pong *pong) {
  char root[2 * HASH_BYTES + 1] = "", turns[256] = "";
  size_t used = 0;
  if (pong->head != NULL && pong->head->root.len == HASH_BYTES) hex_text(pong->head->root.data, HASH_BYTES, root);
  struct sheet *sheet = sheet_open(session, stdout, ping_columns, sizeof ping_columns / sizeof ping_columns[0]);
  sheet_data(sheet, &pong->software);
  sheet_instant(sheet, pong->now);
  sheet_truth(sheet, pong->manual_clock);
  sheet_truth(sheet, pong->standby);
  sheet_number(sheet, (int64_t)pong->cases_open);
  sheet_number(sheet, (int64_t)pong->cases_total);
  sheet_number(sheet, pong->policy_version);
  sheet_number(sheet, pong->calendar_version);
  sheet_number(sheet, pong->registry_version);
  sheet_number(sheet, pong->head == NULL ? 0 : (int64_t)pong->head->size);
  sheet_string(sheet, root);
  for (size_t i = 0; i < pong->n_turns && used < sizeof turns - 24; i++)
    used += (size_t)snprintf(turns + used, sizeof turns - used, i == 0 ? "%llu" : " %llu", (unsigned long long)pong->turns[i]);
  sheet_string(sheet, turns);
  sheet_number(sheet, (int64_t)pong->turn_usec_max);
  (void)sheet_close(sheet);
}

int ping_run(struct session *session, struct arguments *arguments) {
  const Rectify__V1__Pong *pong;
  int code = arguments_plain(session, arguments, 0, 0);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = session_ping(session, &pong);
  if (code != EXIT_FINE) return code;
  if (session->format == FORMAT_TABLE) say_pong(session, pong);
  else print_pong(session, pong);
  return EXIT_FINE;
}

static void say_now(const struct session *session, usec_t now, bool manual) {
  char text[INSTANT_TEXT_BYTES];
  instant_format(session, now, text);
  if (session->format == FORMAT_JSON)
    (void)printf("{\"now\":\"%s\",\"manual_clock\":%s}\n", text, manual ? "true" : "false");
  else (void)printf("%s%s\n", text, manual ? _(" (manual clock)") : "");
}

int clock_show_run(struct session *session, struct arguments *arguments) {
  const Rectify__V1__Pong *pong;
  int code = arguments_plain(session, arguments, 0, 0);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = session_ping(session, &pong);
  if (code == EXIT_FINE) say_now(session, pong->now, pong->manual_clock);
  return code;
}

static int ask_advance(struct session *session, usec_t until, int timeout_msec, const Rectify__V1__Reply **reply) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__ClockAdvance advance = RECTIFY__V1__CLOCK_ADVANCE__INIT;
  advance.until = until;
  request.body_case = RECTIFY__V1__REQUEST__BODY_CLOCK_ADVANCE;
  request.clock_advance = &advance;
  return rectify_ask(session->rectify, &request, timeout_msec, reply);
}

/* Whether the daemon got any further since the last look: a long way has many rungs. */
static bool moves_on(struct session *session, uint64_t *seen) {
  const Rectify__V1__Pong *pong;
  if (session_ping(session, &pong) != EXIT_FINE) return false;
  uint64_t at = (uint64_t)pong->now + (pong->head == NULL ? 0 : pong->head->size);
  bool moved = at != *seen;
  *seen = at;
  if (isatty(STDERR_FILENO) == 1) {
    char text[INSTANT_TEXT_BYTES];
    instant_text(session, pong->now, text);
    (void)fprintf(stderr, "\r%s  log %llu ", text, pong->head == NULL ? 0ULL : (unsigned long long)pong->head->size);
  }
  return moved;
}

int clock_advance_to(struct session *session, usec_t until, usec_t *now) {
  uint64_t seen = 0;
  int step = session->timeout_msec < STEP_MSEC ? session->timeout_msec : STEP_MSEC;
  for (int idle_msec = 0;;) {
    const Rectify__V1__Reply *reply;
    int result = ask_advance(session, until, step, &reply);
    if (result == RECTIFY_OK && reply->body_case == RECTIFY__V1__REPLY__BODY_PONG) {
      *now = reply->pong->now;
      return EXIT_FINE;
    }
    if (result != RECTIFY_TIMEOUT) return session_failure(session, result == RECTIFY_OK ? RECTIFY_PROTOCOL : result);
    idle_msec = moves_on(session, &seen) ? 0 : idle_msec + step;
    if (idle_msec < session->timeout_msec) continue;
    complain("the clock has not moved for %d s; how far it got says `rectify clock show`, and asking again is safe",
             idle_msec / 1000);
    return EXIT_UNREACHABLE;
  }
}

/* "30d", "12h" from the daemon's now; else an instant. */
static bool read_target(struct session *session, const char *text, usec_t now, usec_t *until) {
  char digits[12];
  int64_t count;
  size_t length = strspn(text, "0123456789");
  if (length > 0 && length < sizeof digits && (strcmp(text + length, "d") == 0 || strcmp(text + length, "h") == 0)) {
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!number_read(digits, 0, 24 * (int64_t)DAY_MAX, &count)) return false;
    *until = now + count * USEC_PER_HOUR * (text[length] == 'd' ? 24 : 1);
    return true;
  }
  return instant_read(session, text, until, NULL);
}

int clock_advance_run(struct session *session, struct arguments *arguments) {
  const Rectify__V1__Pong *pong;
  usec_t until, now;
  int code = arguments_plain(session, arguments, 1, 1);
  if (code == EXIT_FINE && !read_target(session, arguments->argv[optind], 0, &until))
    return complain_usage(arguments->verb, "'%s' is not 30d, 12h, 2026-03-01 or 2026-03-01T09:00",
                          arguments->argv[optind]);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = session_ping(session, &pong);
  if (code != EXIT_FINE) return code;
  if (!read_target(session, arguments->argv[optind], pong->now, &until)) return EXIT_USE;
  if (until >= (usec_t)DAY_MAX * 24 * USEC_PER_HOUR) {
    char last[11];
    workday_format(DAY_MAX - 1, last);
    complain("the clock goes no further than %s", last);
    return EXIT_USE;
  }
  if (until < pong->now) {
    complain("the daemon's clock is past that already; it only goes forward (`rectify clock show`)");
    return EXIT_REFUSED;
  }
  code = clock_advance_to(session, until, &now);
  if (isatty(STDERR_FILENO) == 1) (void)fputs("\r\033[K", stderr);
  if (code == EXIT_FINE) say_now(session, now, true);
  return code;
}

int version_run(struct session *session, struct arguments *arguments) {
  int code = arguments_plain(session, arguments, 0, 0);
  if (code == EXIT_FINE) (void)puts("rectify " RECTIFY_VERSION);
  return code;
}

int help_run(struct session *session, struct arguments *arguments) {
  int taken;
  int code = arguments_plain(session, arguments, 0, 2);
  int words = arguments->argc - optind;
  char **names = arguments->argv + optind;
  if (code != EXIT_FINE) return code;
  const struct verb *verb = words == 0 ? NULL : verb_find(names[0], words > 1 ? names[1] : NULL, &taken);
  if (words == 1 && verb == NULL && help_family(stdout, names[0], session->zh)) return EXIT_FINE;
  if (words > 0 && verb == NULL) return verb_unknown(session, names[0], words > 1 && verb_has_family(names[0]) ? names[1] : NULL);
  if (verb == NULL) help_program(stdout, session->zh);
  else help_verb(stdout, verb, wrap_width(stdout));
  return EXIT_FINE;
}
