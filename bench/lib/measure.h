/* measure.h - clocks, latencies, the database, and the end of a program that cannot go on: what the programs of bench/ share. */
#ifndef RECTIFY_BENCH_MEASURE_H
#define RECTIFY_BENCH_MEASURE_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

/* Ends the program with a line of its name, `what` and `why`. */
_Noreturn void fail(const char *what, const char *why);

/* Nanoseconds by the monotonic clock. */
int64_t now_nsec(void);

/* Processor time of all threads of a process in nanoseconds: the ticks of /proc/PID/stat are too coarse for a second of work. */
double cpu_nsec(int pid);

/* For qsort(): int64_t, ascending. */
int compare_int64(const void *a, const void *b);

/* Sorts the latencies, in nanoseconds, at least one; prints the 50th and the 99th percentile (by nearest rank: of two the 50th is the
 * lesser) and the largest, in whole microseconds with a space between. */
void print_latencies(int64_t *latencies, size_t count);

/* The caller finishes the connection.  Ends the program when there is none. */
PGconn *database_open(const char *conninfo);
/* One statement without parameters; what it gives is binary.  The caller clears the result.  Ends the program on another status. */
PGresult *database_query(PGconn *connection, const char *sql, ExecStatusType wanted);

#endif
