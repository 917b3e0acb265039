/* deliver.h - letters on their way: leased from the daemon, sent by curl's multi interface, reported.
 *
 * Each channel has places of its own, so that a server that stands still holds up nobody else's letters.  What was delivered is
 * reported until the daemon has it; a kill in between leaves a lease that ends by itself, and the letter goes out once more under
 * the same Message-ID.  One thread; nothing here blocks but the questions to the daemon. */
#ifndef RECTIFY_COURIER_DELIVER_H
#define RECTIFY_COURIER_DELIVER_H

#include "courier/settings.h"
#include "courier/wire.h"

#define SLOTS_MAX 64

struct slot {
  struct channel *channel; /* NULL: free */
  struct outgoing letter;
  struct exchange exchange;
};

struct reported {
  uint8_t id[16];
  uint32_t attempt, outcome; /* delivery.def */
  usec_t retry_at;
  char answer[LETTER_ANSWER_BYTES_MAX + 1];
};

struct delivering {
  CURLM *multi;
  struct slot slots[SLOTS_MAX];
  uint32_t under_way;
  struct reported reports[WIRE_POST_MAX]; /* not told yet */
  uint32_t report_count;
  bool stray_asked; /* letters of channels that are no more were looked for in this round */
  uint64_t delivered, failed, refused; /* attempts since the start */
};

bool deliver_open(struct delivering *delivering);
void deliver_free(struct delivering *delivering);

/* A new round: all channels may have letters again. */
void deliver_round(struct delivering *delivering, struct settings *settings);
/* Leases what there is room for (`lease` false: nothing more), moves what is under way, reports what ended.  Returns whether there
 * may be more to do at once. */
bool deliver_step(struct delivering *delivering, struct wire *wire, struct settings *settings, bool lease);
/* Waits for the network, a signal on `signal_fd`, or `wait_msec`. */
void deliver_wait(struct delivering *delivering, int signal_fd, int wait_msec);

#endif
