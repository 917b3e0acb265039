/* sim.c - virtual time: what is to happen, in order; dice; the transcript. */
#include "tests/sim/sim.h"

#include <stdarg.h>

#include "tests/lib/splitmix.h"

struct sim sim;
jmp_buf sim_over;

/* ---- dice ---- */

uint32_t dice_below(enum sim_stream stream, uint32_t bound) {
  return bound == 0 ? 0 : (uint32_t)(splitmix64(&sim.dice[stream]) >> 16) % bound;
}

bool dice_percent(enum sim_stream stream, uint32_t percent) {
  return percent > 0 && dice_below(stream, 100) < percent;
}

/* Ids of rungs differ in single bits of either half. */
uint64_t sim_hash(const uint8_t id[16]) {
  uint64_t half[2];
  memcpy(half, id, sizeof half);
  half[0] ^= half[1] << 32 | half[1] >> 32;
  return splitmix64(&half[0]);
}

void sim_words(const uint8_t id[16], char out[SIM_WORDS_BYTES]) {
  snprintf(out, SIM_WORDS_BYTES, "found %02x%02x%02x%02x%02x", id[8], id[9], id[10], id[11], id[12]);
}

/* ---- what is to happen: a heap by (time, order of asking) ---- */

struct due {
  usec_t at;
  uint64_t order;
  sim_fn *what;
  void *context;
  uint64_t number;
};

static struct due *heap;
static uint32_t heap_count, heap_room;
static uint64_t asked;

static bool before(const struct due *a, const struct due *b) { return a->at != b->at ? a->at < b->at : a->order < b->order; }

static void sift_up(uint32_t at, struct due due) {
  for (; at > 0 && before(&due, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = due;
}

static void sift_down(uint32_t at, struct due due) {
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= heap_count) break;
    if (child + 1 < heap_count && before(&heap[child + 1], &heap[child])) child++;
    if (!before(&heap[child], &due)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = due;
}

void sim_after(usec_t delay, sim_fn *what, void *context, uint64_t number) {
  if (heap_count == heap_room) {
    heap_room = heap_room == 0 ? 1024 : 2 * heap_room;
    heap = realloc(heap, heap_room * sizeof *heap);
    must(heap != NULL);
  }
  sift_up(heap_count++, (struct due){sim.now + (delay < 0 ? 0 : delay), asked++, what, context, number});
}

bool sim_run(usec_t until) {
  while (heap_count > 0 && heap[0].at <= until) {
    const struct due due = heap[0];
    if (--heap_count > 0) sift_down(0, heap[heap_count]);
    sim.now = due.at;
    sim.steps_run++;
    due.what(due.context, due.number);
  }
  if (sim.now < until && until < INSTANT_NONE) sim.now = until;
  return heap_count > 0;
}

void sim_clear(void) {
  heap_count = 0;
  asked = 0;
}

/* ---- the transcript ---- */

static void stamp(void) {
  printf("#  %4lldd %02lld:%02lld:%02lld.%03lld  ", (long long)(sim.now / DAY), (long long)(sim.now / HOUR % 24),
         (long long)(sim.now / (60 * SECOND) % 60), (long long)(sim.now / SECOND % 60), (long long)(sim.now / MSEC % 1000));
}

void sim_tell(const char *format, ...) {
  if (!sim.trace) return;
  va_list arguments;
  va_start(arguments, format);
  stamp();
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

void sim_digest(uint64_t what) { sim.digest = (sim.digest ^ what ^ (uint64_t)sim.now) * UINT64_C(0x100000001b3); }

void sim_wrong(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sim.wrong, sizeof sim.wrong, format, arguments);
  va_end(arguments);
  sim_tell("BROKEN: %s", sim.wrong);
  longjmp(sim_over, 1);
}

/* A bug of the program under test is a broken invariant. */
_Noreturn void must_fail(const char *condition, const char *file, int line) {
  sim_wrong("must failed: %s at %s:%d", condition, file, line);
}
