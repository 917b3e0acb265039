/* recur.c - findings by problem and kind: an open-addressing table of pairs of words, each with the days and counts that it has. */
#include "daemon/recur.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "rectify/must.h"

#define NEVER (DAY_MAX + 1)

struct day_count {
  uint16_t day;
  uint16_t count; /* up to RECUR_DAY_MAX */
};
_Static_assert(DAY_MAX < UINT16_MAX && RECUR_DAY_MAX < UINT16_MAX, "days and counts fit");

struct pair {
  uint64_t hash;
  char *words; /* both, each with its end; RECUR_PROBLEM and RECUR_KIND differ in their hashes' start and in `of` */
  struct day_count *days;
  uint32_t used, room;
  uint16_t length; /* of words */
  uint8_t of;
  bool is_part; /* of days before `from` some may be told */
  day_t from; /* complete from this day on; NEVER: from none */
};

struct recur {
  uint64_t seed; /* clients choose the words; where they are kept is not theirs to choose */
  struct pair *pairs; /* numbered from 1 */
  uint32_t count, room;
  uint32_t *table; /* numbers; 0 empty */
  uint64_t table_size;
  size_t bytes;
};

struct recur *recur_new(void) {
  struct recur *recur = calloc(1, sizeof *recur);
  must(recur != NULL);
  must(getrandom(&recur->seed, sizeof recur->seed, 0) == sizeof recur->seed);
  return recur;
}

void recur_clear(struct recur *recur) {
  for (uint32_t i = 0; i < recur->count; i++) {
    free(recur->pairs[i].words);
    free(recur->pairs[i].days);
  }
  free(recur->pairs);
  free(recur->table);
  *recur = (struct recur){.seed = recur->seed};
}

void recur_free(struct recur *recur) {
  if (recur == NULL) return;
  recur_clear(recur);
  free(recur);
}

bool recur_is_full(const struct recur *recur) { return recur->bytes > RECUR_BYTES_MAX; }

/* ---- the table ---- */

struct wanted {
  char words[2 * CODE_BYTES_MAX + 2];
  uint16_t length;
  uint8_t of;
  uint64_t hash;
};

static struct wanted want(const struct recur *recur, enum recur_of of, const char *above, const char *word) {
  struct wanted wanted = {.of = (uint8_t)of};
  const size_t first = strlen(above) + 1, second = strlen(word) + 1;
  must(first <= CODE_BYTES_MAX + 1 && second <= CODE_BYTES_MAX + 1);
  memcpy(wanted.words, above, first);
  memcpy(wanted.words + first, word, second);
  wanted.length = (uint16_t)(first + second);
  uint64_t hash = recur->seed ^ (of + 1);
  for (uint32_t i = 0; i < wanted.length; i++) {
    hash = (hash ^ (uint8_t)wanted.words[i]) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
  }
  wanted.hash = hash;
  return wanted;
}

static bool is_wanted(const struct pair *pair, const struct wanted *wanted) {
  return pair->hash == wanted->hash && pair->of == wanted->of && pair->length == wanted->length &&
         memcmp(pair->words, wanted->words, wanted->length) == 0;
}

/* Where the pair is, or the free slot where it belongs. */
static uint64_t slot_of(const struct recur *recur, const struct wanted *wanted) {
  uint64_t slot = wanted->hash & (recur->table_size - 1);
  while (recur->table[slot] != 0 && !is_wanted(&recur->pairs[recur->table[slot] - 1], wanted))
    slot = (slot + 1) & (recur->table_size - 1);
  return slot;
}

static void grow_table(struct recur *recur) {
  if (((uint64_t)recur->count + 1) * 2 <= recur->table_size) return;
  free(recur->table);
  recur->bytes -= recur->table_size * sizeof *recur->table;
  recur->table_size = recur->table_size == 0 ? 4096 : recur->table_size * 2;
  recur->bytes += recur->table_size * sizeof *recur->table;
  recur->table = calloc(recur->table_size, sizeof *recur->table);
  must(recur->table != NULL);
  for (uint32_t i = 0; i < recur->count; i++) {
    uint64_t slot = recur->pairs[i].hash & (recur->table_size - 1);
    while (recur->table[slot] != 0) slot = (slot + 1) & (recur->table_size - 1);
    recur->table[slot] = i + 1;
  }
}

uint32_t recur_find(const struct recur *recur, enum recur_of of, const char *above, const char *word) {
  if (recur->table_size == 0) return RECUR_NONE;
  const struct wanted wanted = want(recur, of, above, word);
  return recur->table[slot_of(recur, &wanted)];
}

static void grow_pairs(struct recur *recur) {
  if (recur->count < recur->room) return;
  recur->bytes -= recur->room * sizeof *recur->pairs;
  recur->room = recur->room == 0 ? 1024 : recur->room * 2;
  recur->bytes += recur->room * sizeof *recur->pairs;
  recur->pairs = realloc(recur->pairs, recur->room * sizeof *recur->pairs);
  must(recur->pairs != NULL);
}

uint32_t recur_take(struct recur *recur, enum recur_of of, const char *above, const char *word) {
  const struct wanted wanted = want(recur, of, above, word);
  grow_table(recur);
  const uint64_t slot = slot_of(recur, &wanted);
  if (recur->table[slot] != 0) return recur->table[slot];
  grow_pairs(recur);
  char *words = malloc(wanted.length);
  must(words != NULL);
  memcpy(words, wanted.words, wanted.length);
  recur->pairs[recur->count++] =
      (struct pair){.hash = wanted.hash, .words = words, .length = wanted.length, .of = wanted.of, .from = NEVER};
  recur->bytes += wanted.length;
  return recur->table[slot] = recur->count;
}

/* ---- days ---- */

static struct pair *pair_at(const struct recur *recur, uint32_t number) {
  must(number != RECUR_NONE && number <= recur->count);
  return &recur->pairs[number - 1];
}

const char *recur_words(const struct recur *recur, uint32_t number) { return pair_at(recur, number)->words; }

day_t recur_from(const struct recur *recur, uint32_t number) { return pair_at(recur, number)->from; }

void recur_start(struct recur *recur, uint32_t number, day_t from) {
  struct pair *pair = pair_at(recur, number);
  pair->used = 0;
  pair->from = from;
  pair->is_part = false;
}

void recur_narrow(struct recur *recur, uint32_t number, day_t from) {
  struct pair *pair = pair_at(recur, number);
  must(pair->from <= from);
  pair->from = from;
  pair->is_part = true;
}

bool recur_is_part(const struct recur *recur, uint32_t number) { return pair_at(recur, number)->is_part; }

static struct day_count *new_day(struct recur *recur, struct pair *pair, day_t day) {
  if (pair->used == pair->room) {
    const uint32_t room = pair->room == 0 ? 4 : pair->room * 2;
    pair->days = realloc(pair->days, room * sizeof *pair->days);
    must(pair->days != NULL);
    recur->bytes += (room - pair->room) * sizeof *pair->days;
    pair->room = room;
  }
  pair->days[pair->used] = (struct day_count){.day = (uint16_t)day};
  return &pair->days[pair->used++];
}

void recur_add(struct recur *recur, uint32_t number, day_t day, uint32_t count) {
  struct pair *pair = pair_at(recur, number);
  must(day >= DAY_MIN && day <= DAY_MAX);
  if (day < pair->from) return;
  struct day_count *at = NULL;
  for (uint32_t i = 0; i < pair->used && at == NULL; i++)
    if (pair->days[i].day == day) at = &pair->days[i];
  if (at == NULL) at = new_day(recur, pair, day);
  const uint32_t room = RECUR_DAY_MAX - at->count;
  at->count = (uint16_t)(at->count + (count < room ? count : room));
}

/* A day's count that stands at its bound is no less than `most`, so the sum is exact up to there. */
static uint32_t sum_up(const struct pair *pair, day_t from, day_t until, uint32_t most) {
  uint32_t sum = 0;
  must(most <= RECUR_DAY_MAX);
  for (uint32_t i = 0; i < pair->used; i++)
    if (pair->days[i].day >= from && pair->days[i].day <= until) sum += pair->days[i].count;
  return sum < most ? sum : most;
}

bool recur_knows(const struct recur *recur, uint32_t number, day_t from, day_t until, uint32_t most) {
  const struct pair *pair = pair_at(recur, number);
  return pair->from <= from || sum_up(pair, from, until, most) == most;
}

uint32_t recur_count(const struct recur *recur, uint32_t number, day_t from, day_t until, uint32_t most) {
  must(recur_knows(recur, number, from, until, most));
  return sum_up(pair_at(recur, number), from, until, most);
}
