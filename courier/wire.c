/* wire.c - see wire.h. */
#include "courier/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "courier/log.h"
#include "sign/curve.h"

#define CALENDARS_ASKED_MAX 64 /* versions, newest first, until one has the name */
#define DOCUMENT_IS_CALENDAR 3 /* docs/PROTOCOL.md */

static struct rectify *open_keyed(const struct courier_config *config) {
  struct rectify_keys keys;
  struct curve_pair pair;
  char error[SECRET_ERROR_BYTES];
  errno = EACCES;
  if (!curve_of_text(config->server, strlen(config->server), keys.server_public)) return NULL;
  if (!curve_read(config->key_file, &pair, error)) return NULL;
  memcpy(keys.client_public, pair.public_key, CURVE_KEY_BYTES);
  memcpy(keys.client_secret, pair.secret, CURVE_KEY_BYTES);
  struct rectify *rectify = rectify_open_keyed(config->endpoint, config->officer, &keys);
  const int reason = errno;
  curve_wipe(&pair, sizeof pair);
  curve_wipe(&keys, sizeof keys);
  errno = reason;
  return rectify;
}

bool wire_open(struct wire *wire) {
  const struct courier_config *config = wire->config;
  if (wire->rectify != NULL) return true;
  const bool keyed = strncmp(config->endpoint, "tcp://", 6) == 0;
  wire->rectify = keyed ? open_keyed(config) : rectify_open(config->endpoint, config->officer);
  if (wire->rectify == NULL && !wire->silent) log_err("courier.no_connection endpoint=%s reason=\"%s\"", config->endpoint, strerror(errno));
  wire->silent |= wire->rectify == NULL;
  return wire->rectify != NULL;
}

void wire_close(struct wire *wire) {
  rectify_close(wire->rectify);
  wire->rectify = NULL;
}

bool wire_ended(struct wire *wire, int result) {
  if (result == RECTIFY_OK) {
    if (wire->silent) log_info("courier.daemon_answers endpoint=%s", wire->config->endpoint);
    wire->silent = false;
    return true;
  }
  const Rectify__V1__Error *error = result == RECTIFY_ERROR ? rectify_error(wire->rectify) : NULL;
  const bool ours = error != NULL || result == RECTIFY_KEY; /* the daemon is there, and does not want us */
  if (!wire->silent)
    log_line(ours ? LOG_ERR : LOG_WARNING, "courier.%s officer=%s endpoint=%s reason=\"%s\"", ours ? "refused" : "daemon_silent",
             wire->config->officer, wire->config->endpoint, rectify_error_text(wire->rectify));
  wire->silent = true;
  if (result == RECTIFY_KEY || result == RECTIFY_SYSTEM) wire_close(wire);
  return false;
}

/* ---- what is asked beside letters ---- */

static const Rectify__V1__Reply *ask(struct wire *wire, Rectify__V1__Request *request, Rectify__V1__Reply__BodyCase wanted) {
  const Rectify__V1__Reply *reply = NULL;
  if (!wire_open(wire)) return NULL;
  int result = rectify_ask(wire->rectify, request, WIRE_TIMEOUT_MSEC, &reply);
  if (result == RECTIFY_OK && reply->body_case != wanted) result = RECTIFY_PROTOCOL;
  return wire_ended(wire, result) ? reply : NULL;
}

bool wire_ping(struct wire *wire, uint32_t *calendar_version) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Ping ping = RECTIFY__V1__PING__INIT;
  request.body_case = RECTIFY__V1__REQUEST__BODY_PING;
  request.ping = &ping;
  const Rectify__V1__Reply *reply = ask(wire, &request, RECTIFY__V1__REPLY__BODY_PONG);
  if (reply == NULL) return false;
  wire->now = reply->pong->now;
  *calendar_version = reply->pong->calendar_version;
  return true;
}

static const Rectify__V1__Page *ask_documents(struct wire *wire, uint32_t version, const ProtobufCBinaryData *cursor) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__DocumentQuery which = RECTIFY__V1__DOCUMENT_QUERY__INIT;
  which.document = DOCUMENT_IS_CALENDAR;
  which.version = version;
  query.what_case = RECTIFY__V1__QUERY__WHAT_DOCUMENTS;
  query.documents = &which;
  if (cursor != NULL) query.cursor = *cursor;
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = &query;
  const Rectify__V1__Reply *reply = ask(wire, &request, RECTIFY__V1__REPLY__BODY_PAGE);
  return reply == NULL ? NULL : reply->page;
}

/* The numbers of the newest versions, oldest first; -1: no answer. */
static int list_versions(struct wire *wire, uint32_t versions[CALENDARS_ASKED_MAX]) {
  uint8_t bytes[WIRE_CURSOR_BYTES_MAX];
  ProtobufCBinaryData cursor = {0, bytes};
  int count = 0;
  do {
    const Rectify__V1__Page *page = ask_documents(wire, 0, cursor.len == 0 ? NULL : &cursor);
    if (page == NULL) return -1;
    for (size_t i = 0; i < page->n_documents; i++) {
      if (count == CALENDARS_ASKED_MAX) memmove(versions, versions + 1, (size_t)--count * sizeof *versions);
      versions[count++] = page->documents[i]->version;
    }
    cursor.len = page->next_cursor.len <= sizeof bytes ? page->next_cursor.len : 0;
    if (cursor.len > 0) memcpy(bytes, page->next_cursor.data, cursor.len);
  } while (cursor.len > 0);
  return count;
}

static struct calendar *parse(const Rectify__V1__DocumentRow *row, const char *name) {
  struct document_report report = {0};
  struct calendar *calendar = calendar_parse("calendar", (const char *)row->body.data, row->body.len, &report);
  document_report_free(&report);
  if (calendar != NULL && strcmp(calendar->name, name) == 0) return calendar;
  if (calendar != NULL) calendar_free(calendar);
  return NULL;
}

struct calendar *wire_calendar(struct wire *wire, const char *name, bool *answered) {
  uint32_t versions[CALENDARS_ASKED_MAX];
  struct calendar *found = NULL;
  int count = list_versions(wire, versions);
  *answered = count >= 0;
  while (found == NULL && count-- > 0) {
    const Rectify__V1__Page *page = ask_documents(wire, versions[count], NULL);
    *answered = page != NULL;
    if (page == NULL) return NULL;
    if (page->n_documents > 0) found = parse(page->documents[0], name);
  }
  return found;
}

/* ---- texts ---- */

ProtobufCBinaryData wire_bytes(const void *bytes, size_t length) {
  return (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)bytes};
}

ProtobufCBinaryData wire_text(const char *text) { return wire_bytes(text, strlen(text)); }

void wire_copy(const ProtobufCBinaryData *data, char *out, size_t size) {
  out[0] = '\0';
  if (data->len == 0 || data->len >= size) return;
  memcpy(out, data->data, data->len);
  out[data->len] = '\0';
}
