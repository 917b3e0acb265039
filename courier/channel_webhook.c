/* channel_webhook.c - a letter for any program that takes an HTTP POST; docs/COURIER.md tells its author what comes and how it is
 * checked. */
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "courier/channel.h"
#include "rectify/must.h"

static void put_member(struct buffer *out, const char *name, const char *text) {
  buffer_putf(out, "%s\"%s\":", out->length == 0 ? "{" : ",", name);
  buffer_put_json(out, text, strlen(text));
}

void webhook_body(const struct outgoing *letter, struct buffer *out) {
  put_member(out, "id", letter->id_text);
  put_member(out, "officer", letter->officer);
  put_member(out, "to", letter->address);
  put_member(out, "language", letter->language);
  buffer_putf(out, ",\"urgent\":%s,\"made\":%lld,\"attempt\":%u", letter->urgent ? "true" : "false",
              (long long)(letter->made / USEC_PER_SECOND), letter->attempt);
  put_member(out, "subject", letter->subject);
  put_member(out, "text", letter->text);
  put_member(out, "html", letter->html);
  buffer_puts(out, "}");
}

void webhook_signature(const char *secret, int64_t seconds, const struct buffer *body, char out[3 + 64 + 1]) {
  struct buffer data = {0};
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  buffer_putf(&data, "%lld.", (long long)seconds);
  buffer_put(&data, buffer_text(body), body->length);
  must(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)data.data, data.length, mac, &length) != NULL);
  (void)strcpy(out, "v1=");
  for (unsigned i = 0; i < length && i < 32; i++) (void)snprintf(out + 3 + 2 * i, 3, "%02x", mac[i]);
  buffer_free(&data);
}

void webhook_prepare(const struct channel *channel, const struct outgoing *letter, int64_t wall_msec, struct exchange *exchange) {
  char signature[3 + 64 + 1];
  const int64_t seconds = wall_msec / 1000;
  webhook_body(letter, &exchange->request);
  webhook_signature(channel->secret, seconds, &exchange->request, signature);
  exchange_header(exchange, "Rectify-Id: %s", letter->id_text);
  exchange_header(exchange, "Rectify-Timestamp: %lld", (long long)seconds);
  exchange_header(exchange, "Rectify-Signature: %s", signature);
  exchange_post(channel, exchange, channel->url);
}
