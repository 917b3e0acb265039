/* main.c - rectify-sign: holds the key that signs the log's heads, and signs only what extends the last one.
 *
 *   rectify-sign new --name LOG --key FILE --state FILE      makes a key and the head of the empty log; prints the public key
 *   rectify-sign public --key FILE                           prints the public key
 *   rectify-sign run --key FILE --state FILE (--socket PATH | --fd NUMBER)
 *
 * One client at a time, the daemon.  Exit: 0 ended with its client (--fd) or by a signal, 64 usage, 74 the state could not
 * be kept, 78 a key or state that is missing, damaged or open to others.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sign/signer.h"

#define EXIT_USAGE 64
#define EXIT_IO 74
#define EXIT_CONFIG 78
#define ERROR_BYTES 4400

struct arguments {
  const char *name, *key, *state, *socket;
  int fd;
};

static _Noreturn void give_up(int code, const char *text) {
  fprintf(stderr, "rectify-sign: %s\n", text);
  exit(code);
}

static _Noreturn void usage(void) {
  fputs("usage: rectify-sign new --name LOG --key FILE --state FILE\n"
        "       rectify-sign public --key FILE\n"
        "       rectify-sign run --key FILE --state FILE (--socket PATH | --fd NUMBER)\n",
        stderr);
  exit(EXIT_USAGE);
}

/* The key stays out of core files, of other processes' sight and of the swap. */
static void guard_memory(void) {
  const struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0);
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
    fprintf(stderr, "rectify-sign: warning: memory could not be locked (%s); raise RLIMIT_MEMLOCK\n", strerror(errno));
}

static void read_key(const char *path, struct note_signer *signer) {
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[ERROR_BYTES];
  size_t length = 0;
  if (!secret_read(path, text, sizeof text, &length, error, sizeof error)) give_up(EXIT_CONFIG, error);
  if (length > 0 && text[length - 1] == '\n') length--;
  bool ok = note_signer_parse(text, length, signer) && signer->verifier.algorithm == NOTE_ED25519;
  memset(text, 0, sizeof text);
  __asm__ volatile("" : : "r"(text) : "memory"); /* the wiping is not to be left out */
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
  struct signer_state empty = {0}, first;
  struct signer_request request = {.ask = SIGNER_SIGN};
  char error[ERROR_BYTES];
  snprintf(empty.last.origin, sizeof empty.last.origin, "%s", signer->verifier.name);
  sha256_of_nothing(&request.root);
  empty.last.root = request.root;
  if (signer_judge(signer, &empty, &request, &first) != SIGNER_OK) give_up(EXIT_CONFIG, "the library cannot sign");
  if (!secret_write(path, first.note, first.note_length, error, sizeof error)) give_up(EXIT_CONFIG, error);
}

static int run_new(const struct arguments *given) {
  struct note_signer signer;
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[ERROR_BYTES];
  if (given->name == NULL || given->key == NULL || given->state == NULL) usage();
  if (!note_signer_new(given->name, NOTE_ED25519, &signer))
    give_up(EXIT_CONFIG, "the name of a log has 1 to 100 printable characters, no spaces and no plus");
  note_signer_format(&signer, text);
  strcat(text, "\n");
  bool ok = secret_write(given->key, text, strlen(text), error, sizeof error);
  memset(text, 0, sizeof text);
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
  char error[ERROR_BYTES];
  uint8_t verdict = signer_judge(&it->signer, &it->state, request, &next);
  if (verdict != SIGNER_OK) {
    fprintf(stderr, "rectify-sign: refused verdict=%u size=%llu last=%llu\n", verdict, (unsigned long long)request->size,
            (unsigned long long)it->state.last.size);
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
  if (send(fd, packed, bytes, MSG_NOSIGNAL) < 0) fprintf(stderr, "rectify-sign: the client is gone: %s\n", strerror(errno));
}

static void serve(struct signing *it, int fd) {
  static uint8_t data[SIGNER_REQUEST_BYTES_MAX + 1]; /* one more: what is too long shows */
  for (;;) {
    ssize_t got = recv(fd, data, sizeof data, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    answer(it, fd, data, (size_t)got);
  }
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

static int run_run(const struct arguments *given) {
  static struct signing it;
  char error[ERROR_BYTES];
  if (given->key == NULL || given->state == NULL || (given->socket == NULL) == (given->fd < 0)) usage();
  guard_memory();
  read_key(given->key, &it.signer);
  it.path = given->state;
  if (!signer_state_load(given->state, &it.signer, &it.state, error, sizeof error)) give_up(EXIT_CONFIG, error);
  if (given->fd >= 0) {
    serve(&it, given->fd);
    return 0;
  }
  for (int listening = listen_on(given->socket);;) {
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) continue;
    serve(&it, fd);
    close(fd);
  }
}

/* ---- options ---- */

static void take(struct arguments *given, int option) {
  switch (option) {
    case 'n': given->name = optarg; return;
    case 'k': given->key = optarg; return;
    case 's': given->state = optarg; return;
    case 'p': given->socket = optarg; return;
    case 'f': given->fd = atoi(optarg); return;
    default: usage();
  }
}

int main(int count, char **words) {
  static const struct option options[] = {{"name", 1, NULL, 'n'}, {"key", 1, NULL, 'k'}, {"state", 1, NULL, 's'},
                                          {"socket", 1, NULL, 'p'}, {"fd", 1, NULL, 'f'}, {NULL, 0, NULL, 0}};
  struct arguments given = {.fd = -1};
  if (count < 2) usage();
  for (int option; (option = getopt_long(count - 1, words + 1, "", options, NULL)) != -1;) take(&given, option);
  if (optind != count - 1) usage();
  if (strcmp(words[1], "new") == 0) return run_new(&given);
  if (strcmp(words[1], "run") == 0) return run_run(&given);
  if (strcmp(words[1], "public") != 0 || given.key == NULL) usage();
  struct note_signer signer;
  read_key(given.key, &signer);
  print_public(&signer);
  return 0;
}
