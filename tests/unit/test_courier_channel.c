/* The ways out: what an end means, whose fault it is, signatures against values that were computed elsewhere, words of headers,
 * JSON; and the courier's files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "courier/channel.h"

/* ---- verdicts ---- */

static void mail(CURLcode result, enum mail_stage stage, long code, enum fault wanted) {
  assert_int_equal(verdict_mail(result, stage, code).fault, wanted);
}

static void test_mail(void **state) {
  (void)state;
  mail(CURLE_OK, MAIL_BODY, 250, FAULT_NONE);
  mail(CURLE_SEND_ERROR, MAIL_RCPT, 550, FAULT_LETTER);
  mail(CURLE_SEND_ERROR, MAIL_RCPT, 450, FAULT_PASSING);
  mail(CURLE_SEND_ERROR, MAIL_RCPT, 421, FAULT_PASSING);
  mail(CURLE_SEND_ERROR, MAIL_DATA, 554, FAULT_LETTER);
  mail(CURLE_WEIRD_SERVER_REPLY, MAIL_BODY, 554, FAULT_LETTER);
  mail(CURLE_WEIRD_SERVER_REPLY, MAIL_BODY, 451, FAULT_PASSING);
  mail(CURLE_WEIRD_SERVER_REPLY, MAIL_GREETING, 554, FAULT_SETUP);
  mail(CURLE_SEND_ERROR, MAIL_FROM, 550, FAULT_SETUP);
  mail(CURLE_SEND_ERROR, MAIL_FROM, 552, FAULT_LETTER);
  mail(CURLE_SEND_ERROR, MAIL_FROM, 530, FAULT_SETUP);
  mail(CURLE_LOGIN_DENIED, MAIL_AUTH, 535, FAULT_SETUP);
  mail(CURLE_LOGIN_DENIED, MAIL_AUTH, 454, FAULT_SETUP);
  mail(CURLE_USE_SSL_FAILED, MAIL_HELLO, 250, FAULT_SETUP);
  mail(CURLE_PEER_FAILED_VERIFICATION, MAIL_STARTTLS, 220, FAULT_SETUP);
  mail(CURLE_OPERATION_TIMEDOUT, MAIL_BODY, 354, FAULT_PASSING);
  mail(CURLE_COULDNT_CONNECT, MAIL_GREETING, 0, FAULT_PASSING);
  mail(CURLE_RECV_ERROR, MAIL_BODY, 354, FAULT_PASSING);
}

static void test_webhook(void **state) {
  static const struct {
    CURLcode result;
    long status;
    enum fault fault;
  } all[] = {{CURLE_OK, 200, FAULT_NONE},    {CURLE_OK, 204, FAULT_NONE},     {CURLE_OK, 302, FAULT_SETUP},
             {CURLE_OK, 400, FAULT_LETTER},  {CURLE_OK, 401, FAULT_SETUP},    {CURLE_OK, 404, FAULT_SETUP},
             {CURLE_OK, 408, FAULT_PASSING}, {CURLE_OK, 413, FAULT_LETTER},   {CURLE_OK, 429, FAULT_RATE},
             {CURLE_OK, 500, FAULT_PASSING}, {CURLE_OK, 503, FAULT_PASSING},  {CURLE_WRITE_ERROR, 200, FAULT_PASSING},
             {CURLE_COULDNT_RESOLVE_HOST, 0, FAULT_PASSING}, {CURLE_SSL_CONNECT_ERROR, 0, FAULT_SETUP}};
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    assert_int_equal(verdict_webhook(all[i].result, all[i].status, 0).fault, all[i].fault);
  assert_int_equal(verdict_webhook(CURLE_OK, 429, 17).wait_seconds, 17);
  assert_int_equal(verdict_webhook(CURLE_OK, 429, 1 << 20).wait_seconds, 60);
}

static void chat(enum channel_type type, const char *body, enum fault wanted, int32_t wait) {
  const struct verdict verdict = verdict_chat(type, CURLE_OK, 200, 0, body);
  assert_int_equal(verdict.fault, wanted);
  assert_int_equal(verdict.wait_seconds, wait);
}

static void test_chat(void **state) {
  (void)state;
  chat(CHANNEL_WECOM, "{\"errcode\":0,\"errmsg\":\"ok\"}", FAULT_NONE, 0);
  chat(CHANNEL_WECOM, "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}", FAULT_RATE, 60);
  chat(CHANNEL_WECOM, "{\"errcode\":93000}", FAULT_SETUP, 0);
  chat(CHANNEL_WECOM, "{\"errcode\":12345}", FAULT_PASSING, 0); /* nobody here knows it */
  chat(CHANNEL_WECOM, "<html>login</html>", FAULT_PASSING, 0);
  chat(CHANNEL_WECOM, "", FAULT_PASSING, 0);
  chat(CHANNEL_DINGTALK, "{\"errcode\":130101,\"errmsg\":\"\"}", FAULT_RATE, 600);
  chat(CHANNEL_DINGTALK, "{\"errcode\":310000}", FAULT_SETUP, 0);
  chat(CHANNEL_FEISHU, "{\"StatusCode\":0,\"StatusMessage\":\"success\"}", FAULT_NONE, 0);
  chat(CHANNEL_FEISHU, "{\"code\":11232,\"data\":{},\"msg\":\"\"}", FAULT_RATE, 60);
  chat(CHANNEL_FEISHU, "{\"code\":19021}", FAULT_SETUP, 0);
  chat(CHANNEL_FEISHU, "{\"code\":9499}", FAULT_LETTER, 0);
  assert_int_equal(verdict_chat(CHANNEL_FEISHU, CURLE_OK, 500, 0, "{\"code\":0}").fault, FAULT_PASSING);
}

static void test_json(void **state) {
  int64_t value = 0;
  (void)state;
  assert_true(json_number(" { \"a\" : [1,{\"b\":2}] , \"b\" : -7 }", "b", &value));
  assert_int_equal(value, -7);
  assert_true(json_number("{\"x\":\"\\\"b\\\":1\",\"b\":3}", "b", &value));
  assert_int_equal(value, 3);
  assert_false(json_number("{\"c\":{\"b\":2}}", "b", &value));
  assert_false(json_number("{\"b\":\"2\"}", "b", &value));
  assert_false(json_number("[{\"b\":2}]", "b", &value));
  assert_false(json_number("{\"b\":2", "b", &value));
  assert_false(json_number("{\"b\":1.5}", "b", &value));
  assert_false(json_number("{\"b", "b", &value));
  assert_false(json_number("{\"b\\", "b", &value));
}

/* ---- what is sent ---- */

static struct channel_setting setting;
static struct channel channel = {.setting = &setting};
static char subject[] = "提醒 \"1\"", body[] = "一\n二\n", nothing[] = "";
static struct outgoing letter = {.id_text = "01890000-0000-7000-8000-000000000001", .subject = subject, .text = body, .html = nothing,
                                 .officer = "o1", .language = "zh_CN", .address = "-", .made = 0, .attempt = 2};

/* Computed by Python's hmac over the vendors' words. */
static void test_signatures(void **state) {
  struct buffer out = {0};
  char signature[3 + 64 + 1];
  (void)state;
  setting.type = CHANNEL_DINGTALK;
  strcpy(channel.url, "https://oapi.dingtalk.com/robot/send?access_token=t");
  strcpy(channel.secret, "SECabc");
  chat_url(&channel, 1700000000123, &out);
  assert_string_equal(buffer_text(&out), "https://oapi.dingtalk.com/robot/send?access_token=t&timestamp=1700000000123&sign=IqXBU%2FaLfwMA3S%2FtDcfRmHx5vWHw9Y1aOgFLBr1Ti9w%3D");
  buffer_clear(&out);
  chat_body(CHANNEL_FEISHU, "SECabc", &letter, 1700000000123, &out);
  assert_string_equal(buffer_text(&out), "{\"timestamp\":\"1700000000\",\"sign\":\"XprR1de+0SSBnwWyU/4k6x2TL+Q2SJlM5NNEdAv7MWg=\",\"msg_type\":\"text\","
                                         "\"content\":{\"text\":\"提醒 \\\"1\\\"\\n\\n一\\n二\"}}");
  buffer_clear(&out);
  buffer_puts(&out, "{\"a\":1}");
  webhook_signature("SECabc", 1700000000, &out, signature);
  assert_string_equal(signature, "v1=90a5b2a74746a085dec4c547a059a7029d92bcc514d2c2d71b1b35647d941b99");
  buffer_free(&out);
}

static void test_bodies(void **state) {
  struct buffer out = {0};
  (void)state;
  chat_body(CHANNEL_WECOM, "", &letter, 0, &out);
  assert_string_equal(buffer_text(&out), "{\"msgtype\":\"text\",\"text\":{\"content\":\"提醒 \\\"1\\\"\\n\\n一\\n二\"}}");
  buffer_clear(&out);
  strcpy(letter.address, "13800000000");
  chat_body(CHANNEL_WECOM, "", &letter, 0, &out);
  assert_non_null(strstr(buffer_text(&out), ",\"mentioned_mobile_list\":[\"13800000000\"]}}"));
  buffer_clear(&out);
  chat_body(CHANNEL_DINGTALK, "", &letter, 0, &out);
  assert_non_null(strstr(buffer_text(&out), "\"at\":{\"atMobiles\":[\"13800000000\"],\"isAtAll\":false}}"));
  buffer_clear(&out);
  strcpy(letter.address, "ou_1");
  chat_body(CHANNEL_FEISHU, "", &letter, 0, &out);
  assert_non_null(strstr(buffer_text(&out), "\"text\":\"<at user_id=\\\"ou_1\\\"></at> 提醒"));
  buffer_clear(&out);
  webhook_body(&letter, &out);
  assert_string_equal(buffer_text(&out),
                      "{\"id\":\"01890000-0000-7000-8000-000000000001\",\"officer\":\"o1\",\"to\":\"ou_1\",\"language\":\"zh_CN\","
                      "\"urgent\":false,\"made\":0,\"attempt\":2,\"subject\":\"提醒 \\\"1\\\"\",\"text\":\"一\\n二\\n\",\"html\":\"\"}");
  buffer_free(&out);
}

/* WeCom takes 2048 bytes: the cut is between two characters. */
static void test_long(void **state) {
  static char text[9001];
  struct outgoing many = letter;
  struct buffer out = {0};
  (void)state;
  for (int i = 0; i < 3000; i++) memcpy(text + 3 * i, "字", 3);
  many.text = text;
  many.address[0] = '-', many.address[1] = '\0';
  chat_body(CHANNEL_WECOM, "", &many, 0, &out);
  assert_in_range(out.length, 2000, 2100);
  assert_non_null(strstr(buffer_text(&out), "字…\"}}"));
  buffer_free(&out);
}

static void words(const char *text, const char *wanted) {
  struct buffer out = {0};
  mail_put_words(&out, text);
  assert_string_equal(buffer_text(&out), wanted);
  buffer_free(&out);
}

static void test_words(void **state) {
  struct buffer out = {0};
  char text[400] = "";
  (void)state;
  words("plain text", "plain text");
  words("提醒", "=?UTF-8?B?5o+Q6YaS?=");
  words("a\r\nBcc: x", "=?UTF-8?B?YQ0KQmNjOiB4?="); /* no line of a header is ended by a text */
  words("=?UTF-8?Q?x?=", "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=");
  for (int i = 0; i < 100; i++) strcat(text, "字");
  mail_put_words(&out, text);
  for (const char *line = buffer_text(&out); line != NULL; line = strstr(line, "\r\n ") != NULL ? strstr(line, "\r\n ") + 3 : NULL)
    assert_in_range(strcspn(line, "\r"), 1, 75);
  buffer_free(&out);
}

/* ---- files ---- */

static const char good[] =
    "endpoint: ipc:///x\nofficer: post\nhost: h.example\ncontacts: c.yaml\n"
    "channels:\n  mail: {type: smtp, url: 'smtp://h:25', from: a@b.c}\n  bot: {type: wecom, url_file: f}\n";

static void config(const char *what, const char *with, const char *wanted) {
  struct document_report report = {0};
  static struct courier_config out;
  char text[2048];
  const char *at = strstr(good, what);
  assert_non_null(at);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, with, at + strlen(what));
  const bool fine = courier_config_parse("c.yaml", text, strlen(text), &out, &report);
  if (wanted == NULL && !fine) fail_msg("%s", report.text);
  if (wanted != NULL && (fine || strstr(report.text, wanted) == NULL)) fail_msg("wanted '%s' in:\n%s", wanted, fine ? "" : report.text);
  document_report_free(&report);
}

static void test_config(void **state) {
  (void)state;
  config("host", "host", NULL);
  config("officer: post\n", "", "c.yaml:1:1: error: the configuration needs the key 'officer'");
  config("type: smtp", "type: smpt", "c.yaml:6:16: error: 'smpt' is no type of channel (did you mean 'smtp'?)");
  config(", from: a@b.c", "", "c.yaml:6:9: error: a channel of type smtp needs the key 'from'");
  config("a@b.c", "a b@c", "c.yaml:6:48: error: from must be a mail address");
  config("a@b.c", "a@b.c, user: u", "'user' and 'secret_file' (the password) go together");
  config("url_file: f", "url_file: f, from: a@b.c", "c.yaml:7:35: error: a channel of type wecom has no key 'from'");
  config("url: 'smtp://h:25'", "url: 'http://h'", "url must begin with smtp:// or smtps://");
  config("type: wecom, url_file: f", "type: webhook, url: 'http://h', secret_file: s", "a webhook in the clear needs 'tls: none'");
  config("type: wecom, url_file: f", "type: webhook, url: 'http://h', secret_file: s, tls: none", NULL);
  config("type: wecom, url_file: f", "type: webhook, secret_file: s", "needs one of the keys 'url' and 'url_file'");
  config("type: wecom, url_file: f", "type: syslog, url_file: f", "a channel of type syslog has no key 'url_file'");
  config("  bot:", "  none:", "c.yaml:7:3: error: 'none' is what letters to nobody are marked with");
  config("  bot:", "  mail:", "key 'mail' was given before");
  config("ipc:///x", "tcp://h:1", "TCP needs the keys 'server' and 'key_file'");
  config("host: h.example", "host: 'a b'", "c.yaml:3:7: error: host must be the name of a host");
  config("host", "times: {quiet: '20:00-20:00'}\nhost", "quiet begins and ends at one time");
  config("host", "times: {quiet: '20-7'}\nhost", "c.yaml:3:16: error: quiet must be two times");
  config("host", "times: {digest: '8:30'}\nhost", "digest must be a time from 00:00");
  config("host", "times: {zone: Mars/Base}\nhost", "the system knows no time zone 'Mars/Base'");
  config("host", "urgent: {at_once: [urge], through_quiet: [task]}\nhost", "through_quiet names a kind that at_once does not");
  config("host", "urgent: {at_once: [urgr]}\nhost", "'urgr' is no kind of notice (did you mean 'urge'?)");
  config("host", "retry: {first: 60, max: 30}\nhost", "max is less than first");
  config("host", "lease: 20\nhost", "channel mail: its timeout is not below the lease of 20 seconds");
}

static void people(const char *text, const char *wanted) {
  static struct courier_config config;
  struct document_report report = {0};
  struct contacts contacts;
  assert_true(courier_config_parse("c.yaml", good, strlen(good), &config, &report));
  const bool fine = contacts_parse("p.yaml", text, strlen(text), &config, &contacts, &report);
  if (wanted == NULL && !fine) fail_msg("%s", report.text);
  if (wanted != NULL && (fine || strstr(report.text, wanted) == NULL)) fail_msg("wanted '%s' in:\n%s", wanted, fine ? "" : report.text);
  document_report_free(&report);
  if (!fine) return;
  assert_null(contacts_find(&contacts, "o0"));
  if (contacts.count > 1) assert_string_equal(contacts_find(&contacts, "o1")->addresses[0].text, "a@b.c");
  if (contacts.count > 1) assert_int_equal(contacts_find(&contacts, "o1")->digest_minutes, 8 * 60 + 30);
  if (contacts.count > 1) assert_int_equal(contacts_find(&contacts, "o2")->digest_minutes, -1);
  if (contacts.count > 1) assert_string_equal(contacts.zones[contacts_find(&contacts, "o2")->zone].name, "Europe/Berlin");
  contacts_free(&contacts);
}

static void test_contacts(void **state) {
  (void)state;
  people("contacts: []\n", NULL);
  people("contacts:\n  - {officer: o2, channels: {bot: '13'}, digest: none, zone: Europe/Berlin, language: en}\n"
         "  - {officer: o1, channels: {mail: a@b.c}}\n", NULL);
  people("contacts:\n  - {officer: o1, channels: {mial: a@b.c}}\n", "p.yaml:2:30: error: there is no channel 'mial' (did you mean 'mail'?)");
  people("contacts:\n  - {officer: o1, channels: {mail: a}}\n", "p.yaml:2:36: error: the address must be a mail address");
  people("contacts:\n  - {officer: o1, channels: {bot: 'a\"b'}}\n", "the address has spaces, quotes or angle brackets");
  people("contacts:\n  - {officer: o1, channels: {}}\n  - {officer: o1, channels: {}}\n", "officer 'o1' has more than one contact");
  people("contacts:\n  - {officer: o1}\n", "a contact needs the key 'channels'");
  people("contacts:\n  - {officer: o1, channels: {}, language: fr}\n", "'fr' is no language");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mail),       cmocka_unit_test(test_webhook), cmocka_unit_test(test_chat),   cmocka_unit_test(test_json),
      cmocka_unit_test(test_signatures), cmocka_unit_test(test_bodies),  cmocka_unit_test(test_long),   cmocka_unit_test(test_words),
      cmocka_unit_test(test_config),     cmocka_unit_test(test_contacts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
