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

/* ---- sim_server_letters.c: letters, as migrations/0009_letters.sql keeps them ---- */
void letters_clear(void);
void letters_durable(void); /* all that was done so far */
void letters_lose(void);    /* what was done since */
bool letters_wrote(void);   /* the last one of the statements below did */
void letters_forget(uint64_t case_no); /* a text of it was erased: what letters repeat of it goes */
struct pg_result *letters_make(const struct server_params *params);
struct pg_result *letters_lease(const struct server_params *params);
struct pg_result *letters_next(const struct server_params *params);
struct pg_result *letters_report(const struct server_params *params);
struct pg_result *letters_dead(const struct server_params *params);
struct pg_result *letters_unposted(const struct server_params *params);

/* ---- of sim_server.c ---- */
struct finding_row {
  uint64_t case_no;
  int64_t log_index;
  int32_t found_on; /* as on the wire */
  char unit_code[TEXT_MAX], parent_code[TEXT_MAX], code[TEXT_MAX], category[TEXT_MAX], inspection[TEXT_MAX];
};
const struct finding_row *server_finding(uint64_t case_no); /* NULL: it has none */
bool server_is_restricted(const struct server_case *row);
bool server_erased_since(uint64_t case_no, uint64_t size); /* a text of it, or of its finding */
void server_put_notice(struct pg_result *result, const struct server_notice *row);

#endif
