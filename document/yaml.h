/* yaml.h - the part of YAML that our documents use, as a tree with places.
 *
 * Plain data only: mappings, sequences and scalars.  Anchors, aliases, tags, a second document, nesting deeper than
 * YAML_DEPTH_MAX, duplicate keys, bytes that are not UTF-8 and control characters are errors, reported with their
 * place.  Scalars are text; what they mean is decided by who asks (field.h), so `no` and `1.10` stay as written.
 * Callers: document/ only.
 */
#ifndef RECTIFY_DOCUMENT_YAML_H
#define RECTIFY_DOCUMENT_YAML_H

#include "document/report.h"

#define YAML_DEPTH_MAX 12  /* our deepest file has 6 levels */
#define YAML_KEYS_MAX 512  /* keys of one mapping: looking for duplicates costs the square of it */

enum yaml_type { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
  enum yaml_type type;
  struct position at;
  const char *text;            /* scalar: not NUL terminated */
  uint32_t length;             /* scalar: bytes of text */
  uint32_t count;              /* sequence, mapping: children */
  struct yaml_node *key;       /* of this child of a mapping; a scalar */
  struct yaml_node *first;     /* sequence, mapping: children in file order */
  struct yaml_node *last;
  struct yaml_node *next;      /* sibling */
};

struct yaml; /* owns the tree */

/* Reads `length` bytes.  *root is the document's node, borrowed until yaml_free(), or NULL when there is no whole tree;
 * then *report says why.  Faults that spoil one value only (a duplicate key, a control character) are reported and the
 * tree is given all the same, so that the other errors are found too. */
struct yaml *yaml_parse(struct report *report, const char *text, size_t length, const struct yaml_node **root);
void yaml_free(struct yaml *yaml); /* NULL is fine */

#endif
