/* sim_doors.c - the remote door of daemon/router.c, which no daemon of the simulator opens: its handshakes are libzmq's. */
#include "daemon/zap.h"
#include "rectify/must.h"

static const bool opened = false;

struct zap *zap_new(void *context, zap_admit_fn *admit, void *of) {
  (void)context, (void)admit, (void)of;
  must(opened);
  return NULL;
}

void zap_free(struct zap *zap) { must(zap == NULL); }

void *zap_socket(const struct zap *zap) {
  must(zap != NULL);
  return NULL;
}

void zap_turn(struct zap *zap) { must(zap != NULL); }

struct stranger *stranger_new(void *context) {
  (void)context;
  must(opened);
  return NULL;
}

void stranger_free(struct stranger *stranger) { must(stranger == NULL); }

bool stranger_knock(struct stranger *stranger, const char *endpoint, const uint8_t server[CURVE_KEY_BYTES], int64_t now_msec) {
  (void)stranger, (void)endpoint, (void)server, (void)now_msec;
  must(opened);
  return false;
}

void *stranger_socket(const struct stranger *stranger) {
  must(stranger != NULL);
  return NULL;
}

enum stranger_news stranger_turn(struct stranger *stranger, int64_t now_msec) {
  (void)stranger, (void)now_msec;
  must(opened);
  return STRANGER_NONE;
}
