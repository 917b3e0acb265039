/* config.h - the daemon's configuration file: the same settings as its options, in YAML.
 *
 * Options on the command line win over the file; what neither sets has the default in daemon/options.c.
 */
#ifndef RECTIFY_DOCUMENT_CONFIG_H
#define RECTIFY_DOCUMENT_CONFIG_H

#include "document/document.h"

#define CONFIG_BYTES_MAX 1024 /* one value */

struct config {
  char data_dir[CONFIG_BYTES_MAX];        /* absolute path */
  char endpoint[CONFIG_BYTES_MAX];        /* ipc:///PATH */
  char database[CONFIG_BYTES_MAX];        /* libpq connection string of the writer; empty: the private cluster */
  char database_reader[CONFIG_BYTES_MAX]; /* of the reader; empty: as the writer */
  char database_owner[CONFIG_BYTES_MAX];  /* of who migrates; empty: this daemon does not migrate */
  char listen[CONFIG_BYTES_MAX];          /* tcp://ADDRESS:PORT for clients with keys; empty: none */
  char server_key[CONFIG_BYTES_MAX];      /* file of the daemon's secret CURVE key */
  char signer[CONFIG_BYTES_MAX];          /* socket of rectify-sign; empty: heads are not signed */
  char identity_rate[16];                 /* items a second of one officer, a number */
  char durability[16];                    /* disk or standby */
  char evidence_mib[16];                  /* largest file of evidence, in MiB, a number */
  char evidence_day_mib[16];              /* files that one officer begins to upload in 24 hours, in MiB */
  char socket_mode[8];                    /* octal, such as "0660" */
  char log_level[16];                     /* err, warning or info */
};

/* Reads `text` into *config; only keys that the file has are written.  False with errors in *report, *config is then
 * not to be used. */
bool config_parse(const char *file_name, const char *text, size_t length, struct config *config,
                  struct document_report *report);

#endif
