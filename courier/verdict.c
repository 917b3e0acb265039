/* verdict.c - see verdict.h. */
#include "courier/verdict.h"

#include <stdlib.h>
#include <string.h>

static const struct verdict delivered = {FAULT_NONE, 0}, passing = {FAULT_PASSING, 0}, setup = {FAULT_SETUP, 0},
                            of_letter = {FAULT_LETTER, 0};

/* What TLS and logging in end with. */
static bool is_setup(CURLcode result) {
  static const CURLcode all[] = {CURLE_LOGIN_DENIED,   CURLE_USE_SSL_FAILED,  CURLE_PEER_FAILED_VERIFICATION,
                                 CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
                                 CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CONNECT_ERROR, CURLE_REMOTE_ACCESS_DENIED, CURLE_UNSUPPORTED_PROTOCOL,
                                 CURLE_URL_MALFORMAT};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i] == result) return true;
  return false;
}

static bool is_about_login(long code) { return code == 530 || code == 534 || code == 535 || code == 538; }

struct verdict verdict_mail(CURLcode result, enum mail_stage stage, long code) {
  if (result == CURLE_OK) return delivered;
  if (code == 421) return passing; /* the server closes, whatever was asked */
  if (is_setup(result) || is_about_login(code)) return setup;
  if (code < 500 || code > 599) return passing;
  switch (stage) {
    case MAIL_RCPT:
    case MAIL_DATA:
    case MAIL_BODY:
      return of_letter;
    case MAIL_FROM: /* the sender is everybody's; only a size is this letter's */
      return code == 552 ? of_letter : setup;
    case MAIL_GREETING:
    case MAIL_HELLO:
    case MAIL_STARTTLS:
    case MAIL_AUTH:
      return setup;
  }
  return passing;
}

struct verdict verdict_webhook(CURLcode result, long status, int64_t retry_after) {
  if (is_setup(result)) return setup;
  if (result != CURLE_OK) return passing;
  if (status >= 200 && status < 300) return delivered;
  if (status == 429) return (struct verdict){FAULT_RATE, retry_after > 0 && retry_after < 86400 ? (int32_t)retry_after : 60};
  if (status == 400 || status == 413 || status == 415 || status == 422) return of_letter;
  if (status == 408 || status == 425 || status >= 500) return passing;
  return setup;
}

static const struct chat_code {
  enum channel_type type;
  int64_t code;
  struct verdict verdict;
} chat_codes[] = {
#define CHAT_CODE(TYPE, code, FAULT, wait, text) {CHANNEL_##TYPE, code, {FAULT_##FAULT, wait}},
#include "courier/chat_code.def"
#undef CHAT_CODE
};

struct verdict verdict_chat(enum channel_type type, CURLcode result, long status, int64_t retry_after, const char *body) {
  const struct verdict verdict = verdict_webhook(result, status, retry_after);
  int64_t code;
  if (verdict.fault != FAULT_NONE) return verdict;
  if (!json_number(body, type == CHANNEL_FEISHU ? "code" : "errcode", &code) &&
      !(type == CHANNEL_FEISHU && json_number(body, "StatusCode", &code)))
    return passing; /* a page of somebody between */
  if (code == 0) return delivered;
  for (size_t i = 0; i < sizeof chat_codes / sizeof *chat_codes; i++)
    if (chat_codes[i].type == type && chat_codes[i].code == code) return chat_codes[i].verdict;
  return passing;
}

/* Behind the string that begins at `at`; NULL when it does not end. */
static const char *string_end(const char *at) {
  for (at++; *at != '\0' && *at != '"'; at++)
    if (*at == '\\' && *++at == '\0') return NULL;
  return *at == '"' ? at + 1 : NULL;
}

/* Whether the string from `at` to `end` is `key`, and a number stands behind it. */
static bool is_key(const char *at, const char *end, const char *key, int64_t *out) {
  const size_t length = strlen(key);
  char *stop;
  if ((size_t)(end - at) != length + 2 || memcmp(at + 1, key, length) != 0) return false;
  end += strspn(end, " \t\r\n");
  if (*end != ':') return false;
  end += 1 + strspn(end + 1, " \t\r\n");
  if (*end != '-' && (*end < '0' || *end > '9')) return false;
  *out = strtoll(end, &stop, 10);
  return stop != end && strchr(",} \t\r\n", *stop) != NULL && *stop != '\0';
}

uint32_t verdict_seen(const char *body) {
  int64_t said;
  if (json_number(body, "acknowledged", &said) && said == 1) return DELIVERY_ACKNOWLEDGED;
  return json_number(body, "opened", &said) && said == 1 ? DELIVERY_OPENED : 0;
}

bool json_number(const char *text, const char *key, int64_t *out) {
  int depth = 0;
  text += strspn(text, " \t\r\n");
  if (*text != '{') return false;
  while (text != NULL && *text != '\0') {
    const char *end = *text == '"' ? string_end(text) : text + 1;
    depth += *text == '{' || *text == '[';
    depth -= *text == '}' || *text == ']';
    if (*text == '"' && end != NULL && depth == 1 && is_key(text, end, key, out)) return true;
    text = end;
  }
  return false;
}
