#include "daemon/outbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

#define SLOTS 1024 /* connections with large answers under way */

struct slot {
  struct route_back back; /* meant while bytes is not 0 */
  atomic_size_t bytes;
};

struct parcel {
  struct slot *slot;
  atomic_size_t length; /* written last and read first: what hands it over, libzmq, is not seen by ThreadSanitizer */
  _Alignas(16) char data[];
};

static struct slot slots[SLOTS];
static atomic_size_t sum;

/* Places are given by the loop alone; the other thread only makes them free. */
static struct slot *slot_of(const struct route_back *back) {
  struct slot *found = NULL;
  for (int i = 0; i < SLOTS; i++) {
    const bool is_free = slots[i].bytes == 0;
    if (!is_free && route_back_same(&slots[i].back, back)) return &slots[i];
    if (is_free && found == NULL) found = &slots[i];
  }
  if (found != NULL) found->back = *back;
  return found;
}

static void let_go(void *data, void *hint) {
  struct parcel *parcel = hint;
  (void)data;
  const size_t length = parcel->length;
  sum -= length;
  parcel->slot->bytes -= length;
  free(parcel);
}

bool outbox_message(const struct route_back *back, const void *data, size_t length, zmq_msg_t *message) {
  struct slot *slot = slot_of(back);
  if (slot == NULL || sum + length > WIRE_LARGE_SUM_BYTES_MAX) return false;
  const size_t before = slot->bytes;
  if (before > 0 && before + length > WIRE_LARGE_CLIENT_BYTES_MAX) return false;
  struct parcel *parcel = malloc(sizeof *parcel + length);
  must(parcel != NULL);
  parcel->slot = slot;
  memcpy(parcel->data, data, length);
  parcel->length = length;
  must(zmq_msg_init_data(message, parcel->data, length, let_go, parcel) == 0);
  sum += length;
  slot->bytes += length;
  return true;
}
