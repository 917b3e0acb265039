/* channel_mail.c - a letter as mail: RFC 5322, MIME with plain text and HTML as alternatives, one recipient.
 *
 * The Message-ID is the letter's id, so that whoever gets a letter twice can tell; Auto-Submitted (RFC 3834) keeps answering
 * machines still.  TLS is required, but to a server on this machine or where the settings say `tls: none`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "courier/channel.h"
#include "rectify/must.h"
#include "sign/note.h"

#define WORD_BYTES 45 /* of UTF-8 in one encoded word: with its frame at most 75 characters (RFC 2047, 2) */

static bool is_plain_ascii(const char *text) {
  for (const char *c = text; *c != '\0'; c++)
    if (*c < ' ' || *c >= 0x7f) return false;
  return strstr(text, "=?") == NULL && strlen(text) < 200;
}

void mail_put_words(struct buffer *out, const char *text) {
  char word[4 * WORD_BYTES];
  if (is_plain_ascii(text)) {
    buffer_puts(out, text);
    return;
  }
  for (size_t left = strlen(text), size; left > 0; text += size, left -= size) {
    size = text_cut(text, left, WORD_BYTES);
    must(size > 0);
    word[base64_encode((const uint8_t *)text, size, word)] = '\0';
    buffer_putf(out, "=?UTF-8?B?%s?=%s", word, size < left ? "\r\n " : "");
  }
}

static bool is_loopback(const char *url) {
  static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
  const char *host = strstr(url, "://") + 3;
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    const size_t length = strlen(hosts[i]);
    if (strncmp(host, hosts[i], length) == 0 && strchr(":/", host[length]) != NULL) return true;
  }
  return false;
}

/* What stands between quotes is plain ASCII; a name beyond it is encoded words, which have no quotes. */
static void put_from(struct exchange *exchange, const struct channel_setting *setting) {
  struct buffer name = {0};
  mail_put_words(&name, setting->from_name);
  const bool quoted = is_plain_ascii(setting->from_name) && strpbrk(setting->from_name, "\"\\") == NULL;
  if (name.length == 0 || (is_plain_ascii(setting->from_name) && !quoted)) exchange_header(exchange, "From: <%s>", setting->from);
  else if (quoted) exchange_header(exchange, "From: \"%s\" <%s>", buffer_text(&name), setting->from);
  else exchange_header(exchange, "From: %s <%s>", buffer_text(&name), setting->from);
  buffer_free(&name);
}

static void put_headers(const struct channel *channel, const char *host, const struct outgoing *letter,
                        struct exchange *exchange) {
  const time_t made = (time_t)(letter->made / USEC_PER_SECOND);
  struct buffer subject = {0};
  struct tm utc;
  char date[64];
  mail_put_words(&subject, letter->subject);
  (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&made, &utc));
  exchange_header(exchange, "Date: %s", date);
  put_from(exchange, channel->setting);
  exchange_header(exchange, "To: <%s>", letter->address);
  exchange_header(exchange, "Subject: %s", buffer_text(&subject));
  exchange_header(exchange, "Message-ID: <%s@%s>", letter->id_text, host);
  exchange_header(exchange, "Auto-Submitted: auto-generated");
  exchange_header(exchange, "Content-Language: %s", strncmp(letter->language, "zh", 2) == 0 ? "zh-CN" : "en");
  if (letter->urgent) exchange_header(exchange, "Importance: high");
  exchange_header(exchange, "MIME-Version: 1.0");
  exchange_header(exchange, "Content-Type: multipart/alternative");
  buffer_free(&subject);
}

/* Lines end with CRLF before they are encoded (RFC 2046, 4.1.1). */
static void put_part(struct exchange *exchange, const char *type, const char *text) {
  struct buffer lines = {0};
  for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
    buffer_put(&lines, text, (size_t)(end - text));
    buffer_puts(&lines, "\r\n");
  }
  buffer_puts(&lines, text);
  curl_mimepart *part = curl_mime_addpart(exchange->mime);
  must(part != NULL && curl_mime_data(part, buffer_text(&lines), lines.length) == CURLE_OK);
  must(curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, "base64") == CURLE_OK);
  buffer_free(&lines);
}

#define SET(option, value) must(curl_easy_setopt(exchange->easy, option, value) == CURLE_OK)

static void put_envelope(const struct channel *channel, const struct outgoing *letter, struct exchange *exchange) {
  char address[ADDRESS_BYTES_MAX + 3];
  (void)snprintf(address, sizeof address, "<%s>", letter->address);
  exchange->recipients = curl_slist_append(NULL, address);
  must(exchange->recipients != NULL);
  SET(CURLOPT_MAIL_RCPT, exchange->recipients);
  (void)snprintf(address, sizeof address, "<%s>", channel->setting->from);
  SET(CURLOPT_MAIL_FROM, address);
}

void mail_prepare(const struct channel *channel, const char *host, const struct outgoing *letter, struct exchange *exchange) {
  const bool plain = channel->setting->plain || is_loopback(channel->url);
  exchange_options(channel, exchange);
  SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  SET(CURLOPT_URL, channel->url);
  /* To the own machine TLS is used when a certificate is named that could prove it. */
  SET(CURLOPT_USE_SSL, (long)(plain && channel->setting->ca_file[0] == '\0' ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (channel->setting->user[0] != '\0') {
    SET(CURLOPT_USERNAME, channel->setting->user);
    SET(CURLOPT_PASSWORD, channel->secret);
  }
  put_envelope(channel, letter, exchange);
  put_headers(channel, host, letter, exchange);
  exchange->mime = curl_mime_init(exchange->easy);
  must(exchange->mime != NULL);
  put_part(exchange, "text/plain; charset=utf-8", letter->text);
  if (letter->html[0] != '\0') put_part(exchange, "text/html; charset=utf-8", letter->html);
  SET(CURLOPT_HTTPHEADER, exchange->headers);
  SET(CURLOPT_MIMEPOST, exchange->mime);
}
