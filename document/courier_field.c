/* courier_field.c - see courier_field.h. */
#include "document/courier_field.h"

#include <string.h>

static bool is_none(const struct yaml_node *node) { return node->length == 4 && memcmp(node->text, "none", 4) == 0; }

bool courier_value(struct report *report, const struct yaml_node *node, const char *what, char *out, size_t size) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  if (node->length == 0 || node->length >= size) {
    report_error(report, node->at, "%s must have 1 to %zu bytes", what, size - 1);
    return false;
  }
  memcpy(out, node->text, node->length);
  out[node->length] = '\0';
  return true;
}

/* ASCII only: what stands beyond it needs SMTPUTF8, which few servers of an office speak. */
static bool is_mail_address(const char *text) {
  const char *at = strchr(text, '@');
  if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL) return false;
  for (const char *c = text; *c != '\0'; c++)
    if (*c <= ' ' || *c >= 0x7f || strchr("<>()[]\\,;:\"", *c) != NULL) return false;
  return true;
}

bool courier_mail_address(struct report *report, const struct yaml_node *node, const char *what,
                          char out[ADDRESS_BYTES_MAX + 1]) {
  char text[ADDRESS_BYTES_MAX + 1];
  if (!courier_value(report, node, what, text, sizeof text)) return false;
  if (!is_mail_address(text)) {
    report_error(report, node->at, "%s must be a mail address such as name@example.cn; this is '%s'", what,
                 field_quote(node).text);
    return false;
  }
  strcpy(out, text);
  return true;
}

bool courier_host(struct report *report, const struct yaml_node *node, char out[NAME_BYTES_MAX + 1]) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
  char text[NAME_BYTES_MAX + 1];
  if (!courier_value(report, node, "host", text, sizeof text)) return false;
  if (strspn(text, letters) != strlen(text)) {
    report_error(report, node->at, "host must be the name of a host; this is '%s'", field_quote(node).text);
    return false;
  }
  strcpy(out, text);
  return true;
}

static struct yaml_node part(const struct yaml_node *node, uint32_t from, uint32_t length) {
  struct yaml_node half = *node;
  half.text += from;
  half.length = length;
  return half;
}

bool courier_quiet(struct report *report, const struct yaml_node *node, int32_t *from, int32_t *until) {
  if (!field_is(report, node, YAML_SCALAR, "quiet")) return false;
  if (is_none(node)) {
    *from = *until = 0;
    return true;
  }
  if (node->length != 11 || node->text[5] != '-') {
    report_error(report, node->at, "quiet must be two times such as 20:00-07:30, or none; this is '%s'", field_quote(node).text);
    return false;
  }
  const struct yaml_node first = part(node, 0, 5), last = part(node, 6, 5);
  int32_t begin, end;
  if (!field_time(report, &first, "quiet", &begin) || !field_time(report, &last, "quiet", &end)) return false;
  if (begin == end) {
    report_error(report, node->at, "quiet begins and ends at one time; 'none' means no quiet hours");
    return false;
  }
  *from = begin;
  *until = end;
  return true;
}

bool courier_digest(struct report *report, const struct yaml_node *node, int32_t *minutes) {
  if (!field_is(report, node, YAML_SCALAR, "digest")) return false;
  if (!is_none(node)) return field_time(report, node, "digest", minutes);
  *minutes = -1;
  return true;
}
