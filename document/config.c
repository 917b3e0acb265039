#include "document/config.h"

#include <string.h>

#include "document/field.h"

enum { DATA_DIR, ENDPOINT, DATABASE, DATABASE_READER, DATABASE_OWNER, SOCKET_MODE, LOG_LEVEL, LISTEN, SERVER_KEY, IDENTITY_RATE, SIGNER,
       DURABILITY, EVIDENCE_MIB, EVIDENCE_DAY_MIB };

static const struct field fields[] = {{"data_dir", false},       {"endpoint", false},    {"database", false},
                                      {"database_reader", false}, {"database_owner", false}, {"socket_mode", false},
                                      {"log_level", false},       {"listen", false},      {"server_key", false},
                                      {"identity_rate", false},
                                      {"signer", false},
                                      {"durability", false},
                                      {"evidence_mib", false},
                                      {"evidence_day_mib", false},
                                      {NULL, false}};

static void take(struct report *report, const struct yaml_node *node, const char *what, char *out, size_t size) {
  if (node == NULL || !field_is(report, node, YAML_SCALAR, what)) return;
  if (node->length == 0 || node->length >= size) {
    report_error(report, node->at, "%s must have 1 to %zu bytes", what, size - 1);
    return;
  }
  memcpy(out, node->text, node->length);
  out[node->length] = '\0';
}

static void take_all(struct report *report, const struct yaml_node *root, struct config *config) {
  const struct yaml_node *values[FIELDS_MAX];
  if (!field_take(report, root, "the configuration", fields, values)) return;
  take(report, values[DATA_DIR], "data_dir", config->data_dir, sizeof config->data_dir);
  take(report, values[ENDPOINT], "endpoint", config->endpoint, sizeof config->endpoint);
  take(report, values[DATABASE], "database", config->database, sizeof config->database);
  take(report, values[DATABASE_READER], "database_reader", config->database_reader, sizeof config->database_reader);
  take(report, values[DATABASE_OWNER], "database_owner", config->database_owner, sizeof config->database_owner);
  take(report, values[SOCKET_MODE], "socket_mode", config->socket_mode, sizeof config->socket_mode);
  take(report, values[LISTEN], "listen", config->listen, sizeof config->listen);
  take(report, values[SERVER_KEY], "server_key", config->server_key, sizeof config->server_key);
  take(report, values[SIGNER], "signer", config->signer, sizeof config->signer);
  take(report, values[IDENTITY_RATE], "identity_rate", config->identity_rate, sizeof config->identity_rate);
  take(report, values[DURABILITY], "durability", config->durability, sizeof config->durability);
  take(report, values[EVIDENCE_MIB], "evidence_mib", config->evidence_mib, sizeof config->evidence_mib);
  take(report, values[EVIDENCE_DAY_MIB], "evidence_day_mib", config->evidence_day_mib, sizeof config->evidence_day_mib);
  take(report, values[LOG_LEVEL], "log_level", config->log_level, sizeof config->log_level);
}

bool config_parse(const char *file_name, const char *text, size_t length, struct config *config,
                  struct document_report *out) {
  struct report report;
  const struct yaml_node *root = NULL;
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  if (root != NULL) take_all(&report, root, config);
  yaml_free(yaml);
  return report_close(&report, out);
}
