/* main.c - rectify-sign: holds the key that signs the log's heads, and signs only what extends the last one.
 *
 *   rectify-sign new --name LOG --key FILE --state FILE      makes a key and the head of the empty log; prints the
 * public key rectify-sign public --key FILE                           prints the public key rectify-sign head --state
 * FILE --key FILE                prints the last head signed rectify-sign run --key FILE --state FILE (--socket PATH
 * [--peer USER] | --fd NUMBER) rectify-sign fork-text --key FILE --state FILE --size N --root BASE64 --reason TEXT
 *                                                            prints what two people have to sign, to go on after a
 * rollback rectify-sign fork --key FILE --state FILE --people FILE --record FILE takes their signed record and goes on
 * (fork.h)
 *
 * FILE may be credential:NAME (systemd).  One client at a time, the daemon; on a socket only the user --peer (his name
 * or number), this user and root are heard, whoever else may reach it.  Exit: 0 ended with its client (--fd) or by a
 * signal, 1 the fork was refused, 64 usage, 74 the state could not be kept, 78 a key or state that is missing, damaged
 * or open to others.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sign/fork.h"
#include "sign/secret.h"

#define EXIT_REFUSED 1
#define EXIT_USAGE 64
#define EXIT_IO 74
#define EXIT_CONFIG 78

struct arguments {
  const char *name, *key, *state, *socket, *people, *record, *size, *root, *reason, *peer;
  int fd;
};

static _Noreturn void give_up(int code, const char *text) {
  fprintf(stderr, "rectify-sign: %s\n", text);
  exit(code);
}

static _Noreturn void usage(void) {
  fputs(
      "usage: rectify-sign new --name LOG --key FILE --state FILE\n"
      "       rectify-sign public --key FILE\n"
      "       rectify-sign head --key FILE --state FILE\n"
      "       rectify-sign run --key FILE --state FILE (--socket PATH [--peer USER] | --fd NUMBER)\n"
      "       rectify-sign fork-text --key FILE --state FILE --size N --root BASE64 --reason TEXT\n"
      "       rectify-sign fork --key FILE --state FILE --people FILE --record FILE\n"
      "FILE may be credential:NAME\n",
      stderr);
  exit(EXIT_USAGE);
}

static void read_key(const char *path, struct note_signer *signer) {
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[SECRET_ERROR_BYTES];
  size_t length = 0;
  secret_lock(text, sizeof text);
  secret_lock(signer, sizeof *signer);
  if (!secret_read(path, text, sizeof text, &length, error, sizeof error)) give_up(EXIT_CONFIG, error);
  if (length > 0 && text[length - 1] == '\n') length--;
  bool ok = note_signer_parse(text, length, signer) && signer->verifier.algorithm == NOTE_ED25519;
  explicit_bzero(text, sizeof text);
  if (ok) return;
  snprintf(error, sizeof error, "%s: is not a key of a log", path);
  give_up(EXIT_CONFIG, error);
}

static void print_public(const struct note_signer *signer) {
  char text[NOTE_KEY_TEXT_BYTES_MAX];
  note_verifier_format(&signer->verifier, text);
  puts(text);
}

/* ---- new ---- */

static void make_state(const struct note_signer *signer, const char *path) {
  static struct signer_state first;
  char error[SECRET_ERROR_BYTES];
  if (!signer_begin(signer, &first)) give_up(EXIT_CONFIG, "the library cannot sign");
  if (!secret_write(path, first.note, first.note_length, error, sizeof error)) give_up(EXIT_CONFIG, error);
}

static int run_new(const struct arguments *given) {
  struct note_signer signer;
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[SECRET_ERROR_BYTES];
  if (given->name == NULL || given->key == NULL || given->state == NULL) usage();
  if (!note_signer_new(given->name, NOTE_ED25519, &signer))
    give_up(EXIT_CONFIG, "the name of a log has 1 to 100 printable characters, no spaces and no plus");
  note_signer_format(&signer, text);
  strcat(text, "\n");
  bool ok = secret_write(given->key, text, strlen(text), error, sizeof error);
  explicit_bzero(text, sizeof text);
  if (!ok) give_up(EXIT_CONFIG, error);
  make_state(&signer, given->state);
  print_public(&signer);
  note_signer_wipe(&signer);
  return 0;
}

/* ---- run ---- */

struct signing {
  struct note_signer signer;
  struct signer_state state;
  const char *path;
};

/* The state is on disk before the signature goes out: the same head is never signed in two ways. */
static uint8_t sign(struct signing *it, const struct signer_request *request) {
  static struct signer_state next;
  char error[SECRET_ERROR_BYTES];
  uint8_t verdict = signer_judge(&it->signer, &it->state, request, &next);
  if (verdict != SIGNER_OK) {
    fprintf(stderr, "rectify-sign: sign.refused reason=\"%s\" size=%llu last=%llu\n", signer_verdict_text(verdict),
            (unsigned long long)request->size, (unsigned long long)it->state.last.size);
    return verdict;
  }
  if (next.last.size == it->state.last.size) return SIGNER_OK;
  if (!signer_state_keep(it->path, &next, error, sizeof error)) {
    fprintf(stderr, "rectify-sign: %s\n", error);
    return SIGNER_FAULT;
  }
  it->state = next;
  return SIGNER_OK;
}

static void answer(struct signing *it, int fd, const uint8_t *data, size_t length) {
  static struct signer_request request;
  static struct signer_reply reply;
  static uint8_t packed[SIGNER_REPLY_BYTES_MAX];
  reply.verdict = SIGNER_MALFORMED;
  if (signer_request_unpack(data, length, &request))
    reply.verdict = request.ask == SIGNER_SIGN ? sign(it, &request) : (uint8_t)SIGNER_OK;
  reply.size = it->state.last.size;
  reply.root = it->state.last.root;
  reply.note_length = it->state.note_length;
  memcpy(reply.note, it->state.note, it->state.note_length);
  size_t bytes = signer_reply_pack(&reply, packed);
  if (send(fd, packed, bytes, MSG_NOSIGNAL) < 0)
    fprintf(stderr, "rectify-sign: the client is gone: %s\n", strerror(errno));
}

/* One request; false: the client is gone. */
static bool serve(struct signing *it, int fd) {
  static uint8_t data[SIGNER_REQUEST_BYTES_MAX + 1]; /* one more: what is too long shows */
  ssize_t got = recv(fd, data, sizeof data, 0);
  if (got < 0) return errno == EINTR;
  if (got > 0) answer(it, fd, data, (size_t)got);
  return got > 0;
}

static int listen_on(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) give_up(EXIT_USAGE, "the socket's path is longer than 107 bytes");
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  (void)unlink(path);
  mode_t before = umask(0117); /* owner and group: the daemon's */
  bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4) == 0;
  umask(before);
  if (!ok) give_up(EXIT_CONFIG, strerror(errno));
  return fd;
}

static uid_t peer_of(const char *name) {
  char *end = NULL;
  if (name == NULL) return geteuid();
  const struct passwd *entry = getpwnam(name);
  if (entry != NULL) return entry->pw_uid;
  unsigned long number = strtoul(name, &end, 10);
  if (*name == '\0' || *end != '\0' || number > UINT32_MAX)
    give_up(EXIT_CONFIG, "--peer is not a user of this machine");
  return (uid_t)number;
}

/* Whoever could reach the socket and prove an extension could move the signer past the real history. */
static bool is_heard(int fd, uid_t peer) {
  struct ucred who;
  socklen_t size = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  if (who.uid == peer || who.uid == geteuid() || who.uid == 0) return true;
  fprintf(stderr, "rectify-sign: sign.stranger uid=%u\n", who.uid);
  return false;
}

/* The next client; -1: none, or one that is not heard. */
static int take_client(int listening, uid_t peer) {
  int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0 && errno != EINTR && errno != ECONNABORTED) give_up(EXIT_IO, strerror(errno));
  if (fd < 0 || is_heard(fd, peer)) return fd;
  close(fd);
  return -1;
}

/* Whoever came last is served: the daemon before it may stand still and never let go. */
static void serve_latest(struct signing *it, int listening, uid_t peer) {
  struct pollfd waits[2] = {{.fd = -1, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
  for (;;) {
    if (poll(waits, 2, -1) < 0) {
      if (errno != EINTR) give_up(EXIT_IO, strerror(errno));
      continue;
    }
    if (waits[1].revents != 0) {
      int next = take_client(listening, peer);
      if (next < 0) continue;
      if (waits[0].fd >= 0) close(waits[0].fd);
      waits[0] = (struct pollfd){.fd = next, .events = POLLIN};
    } else if (waits[0].revents != 0 && !serve(it, waits[0].fd)) {
      close(waits[0].fd);
      waits[0].fd = -1;
    }
  }
}

/* The key and the state that the options name. */
static void load(const struct arguments *given, struct signing *it) {
  char error[SECRET_ERROR_BYTES];
  if (given->key == NULL || given->state == NULL) usage();
  read_key(given->key, &it->signer);
  it->path = given->state;
  if (!signer_state_load(given->state, &it->signer, &it->state, error, sizeof error)) give_up(EXIT_CONFIG, error);
}

static int run_run(const struct arguments *given) {
  static struct signing it;
  if ((given->socket == NULL) == (given->fd < 0)) usage();
  load(given, &it);
  if (given->fd >= 0) {
    while (serve(&it, given->fd)) {}
    return 0;
  }
  const uid_t peer = peer_of(given->peer);
  serve_latest(&it, listen_on(given->socket), peer);
  return 0;
}

static int run_head(const struct arguments *given) {
  static struct signing it;
  load(given, &it);
  return fwrite(it.state.note, 1, it.state.note_length, stdout) == it.state.note_length && fflush(stdout) == 0
             ? 0
             : EXIT_IO;
}

/* ---- fork ---- */

static int run_fork_text(const struct arguments *given) {
  static struct signing it;
  struct fork_record record = {0};
  char text[NOTE_TEXT_BYTES_MAX], *end = NULL;
  size_t got;
  if (given->size == NULL || given->root == NULL || given->reason == NULL) usage();
  load(given, &it);
  record.gives_up = it.state.last;
  record.goes_on.size = strtoull(given->size, &end, 10);
  if (*end != '\0' || record.goes_on.size > INT64_MAX) usage();
  if (!base64_decode(given->root, strlen(given->root), record.goes_on.root.bytes, HASH_BYTES, &got) ||
      got != HASH_BYTES)
    usage();
  if (!fork_next_origin(&it.signer, it.state.last.origin, record.goes_on.origin))
    give_up(EXIT_CONFIG, "the name of the log is too long to be forked");
  if (snprintf(record.reason, sizeof record.reason, "%s", given->reason) >= (int)sizeof record.reason)
    record.reason[0] = '\0';
  size_t length = fork_format(&record, text);
  if (length == 0) give_up(EXIT_USAGE, "the reason has 1 to 400 bytes in one line");
  return fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0 ? 0 : EXIT_IO;
}

/* The record is on disk before the state moves: no fork without its record. */
static void keep_record(const char *state, const char *origin, const char *bytes, size_t length) {
  char path[SECRET_PATH_BYTES], error[SECRET_ERROR_BYTES];
  const char *slash = strrchr(origin, '/');
  if (slash == NULL || snprintf(path, sizeof path, "%s.fork-%s", state, slash + 1) >= (int)sizeof path)
    give_up(EXIT_CONFIG, "too long a path");
  if (!secret_replace(path, bytes, length, error, sizeof error)) give_up(EXIT_IO, error);
}

static int run_fork(const struct arguments *given) {
  static struct signing it;
  static struct signer_state next;
  static struct note_verifier people[FORK_PEOPLE_MAX];
  char text[NOTE_BYTES_MAX], record[NOTE_BYTES_MAX], error[SECRET_ERROR_BYTES];
  size_t length, record_length;
  uint32_t count;
  if (given->people == NULL || given->record == NULL) usage();
  load(given, &it);
  if (!trusted_read(given->people, text, sizeof text, &length, error, sizeof error)) give_up(EXIT_CONFIG, error);
  if (!fork_people_parse(text, length, people, &count))
    give_up(EXIT_CONFIG, "the people's keys: one a line, each name and key once");
  if (!trusted_read(given->record, record, sizeof record, &record_length, error, sizeof error))
    give_up(EXIT_CONFIG, error);
  enum fork_verdict verdict = fork_judge(&it.signer, &it.state, record, record_length, people, count, &next);
  if (verdict != FORK_OK) give_up(EXIT_REFUSED, fork_verdict_text(verdict));
  keep_record(given->state, next.last.origin, record, record_length);
  if (!signer_state_keep(given->state, &next, error, sizeof error)) give_up(EXIT_IO, error);
  fprintf(stderr, "rectify-sign: sign.forked from=\"%s %llu\" to=\"%s %llu\"\n", it.state.last.origin,
          (unsigned long long)it.state.last.size, next.last.origin, (unsigned long long)next.last.size);
  return fwrite(next.note, 1, next.note_length, stdout) == next.note_length && fflush(stdout) == 0 ? 0 : EXIT_IO;
}

static int run_public(const struct arguments *given) {
  struct note_signer signer;
  if (given->key == NULL) usage();
  read_key(given->key, &signer);
  print_public(&signer);
  note_signer_wipe(&signer);
  return 0;
}

/* ---- options ---- */

static int fd_of(const char *text) {
  char *end = NULL;
  long fd = strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || fd < 0 || fd > 1 << 20) usage();
  return (int)fd;
}

static void take(struct arguments *given, int option) {
  switch (option) {
    case 'n':
      given->name = optarg;
      return;
    case 'k':
      given->key = optarg;
      return;
    case 's':
      given->state = optarg;
      return;
    case 'p':
      given->socket = optarg;
      return;
    case 'f':
      given->fd = fd_of(optarg);
      return;
    case 'w':
      given->people = optarg;
      return;
    case 'r':
      given->record = optarg;
      return;
    case 'z':
      given->size = optarg;
      return;
    case 'o':
      given->root = optarg;
      return;
    case 'y':
      given->reason = optarg;
      return;
    case 'e':
      given->peer = optarg;
      return;
    default:
      usage();
  }
}

static const struct {
  const char *name;
  int (*run)(const struct arguments *given);
} commands[] = {{"new", run_new}, {"public", run_public},       {"head", run_head},
                {"run", run_run}, {"fork-text", run_fork_text}, {"fork", run_fork}};

int main(int count, char **words) {
  static const struct option options[] = {{"name", 1, NULL, 'n'},   {"key", 1, NULL, 'k'},  {"state", 1, NULL, 's'},
                                          {"socket", 1, NULL, 'p'}, {"fd", 1, NULL, 'f'},   {"people", 1, NULL, 'w'},
                                          {"record", 1, NULL, 'r'}, {"size", 1, NULL, 'z'}, {"root", 1, NULL, 'o'},
                                          {"reason", 1, NULL, 'y'}, {"peer", 1, NULL, 'e'}, {NULL, 0, NULL, 0}};
  struct arguments given = {.fd = -1};
  if (count < 2) usage();
  for (int option; (option = getopt_long(count - 1, words + 1, "", options, NULL)) != -1;) take(&given, option);
  if (optind != count - 1) usage();
  if (!secret_guard_memory())
    fprintf(stderr, "rectify-sign: warning: memory could not be locked (%s); raise RLIMIT_MEMLOCK\n", strerror(errno));
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(words[1], commands[i].name) == 0) return commands[i].run(&given);
  usage();
}
