/* window.c - the requests that have no answer yet, and the replies that nobody has taken yet. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/internal.h"
#include "rectify/must.h"

const struct client_timing client_timing_default = {.first_msec = 1000, .max_msec = 30000, .jitter_percent = 20,
                                                      .patience_msec = 2000};

int64_t client_now_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct client_slot *client_slot_take(struct rectify *rectify, const uint8_t id[WIRE_ID_BYTES], uint8_t *bytes,
                                     size_t length) {
  for (struct client_slot *slot = rectify->slots; slot < rectify->slots + CLIENT_SLOTS; slot++) {
    if (slot->taken) continue;
    *slot = (struct client_slot){.taken = true, .bytes = bytes, .length = length};
    memcpy(slot->id, id, WIRE_ID_BYTES);
    slot->send_at = client_now_msec();
    slot->wait_msec = rectify->timing.first_msec;
    return slot;
  }
  return NULL;
}

struct client_slot *client_slot_find(struct rectify *rectify, const uint8_t *id) {
  for (struct client_slot *slot = rectify->slots; slot < rectify->slots + CLIENT_SLOTS; slot++)
    if (slot->taken && memcmp(slot->id, id, WIRE_ID_BYTES) == 0) return slot;
  return NULL;
}

/* The id stays, because a caller's request may still point at it. */
void client_slot_free(struct client_slot *slot) {
  free(slot->bytes);
  slot->bytes = NULL;
  slot->taken = false;
}

void client_slot_later(struct rectify *rectify, struct client_slot *slot, uint32_t msec) {
  int64_t most = rectify->timing.max_msec;
  int64_t wait = msec == 0 ? slot->wait_msec : msec > most ? most : msec;
  slot->send_at = client_now_msec() + client_jitter(rectify, wait);
}

/* The same bytes again; then the wait doubles. */
static int slot_send(struct rectify *rectify, struct client_slot *slot, int64_t now) {
  int sent = client_wire_send(rectify, slot->bytes, slot->length);
  slot->blocked = sent == 0;
  if (sent != 1) return sent;
  slot->send_at = now + client_jitter(rectify, slot->wait_msec);
  int32_t most = rectify->timing.max_msec;
  slot->wait_msec = slot->wait_msec > most / 2 ? most : slot->wait_msec * 2;
  return 1;
}

int client_slots_send(struct rectify *rectify, int64_t now, int64_t *next_at, bool *blocked) {
  *next_at = INT64_MAX;
  *blocked = false;
  for (struct client_slot *slot = rectify->slots; slot < rectify->slots + CLIENT_SLOTS; slot++) {
    if (!slot->taken) continue;
    if (slot->send_at <= now && slot_send(rectify, slot, now) < 0) return -1;
    if (slot->blocked)
      *blocked = true;
    else if (slot->send_at < *next_at)
      *next_at = slot->send_at;
  }
  return 0;
}

unsigned client_slots_taken(const struct rectify *rectify) {
  unsigned taken = 0;
  for (unsigned i = 0; i < CLIENT_SLOTS; i++) taken += rectify->slots[i].taken;
  return taken;
}

void client_inbox_put(struct rectify *rectify, uint8_t *bytes, size_t length, bool is_push) {
  if (is_push && rectify->inbox_pushes == CLIENT_PUSHES_MAX) {
    free(bytes);
    return;
  }
  must(rectify->inbox_count < CLIENT_INBOX_MAX); /* rectify_send() counts kept replies as unanswered */
  uint32_t last = (rectify->inbox_first + rectify->inbox_count++) % CLIENT_INBOX_MAX;
  rectify->inbox[last] = (struct client_item){.bytes = bytes, .length = length, .is_push = is_push};
  rectify->inbox_pushes += is_push;
}

uint8_t *client_inbox_get(struct rectify *rectify, size_t *length) {
  if (rectify->inbox_count == 0) return NULL;
  struct client_item *item = &rectify->inbox[rectify->inbox_first];
  rectify->inbox_first = (rectify->inbox_first + 1) % CLIENT_INBOX_MAX;
  rectify->inbox_count--;
  rectify->inbox_pushes -= item->is_push;
  *length = item->length;
  return item->bytes;
}
