#include "daemon/book.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

#define SLAB_ENTRIES 4096
#define NOT_IN_HEAP UINT32_MAX

struct entry {
  struct case_state state;
  usec_t fire;
  uint32_t heap_at;   /* NOT_IN_HEAP: no timer */
  bool open;          /* counted in open_count */
  uint32_t next_free; /* of the list of free entries; entries are numbered from 1 */
};

/* Entries live in slabs, so that pointers stay good while the tables grow. */
struct book {
  struct entry **slabs;
  uint32_t slab_count, entry_count, free_first;
  uint64_t count, open_count;
  uint32_t *table; /* open addressing, entry numbers; 0 empty */
  uint64_t table_size;
  uint32_t *heap; /* entry numbers by (fire, case_no) */
  uint32_t heap_count, heap_room;
};

static struct entry *entry_at(const struct book *book, uint32_t number) {
  return &book->slabs[(number - 1) / SLAB_ENTRIES][(number - 1) % SLAB_ENTRIES];
}

struct book *book_new(void) {
  struct book *book = calloc(1, sizeof *book);
  must(book != NULL);
  return book;
}

void book_clear(struct book *book) {
  for (uint32_t i = 0; i < book->slab_count; i++) free(book->slabs[i]);
  free(book->slabs);
  free(book->table);
  free(book->heap);
  *book = (struct book){0};
}

void book_free(struct book *book) {
  if (book == NULL) return;
  book_clear(book);
  free(book);
}

uint64_t book_count(const struct book *book) { return book->count; }

uint64_t book_open_count(const struct book *book) { return book->open_count; }

/* Entries never move; the number of a free one is 0. */
struct case_state *book_walk(struct book *book, uint32_t *cursor) {
  while (*cursor < book->entry_count) {
    struct entry *entry = entry_at(book, ++*cursor);
    if (entry->state.case_no != 0) return &entry->state;
  }
  return NULL;
}

/* Fibonacci hashing: case numbers are dense, any odd multiplier spreads them. */
static uint64_t slot_of(const struct book *book, uint64_t case_no) {
  return (case_no * UINT64_C(0x9E3779B97F4A7C15)) >> 20 & (book->table_size - 1);
}

static uint64_t find_slot(const struct book *book, uint64_t case_no) {
  uint64_t slot = slot_of(book, case_no);
  while (book->table[slot] != 0 && entry_at(book, book->table[slot])->state.case_no != case_no)
    slot = (slot + 1) & (book->table_size - 1);
  return slot;
}

struct case_state *book_find(struct book *book, uint64_t case_no) {
  if (book->table_size == 0) return NULL;
  uint32_t number = book->table[find_slot(book, case_no)];
  return number == 0 ? NULL : &entry_at(book, number)->state;
}

static void grow_table(struct book *book) {
  if ((book->count + 1) * 2 <= book->table_size) return;
  uint32_t *old = book->table;
  uint64_t old_size = book->table_size;
  book->table_size = old_size == 0 ? 1024 : old_size * 2;
  book->table = calloc(book->table_size, sizeof *book->table);
  must(book->table != NULL);
  for (uint64_t i = 0; i < old_size; i++)
    if (old[i] != 0) book->table[find_slot(book, entry_at(book, old[i])->state.case_no)] = old[i];
  free(old);
}

static uint32_t take_entry(struct book *book) {
  if (book->free_first != 0) {
    uint32_t number = book->free_first;
    book->free_first = entry_at(book, number)->next_free;
    return number;
  }
  if (book->entry_count == book->slab_count * SLAB_ENTRIES) {
    book->slabs = realloc(book->slabs, (book->slab_count + 1) * sizeof *book->slabs);
    must(book->slabs != NULL);
    book->slabs[book->slab_count] = malloc(SLAB_ENTRIES * sizeof(struct entry));
    must(book->slabs[book->slab_count] != NULL);
    book->slab_count++;
  }
  return ++book->entry_count;
}

struct case_state *book_add(struct book *book, uint64_t case_no) {
  grow_table(book);
  uint64_t slot = find_slot(book, case_no);
  must(book->table[slot] == 0);
  uint32_t number = take_entry(book);
  struct entry *entry = entry_at(book, number);
  memset(entry, 0, sizeof *entry);
  entry->heap_at = NOT_IN_HEAP;
  entry->state.case_no = case_no;
  book->table[slot] = number;
  book->count++;
  return &entry->state;
}

static bool before(const struct entry *a, const struct entry *b) {
  return a->fire != b->fire ? a->fire < b->fire : a->state.case_no < b->state.case_no;
}

static void heap_put(struct book *book, uint32_t at, uint32_t number) {
  book->heap[at] = number;
  entry_at(book, number)->heap_at = at;
}

static void sift_up(struct book *book, uint32_t at, uint32_t number) {
  while (at > 0 && before(entry_at(book, number), entry_at(book, book->heap[(at - 1) / 2]))) {
    heap_put(book, at, book->heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  heap_put(book, at, number);
}

static void sift_down(struct book *book, uint32_t at, uint32_t number) {
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= book->heap_count) break;
    if (child + 1 < book->heap_count &&
        before(entry_at(book, book->heap[child + 1]), entry_at(book, book->heap[child])))
      child++;
    if (!before(entry_at(book, book->heap[child]), entry_at(book, number))) break;
    heap_put(book, at, book->heap[child]);
    at = child;
  }
  heap_put(book, at, number);
}

static void heap_take(struct book *book, uint32_t number) {
  struct entry *entry = entry_at(book, number);
  if (entry->heap_at == NOT_IN_HEAP) return;
  uint32_t at = entry->heap_at, last = book->heap[--book->heap_count];
  entry->heap_at = NOT_IN_HEAP;
  if (last == number) return;
  sift_up(book, at, last);
  sift_down(book, entry_at(book, last)->heap_at, last);
}

static void heap_add(struct book *book, uint32_t number) {
  if (book->heap_count == book->heap_room) {
    book->heap_room = book->heap_room == 0 ? 1024 : book->heap_room * 2;
    book->heap = realloc(book->heap, book->heap_room * sizeof *book->heap);
    must(book->heap != NULL);
  }
  sift_up(book, book->heap_count++, number);
}

static void count_open(struct book *book, struct entry *entry, bool open) {
  if (entry->open && !open) book->open_count--;
  if (!entry->open && open) book->open_count++;
  entry->open = open;
}

void book_aim(struct book *book, const struct case_state *state) {
  uint32_t number = book->table[find_slot(book, state->case_no)];
  must(number != 0);
  usec_t fire = case_next_fire(state, NULL);
  heap_take(book, number);
  entry_at(book, number)->fire = fire;
  count_open(book, entry_at(book, number), status_is_open(state->status));
  if (fire != INSTANT_NONE) heap_add(book, number);
}

/* Removal from open addressing: entries behind the hole that hash before it move up. */
static void close_hole(struct book *book, uint64_t hole) {
  uint64_t mask = book->table_size - 1;
  for (uint64_t at = (hole + 1) & mask; book->table[at] != 0; at = (at + 1) & mask) {
    uint64_t home = slot_of(book, entry_at(book, book->table[at])->state.case_no);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    book->table[hole] = book->table[at];
    hole = at;
  }
  book->table[hole] = 0;
}

void book_remove(struct book *book, uint64_t case_no) {
  uint64_t slot = find_slot(book, case_no);
  uint32_t number = book->table[slot];
  must(number != 0);
  heap_take(book, number);
  count_open(book, entry_at(book, number), false);
  close_hole(book, slot);
  entry_at(book, number)->state.case_no = 0;
  entry_at(book, number)->next_free = book->free_first;
  book->free_first = number;
  book->count--;
}

struct case_state *book_next(struct book *book, usec_t *when) {
  *when = INSTANT_NONE;
  if (book->heap_count == 0) return NULL;
  struct entry *entry = entry_at(book, book->heap[0]);
  *when = entry->fire;
  return &entry->state;
}
