/* seen.h - how often a row was seen: a set of hashes with counts, 24 bytes a row. */
#ifndef RECTIFY_SEEN_H
#define RECTIFY_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen;
struct seen *seen_new(void); /* never NULL */
void seen_free(struct seen *seen);
/* How many times the same bytes were counted before; counts this time. */
uint64_t seen_count(struct seen *seen, const void *data, size_t length);

#endif
