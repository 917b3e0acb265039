/* ahead.c - chunks of sections go round: read by the caller, looked at by a thread, handed out in their order by the caller: ahead.h. */
#include "verify/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rectify/must.h"
#include "sign/digest.h"

#define CHUNK_SECTIONS 256
#define CHUNK_BYTES (256 * 1024)
#define THREADS_MAX 16
#define CHUNKS_MAX (2 * THREADS_MAX + 1) /* each thread has one and one to go on with, the caller has one */
_Static_assert(CHUNK_BYTES > EXPORT_BODY_BYTES_MAX, "a chunk has room for a section");

struct chunk {
  uint32_t count;
  size_t used; /* of bytes */
  bool done;
  struct looked items[CHUNK_SECTIONS];
  uint8_t bytes[CHUNK_BYTES];
};

struct ahead {
  const struct verify_options *options;
  struct export_reader reader;
  int result, why; /* of reading, and errno */
  struct chunk *chunks[CHUNKS_MAX];
  uint32_t chunk_count, thread_count;
  uint64_t read, begun, taken; /* chunks so far: each is in chunks[number % chunk_count] */
  struct chunk *current; /* is handed out; NULL: none */
  uint32_t item;         /* of it */
  uint64_t offset;
  pthread_t threads[THREADS_MAX];
  pthread_mutex_t lock; /* of read, begun, done and stop */
  pthread_cond_t more, done;
  bool stop;
};

/* ---- looking at one section ---- */

static bool text_differs(const struct export_event *row, const struct event *event) {
  uint8_t salted[SALT_BYTES + TEXT_BYTES_MAX], digest[HASH_BYTES];
  if (!event->has_text || row->text_kind != EXPORT_TEXT_HERE) return false;
  memcpy(salted, row->salt, SALT_BYTES);
  memcpy(salted + SALT_BYTES, row->text, row->text_length);
  digest_sha256(salted, SALT_BYTES + row->text_length, digest);
  return memcmp(digest, event->text.bytes, HASH_BYTES) != 0;
}

static void look_at_record(const struct export_event *row, struct looked_record *out) {
  merkle_leaf(digest_sha256, row->record, row->record_length, &out->leaf);
  out->readable = codec_event_unpack(row->record, row->record_length, &out->event);
  out->text_differs = out->readable && text_differs(row, &out->event);
}

static void look_at_witnesses(const struct verify_options *options, const struct note *note, struct looked_head *out) {
  for (uint32_t i = 0; i < options->witness_count; i++) {
    const struct note_verifier *witness = &options->witnesses[i];
    bool named = false;
    for (uint32_t k = 0; k < note->count; k++) named |= strcmp(note->signatures[k].name, witness->name) == 0;
    if (!named) continue;
    if (note_is_signed_by(note, witness, NULL)) out->cosigned |= 1U << i;
    else out->cosigned_wrong |= 1U << i;
  }
}

void look_at_head(const struct verify_options *options, const char *bytes, size_t length, struct looked_head *out) {
  struct note note;
  *out = (struct looked_head){0};
  out->readable = note_parse(bytes, length, &note) && checkpoint_parse(note.text, note.text_length, &out->checkpoint);
  out->is_ours = out->readable && checkpoint_is_of(&out->checkpoint, options->log->name);
  out->is_signed = out->is_ours && note_is_signed_by(&note, options->log, NULL);
  if (out->is_signed) look_at_witnesses(options, &note, out);
}

static void look_at_chunk(const struct ahead *ahead, struct chunk *chunk) {
  for (uint32_t i = 0; i < chunk->count; i++) {
    struct looked *item = &chunk->items[i];
    const struct export_section *section = &item->section;
    if (section->tag == EXPORT_EVENT) look_at_record(&section->event, &item->record);
    if (section->tag == EXPORT_HEAD) look_at_head(ahead->options, (const char *)section->body, section->length, &item->head);
  }
}

/* ---- threads, one for each processor but the caller's ---- */

static struct chunk *chunk_at(const struct ahead *ahead, uint64_t number) { return ahead->chunks[number % ahead->chunk_count]; }

static struct chunk *make_chunk(struct ahead *ahead, uint64_t number) {
  struct chunk **chunk = &ahead->chunks[number % ahead->chunk_count];
  if (*chunk == NULL) must((*chunk = calloc(1, sizeof **chunk)) != NULL);
  return *chunk;
}

static void *work(void *context) {
  struct ahead *ahead = context;
  must(pthread_mutex_lock(&ahead->lock) == 0);
  for (;;) {
    while (!ahead->stop && ahead->begun == ahead->read) must(pthread_cond_wait(&ahead->more, &ahead->lock) == 0);
    if (ahead->stop) break;
    struct chunk *chunk = chunk_at(ahead, ahead->begun++);
    must(pthread_mutex_unlock(&ahead->lock) == 0);
    look_at_chunk(ahead, chunk);
    must(pthread_mutex_lock(&ahead->lock) == 0);
    chunk->done = true;
    must(pthread_cond_signal(&ahead->done) == 0);
  }
  must(pthread_mutex_unlock(&ahead->lock) == 0);
  return NULL;
}

static void start_threads(struct ahead *ahead) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  while (ahead->thread_count < THREADS_MAX && ahead->thread_count + 1 < processors &&
         pthread_create(&ahead->threads[ahead->thread_count], NULL, work, ahead) == 0)
    ahead->thread_count++;
  ahead->chunk_count = 2 * ahead->thread_count + 1;
}

struct ahead *ahead_new(FILE *file, const struct verify_options *options) {
  struct ahead *ahead = calloc(1, sizeof *ahead);
  must(ahead != NULL);
  ahead->options = options;
  ahead->result = export_begin(&ahead->reader, file);
  ahead->why = errno;
  ahead->offset = ahead->reader.offset;
  ahead->chunk_count = 1;
  must(pthread_mutex_init(&ahead->lock, NULL) == 0 && pthread_cond_init(&ahead->more, NULL) == 0 &&
       pthread_cond_init(&ahead->done, NULL) == 0);
  return ahead;
}

void ahead_free(struct ahead *ahead) {
  must(pthread_mutex_lock(&ahead->lock) == 0);
  ahead->stop = true;
  must(pthread_cond_broadcast(&ahead->more) == 0 && pthread_mutex_unlock(&ahead->lock) == 0);
  for (uint32_t i = 0; i < ahead->thread_count; i++) must(pthread_join(ahead->threads[i], NULL) == 0);
  must(pthread_cond_destroy(&ahead->more) == 0 && pthread_cond_destroy(&ahead->done) == 0 && pthread_mutex_destroy(&ahead->lock) == 0);
  for (uint32_t i = 0; i < ahead->chunk_count; i++) free(ahead->chunks[i]);
  free(ahead);
}

/* ---- reading and handing out ---- */

static void read_chunk(struct ahead *ahead, struct chunk *chunk) {
  chunk->count = 0;
  chunk->used = 0;
  chunk->done = false;
  while (chunk->count < CHUNK_SECTIONS && chunk->used + EXPORT_BODY_BYTES_MAX <= CHUNK_BYTES) {
    struct looked *item = &chunk->items[chunk->count];
    ahead->result = export_next(&ahead->reader, chunk->bytes + chunk->used, &item->section);
    ahead->why = errno;
    if (ahead->result != EXPORT_OK) return;
    item->offset = ahead->reader.offset;
    chunk->used += item->section.length;
    chunk->count++;
  }
}

/* Threads see a chunk once it is counted.  There are none before there is more than one. */
static void read_ahead(struct ahead *ahead) {
  while (ahead->result == EXPORT_OK && ahead->read < ahead->taken + ahead->chunk_count) {
    struct chunk *chunk = make_chunk(ahead, ahead->read);
    read_chunk(ahead, chunk);
    if (ahead->read == 0 && ahead->result == EXPORT_OK) start_threads(ahead);
    must(pthread_mutex_lock(&ahead->lock) == 0);
    ahead->read++;
    must(pthread_cond_signal(&ahead->more) == 0 && pthread_mutex_unlock(&ahead->lock) == 0);
  }
}

/* What no thread has begun with the caller does itself, instead of waiting. */
static struct chunk *take_chunk(struct ahead *ahead, uint64_t number) {
  struct chunk *chunk = chunk_at(ahead, number);
  must(pthread_mutex_lock(&ahead->lock) == 0);
  const bool mine = ahead->begun == number;
  if (mine) ahead->begun++;
  while (!mine && !chunk->done) must(pthread_cond_wait(&ahead->done, &ahead->lock) == 0);
  must(pthread_mutex_unlock(&ahead->lock) == 0);
  if (mine) look_at_chunk(ahead, chunk);
  return chunk;
}

int ahead_next(struct ahead *ahead, const struct looked **out) {
  while (ahead->current == NULL || ahead->item == ahead->current->count) {
    ahead->taken += ahead->current != NULL;
    ahead->current = NULL;
    ahead->item = 0;
    read_ahead(ahead);
    if (ahead->taken == ahead->read) {
      errno = ahead->why;
      return ahead->result;
    }
    ahead->current = take_chunk(ahead, ahead->taken);
  }
  *out = &ahead->current->items[ahead->item++];
  ahead->offset = (*out)->offset;
  return EXPORT_OK;
}

uint64_t ahead_offset(const struct ahead *ahead) { return ahead->offset; }
