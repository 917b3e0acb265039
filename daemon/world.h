/* world.h - the published documents in force: what the core decides by.
 *
 * Owns the parsed documents.  A new version is parsed first (world_parse), its publication committed, and only then
 * adopted (world_adopt).
 */
#ifndef RECTIFY_WORLD_H
#define RECTIFY_WORLD_H

#include "document/document.h"
#include "rectify/core.h"

struct office {
  struct world world; /* borrowed by the core */
  struct policy *policies;
  struct calendar *calendars;
  struct zone *zones;
  struct registry *registry;
  uint32_t versions[4]; /* newest version by enum document_kind */
};

/* A parsed document that is not in force yet. */
struct publication {
  uint32_t kind; /* enum document_kind */
  uint32_t version;
  void *parsed;
};

struct office *world_new(void);
void world_free(struct office *office); /* NULL is fine */

/* Parses a document as the next version of its kind.  `stored`: it was published before and is read back, so that only
 * what the core relies on is checked.  False with errors in *report. */
bool world_parse(struct office *office, uint32_t kind, bool stored, const char *file_name, const char *text,
                 size_t length, struct publication *out, struct document_report *report);
/* Puts a publication in force; takes it over. */
void world_adopt(struct office *office, struct publication *publication);
/* Drops a publication that was not adopted. */
void world_discard(struct publication *publication);

#endif
