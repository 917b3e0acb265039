/* registry_index.c - ids by code, in constant time: every finding names a unit by its code. */
#include <stdlib.h>
#include <string.h>

#include "document/registry_draft.h"
#include "rectify/must.h"

/* FNV-1a (Fowler, Noll, Vo), 32 bits. */
static uint32_t registry_hash(const char *code, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)code[i]) * 16777619u;
  return hash;
}

static uint32_t registry_mask(uint32_t count) {
  uint32_t slots = 8;
  while (slots < count * 2) slots *= 2;
  return slots - 1;
}

struct registry_index *registry_index_new(uint32_t unit_max, uint32_t officer_max) {
  struct registry_index *index = calloc(1, sizeof *index);
  if (index == NULL) return NULL;
  index->unit_mask = registry_mask(unit_max);
  index->officer_mask = registry_mask(officer_max);
  index->units = calloc(index->unit_mask + 1, sizeof *index->units);
  index->officers = calloc(index->officer_mask + 1, sizeof *index->officers);
  if (index->units != NULL && index->officers != NULL) return index;
  registry_index_free(index);
  return NULL;
}

void registry_index_free(struct registry_index *index) {
  if (index == NULL) return;
  free(index->units);
  free(index->officers);
  free(index);
}

static void registry_index_put(uint32_t *slots, uint32_t mask, const char *code, uint32_t id) {
  uint32_t at = registry_hash(code, strlen(code)) & mask;
  for (uint32_t step = 0; slots[at] != 0; step++, at = (at + 1) & mask) must(step < mask);
  slots[at] = id;
}

void registry_index_unit(struct registry *registry, uint32_t id) {
  registry_index_put(registry->index->units, registry->index->unit_mask, registry->units[id].code, id);
}

void registry_index_officer(struct registry *registry, uint32_t id) {
  registry_index_put(registry->index->officers, registry->index->officer_mask, registry->officers[id].code, id);
}

static bool registry_is_code(const char *stored, const char *code, size_t length) {
  return length <= CODE_BYTES_MAX && memcmp(stored, code, length) == 0 && stored[length] == '\0';
}

uint32_t registry_find_unit(const struct registry *registry, const char *code, size_t length) {
  const struct registry_index *index = registry->index;
  uint32_t at = registry_hash(code, length) & index->unit_mask;
  for (; index->units[at] != 0; at = (at + 1) & index->unit_mask)
    if (registry_is_code(registry->units[index->units[at]].code, code, length)) return index->units[at];
  return 0;
}

uint32_t registry_find_officer(const struct registry *registry, const char *code, size_t length) {
  const struct registry_index *index = registry->index;
  uint32_t at = registry_hash(code, length) & index->officer_mask;
  for (; index->officers[at] != 0; at = (at + 1) & index->officer_mask)
    if (registry_is_code(registry->officers[index->officers[at]].code, code, length)) return index->officers[at];
  return 0;
}

uint32_t registry_unit_by_code(const struct registry *registry, const char *code, size_t length) {
  uint32_t id = registry_find_unit(registry, code, length);
  return id != 0 && !registry->units[id].retired ? id : 0;
}

uint32_t registry_officer_by_code(const struct registry *registry, const char *code, size_t length) {
  uint32_t id = registry_find_officer(registry, code, length);
  return id != 0 && !registry->officers[id].retired ? id : 0;
}
