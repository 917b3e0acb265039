/* channel_chat.c - a letter as a message of a group's bot: WeCom, DingTalk, Feishu.  Plain text: all three show it alike. */
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "courier/channel.h"
#include "rectify/must.h"
#include "sign/note.h"

#define WECOM_BYTES_MAX 2000 /* the vendor's 2048, less a mention */
#define CHAT_BYTES_MAX 16000 /* DingTalk and Feishu take 20,000 for the whole request */
#define MAC_TEXT_BYTES 45    /* base64 of 32 bytes */

static void hmac_base64(const char *key, const char *data, char out[MAC_TEXT_BYTES]) {
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  must(HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)data, strlen(data), mac, &length) != NULL && length == 32);
  out[base64_encode(mac, length, out)] = '\0';
}

/* DingTalk: HMAC with the secret over "MILLISECONDS\nSECRET", in the query. */
static void put_dingtalk_signature(const struct channel *channel, int64_t wall_msec, struct buffer *out) {
  char data[COURIER_VALUE_BYTES_MAX + 32], mac[MAC_TEXT_BYTES];
  (void)snprintf(data, sizeof data, "%lld\n%s", (long long)wall_msec, channel->secret);
  hmac_base64(channel->secret, data, mac);
  buffer_putf(out, "%ctimestamp=%lld&sign=", strchr(channel->url, '?') == NULL ? '?' : '&', (long long)wall_msec);
  for (const char *c = mac; *c != '\0'; c++) {
    if (*c == '+' || *c == '/' || *c == '=') buffer_putf(out, "%%%02X", (unsigned)*c);
    else buffer_put(out, c, 1);
  }
}

void chat_url(const struct channel *channel, int64_t wall_msec, struct buffer *out) {
  buffer_puts(out, channel->url);
  if (channel->setting->type == CHANNEL_DINGTALK) put_dingtalk_signature(channel, wall_msec, out);
}

/* Feishu: HMAC with "SECONDS\nSECRET" as the key over nothing, in the body. */
static void put_feishu_signature(const char *secret, int64_t wall_msec, struct buffer *out) {
  char key[COURIER_VALUE_BYTES_MAX + 32], mac[MAC_TEXT_BYTES];
  (void)snprintf(key, sizeof key, "%lld\n%s", (long long)(wall_msec / 1000), secret);
  hmac_base64(key, "", mac);
  buffer_putf(out, "\"timestamp\":\"%lld\",\"sign\":\"%s\",", (long long)(wall_msec / 1000), mac);
}

static void put_text(const struct outgoing *letter, size_t bytes_max, struct buffer *out) {
  struct buffer text = {.bytes_max = bytes_max};
  buffer_puts(&text, letter->subject);
  buffer_puts(&text, "\n\n");
  buffer_puts(&text, letter->text);
  const bool cut = text.cut;
  while (text.length > 0 && text.data[text.length - 1] == '\n') text.data[--text.length] = '\0';
  text.bytes_max = bytes_max + 3;
  text.cut = false;
  if (cut) buffer_puts(&text, "…");
  buffer_put_json(out, buffer_text(&text), text.length);
  buffer_free(&text);
}

static bool is_mobile(const char *address) { return strspn(address, "0123456789") == strlen(address); }

static bool mentions(const struct outgoing *letter) { return strcmp(letter->address, "-") != 0; }

/* A mention: who is called by it gets more than a line in a group. */
static void put_mention(const struct outgoing *letter, const char *mobiles, const char *users, struct buffer *out) {
  buffer_putf(out, "\"%s\":[", is_mobile(letter->address) ? mobiles : users);
  buffer_put_json(out, letter->address, strlen(letter->address));
  buffer_puts(out, "]");
}

static void put_wecom(const struct outgoing *letter, struct buffer *out) {
  buffer_puts(out, "{\"msgtype\":\"text\",\"text\":{\"content\":");
  put_text(letter, WECOM_BYTES_MAX, out);
  if (mentions(letter)) buffer_puts(out, ",");
  if (mentions(letter)) put_mention(letter, "mentioned_mobile_list", "mentioned_list", out);
  buffer_puts(out, "}}");
}

static void put_dingtalk(const struct outgoing *letter, struct buffer *out) {
  buffer_puts(out, "{\"msgtype\":\"text\",\"text\":{\"content\":");
  put_text(letter, CHAT_BYTES_MAX, out);
  buffer_puts(out, "},\"at\":{");
  if (mentions(letter)) put_mention(letter, "atMobiles", "atUserIds", out);
  buffer_puts(out, mentions(letter) ? ",\"isAtAll\":false}}" : "\"isAtAll\":false}}");
}

/* Feishu mentions by a mark within the text, for people who are known by an open id. */
static void put_feishu(const char *secret, const struct outgoing *letter, int64_t wall_msec, struct buffer *out) {
  struct outgoing with = *letter;
  struct buffer subject = {0};
  if (mentions(letter)) buffer_putf(&subject, "<at user_id=\"%s\"></at> ", letter->address);
  buffer_puts(&subject, letter->subject);
  with.subject = subject.data;
  buffer_puts(out, "{");
  put_feishu_signature(secret, wall_msec, out);
  buffer_puts(out, "\"msg_type\":\"text\",\"content\":{\"text\":");
  put_text(&with, CHAT_BYTES_MAX, out);
  buffer_puts(out, "}}");
  buffer_free(&subject);
}

void chat_body(enum channel_type type, const char *secret, const struct outgoing *letter, int64_t wall_msec,
               struct buffer *out) {
  must(type == CHANNEL_WECOM || type == CHANNEL_DINGTALK || type == CHANNEL_FEISHU);
  if (type == CHANNEL_WECOM) put_wecom(letter, out);
  if (type == CHANNEL_DINGTALK) put_dingtalk(letter, out);
  if (type == CHANNEL_FEISHU) put_feishu(secret, letter, wall_msec, out);
}

void chat_prepare(const struct channel *channel, const struct outgoing *letter, int64_t wall_msec, struct exchange *exchange) {
  struct buffer url = {0};
  chat_body((enum channel_type)channel->setting->type, channel->secret, letter, wall_msec, &exchange->request);
  chat_url(channel, wall_msec, &url);
  exchange_post(channel, exchange, buffer_text(&url));
  buffer_free(&url);
}
