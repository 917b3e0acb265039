/* letters.c - `letters`: what was sent to whom, over which channel, with which outcome, and every attempt.  Tables and CSV have a row
 * an attempt; JSON has a line a letter, with its attempts inside. */
#include <inttypes.h>
#include <string.h>

#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LETTERS_OFFICER, LETTERS_CASE, LETTERS_DEAD, LETTERS_WAITING, LETTERS_ID };
const struct flag letter_flags[] = {
    {"officer", 'o', "OFFICER", "to this officer only", NULL},
    {"case", 'c', "CASE", "about this case only", NULL},
    {"dead", 0, NULL, "only those that were given up", NULL},
    {"waiting", 0, NULL, "only those that are still to be delivered", NULL},
    {"id", 0, "ID", "this one, with its text", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column columns[] = {
    {"made", "MADE", "登记时间", 0},
    {"officer", "TO", "收件人", 0},
    {"officer_name", "NAME", "姓名", COLUMN_ROOM},
    {"channel", "CHANNEL", "渠道", 0},
    {"state", "STATE", "状态", 0},
    {"cases", "CASES", "编号", 0},
    {"attempt", "ATTEMPT", "次数", COLUMN_NUMBER},
    {"ended", "ENDED", "结束", 0},
    {"outcome", "OUTCOME", "结果", 0},
    {"answer", "ANSWER", "应答", COLUMN_TEXT},
    {"acknowledged", "ACKNOWLEDGED", "确认时间", COLUMN_ROOM},
    {"opened", "OPENED", "打开时间", COLUMN_ROOM},
    {"urgent", "URGENT", "紧急", COLUMN_NUMBER | COLUMN_MACHINE},
    {"id", "ID", "标识", COLUMN_MACHINE},
};

struct telling {
  struct session *session;
  struct sheet *sheet; /* NULL: JSON */
  uint64_t letters;
};

#define CASES_SHOWN 3
/* "C-000042 C-000043 +7" */
static void cases_text(const struct session *session, const Rectify__V1__LetterRow *row, char *out, size_t room) {
  const size_t shown = session->format == FORMAT_TABLE && row->n_cases > CASES_SHOWN ? CASES_SHOWN : row->n_cases;
  size_t at = 0;
  out[0] = '\0';
  for (size_t i = 0; i < shown && at + CASE_TEXT_BYTES < room; i++) {
    char name[CASE_TEXT_BYTES];
    case_text(row->cases[i], name);
    at += (size_t)snprintf(out + at, room - at, "%s%s", at > 0 ? " " : "", name);
  }
  if (shown < row->n_cases && at < room) (void)snprintf(out + at, room - at, " +%zu", row->n_cases - shown);
}

static void put_state(const struct telling *telling, const Rectify__V1__LetterRow *row) {
  const bool people = telling->session->format == FORMAT_TABLE && !telling->session->zh;
  if (people && row->state == LETTER_DEAD) sheet_string(telling->sheet, "given up");
  else sheet_word(telling->sheet, words_letter_state, row->state);
}

static void put_row(const struct telling *telling, const Rectify__V1__LetterRow *row, const Rectify__V1__DeliveryRow *delivery) {
  static const Rectify__V1__DeliveryRow none = RECTIFY__V1__DELIVERY_ROW__INIT;
  struct sheet *sheet = telling->sheet;
  char cases[LETTER_NOTICES_MAX * CASE_TEXT_BYTES], id[UUID_TEXT_BYTES] = "";
  cases_text(telling->session, row, cases, sizeof cases);
  if (row->letter->id.len == WIRE_ID_BYTES) uuid_text(row->letter->id.data, id);
  if (delivery == NULL) delivery = &none;
  sheet_instant(sheet, row->made);
  sheet_data(sheet, &row->letter->officer);
  sheet_data(sheet, &row->officer_name);
  sheet_data(sheet, &row->letter->channel);
  put_state(telling, row);
  sheet_string(sheet, cases);
  if (delivery->attempt != 0) sheet_number(sheet, delivery->attempt);
  else sheet_nothing(sheet);
  sheet_instant(sheet, delivery->ended);
  sheet_word(sheet, words_delivery, delivery->outcome);
  sheet_data(sheet, &delivery->answer);
  sheet_instant(sheet, row->acknowledged);
  sheet_instant(sheet, row->opened);
  sheet_truth(sheet, row->letter->urgent);
  sheet_string(sheet, id);
}

/* ---- JSON ---- */

static void json_data(const char *name, const ProtobufCBinaryData *data) {
  (void)printf(", \"%s\": ", name);
  json_string(stdout, data->data, data->len);
}

static void json_instant(const char *name, usec_t instant) {
  char text[INSTANT_TEXT_BYTES];
  instant_machine(instant, text);
  if (instant == 0) (void)printf(", \"%s\": null", name);
  else (void)printf(", \"%s\": \"%s\"", name, text);
}

static void json_deliveries(const Rectify__V1__LetterRow *row) {
  (void)fputs(", \"deliveries\": [", stdout);
  for (size_t i = 0; i < row->n_deliveries; i++) {
    const Rectify__V1__DeliveryRow *one = row->deliveries[i];
    (void)printf("%s{\"attempt\": %" PRIu32, i > 0 ? ", " : "", one->attempt);
    json_instant("leased", one->leased);
    json_instant("ended", one->ended);
    if (one->outcome == 0) (void)fputs(", \"outcome\": null", stdout);
    else (void)printf(", \"outcome\": \"%s\"", word_name(words_delivery, one->outcome));
    json_data("answer", &one->answer);
    (void)fputc('}', stdout);
  }
  (void)fputc(']', stdout);
}

static void json_numbers(const char *name, size_t count, const uint64_t *numbers) {
  (void)printf(", \"%s\": [", name);
  for (size_t i = 0; i < count; i++) (void)printf("%s%" PRIu64, i > 0 ? ", " : "", numbers[i]);
  (void)fputc(']', stdout);
}

static void put_json(const Rectify__V1__LetterRow *row) {
  char id[UUID_TEXT_BYTES] = "";
  if (row->letter->id.len == WIRE_ID_BYTES) uuid_text(row->letter->id.data, id);
  (void)printf("{\"id\": \"%s\"", id);
  json_data("officer", &row->letter->officer);
  json_data("officer_name", &row->officer_name);
  json_data("channel", &row->letter->channel);
  json_data("language", &row->letter->language);
  (void)printf(", \"urgent\": %s, \"state\": \"%s\"", row->letter->urgent ? "true" : "false", word_name(words_letter_state, row->state));
  json_instant("made", row->made);
  json_instant("not_before", row->not_before);
  json_instant("leased_until", row->leased_until);
  json_instant("settled", row->settled);
  json_instant("opened", row->opened);
  json_instant("acknowledged", row->acknowledged);
  (void)printf(", \"attempts\": %" PRIu32 ", \"failures\": %" PRIu32, row->attempts, row->failures);
  json_numbers("cases", row->n_cases, row->cases);
  json_numbers("notices", row->letter->n_notices, row->letter->notices);
  json_deliveries(row);
  if (row->letter->subject.len > 0) json_data("subject", &row->letter->subject);
  if (row->letter->body.len > 0) json_data("body", &row->letter->body);
  if (row->letter->html.len > 0) json_data("html", &row->letter->html);
  (void)fputs("}\n", stdout);
}

/* ---- the list ---- */

static int print_letters(void *context, const Rectify__V1__Page *page) {
  struct telling *telling = context;
  for (size_t i = 0; i < page->n_letters; i++) {
    const Rectify__V1__LetterRow *row = page->letters[i];
    telling->letters++;
    if (row->letter == NULL) return session_misfit();
    if (telling->sheet == NULL) put_json(row);
    else if (row->n_deliveries == 0) put_row(telling, row, NULL);
    for (size_t k = 0; telling->sheet != NULL && k < row->n_deliveries; k++) put_row(telling, row, row->deliveries[k]);
    if (telling->session->format != FORMAT_TABLE || row->letter->body.len == 0) continue;
    print_safe(stdout, row->letter->subject.data, row->letter->subject.len);
    (void)fputs("\n\n", stdout);
    print_safe(stdout, row->letter->body.data, row->letter->body.len);
    (void)fputs("\n\n", stdout);
  }
  return EXIT_FINE;
}

static int read_letters(struct session *session, struct arguments *arguments, Rectify__V1__LetterQuery *which, uint8_t id[WIRE_ID_BYTES]) {
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == LETTERS_OFFICER) which->officer = wire_text(optarg);
    if (option == LETTERS_CASE && !case_read(optarg, &which->case_no))
      return complain_usage(arguments->verb, "--case wants a case number such as C-000042, not '%s'", optarg);
    if (option == LETTERS_ID && !uuid_read(optarg, strlen(optarg), id))
      return complain_usage(arguments->verb, "--id wants the id of a letter, not '%s'", optarg);
    if ((option == LETTERS_DEAD || option == LETTERS_WAITING) && which->state != 0)
      return complain_usage(arguments->verb, "--dead and --waiting go not together");
    if (option == LETTERS_DEAD) which->state = LETTER_DEAD;
    if (option == LETTERS_WAITING) which->state = LETTER_WAITING;
    if (option == LETTERS_ID) which->id = wire_bytes(id, WIRE_ID_BYTES);
  }
  which->with_body = which->id.len > 0;
  code = arguments_words(arguments, 0, 0);
  return code == EXIT_FINE ? session_open(session) : code;
}

int letters_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__LetterQuery which = RECTIFY__V1__LETTER_QUERY__INIT;
  struct telling telling = {.session = session};
  uint8_t id[WIRE_ID_BYTES];
  int code = read_letters(session, arguments, &which, id);
  if (code != EXIT_FINE) return code;
  query.what_case = RECTIFY__V1__QUERY__WHAT_LETTERS;
  query.letters = &which;
  if (session->format != FORMAT_JSON) telling.sheet = sheet_open(session, stdout, columns, COUNT(columns));
  code = session_pages(session, &query, print_letters, &telling);
  if (telling.sheet != NULL) (void)sheet_close(telling.sheet);
  if (code == EXIT_FINE && telling.letters == 0 && session->format == FORMAT_TABLE)
    (void)puts(_("no letters"));
  return code;
}

/* ---- what an inbox of the office says of letters ---- */

#define INBOX_DAYS 30

/* "C-000042  mail  h-north 北办  550 no such user": whom the office has to tell by another way. */
static void say_undelivered(const struct session *session, const Rectify__V1__LetterRow *row) {
  char when[INSTANT_TEXT_BYTES], cases[CASES_SHOWN * CASE_TEXT_BYTES + 32];
  const Rectify__V1__DeliveryRow *last = row->n_deliveries > 0 ? row->deliveries[row->n_deliveries - 1] : NULL;
  instant_text(session, row->settled, when);
  cases_text(session, row, cases, sizeof cases);
  (void)printf("%s  %s  ", when, cases);
  print_safe(stdout, row->letter->channel.data, row->letter->channel.len);
  (void)fputs("  ", stdout);
  print_safe(stdout, row->letter->officer.data, row->letter->officer.len);
  (void)fputc(' ', stdout);
  print_safe(stdout, row->officer_name.data, row->officer_name.len);
  (void)fputs("  ", stdout);
  if (last != NULL) print_safe(stdout, last->answer.data, last->answer.len);
  (void)fputc('\n', stdout);
}

void letters_say_undelivered(struct session *session) {
  Rectify__V1__LetterQuery which = RECTIFY__V1__LETTER_QUERY__INIT;
  uint8_t cursor[WIRE_CURSOR_BYTES_MAX];
  size_t cursor_length = 0;
  bool begun = false;
  which.state = LETTER_DEAD;
  do {
    Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
    Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
    const Rectify__V1__Reply *reply;
    query.cursor = wire_bytes(cursor, cursor_length);
    query.what_case = RECTIFY__V1__QUERY__WHAT_LETTERS;
    query.letters = &which;
    request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
    request.query = &query;
    if (rectify_ask(session->rectify, &request, session->timeout_msec, &reply) != RECTIFY_OK) return; /* not of the office */
    if (reply->body_case != RECTIFY__V1__REPLY__BODY_PAGE || reply->page->next_cursor.len > sizeof cursor) return;
    for (size_t i = 0; i < reply->page->n_letters; i++) {
      const Rectify__V1__LetterRow *row = reply->page->letters[i];
      if (row->letter == NULL || row->settled < reply->page->now - INBOX_DAYS * 24 * USEC_PER_HOUR) continue;
      if (!begun) (void)printf("\n%s\n", _("could not be delivered; tell them by another way:"));
      begun = true;
      say_undelivered(session, row);
    }
    cursor_length = reply->page->next_cursor.len;
    if (cursor_length > 0) memcpy(cursor, reply->page->next_cursor.data, cursor_length);
  } while (cursor_length > 0);
}
