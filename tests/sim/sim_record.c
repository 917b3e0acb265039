/* sim_record.c - what the simulated database is asked, and what it answers, into a file: tests/flow/model_replay.c asks PostgreSQL the
 * same.  A transaction is 'T', then for each statement 'S', its name, its parameters and its result; numbers are little endian,
 * -1 as a length stands for null. */
#include "daemon/pg.h"
#include "tests/sim/sim.h"

static FILE *file;

void record_open(const char *path) {
  file = fopen(path, "wb");
  if (file != NULL) return;
  perror(path);
  exit(74);
}

bool record_is_on(void) { return file != NULL; }

void record_close(void) {
  if (file != NULL && fclose(file) != 0) {
    perror("the record");
    exit(74);
  }
  file = NULL;
}

static void put_int(int32_t value) { (void)fwrite(&value, sizeof value, 1, file); }

static void put_bytes(const char *data, int32_t length) {
  put_int(data == NULL ? -1 : length);
  if (data != NULL) (void)fwrite(data, 1, (size_t)length, file);
}

void record_transaction(void) {
  if (file != NULL) fputc('T', file);
}

void record_statement(uint32_t statement, const struct server_params *params, const PGresult *result) {
  if (file == NULL) return;
  const char *name = statement_text((enum statement)statement)->name;
  const bool failed = PQresultStatus(result) == PGRES_FATAL_ERROR;
  fputc('S', file);
  put_bytes(name, (int32_t)strlen(name));
  put_int(params->count);
  for (int i = 0; i < params->count; i++) put_bytes(params->values[i], params->lengths[i]);
  put_bytes(failed ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : "", failed ? 5 : 0);
  put_int(failed ? 0 : PQntuples(result));
  put_int(PQnfields(result));
  for (int row = 0; !failed && row < PQntuples(result); row++)
    for (int column = 0; column < PQnfields(result); column++)
      put_bytes(PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column), PQgetlength(result, row, column));
}
