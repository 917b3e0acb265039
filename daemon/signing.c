#include "daemon/signing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rectify/must.h"

#define AGAIN_MSEC 500

struct signing {
  const char *path;
  int fd; /* -1: not connected */
  bool asked;
  int64_t retry_at;
  struct signer_reply reply;
};

struct signing *signing_new(const char *path) {
  struct signing *signing = calloc(1, sizeof *signing);
  must(signing != NULL);
  signing->path = path;
  signing->fd = -1;
  return signing;
}

void signing_free(struct signing *signing) {
  if (signing == NULL) return;
  if (signing->fd >= 0) close(signing->fd);
  free(signing);
}

int signing_fd(const struct signing *signing) { return signing->fd; }
bool signing_is_idle(const struct signing *signing) { return signing->fd >= 0 && !signing->asked; }
const struct signer_reply *signing_reply(const struct signing *signing) { return &signing->reply; }

static void leave(struct signing *signing, int64_t now_msec) {
  if (signing->fd >= 0) close(signing->fd);
  signing->fd = -1;
  signing->asked = false;
  signing->retry_at = now_msec + AGAIN_MSEC;
}

static bool try_connect(struct signing *signing) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(signing->path) >= sizeof address.sun_path) return false;
  strcpy(address.sun_path, signing->path);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) signing->fd = fd;
  else if (fd >= 0) close(fd);
  return signing->fd >= 0;
}

static enum signing_news receive(struct signing *signing, int64_t now_msec) {
  static uint8_t data[SIGNER_REPLY_BYTES_MAX + 1];
  ssize_t got = recv(signing->fd, data, sizeof data, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return SIGNING_NONE;
  if (got <= 0 || !signing->asked || !signer_reply_unpack(data, (size_t)got, &signing->reply)) {
    leave(signing, now_msec);
    return SIGNING_LOST;
  }
  signing->asked = false;
  return SIGNING_ANSWERED;
}

enum signing_news signing_turn(struct signing *signing, int64_t now_msec) {
  if (signing->fd >= 0) return receive(signing, now_msec);
  if (now_msec < signing->retry_at) return SIGNING_NONE;
  signing->retry_at = now_msec + AGAIN_MSEC;
  return try_connect(signing) ? SIGNING_UP : SIGNING_NONE;
}

/* A datagram goes out whole or not at all; one that does not shows at the next turn, where the connection has ended. */
static void ask(struct signing *signing, const struct signer_request *request) {
  static uint8_t data[SIGNER_REQUEST_BYTES_MAX];
  must(signing_is_idle(signing));
  size_t length = signer_request_pack(request, data);
  if (send(signing->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) (void)shutdown(signing->fd, SHUT_RDWR);
  signing->asked = true;
}

void signing_ask_status(struct signing *signing) {
  static struct signer_request request;
  request = (struct signer_request){.ask = SIGNER_STATUS};
  ask(signing, &request);
}

void signing_ask_sign(struct signing *signing, uint64_t size, const struct hash *root, const struct merkle_proof *proof) {
  static struct signer_request request;
  request = (struct signer_request){.ask = SIGNER_SIGN, .size = size, .root = *root};
  if (proof != NULL) request.proof = *proof;
  ask(signing, &request);
}
