/* sim_mail.c - libcurl's calls, as far as the courier uses them, to a server of mail and one of webhooks: they take, refuse, are slow,
 * are gone, and lose their answers.  What a server has taken it has taken, whether who sent it lives or not. */
#define CURL_DISABLE_TYPECHECK
#include "tests/sim/sim_courier.h"

#include <stdarg.h>

#define CONNECT_MSEC 20
#define ANSWER_MSEC 300
#define SLOW_MSEC 40000
#define SILENT_MSEC 60000
#define PART_BYTES_MAX 4

typedef size_t answer_fn(char *data, size_t size, size_t count, void *context);

struct curl_mimepart {
  char *data;
  size_t length;
};

struct curl_mime {
  struct curl_mimepart parts[PART_BYTES_MAX];
  uint32_t count;
};

/* The easy handle. */
struct handle {
  curl_debug_callback debug;
  answer_fn *header, *write;
  void *debug_context, *header_context, *write_context;
  char *error;
  const char *url, *fields;
  const struct curl_slist *headers, *recipients;
  const struct curl_mime *mime;
  long timeout, field_bytes, status, retry_after;
};

/* ---- handles ---- */

CURLcode curl_global_init(long flags) { return (void)flags, CURLE_OK; }
void curl_global_cleanup(void) {}
char *curl_version(void) { return (char *)(uintptr_t) "libcurl of the simulator"; }
const char *curl_easy_strerror(CURLcode code) { return code == CURLE_OK ? "No error" : "the simulated server is at fault"; }

CURL *curl_easy_init(void) { return calloc(1, sizeof(struct handle)); }
void curl_easy_cleanup(CURL *easy) { free(easy); }
void curl_easy_reset(CURL *easy) { *(struct handle *)easy = (struct handle){0}; }

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  struct handle *handle = easy;
  va_list values;
  va_start(values, option);
  switch ((int)option) {
    case CURLOPT_DEBUGFUNCTION: handle->debug = va_arg(values, curl_debug_callback); break;
    case CURLOPT_DEBUGDATA: handle->debug_context = va_arg(values, void *); break;
    case CURLOPT_HEADERFUNCTION: handle->header = va_arg(values, answer_fn *); break;
    case CURLOPT_HEADERDATA: handle->header_context = va_arg(values, void *); break;
    case CURLOPT_WRITEFUNCTION: handle->write = va_arg(values, answer_fn *); break;
    case CURLOPT_WRITEDATA: handle->write_context = va_arg(values, void *); break;
    case CURLOPT_ERRORBUFFER: handle->error = va_arg(values, char *); break;
    case CURLOPT_URL: handle->url = va_arg(values, const char *); break;
    case CURLOPT_HTTPHEADER: handle->headers = va_arg(values, const struct curl_slist *); break;
    case CURLOPT_MAIL_RCPT: handle->recipients = va_arg(values, const struct curl_slist *); break;
    case CURLOPT_MIMEPOST: handle->mime = va_arg(values, const struct curl_mime *); break;
    case CURLOPT_POSTFIELDS: handle->fields = va_arg(values, const char *); break;
    case CURLOPT_POSTFIELDSIZE: handle->field_bytes = va_arg(values, long); break;
    case CURLOPT_TIMEOUT: handle->timeout = va_arg(values, long); break;
    default: break;
  }
  va_end(values);
  return CURLE_OK;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
  const struct handle *handle = easy;
  va_list values;
  va_start(values, info);
  if (info == CURLINFO_ACTIVESOCKET) *va_arg(values, curl_socket_t *) = CURL_SOCKET_BAD;
  else if (info == CURLINFO_RESPONSE_CODE) *va_arg(values, long *) = handle->status;
  else if (info == CURLINFO_RETRY_AFTER) *va_arg(values, curl_off_t *) = handle->retry_after;
  else must(info == CURLINFO_NONE);
  va_end(values);
  return CURLE_OK;
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text) {
  struct curl_slist *last = calloc(1, sizeof *last), *at = list;
  must(last != NULL && (last->data = strdup(text)) != NULL);
  if (list == NULL) return last;
  while (at->next != NULL) at = at->next;
  at->next = last;
  return list;
}

void curl_slist_free_all(struct curl_slist *list) {
  for (struct curl_slist *next; list != NULL; list = next) {
    next = list->next;
    free(list->data);
    free(list);
  }
}

curl_mime *curl_mime_init(CURL *easy) {
  (void)easy;
  return calloc(1, sizeof(curl_mime));
}

curl_mimepart *curl_mime_addpart(curl_mime *mime) {
  must(mime->count < PART_BYTES_MAX);
  return &mime->parts[mime->count++];
}

CURLcode curl_mime_data(curl_mimepart *part, const char *data, size_t length) {
  part->data = malloc(length + 1);
  must(part->data != NULL);
  memcpy(part->data, data, length);
  part->length = length;
  return CURLE_OK;
}

CURLcode curl_mime_type(curl_mimepart *part, const char *type) { return (void)part, (void)type, CURLE_OK; }
CURLcode curl_mime_encoder(curl_mimepart *part, const char *encoder) { return (void)part, (void)encoder, CURLE_OK; }

void curl_mime_free(curl_mime *mime) {
  for (uint32_t i = 0; mime != NULL && i < mime->count; i++) free(mime->parts[i].data);
  free(mime);
}

/* ---- what is sent ---- */

static bool parse_id(const char *text, uint8_t id[16]) {
  for (int i = 0; i < 16; i++) {
    unsigned byte;
    if (*text == '-') text++;
    if (sscanf(text, "%2x", &byte) != 1) return false;
    id[i] = (uint8_t)byte;
    text += 2;
  }
  return true;
}

static const char *header_of(const struct handle *handle, const char *name) {
  for (const struct curl_slist *at = handle->headers; at != NULL; at = at->next)
    if (strncmp(at->data, name, strlen(name)) == 0) return at->data + strlen(name);
  sim_wrong("a letter goes out without %s", name);
}

static bool is_mail(const struct handle *handle) { return strncmp(handle->url, "smtp://", 7) == 0; }

/* By what stands on the wire: its id, whom it is for, and of a mail its text. */
static void take_wire(const struct handle *handle, struct sim_letter *out) {
  const char *id = header_of(handle, is_mail(handle) ? "Message-ID: <" : "Rectify-Id: ");
  HOLDS(parse_id(id, out->id), "a letter goes out under no id: %s", id);
  if (is_mail(handle)) {
    snprintf(out->to, sizeof out->to, "%s", handle->recipients->data + 1);
    out->to[strcspn(out->to, ">")] = '\0';
    out->text = handle->mime->parts[0].data;
    out->length = handle->mime->parts[0].length;
  } else {
    const char *to = strstr(handle->fields, "\"to\":\"");
    must(to != NULL);
    snprintf(out->to, sizeof out->to, "%s", to + 6);
    out->to[strcspn(out->to, "\"")] = '\0';
    out->text = deliver_sends()->text;
    out->length = strlen(out->text);
  }
  out->subject = deliver_sends()->subject;
  out->attempt = deliver_sends()->attempt;
}

/* ---- the servers ---- */

static uint32_t below(uint32_t bound) { return dice_below(DICE_MAIL, bound); }
static bool percent(uint32_t percents) { return dice_percent(DICE_MAIL, percents); }
static void nap(usec_t delay) { task_wait(delay); }

/* A letter that came whole is the server's, whatever becomes of who sent it. */
static void taken(void *context, uint64_t courier) {
  uint8_t *id = context;
  check_letter_taken(id);
  free(id);
  if (!percent(sim.courier_dies) || !courier_process((uint32_t)courier)->alive) return;
  sim_tell("courier %u dies when its letter has been taken", (uint32_t)courier);
  courier_crash((uint32_t)courier);
}

static usec_t time_to_take(void) { return (1 + below(percent(sim.mail_slow) ? SLOW_MSEC : ANSWER_MSEC)) * MSEC; }

static void will_be_taken(const uint8_t id[16], usec_t delay) {
  uint8_t *copy = malloc(16);
  must(copy != NULL);
  memcpy(copy, id, 16);
  sim_after(delay, taken, copy, courier_own());
}

/* Until the answer, or until nobody waits for it any more; false: that. */
static bool wait_for_answer(const struct handle *handle, usec_t delay) {
  const usec_t patience = handle->timeout * SECOND;
  nap(delay < patience ? delay : patience);
  return delay < patience;
}

static CURLcode failed(const struct handle *handle, CURLcode code, const char *text) {
  if (handle->error != NULL) snprintf(handle->error, CURL_ERROR_SIZE, "%s", text);
  return code;
}

static void command(struct handle *handle, const char *words) {
  char line[100];
  snprintf(line, sizeof line, "%s\r\n", words);
  (void)handle->debug(handle, CURLINFO_HEADER_OUT, line, strlen(line), handle->debug_context);
}

static void answer(struct handle *handle, const char *words) {
  char line[100];
  snprintf(line, sizeof line, "%s\r\n", words);
  (void)handle->header(line, 1, strlen(line), handle->header_context);
}

static CURLcode refused(struct handle *handle, const char *words) {
  answer(handle, words);
  return failed(handle, CURLE_SEND_ERROR, words);
}

static bool is_nobody(const struct sim_letter *letter) { return strstr(letter->to, "h-water") != NULL; }

static CURLcode deliver_mail(struct handle *handle, const struct sim_letter *letter) {
  char bytes[] = "the letter";
  command(handle, "EHLO sim.example");
  answer(handle, "250 mail.sim.example");
  command(handle, "MAIL FROM:<office@sim.example>");
  if (percent(sim.mail_refuses)) return refused(handle, "421 too busy");
  answer(handle, "250 fine");
  command(handle, "RCPT TO:<somebody>");
  if (is_nobody(letter)) return refused(handle, "550 no such user");
  if (percent(2 + sim.mail_refuses)) return refused(handle, "451 try later");
  answer(handle, "250 fine");
  command(handle, "DATA");
  answer(handle, "354 go on");
  (void)handle->debug(handle, CURLINFO_DATA_OUT, bytes, sizeof bytes - 1, handle->debug_context);
  const usec_t delay = time_to_take();
  const bool lost = percent(sim.mail_loses);
  will_be_taken(letter->id, delay);
  if (!wait_for_answer(handle, lost ? SILENT_MSEC * MSEC : delay + MSEC)) return failed(handle, CURLE_OPERATION_TIMEDOUT, "no answer to the text");
  answer(handle, "250 kept");
  return CURLE_OK;
}

static CURLcode deliver_webhook(struct handle *handle, const struct sim_letter *letter) {
  static const struct {
    long status, again;
  } refusals[] = {{503, 0}, {429, 3}, {500, 0}, {422, 0}};
  char body[40];
  const usec_t delay = time_to_take();
  if (percent(1 + sim.mail_refuses)) {
    const uint32_t which = below(sizeof refusals / sizeof refusals[0]);
    handle->status = refusals[which].status;
    handle->retry_after = refusals[which].again;
    return CURLE_OK;
  }
  will_be_taken(letter->id, delay);
  if (percent(sim.mail_loses)) return nap(delay + MSEC), failed(handle, CURLE_RECV_ERROR, "the connection broke");
  if (!wait_for_answer(handle, delay + MSEC)) return failed(handle, CURLE_OPERATION_TIMEDOUT, "no answer");
  handle->status = 200;
  snprintf(body, sizeof body, "{\"opened\":%u,\"acknowledged\":%u}", below(2), below(2));
  (void)handle->write(body, 1, strlen(body), handle->write_context);
  return CURLE_OK;
}

CURLcode curl_easy_perform(CURL *easy) {
  struct handle *handle = easy;
  struct sim_letter letter = {.courier = courier_own()};
  take_wire(handle, &letter);
  check_letter_sent(&letter);
  nap((1 + below(CONNECT_MSEC)) * MSEC);
  if (percent(sim.mail_down)) return failed(handle, CURLE_COULDNT_CONNECT, "connection refused");
  return is_mail(handle) ? deliver_mail(handle, &letter) : deliver_webhook(handle, &letter);
}
