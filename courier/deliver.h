/* deliver.h - letters on their way: leased from the daemon, handed to workers, reported.
 *
 * Each channel has workers of its own, so that a server that stands still holds up nobody else's letters.  A worker is a thread that
 * does one thing, curl_easy_perform(): libcurl waits for the answer to a mail's text inside, whichever of its interfaces is used.  All
 * else is the main thread's, which never waits for a server.  What was delivered is reported until the daemon has it; a kill in
 * between leaves a lease that ends by itself, and the letter goes out once more under the same Message-ID. */
#ifndef RECTIFY_COURIER_DELIVER_H
#define RECTIFY_COURIER_DELIVER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "courier/settings.h"
#include "courier/wire.h"

#define SLOTS_MAX 64

/* A worker and its attempt.  While `channel` is set and `done` is not, `exchange` and `result` are the worker's alone. */
struct slot {
  pthread_t thread;
  bool has_thread, ending;
  sem_t go;                /* an attempt is prepared, or the end */
  atomic_bool done;
  int ended_fd;            /* the worker rings there */
  CURLcode result;
  char last[CODE_BYTES_MAX + 1]; /* the channel whose connection it may still have */
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
  int ended_fd; /* eventfd: some worker is done */
  struct slot slots[SLOTS_MAX];
  uint32_t under_way;
  struct reported reports[WIRE_POST_MAX]; /* not told yet */
  uint32_t report_count;
  bool stray_asked; /* letters of channels that are no more were looked for in this round */
  uint64_t delivered, failed, refused; /* attempts since the start */
};

/* False with errno set. */
bool deliver_open(struct delivering *delivering);
/* Ends the workers; nothing may be under way. */
void deliver_free(struct delivering *delivering);

/* A new round: all channels may have letters again. */
void deliver_round(struct delivering *delivering, struct settings *settings);
/* Leases what there is room for (`lease` false: nothing more), moves what is under way, reports what ended.  Returns whether there
 * may be more to do at once. */
bool deliver_step(struct delivering *delivering, struct wire *wire, struct settings *settings, bool lease);
/* Waits for a worker, a signal on `signal_fd`, or `wait_msec`. */
void deliver_wait(struct delivering *delivering, int signal_fd, int wait_msec);

#endif
