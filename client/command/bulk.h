/* bulk.h - one command over all cases that a filter finds: the cases, what would come of each, what came of each. */
#ifndef RECTIFY_BULK_H
#define RECTIFY_BULK_H

#include "client/command/order.h"
#include "client/command/view.h"

enum bulk_result { BULK_LEFT_OUT, BULK_DONE, BULK_REPEATED, BULK_REFUSED, BULK_ERROR, BULK_SAVED };

/* One case; what the daemon said last about it. */
struct bulk_row {
  uint64_t case_no;
  uint32_t status, light; /* before */
  char unit[CODE_BYTES_MAX + 1], due[16];
  uint8_t result;      /* enum bulk_result */
  bool foretold;       /* it is a preview's word, not on record */
  uint32_t rule, status_then, track_then;
  char due_then[16];
  uint32_t event_number;
  uint64_t log_index;
  char text[256]; /* of an error */
};

struct bulk {
  struct session *session;
  const struct verb *verb; /* what is done to each */
  struct order order;
  struct filter filter;
  bool preview, yes;
  size_t count;
  uint64_t more; /* cases beyond WIRE_ACT_MAX that were seen: any is too many */
  struct bulk_row rows[WIRE_ACT_MAX];
};

/* bulk_table.c: a row per case in the session's format, and in a table a line that sums them up. */
void bulk_print(const struct bulk *bulk);

#endif
