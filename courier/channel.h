/* channel.h - the ways out: what a letter looks like on each, how the attempt is made by libcurl, and what its end means.
 *
 * Servers are not trusted: no redirects, no other protocols, answers bounded, every attempt with an end.  Secrets come from files
 * that only this user may read (or systemd credentials), never from arguments or the environment.  Callers: deliver.c, main.c.
 */
#ifndef RECTIFY_COURIER_CHANNEL_H
#define RECTIFY_COURIER_CHANNEL_H

#include <curl/curl.h>

#include "courier/buffer.h"
#include "courier/rate.h"
#include "courier/verdict.h"

#define CHANNEL_ERROR_BYTES 5000
#define ANSWER_BYTES_MAX 4096       /* kept of what a server says */
#define ANSWER_READ_MAX (256 * 1024) /* beyond, the attempt is ended */
#define LETTER_ID_TEXT_BYTES 37

struct channel {
  const struct channel_setting *setting; /* borrowed */
  char url[COURIER_VALUE_BYTES_MAX + NAME_BYTES_MAX + 2];
  char secret[COURIER_VALUE_BYTES_MAX];
  struct rate rate;
  int64_t paused_until_msec; /* of clock_forward_msec() */
  uint32_t faults;           /* pauses in a row */
  uint32_t silent;           /* attempts in a row without a word from the server */
  uint32_t under_way;
  bool hungry;               /* there may be more letters to lease */
};

/* Reads the files that the setting names; `host` names this machine to servers of mail.  False with a sentence that names the
 * channel. */
bool channel_open(struct channel *channel, const struct channel_setting *setting, const char *host,
                  char error[CHANNEL_ERROR_BYTES]);
void channel_wipe(struct channel *channel);

/* A letter as the daemon handed it out; owned. */
struct outgoing {
  uint8_t id[16];
  char id_text[LETTER_ID_TEXT_BYTES]; /* 8-4-4-4-12 */
  uint32_t attempt, failures;
  usec_t made;
  bool urgent;
  char officer[CODE_BYTES_MAX + 1], language[LETTER_LANGUAGE_BYTES_MAX + 1];
  char *subject, *text, *html; /* owned */
  char address[ADDRESS_BYTES_MAX + 1];
};

/* One attempt under way. */
struct exchange {
  CURL *easy;
  curl_mime *mime;
  struct curl_slist *headers, *recipients;
  struct buffer request, answer;
  size_t answered; /* bytes, kept or not */
  enum mail_stage stage;
  long code;       /* of SMTP */
  bool ended;      /* the conversation is over: what is said now is about something else */
  char error[CURL_ERROR_SIZE];
};

/* Fills *exchange for one attempt; `wall_msec` is the time of day that signatures carry. */
void channel_prepare(const struct channel *channel, const char *host, const struct outgoing *letter, int64_t wall_msec,
                     struct exchange *exchange);
struct verdict channel_judge(const struct channel *channel, struct exchange *exchange, CURLcode result);
/* What the server said, or libcurl about it, as a report may hold it: UTF-8, no control characters, cut. */
void channel_answer(const struct exchange *exchange, CURLcode result, char out[LETTER_ANSWER_BYTES_MAX + 1]);
/* Frees all but the easy handle, which is the caller's. */
void exchange_clear(struct exchange *exchange);

/* ---- the parts ---- */

/* channel_mail.c */
void mail_prepare(const struct channel *channel, const char *host, const struct outgoing *letter, struct exchange *exchange);
/* "=?UTF-8?B?...?=", folded (RFC 2047); plain ASCII as it is. */
void mail_put_words(struct buffer *out, const char *text);
/* channel_chat.c; the signature of each vendor is in docs/COURIER.md. */
void chat_prepare(const struct channel *channel, const struct outgoing *letter, int64_t wall_msec, struct exchange *exchange);
void chat_body(enum channel_type type, const char *secret, const struct outgoing *letter, int64_t wall_msec, struct buffer *out);
void chat_url(const struct channel *channel, int64_t wall_msec, struct buffer *out);
/* channel_webhook.c */
void webhook_prepare(const struct channel *channel, const struct outgoing *letter, int64_t wall_msec, struct exchange *exchange);
void webhook_body(const struct outgoing *letter, struct buffer *out);
/* "v1=" and 64 hexadecimal digits: HMAC-SHA256 of "SECONDS.BODY". */
void webhook_signature(const char *secret, int64_t seconds, const struct buffer *body, char out[3 + 64 + 1]);

/* What all attempts have in common, and all by HTTP: a POST of exchange->request to `url`. */
void exchange_options(const struct channel *channel, struct exchange *exchange);
void exchange_post(const struct channel *channel, struct exchange *exchange, const char *url);
void exchange_header(struct exchange *exchange, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
