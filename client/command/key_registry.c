/* key_registry.c - `key register`, `key revoke`, `key list`: whose key is which, as the daemon knows it. */
#include <string.h>

#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "sign/curve.h"
#include "sign/note.h"

/* ---- register and revoke ---- */

enum { FLAG_FROM, FLAG_UNTIL };
const struct flag key_register_flags[] = {
    {"from", 0, "DATE", "first day it may be used, UTC (today)", NULL},
    {"until", 0, "DATE", "last day it may be used, UTC (without end)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};
const struct flag key_revoke_flags[] = {
    {"message", 'm', "TEXT", "why", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

/* A key to connect is 64 hexadecimal digits, one to sign with NAME+ID+BASE64. */
static int read_key(const char *text, uint8_t key[CURVE_KEY_BYTES], uint32_t *kind) {
  struct note_verifier person;
  *kind = KEY_TO_CONNECT;
  if (curve_of_text(text, strlen(text), key)) return EXIT_FINE;
  if (note_verifier_parse(text, strlen(text), &person) && person.algorithm == NOTE_ED25519) {
    *kind = KEY_TO_SIGN;
    memcpy(key, person.public_key, CURVE_KEY_BYTES);
    return EXIT_FINE;
  }
  complain("'%s' is not a sound public key to connect or to sign with, as `rectify key new` and `rectify key public` print them",
           text);
  return EXIT_USE;
}

/* What came of it.  `words` say it when it was accepted. */
static int say_outcome(const struct session *session, const Rectify__V1__Reply *reply, const char *words) {
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || reply->outcomes->n_outcomes != 1) return session_misfit();
  const Rectify__V1__Outcome *outcome = reply->outcomes->outcomes[0];
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) {
    if (session->format == FORMAT_JSON)
      (void)printf("{\"key\":\"%s\",\"log_index\":%llu,\"repeated\":%s}\n", words,
                   (unsigned long long)outcome->receipt->log_index, outcome->receipt->repeated ? "true" : "false");
    else
      (void)printf("%s [log %llu]\n", words, (unsigned long long)outcome->receipt->log_index);
    return EXIT_FINE;
  }
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) {
    uint32_t rule = outcome->refusal->rule;
    complain("refused, rule %u: %s", rule, in_language(session, word_text(words_rule, rule), word_zh(words_rule, rule)));
  } else {
    complain("%s", word_text(words_failure, outcome->error != NULL ? outcome->error->code : 0));
  }
  return EXIT_REFUSED;
}

static int send_change(struct session *session, Rectify__V1__KeyChange *change, const char *words) {
  uint8_t id[16];
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  const Rectify__V1__Reply *reply;
  int code = session_open(session);
  if (code != EXIT_FINE) return code;
  if (rectify_key(session->rectify, id) != RECTIFY_OK) return session_failure(session, RECTIFY_SYSTEM);
  change->id = wire_bytes(id, sizeof id);
  request.body_case = RECTIFY__V1__REQUEST__BODY_KEY_CHANGE;
  request.key_change = change;
  code = session_ask(session, &request, &reply);
  if (code == EXIT_UNREACHABLE)
    (void)fputs(_("whether it was recorded is unknown: `rectify key list` shows it; saying the same again is safe\n"), stderr);
  return code != EXIT_FINE ? code : say_outcome(session, reply, words);
}

static bool read_day(const char *text, const char *what, int32_t *out) {
  day_t day;
  if (!workday_parse(text, strlen(text), &day)) {
    complain("--%s wants a date YYYY-MM-DD, not '%s'", what, text);
    return false;
  }
  *out = day;
  return true;
}

int key_register_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__KeyChange change = RECTIFY__V1__KEY_CHANGE__INIT;
  uint8_t key[CURVE_KEY_BYTES];
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    bool from = option == FLAG_FROM;
    if (!read_day(optarg, from ? "from" : "until", from ? &change.valid_from : &change.valid_until)) return EXIT_USE;
  }
  int code = arguments_words(arguments, 2, 2);
  if (code == EXIT_FINE) code = read_key(arguments->argv[optind + 1], key, &change.kind);
  if (code != EXIT_FINE) return code;
  change.officer = wire_text(arguments->argv[optind]);
  change.public_key = wire_bytes(key, sizeof key);
  return send_change(session, &change, "registered");
}

int key_revoke_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__KeyChange change = RECTIFY__V1__KEY_CHANGE__INIT;
  uint8_t key[CURVE_KEY_BYTES];
  int exit_code = EXIT_FINE;
  change.revoke = true;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    change.text = wire_text(optarg);
  }
  uint32_t kind;
  int code = arguments_words(arguments, 1, 1);
  if (code == EXIT_FINE) code = read_key(arguments->argv[optind], key, &kind);
  if (code != EXIT_FINE) return code;
  change.public_key = wire_bytes(key, sizeof key);
  return send_change(session, &change, "revoked");
}

/* ---- list ---- */

enum { FLAG_OFFICER };
const struct flag key_list_flags[] = {
    {"officer", 0, "OFFICER", "of this one only", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column key_columns[] = {
    {"key", "KEY", "密钥", 0},          {"officer", "OFFICER", "人员", 0},     {"name", "NAME", "姓名", COLUMN_TEXT},
    {"from", "FROM", "起始", 0},        {"until", "UNTIL", "截止", 0},         {"revoked", "REVOKED", "已吊销", COLUMN_NUMBER},
    {"kind", "FOR", "用途", 0},         /* connect, sign */
};

static void put_day(struct sheet *sheet, int32_t day) {
  char text[11];
  workday_format(day, text);
  sheet_string(sheet, day >= DAY_MAX ? "" : text);
}

static int print_keys(void *context, const Rectify__V1__Page *page) {
  struct sheet *sheet = context;
  for (size_t i = 0; i < page->n_keys; i++) {
    const Rectify__V1__KeyRow *row = page->keys[i];
    char text[CURVE_TEXT_BYTES] = "";
    if (row->public_key.len == CURVE_KEY_BYTES) curve_text(row->public_key.data, text);
    sheet_string(sheet, text);
    sheet_data(sheet, &row->officer);
    sheet_data(sheet, &row->officer_name);
    put_day(sheet, row->valid_from);
    put_day(sheet, row->valid_until);
    sheet_truth(sheet, row->revoked);
    sheet_string(sheet, row->kind == KEY_TO_SIGN ? "sign" : "connect");
  }
  return EXIT_FINE;
}

int key_list_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__KeyQuery keys = RECTIFY__V1__KEY_QUERY__INIT;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    keys.officer = wire_text(optarg);
  }
  query.what_case = RECTIFY__V1__QUERY__WHAT_KEYS;
  query.keys = &keys;
  int code = arguments_words(arguments, 0, 0);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  struct sheet *sheet = sheet_open(session, stdout, key_columns, sizeof key_columns / sizeof key_columns[0]);
  code = session_pages(session, &query, print_keys, sheet);
  (void)sheet_close(sheet);
  return code;
}
