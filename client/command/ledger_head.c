/* ledger_head.c - the head of the log that a ledger was made from: `rectify verify --printed` holds an export against it. */
#include <string.h>

#include "client/command/language.h"
#include "client/command/ledger.h"
#include "client/command/past.h"

void ledger_code(const struct view_end *end, const char *key, char out[LEDGER_CODE_BYTES]) {
  struct checkpoint head = {.size = end->log_size};
  char code[CHECKPOINT_CODE_BYTES];
  out[0] = '\0';
  if (!end->has_root || !past_log_name(key, head.origin)) return;
  memcpy(head.root.bytes, end->root, HASH_BYTES);
  checkpoint_code(&head, code);
  (void)snprintf(out, LEDGER_CODE_BYTES, "%llu:%s", (unsigned long long)end->log_size, code);
}

static void root_text(const struct view_end *end, char out[2 * HASH_BYTES + 1]) {
  out[0] = '?', out[1] = '\0';
  if (end->has_root) hex_text(end->root, HASH_BYTES, out);
}

void ledger_head(const struct session *session, const struct view_end *end, const char *en, const char *zh,
                 char out[LEDGER_HEAD_BYTES]) {
  char root[2 * HASH_BYTES + 1], now[INSTANT_TEXT_BYTES];
  root_text(end, root);
  instant_text(session, end->now, now);
  if (session->zh)
    (void)snprintf(out, LEDGER_HEAD_BYTES, "共 %llu %s；截至 %s；日志 %llu 条，根 %s", (unsigned long long)end->rows, zh, now,
                   (unsigned long long)end->log_size, root);
  else
    (void)snprintf(out, LEDGER_HEAD_BYTES, "%llu %s as of %s; log of %llu events, root %s", (unsigned long long)end->rows, en,
                   now, (unsigned long long)end->log_size, root);
}

static void say_json(const struct session *session, const struct view_end *end, const char *code, const char *en) {
  char now[INSTANT_TEXT_BYTES], root[2 * HASH_BYTES + 1];
  root_text(end, root);
  instant_format(session, end->now, now);
  (void)fprintf(stderr, "{\"%s\":%llu,\"as_of\":\"%s\",\"log_size\":%llu,\"root\":\"%s\",\"code\":", en,
                (unsigned long long)end->rows, now, (unsigned long long)end->log_size, root);
  if (code[0] != '\0') (void)fprintf(stderr, "\"%s\"}\n", code);
  else (void)fputs("null}\n", stderr);
}

void ledger_say_head(const struct session *session, const struct view_end *end, const char *key, const char *en,
                     const char *zh) {
  FILE *out = session->format == FORMAT_TABLE ? stdout : stderr;
  char head[LEDGER_HEAD_BYTES], code[LEDGER_CODE_BYTES];
  ledger_code(end, key, code);
  if (session->format == FORMAT_JSON) {
    say_json(session, end, code, en);
    return;
  }
  ledger_head(session, end, en, zh, head);
  (void)fprintf(out, "%s\n", head);
  if (code[0] != '\0') (void)fprintf(out, "%s %s\n", _("short code"), code);
}
