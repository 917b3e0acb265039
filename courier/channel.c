/* channel.c - see channel.h: opening, and one attempt by whichever way. */
#include "courier/channel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "courier/log.h"
#include "document/report.h"
#include "rectify/must.h"
#include "sign/secret.h"

/* ---- opening ---- */

static bool failed(const struct channel_setting *setting, const char *text, char error[CHANNEL_ERROR_BYTES]) {
  (void)snprintf(error, CHANNEL_ERROR_BYTES, "channel %s: %s", setting->name, text);
  return false;
}

/* The first line of a secret file; one line is all that it may have. */
static bool read_secret(const struct channel_setting *setting, const char *path, char *out, size_t size,
                        char error[CHANNEL_ERROR_BYTES]) {
  char said[SECRET_ERROR_BYTES];
  size_t length = 0;
  if (path[0] == '\0') return true;
  if (!secret_read(path, out, size - 1, &length, said, sizeof said)) return failed(setting, said, error);
  while (length > 0 && (out[length - 1] == '\n' || out[length - 1] == '\r')) length--;
  out[length] = '\0';
  if (length > 0 && strlen(out) == length && strpbrk(out, "\r\n") == NULL) return true;
  (void)snprintf(said, sizeof said, "%.4000s: must hold one line", path);
  return failed(setting, said, error);
}

static bool is_http(const struct channel_setting *setting) {
  return setting->type == CHANNEL_WECOM || setting->type == CHANNEL_DINGTALK || setting->type == CHANNEL_FEISHU ||
         setting->type == CHANNEL_WEBHOOK;
}

static bool check_url(const struct channel_setting *setting, const char *url, char error[CHANNEL_ERROR_BYTES]) {
  if (!is_http(setting)) return true;
  if (strncmp(url, "https://", 8) == 0 || (setting->plain && strncmp(url, "http://", 7) == 0)) return true;
  return failed(setting, "its URL must begin with https://", error);
}

bool channel_open(struct channel *channel, const struct channel_setting *setting, const char *host,
                  char error[CHANNEL_ERROR_BYTES]) {
  *channel = (struct channel){.setting = setting, .hungry = true};
  channel->rate.per_minute = (uint32_t)setting->per_minute;
  (void)snprintf(channel->url, sizeof channel->url, "%s", setting->url);
  if (setting->type == CHANNEL_SMTP) /* libcurl says the path's name in EHLO */
    (void)snprintf(channel->url, sizeof channel->url, "%s/%s", setting->url, host);
  return read_secret(setting, setting->url_file, channel->url, COURIER_VALUE_BYTES_MAX, error) &&
         read_secret(setting, setting->secret_file, channel->secret, sizeof channel->secret, error) &&
         check_url(setting, channel->url, error);
}

void channel_wipe(struct channel *channel) { explicit_bzero(channel, sizeof *channel); }

/* ---- one attempt ---- */

/* The command that is answered next; libcurl shows what it sends.  QUIT is not about the letter any more. */
static enum mail_stage stage_of(const char *line, size_t length) {
  static const struct {
    const char *verb;
    enum mail_stage stage;
  } verbs[] = {{"EHLO", MAIL_HELLO}, {"HELO", MAIL_HELLO}, {"STARTTLS", MAIL_STARTTLS}, {"MAIL", MAIL_FROM},
               {"RCPT", MAIL_RCPT}, {"DATA", MAIL_DATA}};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (length >= strlen(verbs[i].verb) && strncasecmp(line, verbs[i].verb, strlen(verbs[i].verb)) == 0) return verbs[i].stage;
  return MAIL_AUTH; /* AUTH, and the words after it, which are secret */
}

static int on_debug(CURL *easy, curl_infotype what, char *data, size_t length, void *context) {
  struct exchange *exchange = context;
  (void)easy;
  if (what == CURLINFO_DATA_OUT) exchange->stage = MAIL_BODY;
  if (what != CURLINFO_HEADER_OUT) return 0;
  exchange->ended |= length >= 4 && strncasecmp(data, "QUIT", 4) == 0;
  if (!exchange->ended) exchange->stage = stage_of(data, length);
  return 0;
}

static void keep(struct exchange *exchange, const char *data, size_t length) {
  buffer_put(&exchange->answer, data, length);
  exchange->answered += length;
}

/* Each line of an answer; the last one is what counts. */
static size_t on_line(char *data, size_t size, size_t count, void *context) {
  struct exchange *exchange = context;
  const size_t length = size * count;
  if (exchange->ended) return length;
  exchange->answered += length;
  if (exchange->answered > ANSWER_READ_MAX) return 0;
  buffer_clear(&exchange->answer);
  buffer_put(&exchange->answer, data, length);
  if (length >= 3) exchange->code = strtol(data, NULL, 10);
  return length;
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
  struct exchange *exchange = context;
  const size_t length = size * count;
  keep(exchange, data, length);
  return exchange->answered > ANSWER_READ_MAX ? 0 : length;
}

#define SET(option, value) must(curl_easy_setopt(exchange->easy, option, value) == CURLE_OK)

static void watch_mail(struct exchange *exchange) {
  SET(CURLOPT_VERBOSE, 1L);
  SET(CURLOPT_DEBUGFUNCTION, on_debug);
  SET(CURLOPT_DEBUGDATA, exchange);
  SET(CURLOPT_HEADERFUNCTION, on_line);
  SET(CURLOPT_HEADERDATA, exchange);
}

void exchange_options(const struct channel *channel, struct exchange *exchange) {
  const struct channel_setting *setting = channel->setting;
  const long timeout = setting->timeout_seconds;
  curl_easy_reset(exchange->easy);
  exchange->answer.bytes_max = ANSWER_BYTES_MAX;
  SET(CURLOPT_ERRORBUFFER, exchange->error);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_TIMEOUT, timeout);
  SET(CURLOPT_CONNECTTIMEOUT, timeout < 10 ? timeout : 10L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, exchange);
  if (setting->ca_file[0] != '\0') SET(CURLOPT_CAINFO, setting->ca_file);
  if (setting->type == CHANNEL_SMTP) watch_mail(exchange);
}

void exchange_header(struct exchange *exchange, const char *format, ...) {
  char line[8192];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  must(length > 0 && (size_t)length < sizeof line);
  struct curl_slist *more = curl_slist_append(exchange->headers, line);
  must(more != NULL);
  exchange->headers = more;
}

void exchange_post(const struct channel *channel, struct exchange *exchange, const char *url) {
  exchange_options(channel, exchange);
  exchange_header(exchange, "Content-Type: application/json; charset=utf-8");
  exchange_header(exchange, "Expect:");
  SET(CURLOPT_PROTOCOLS_STR, channel->setting->plain ? "http,https" : "https");
  SET(CURLOPT_URL, url);
  SET(CURLOPT_HTTPHEADER, exchange->headers);
  SET(CURLOPT_POSTFIELDSIZE, (long)exchange->request.length);
  SET(CURLOPT_POSTFIELDS, buffer_text(&exchange->request));
}

void channel_prepare(const struct channel *channel, const char *host, const struct outgoing *letter, int64_t wall_msec,
                     struct exchange *exchange) {
  switch ((enum channel_type)channel->setting->type) {
    case CHANNEL_SMTP:
      mail_prepare(channel, host, letter, exchange);
      return;
    case CHANNEL_WECOM:
    case CHANNEL_DINGTALK:
    case CHANNEL_FEISHU:
      chat_prepare(channel, letter, wall_msec, exchange);
      return;
    case CHANNEL_WEBHOOK:
      webhook_prepare(channel, letter, wall_msec, exchange);
      return;
    case CHANNEL_SYSLOG:
      log_line(letter->urgent ? LOG_WARNING : LOG_NOTICE, "courier.letter id=%s officer=%s to=%s subject=\"%s\"", letter->id_text,
               letter->officer, letter->address, letter->subject);
      return;
    case CHANNEL_NONE:
      break;
  }
  must(false);
}

struct verdict channel_judge(const struct channel *channel, struct exchange *exchange, CURLcode result) {
  const enum channel_type type = (enum channel_type)channel->setting->type;
  curl_off_t after = 0;
  long status = 0;
  if (type == CHANNEL_SYSLOG) return (struct verdict){FAULT_NONE, 0};
  if (type == CHANNEL_SMTP) return verdict_mail(result, exchange->stage, exchange->code);
  (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  (void)curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &after);
  if (type == CHANNEL_WEBHOOK) return verdict_webhook(result, status, after);
  return verdict_chat(type, result, status, after, buffer_text(&exchange->answer));
}

/* ---- what is told of it ---- */

static void put_clean(struct buffer *out, const char *text) {
  for (size_t at = 0, length = strlen(text); at < length;) {
    uint32_t point = 0;
    const size_t size = utf8_next(text + at, length - at, &point);
    if (size > 0 && utf8_is_plain(point)) buffer_put(out, text + at, size);
    else if (text[at] == '\n' || text[at] == '\r' || text[at] == '\t') buffer_puts(out, " ");
    else buffer_puts(out, "?");
    at += size > 0 ? size : 1;
  }
}

void channel_answer(const struct exchange *exchange, CURLcode result, char out[LETTER_ANSWER_BYTES_MAX + 1]) {
  struct buffer text = {.bytes_max = LETTER_ANSWER_BYTES_MAX};
  long status = 0;
  if (exchange->request.length > 0) /* by HTTP */
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
  /* Of what a server said after the letter's text libcurl thinks that it was no answer: it is one. */
  static const char odd[] = "Weird server reply: ";
  const char *said = exchange->error[0] != '\0' ? exchange->error : curl_easy_strerror(result);
  if (strncmp(said, odd, sizeof odd - 1) == 0) said += sizeof odd - 1;
  if (result != CURLE_OK) put_clean(&text, said);
  if (result != CURLE_OK && exchange->answer.length > 0) buffer_puts(&text, ": ");
  if (status != 0) buffer_putf(&text, "HTTP %ld ", status);
  put_clean(&text, buffer_text(&exchange->answer));
  while (text.length > 0 && text.data[text.length - 1] == ' ') text.data[--text.length] = '\0';
  (void)snprintf(out, LETTER_ANSWER_BYTES_MAX + 1, "%s", buffer_text(&text));
  buffer_free(&text);
}

void exchange_clear(struct exchange *exchange) {
  curl_mime_free(exchange->mime);
  curl_slist_free_all(exchange->headers);
  curl_slist_free_all(exchange->recipients);
  buffer_free(&exchange->request);
  buffer_free(&exchange->answer);
  *exchange = (struct exchange){.easy = exchange->easy};
}
