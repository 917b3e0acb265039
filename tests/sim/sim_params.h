/* sim_params.h - what a statement is asked with: binary numbers, bytes and arrays, as daemon/pg_values.c sends them. */
#ifndef RECTIFY_TESTS_SIM_PARAMS_H
#define RECTIFY_TESTS_SIM_PARAMS_H

#include "tests/sim/sim.h"

#define TEXT_MAX 64 /* codes */

int64_t param(const struct server_params *params, int at); /* 0 for null */

/* An array, cell by cell. */
struct cells {
  uint32_t count;
  const uint8_t *at;
  const uint8_t *cell; /* NULL: null */
  size_t length;
};
struct cells cells_of(const struct server_params *params, int at);
void cell_next(struct cells *cells);
int64_t next_int(struct cells *cells);
void next_text(struct cells *cells, char out[TEXT_MAX]);
void next_bytes(struct cells *cells, void *out, size_t length);
void *copy_of(const void *data, size_t length);

/* ---- sim_server_content.c: files of evidence, as migrations/0010_content.sql keeps them ---- */
void content_clear(void);
struct pg_result *content_begin(const struct server_params *params);
struct pg_result *content_keep_part(const struct server_params *params);
struct pg_result *content_load_parts(const struct server_params *params);
struct pg_result *content_finish(const struct server_params *params);
struct pg_result *content_drop(const struct server_params *params);
struct pg_result *content_sweep(const struct server_params *params);
struct pg_result *content_probe(const struct server_params *params);

#endif
