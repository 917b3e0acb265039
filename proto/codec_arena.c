/* codec_arena.c - the bump allocator under every unpacked message: one block, no malloc per message, a hard bound.
 *
 * protobuf-c turns 64 KiB of empty submessages into 7 MB; the bound is what keeps hostile frames from memory. */
#include <stdlib.h>
#include <string.h>

#include "proto/codec_internal.h"

static void *arena_alloc(void *data, size_t size) {
  struct codec_arena *arena = data;
  size_t room = arena->bytes_max - arena->used;
  if (size > room || ((size + 15) & ~(size_t)15) > room) {
    arena->exhausted = true;
    return NULL;
  }
  void *out = arena->bytes + arena->used;
  arena->used += (size + 15) & ~(size_t)15;
  return out;
}

/* The reset frees all at once. */
static void arena_release(void *data, void *pointer) {
  (void)data;
  (void)pointer;
}

struct codec_arena *codec_arena_new(size_t bytes_max) {
  bytes_max &= ~(size_t)15;
  struct codec_arena *arena = malloc(sizeof *arena + bytes_max);
  if (arena == NULL) return NULL;
  *arena = (struct codec_arena){.bytes_max = bytes_max};
  arena->allocator = (ProtobufCAllocator){.alloc = arena_alloc, .free = arena_release, .allocator_data = arena};
  return arena;
}

void codec_arena_reset(struct codec_arena *arena) {
  arena->used = 0;
  arena->exhausted = false;
}

void codec_arena_free(struct codec_arena *arena) { free(arena); }
