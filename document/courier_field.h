/* courier_field.h - values that only the courier's files have; as field.h.  Callers: courier.c, contacts.c. */
#ifndef RECTIFY_DOCUMENT_COURIER_FIELD_H
#define RECTIFY_DOCUMENT_COURIER_FIELD_H

#include "document/courier.h"
#include "document/field.h"

/* A text of 1 .. size - 1 bytes. */
bool courier_value(struct report *report, const struct yaml_node *node, const char *what, char *out, size_t size);
/* "name@host" that may stand between angle brackets in an envelope: printable, one @, no spaces, quotes or brackets. */
bool courier_mail_address(struct report *report, const struct yaml_node *node, const char *what,
                          char out[ADDRESS_BYTES_MAX + 1]);
/* Letters, digits, dots and hyphens. */
bool courier_host(struct report *report, const struct yaml_node *node, char out[NAME_BYTES_MAX + 1]);
/* "HH:MM-HH:MM" or "none"; equal ends: none. */
bool courier_quiet(struct report *report, const struct yaml_node *node, int32_t *from, int32_t *until);
/* "HH:MM", or "none": -1. */
bool courier_digest(struct report *report, const struct yaml_node *node, int32_t *minutes);

#endif
