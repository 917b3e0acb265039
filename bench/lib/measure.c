/* measure.c - clocks, latencies and the database for the programs of bench/. */
#include "bench/lib/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>


void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
  exit(1);
}

int64_t now_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

double cpu_nsec(int pid) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) fail("processor time", "no such process");
  return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

int compare_int64(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

static double percentile_usec(const int64_t *sorted, size_t count, size_t percent) {
  return (double)sorted[(count * percent + 99) / 100 - 1] / 1000;
}

void print_latencies(int64_t *latencies, size_t count) {
  if (count == 0) fail("latencies", "nothing was measured");
  qsort(latencies, count, sizeof *latencies, compare_int64);
  printf("%.0f %.0f %.0f", percentile_usec(latencies, count, 50), percentile_usec(latencies, count, 99), percentile_usec(latencies, count, 100));
}

PGconn *database_open(const char *conninfo) {
  PGconn *connection = PQconnectdb(conninfo);
  if (PQstatus(connection) != CONNECTION_OK) fail(conninfo, PQerrorMessage(connection));
  return connection;
}

PGresult *database_query(PGconn *connection, const char *sql, ExecStatusType wanted) {
  PGresult *result = PQexecParams(connection, sql, 0, NULL, NULL, NULL, NULL, 1);
  if (PQresultStatus(result) != wanted) fail(sql, PQerrorMessage(connection));
  return result;
}
