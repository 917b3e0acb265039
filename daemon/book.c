#include "daemon/book.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"
#include "rectify/must.h"

#define SLAB_ENTRIES 4096
#define PAGE_CASES 512
#define NOT_IN_HEAP UINT32_MAX

/* What is asked of a case that nobody works on, and its state: packed, as in the database, while `packed_length` says so. */
struct entry {
  uint64_t case_no; /* 0: a free entry */
  usec_t fire;
  union {
    struct case_state *state; /* owned */
    uint8_t *packed;          /* owned */
    uint32_t next_free;       /* of the list of free entries; entries are numbered from 1 */
  };
  uint32_t heap_at; /* NOT_IN_HEAP: no timer */
  uint16_t packed_length;
  bool open; /* counted in open_count */
};
_Static_assert(STATE_BODY_BYTES_MAX <= UINT16_MAX, "a packed state has its length");

/* Entries live in slabs, and are found by pages of case numbers: neither is ever moved or gone through as a whole. */
struct book {
  struct entry **slabs;
  uint32_t slab_count, entry_count, free_first;
  uint64_t count, open_count;
  uint32_t **pages; /* entry numbers by case number; 0: not in the book */
  uint64_t page_count;
  uint32_t *heap; /* entry numbers by (fire, case_no) */
  uint32_t heap_count, heap_room;
  uint32_t *unpacked; /* entry numbers; may name one twice, and some that have gone */
  uint32_t unpacked_count, unpacked_room;
};

static struct entry *entry_at(const struct book *book, uint32_t number) {
  return &book->slabs[(number - 1) / SLAB_ENTRIES][(number - 1) % SLAB_ENTRIES];
}

struct book *book_new(void) {
  struct book *book = calloc(1, sizeof *book);
  must(book != NULL);
  return book;
}

static void drop_state(struct entry *entry) {
  if (entry->packed_length > 0) free(entry->packed);
  else free(entry->state);
}

void book_clear(struct book *book) {
  for (uint32_t number = 1; number <= book->entry_count; number++)
    if (entry_at(book, number)->case_no != 0) drop_state(entry_at(book, number));
  for (uint32_t i = 0; i < book->slab_count; i++) free(book->slabs[i]);
  for (uint64_t i = 0; i < book->page_count; i++) free(book->pages[i]);
  free(book->slabs);
  free(book->pages);
  free(book->heap);
  free(book->unpacked);
  *book = (struct book){0};
}

void book_free(struct book *book) {
  if (book == NULL) return;
  book_clear(book);
  free(book);
}

uint64_t book_count(const struct book *book) { return book->count; }

uint64_t book_open_count(const struct book *book) { return book->open_count; }

/* ---- packed and unpacked ---- */

static void note_unpacked(struct book *book, uint32_t number) {
  if (book->unpacked_count == book->unpacked_room) {
    book->unpacked_room = book->unpacked_room == 0 ? 1024 : book->unpacked_room * 2;
    book->unpacked = realloc(book->unpacked, book->unpacked_room * sizeof *book->unpacked);
    must(book->unpacked != NULL);
  }
  book->unpacked[book->unpacked_count++] = number;
}

static struct case_state *unpack(struct book *book, uint32_t number) {
  struct entry *entry = entry_at(book, number);
  if (entry->packed_length == 0) return entry->state;
  struct case_state *state = malloc(sizeof *state);
  must(state != NULL);
  must(codec_state_unpack(entry->packed, entry->packed_length, state));
  free(entry->packed);
  entry->state = state;
  entry->packed_length = 0;
  note_unpacked(book, number);
  return state;
}

static void keep_packed(struct entry *entry, const uint8_t *packed, size_t length) {
  must(length > 0 && length <= STATE_BODY_BYTES_MAX);
  entry->packed = malloc(length);
  must(entry->packed != NULL);
  memcpy(entry->packed, packed, length);
  entry->packed_length = (uint16_t)length;
}

static void pack(struct entry *entry) {
  uint8_t packed[STATE_BODY_BYTES_MAX];
  struct case_state *state = entry->state;
  const size_t length = codec_state_pack(state, packed);
  keep_packed(entry, packed, length);
  free(state);
}

void book_settle(struct book *book, uint32_t most) {
  if (book->unpacked_count <= most) return;
  for (uint32_t i = 0; i < book->unpacked_count; i++) {
    struct entry *entry = entry_at(book, book->unpacked[i]);
    if (entry->case_no != 0 && entry->packed_length == 0) pack(entry);
  }
  book->unpacked_count = 0;
}

/* Entries never move; the number of a free one is 0. */
struct case_state *book_walk(struct book *book, uint32_t *cursor) {
  while (*cursor < book->entry_count)
    if (entry_at(book, ++*cursor)->case_no != 0) return unpack(book, *cursor);
  return NULL;
}

/* ---- by number ---- */

static uint32_t number_of(const struct book *book, uint64_t case_no) {
  const uint64_t page = case_no / PAGE_CASES;
  if (page >= book->page_count || book->pages[page] == NULL) return 0;
  return book->pages[page][case_no % PAGE_CASES];
}

struct case_state *book_find(struct book *book, uint64_t case_no) {
  const uint32_t number = number_of(book, case_no);
  return number == 0 ? NULL : unpack(book, number);
}

/* Where the entry's number stands; makes the page. */
static uint32_t *place_of(struct book *book, uint64_t case_no) {
  const uint64_t page = case_no / PAGE_CASES;
  if (page >= book->page_count) {
    uint64_t count = book->page_count * 2 > page ? book->page_count * 2 : page + 64;
    book->pages = realloc(book->pages, count * sizeof *book->pages);
    must(book->pages != NULL);
    memset(book->pages + book->page_count, 0, (count - book->page_count) * sizeof *book->pages);
    book->page_count = count;
  }
  if (book->pages[page] == NULL) book->pages[page] = calloc(PAGE_CASES, sizeof **book->pages);
  must(book->pages[page] != NULL);
  return &book->pages[page][case_no % PAGE_CASES];
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

static uint32_t add(struct book *book, uint64_t case_no) {
  uint32_t *place = place_of(book, case_no);
  must(case_no != 0 && *place == 0);
  *place = take_entry(book);
  *entry_at(book, *place) = (struct entry){.case_no = case_no, .heap_at = NOT_IN_HEAP};
  book->count++;
  return *place;
}

struct case_state *book_add(struct book *book, uint64_t case_no) {
  const uint32_t number = add(book, case_no);
  struct case_state *state = calloc(1, sizeof *state);
  must(state != NULL);
  state->case_no = case_no;
  entry_at(book, number)->state = state;
  note_unpacked(book, number);
  return state;
}

/* ---- by when they want attention ---- */

static bool before(const struct entry *a, const struct entry *b) {
  return a->fire != b->fire ? a->fire < b->fire : a->case_no < b->case_no;
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

static void aim(struct book *book, uint32_t number, const struct case_state *state) {
  usec_t fire = case_next_fire(state, NULL);
  heap_take(book, number);
  entry_at(book, number)->fire = fire;
  count_open(book, entry_at(book, number), status_is_open(state->status));
  if (fire != INSTANT_NONE) heap_add(book, number);
}

void book_aim(struct book *book, const struct case_state *state) {
  const uint32_t number = number_of(book, state->case_no);
  must(number != 0);
  aim(book, number, state);
}

void book_keep(struct book *book, const struct case_state *state, const uint8_t *packed, size_t length) {
  const uint32_t number = add(book, state->case_no);
  keep_packed(entry_at(book, number), packed, length);
  aim(book, number, state);
}

void book_remove(struct book *book, uint64_t case_no) {
  const uint32_t number = number_of(book, case_no);
  must(number != 0);
  struct entry *entry = entry_at(book, number);
  heap_take(book, number);
  count_open(book, entry, false);
  drop_state(entry);
  *place_of(book, case_no) = 0;
  *entry = (struct entry){.next_free = book->free_first};
  book->free_first = number;
  book->count--;
}

uint64_t book_next(const struct book *book, usec_t *when) {
  *when = INSTANT_NONE;
  if (book->heap_count == 0) return 0;
  const struct entry *entry = entry_at(book, book->heap[0]);
  *when = entry->fire;
  return entry->case_no;
}
