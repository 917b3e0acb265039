/* verdict.h - what an attempt's end means: delivered, to be tried again, or never; and whose fault it is.  Pure.
 *
 * Only what is about the letter itself is permanent.  A wrong password, a certificate that is not believed, a token that is not
 * known or a sender that is not wanted would hit every letter: these pass, and somebody is told (syslog, err).
 */
#ifndef RECTIFY_COURIER_VERDICT_H
#define RECTIFY_COURIER_VERDICT_H

#include <curl/curl.h>
#include <stdint.h>

#include "document/courier.h"

enum fault {
  FAULT_NONE,
  FAULT_LETTER,  /* permanent: this letter to this address */
  FAULT_PASSING, /* the network, the server, the hour */
  FAULT_SETUP,   /* passing, but only a person can mend it: settings, passwords, certificates */
  FAULT_RATE,    /* passing: too many messages; the whole channel waits */
};

struct verdict {
  enum fault fault;
  int32_t wait_seconds; /* at least so long before the next attempt; 0: as the settings say */
};

/* The command of SMTP that was answered last. */
enum mail_stage { MAIL_GREETING, MAIL_HELLO, MAIL_STARTTLS, MAIL_AUTH, MAIL_FROM, MAIL_RCPT, MAIL_DATA, MAIL_BODY };

/* `code`: the last answer's (RFC 5321, 4.2), 0 when there was none. */
struct verdict verdict_mail(CURLcode result, enum mail_stage stage, long code);
/* `status`: of HTTP; `retry_after`: seconds that the answer names, or 0. */
struct verdict verdict_webhook(CURLcode result, long status, int64_t retry_after);
/* The same, and then the number in the JSON of the answer: HTTP 200 alone means nothing. */
struct verdict verdict_chat(enum channel_type type, CURLcode result, long status, int64_t retry_after, const char *body);

/* What a webhook's answer says that the officer has done with the letter already: 0 nothing, else DELIVERY_OPENED or _ACKNOWLEDGED. */
uint32_t verdict_seen(const char *body);

/* The number of `key` in the JSON object `text`, at its top level; false when there is none. */
bool json_number(const char *text, const char *key, int64_t *out);

#endif
