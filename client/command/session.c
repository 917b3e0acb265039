/* session.c - one connection to the daemon, and what its failures mean to a person. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/command.h"
#include "client/command/language.h"
#include "sign/curve.h"

bool home_file(const char *name, char out[HOME_PATH_BYTES]) {
  const char *home = getenv("HOME");
  int length = home != NULL ? snprintf(out, HOME_PATH_BYTES, "%s/.config/rectify/%s", home, name) : -1;
  return length > 0 && length < HOME_PATH_BYTES;
}

/* ---- over TCP ---- */

/* The daemon's public key: no secret, but nobody else's word for it will do. */
static bool read_server(const struct session *session, uint8_t out[CURVE_KEY_BYTES]) {
  char path[HOME_PATH_BYTES], line[CURVE_TEXT_BYTES] = "";
  const char *text = session->server;
  if (text == NULL && home_file("server", path)) {
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(line, sizeof line, file) != NULL) text = line;
    if (file != NULL) (void)fclose(file);
  }
  if (text != NULL && curve_of_text(text, strlen(text), out)) return true;
  complain(text == NULL ? N_("TCP needs the daemon's public key: --server KEY, or RECTIFY_SERVER, or ~/.config/rectify/server")
                        : N_("the daemon's public key is not one: 64 hexadecimal digits, as `rectify key public` prints them"));
  return false;
}

static bool read_own(const struct session *session, struct curve_pair *pair) {
  char path[HOME_PATH_BYTES], error[SECRET_ERROR_BYTES];
  const char *file = session->key_file;
  if (file == NULL && home_file("key", path)) file = path;
  if (file != NULL && curve_read(file, pair, error)) return true;
  complain("%s", file != NULL ? error : "TCP needs a key of one's own: --key FILE, or RECTIFY_KEY");
  (void)fputs(_("`rectify key new FILE` makes one; an administrator registers its public half\n"), stderr);
  return false;
}

static bool open_keyed(struct session *session) {
  struct rectify_keys keys;
  struct curve_pair pair;
  if (!read_server(session, keys.server_public) || !read_own(session, &pair)) return false;
  memcpy(keys.client_public, pair.public_key, CURVE_KEY_BYTES);
  memcpy(keys.client_secret, pair.secret, CURVE_KEY_BYTES);
  session->rectify = rectify_open_keyed(session->endpoint, session->actor, &keys);
  int reason = errno;
  curve_wipe(&pair, sizeof pair);
  curve_wipe(&keys, sizeof keys);
  errno = reason;
  return true;
}

int session_actor(const struct session *session) {
  if (session->actor != NULL && session->actor[0] != '\0') return EXIT_FINE;
  complain("who are you? say --as OFFICER, or once: export RECTIFY_ACTOR=OFFICER");
  (void)fputs(_("a fresh daemon knows one officer, `office`; `rectify --as office officer list` shows the others\n"), stderr);
  return EXIT_USE;
}

int session_open(struct session *session) {
  if (session->rectify != NULL) return EXIT_FINE;
  if (session->offline) {
    complain("--offline: this needs a daemon; findings and commands can be saved without one");
    return EXIT_USE;
  }
  if (session_actor(session) != EXIT_FINE) return EXIT_USE;
  bool keyed = strncmp(session->endpoint, "tcp://", 6) == 0;
  if (!keyed) session->rectify = rectify_open(session->endpoint, session->actor);
  else if (!open_keyed(session)) return EXIT_USE;
  if (session->rectify != NULL) return EXIT_FINE;
  complain("cannot use the endpoint '%s' as '%s': %m", session->endpoint, session->actor);
  return EXIT_USE;
}

void session_close(struct session *session) {
  rectify_close(session->rectify);
  session->rectify = NULL;
  rectify_spool_close(session->spool);
  session->spool = NULL;
  session_forget_reply(session);
}

int session_say_error(const Rectify__V1__Error *error) {
  const char *known = word_text(words_failure, error->code);
  (void)fprintf(stderr, _("rectify: the daemon says: %s"), _(known));
  if (error->field.len > 0) {
    (void)fputs(": ", stderr);
    print_safe(stderr, error->field.data, error->field.len);
  }
  if (error->text.len > 0 && (error->text.len != strlen(known) || memcmp(error->text.data, known, strlen(known)) != 0)) {
    (void)fputs(error->code == FAILURE_DOCUMENT ? "\n" : ": ", stderr);
    print_safe(stderr, error->text.data, error->text.len);
  }
  (void)fputc('\n', stderr);
  if (error->code == FAILURE_ACTOR)
    (void)fputs(_("`rectify --as office officer list` shows the codes; a fresh daemon knows `office` alone\n"), stderr);
  if (error->code == FAILURE_CLOCK) (void)fputs(_("start it with `rectifyd --clock manual` to move the clock\n"), stderr);
  return error->code == FAILURE_DOCUMENT ? EXIT_DOCUMENT : EXIT_REFUSED;
}

int session_failure(struct session *session, int result) {
  switch (result) {
    case RECTIFY_TIMEOUT:
      complain("%s", rectify_error_text(session->rectify));
      (void)fputs(_("--endpoint and RECTIFY_ENDPOINT say where rectifyd listens; --timeout waits longer\n"), stderr);
      return EXIT_UNREACHABLE;
    case RECTIFY_ERROR:
      if (rectify_error(session->rectify) != NULL) return session_say_error(rectify_error(session->rectify));
      break;
    case RECTIFY_KEY:
      complain("%s", rectify_error_text(session->rectify));
      (void)fputs(_("an administrator registers keys: `rectify key register OFFICER KEY`; `rectify key public FILE` prints yours\n"),
                  stderr);
      return EXIT_REFUSED;
    case RECTIFY_SYSTEM:
      complain("%s", rectify_error_text(session->rectify));
      return EXIT_SYSTEM;
    default:
      break;
  }
  complain("the answer is not one of this protocol: %s", rectify_error_text(session->rectify));
  return EXIT_PROTOCOL;
}

int session_ask(struct session *session, Rectify__V1__Request *request, const Rectify__V1__Reply **reply) {
  int result = rectify_ask(session->rectify, request, session->timeout_msec, reply);
  session->heard |= result == RECTIFY_OK;
  return result == RECTIFY_OK ? EXIT_FINE : session_failure(session, result);
}

int session_misfit(void) {
  complain("the answer does not fit the question: is this rectifyd of the same version?");
  return EXIT_PROTOCOL;
}

int session_ping(struct session *session, const Rectify__V1__Pong **pong) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Ping ping = RECTIFY__V1__PING__INIT;
  const Rectify__V1__Reply *reply;
  request.body_case = RECTIFY__V1__REQUEST__BODY_PING;
  request.ping = &ping;
  int code = session_ask(session, &request, &reply);
  if (code != EXIT_FINE) return code;
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_PONG) return session_misfit();
  *pong = reply->pong;
  return EXIT_FINE;
}

static Rectify__V1__Request query_request(Rectify__V1__Query *query) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = query;
  return request;
}

static int page_of(const Rectify__V1__Reply *reply, const Rectify__V1__Page **page) {
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_PAGE) return session_misfit();
  *page = reply->page;
  return EXIT_FINE;
}

int session_page(struct session *session, Rectify__V1__Query *query, const Rectify__V1__Page **page) {
  Rectify__V1__Request request = query_request(query);
  const Rectify__V1__Reply *reply;
  int code = session_ask(session, &request, &reply);
  return code == EXIT_FINE ? page_of(reply, page) : code;
}

#define CURSOR_BYTES_MAX 256

/* The query becomes that of the next page; *more: whether there is one. */
static int turn(const Rectify__V1__Page *page, Rectify__V1__Query *query, uint8_t cursor[CURSOR_BYTES_MAX], bool *more) {
  const size_t length = page->next_cursor.len;
  if (length > CURSOR_BYTES_MAX) return session_misfit();
  if (length > 0) memcpy(cursor, page->next_cursor.data, length);
  query->cursor = wire_bytes(cursor, length);
  *more = length > 0;
  return EXIT_FINE;
}

int session_pages(struct session *session, Rectify__V1__Query *query, page_fn *take, void *context) {
  uint8_t cursor[CURSOR_BYTES_MAX];
  if (query->what_case == RECTIFY__V1__QUERY__WHAT_CASES || query->what_case == RECTIFY__V1__QUERY__WHAT_HISTORY ||
      query->what_case == RECTIFY__V1__QUERY__WHAT_LEDGER) {
    query->as_of = session->as_of;
    query->known_at = session->known_at;
  }
  bool more = true;
  int code = EXIT_FINE;
  while (more && code == EXIT_FINE) {
    const Rectify__V1__Page *page;
    code = session_page(session, query, &page);
    if (code == EXIT_FINE) code = turn(page, query, cursor, &more);
    if (code == EXIT_FINE) code = take(context, page);
  }
  return code;
}

static int send_query(struct session *session, Rectify__V1__Query *query) {
  Rectify__V1__Request request = query_request(query);
  const int result = rectify_send(session->rectify, &request);
  return result == RECTIFY_OK ? EXIT_FINE : session_failure(session, result);
}

static int receive_page(struct session *session, const Rectify__V1__Page **page) {
  const Rectify__V1__Reply *reply;
  const int result = rectify_receive(session->rectify, session->timeout_msec, &reply);
  if (result != RECTIFY_OK) return session_failure(session, result);
  session->heard = true;
  return reply->body_case == RECTIFY__V1__REPLY__BODY_ERROR ? session_say_error(reply->error) : page_of(reply, page);
}

int session_pages_ahead(struct session *session, Rectify__V1__Query *query, page_fn *take, void *context) {
  uint8_t cursor[CURSOR_BYTES_MAX];
  const Rectify__V1__Page *page;
  bool more = false;
  int code = send_query(session, query);
  do {
    if (code == EXIT_FINE) code = receive_page(session, &page);
    if (code == EXIT_FINE) code = turn(page, query, cursor, &more);
    if (code == EXIT_FINE && more) code = send_query(session, query);
    if (code != EXIT_FINE) return code;
    code = take(context, page);
  } while (more && code == EXIT_FINE);
  if (!more) return code;
  const int received = receive_page(session, &page); /* nobody is to take the next page's answer for one of their own */
  return received != EXIT_FINE ? received : code;
}
