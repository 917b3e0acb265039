/* options.h - what the operator asked for: command line over configuration file over defaults. */
#ifndef RECTIFY_OPTIONS_H
#define RECTIFY_OPTIONS_H

#include "document/config.h"

struct options {
  struct config config;
  unsigned socket_mode;
  uint32_t identity_rate;
  bool wants_standby; /* acknowledged is what a synchronous standby has too */
  uint32_t evidence_mib, evidence_day_mib;
  int log_level; /* of syslog(3) */
  bool manual_clock;
  usec_t clock_start;
  bool migrate_only;
  bool background;
  char pid_file[CONFIG_BYTES_MAX];
};

/* Exit codes, after sysexits(3). */
#define EXIT_USAGE 64
#define EXIT_UNAVAILABLE 69
#define EXIT_TEMPORARY 75
#define EXIT_CONFIG 78

/* Reads the command line and the file it names.  Prints what is wrong to stderr and exits with EXIT_USAGE or
 * EXIT_CONFIG; --help and --version print and exit 0. */
void options_read(int argc, char **argv, struct options *out);

#endif
