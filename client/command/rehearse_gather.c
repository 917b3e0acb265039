/* rehearse_gather.c - findings for a rehearsal, gathered: rehearse_gather.h.  Every text is kept once, under a number. */
#include "client/command/rehearse_gather.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

#define NUMBERS_MAX (1u << 22) /* different texts */
#define ROOT "/root"
#define TEAM "/team"

struct kept {
  char *text;
  uint32_t parent; /* of a unit: number of the unit above; 0 none */
  bool is_unit;
};

struct noted {
  usec_t at;
  day_t found_on;
  uint8_t kind, severity;
  uint32_t unit, code, category, inspection, text; /* numbers; 0: empty */
};

struct gathered {
  struct kept *kept; /* by number, from 1 */
  uint32_t kept_count, kept_room;
  uint32_t *slots; /* numbers by hash, open addressing; room is a power of two */
  uint32_t slot_room;
  struct noted *rows;
  uint32_t row_count, row_room;
  bool units_told; /* by gathered_unit(): then there are no others */
};

struct gathered *gathered_new(void) {
  struct gathered *gathered = calloc(1, sizeof *gathered);
  must(gathered != NULL);
  gathered->slot_room = 1024;
  gathered->slots = calloc(gathered->slot_room, sizeof *gathered->slots);
  must(gathered->slots != NULL);
  return gathered;
}

void gathered_free(struct gathered *gathered) {
  if (gathered == NULL) return;
  for (uint32_t i = 1; i <= gathered->kept_count; i++) free(gathered->kept[i].text);
  free(gathered->kept);
  free(gathered->slots);
  free(gathered->rows);
  free(gathered);
}

/* ---- texts ---- */

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const char *text, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash;
}

/* The slot of the text, or the free one where it belongs. */
static uint32_t slot_of(const struct gathered *gathered, const char *text, size_t length) {
  uint32_t at = hash_of(text, length) & (gathered->slot_room - 1);
  for (;; at = (at + 1) & (gathered->slot_room - 1)) {
    const uint32_t number = gathered->slots[at];
    if (number == 0) return at;
    const char *kept = gathered->kept[number].text;
    if (strncmp(kept, text, length) == 0 && kept[length] == '\0') return at;
  }
}

static void grow(struct gathered *gathered) {
  free(gathered->slots);
  gathered->slot_room *= 2;
  gathered->slots = calloc(gathered->slot_room, sizeof *gathered->slots);
  must(gathered->slots != NULL);
  for (uint32_t i = 1; i <= gathered->kept_count; i++)
    gathered->slots[slot_of(gathered, gathered->kept[i].text, strlen(gathered->kept[i].text))] = i;
}

/* The number of the text; 0 for an empty one. */
static uint32_t keep(struct gathered *gathered, struct piece piece) {
  if (piece.length == 0) return 0;
  const uint32_t at = slot_of(gathered, piece.text, piece.length);
  if (gathered->slots[at] != 0) return gathered->slots[at];
  must(gathered->kept_count < NUMBERS_MAX);
  if (gathered->kept_count + 1 >= gathered->kept_room) {
    gathered->kept_room = gathered->kept_room == 0 ? 1024 : 2 * gathered->kept_room;
    gathered->kept = reallocarray(gathered->kept, gathered->kept_room, sizeof *gathered->kept);
    must(gathered->kept != NULL);
  }
  const uint32_t number = ++gathered->kept_count;
  gathered->kept[number] = (struct kept){.text = strndup(piece.text, piece.length)};
  must(gathered->kept[number].text != NULL);
  gathered->slots[at] = number;
  if (gathered->kept_count * 2 > gathered->slot_room) grow(gathered);
  return number;
}

static const char *text_of(const struct gathered *gathered, uint32_t number) {
  return number == 0 ? "" : gathered->kept[number].text;
}

/* ---- rows ---- */

/* A code that a registry can have; what is not one, and the word `unknown`, is nobody's unit. */
static bool is_unit_code(struct piece piece) {
  if (piece.length == 0 || piece.length > CODE_BYTES_MAX) return false;
  if (piece.length == 7 && memcmp(piece.text, "unknown", 7) == 0) return false;
  for (size_t i = 0; i < piece.length; i++) {
    const unsigned char c = (unsigned char)piece.text[i];
    if (c < 0x80 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:/", c) == NULL) return false;
  }
  return true;
}

void gathered_unit(struct gathered *gathered, struct piece unit, struct piece parent) {
  if (!is_unit_code(unit)) return;
  const uint32_t number = keep(gathered, unit), above = is_unit_code(parent) ? keep(gathered, parent) : 0;
  gathered->units_told = true;
  gathered->kept[number].is_unit = true;
  gathered->kept[number].parent = above;
}

void gathered_add(struct gathered *gathered, const struct gathered_row *row) {
  if (gathered->row_count == gathered->row_room) {
    gathered->row_room = gathered->row_room == 0 ? 1024 : 2 * gathered->row_room;
    gathered->rows = reallocarray(gathered->rows, gathered->row_room, sizeof *gathered->rows);
    must(gathered->rows != NULL);
  }
  struct noted noted = {.at = row->at, .found_on = row->found_on, .kind = row->kind, .severity = row->severity,
                        .code = keep(gathered, row->code), .category = keep(gathered, row->category),
                        .inspection = keep(gathered, row->inspection), .text = keep(gathered, row->text)};
  if (is_unit_code(row->unit)) {
    noted.unit = keep(gathered, row->unit);
    if (!gathered->units_told) gathered->kept[noted.unit].is_unit = true;
  }
  gathered->rows[gathered->row_count++] = noted;
}

/* ---- people for the units ---- */

static void write_people(FILE *out, const struct gathered *gathered) {
  static const char *const posts[] = {"office", "body", "verifier", "verifier", "verifier", "verifier"};
  (void)fprintf(out, "officers:\n  - {code: /inspector, name: inspector, unit: " TEAM "}\n"
                     "  - {code: /top, name: top, unit: " ROOT "}\n");
  for (uint32_t i = 0; i < 6; i++) (void)fprintf(out, "  - {code: /%s%u, name: %s, unit: " ROOT "}\n", posts[i], i, posts[i]);
  for (uint32_t i = 1; i <= gathered->kept_count; i++)
    if (gathered->kept[i].is_unit)
      (void)fprintf(out, "  - {code: h%u, name: h, unit: \"%s\"}\n  - {code: p%u, name: p, unit: \"%s\"}\n", i,
                    gathered->kept[i].text, i, gathered->kept[i].text);
  (void)fprintf(out, "appointments:\n  - {officer: /inspector, role: inspector, unit: " TEAM "}\n"
                     "  - {officer: /top, role: principal, unit: " ROOT "}\n");
  for (uint32_t i = 0; i < 6; i++) (void)fprintf(out, "  - {officer: /%s%u, role: %s, unit: " ROOT "}\n", posts[i], i, posts[i]);
  for (uint32_t i = 1; i <= gathered->kept_count; i++)
    if (gathered->kept[i].is_unit)
      (void)fprintf(out, "  - {officer: h%u, role: handler, unit: \"%s\"}\n  - {officer: p%u, role: principal, unit: \"%s\"}\n", i,
                    gathered->kept[i].text, i, gathered->kept[i].text);
}

/* The registry as its file would be: one way into the core, with all its checks. */
static char *registry_text(const struct gathered *gathered, const struct source_plan *plan, size_t *length) {
  char *text = NULL;
  FILE *out = open_memstream(&text, length);
  must(out != NULL);
  (void)fprintf(out, "registry: rehearsal\nunits:\n  - {code: " ROOT ", name: root, calendar: \"%s\", zone: \"%s\"}\n"
                     "  - {code: " TEAM ", name: team, parent: " ROOT "}\n", plan->calendar, plan->zone);
  for (uint32_t i = 1; i <= gathered->kept_count; i++) {
    const struct kept *kept = &gathered->kept[i];
    const bool below = kept->parent != 0 && gathered->kept[kept->parent].is_unit;
    if (kept->is_unit)
      (void)fprintf(out, "  - {code: \"%s\", name: unit, parent: \"%s\"}\n", kept->text,
                    below ? gathered->kept[kept->parent].text : ROOT);
  }
  write_people(out, gathered);
  must(fclose(out) == 0);
  return text;
}

static int make_registry(const struct gathered *gathered, const struct source_plan *plan, struct source *out) {
  struct document_report report = {0, NULL};
  size_t length = 0;
  uint32_t zone_count = 0;
  char *text = registry_text(gathered, plan, &length);
  out->zones = calloc(ZONES_MAX, sizeof *out->zones);
  must(out->zones != NULL);
  out->registry = registry_parse("the units of the findings", text, length, NULL, plan->calendars->rows,
                                 plan->calendars->count, out->zones, &zone_count, &report);
  policy_say(&report);
  free(text);
  if (out->registry == NULL) return EXIT_DOCUMENT;
  out->registry->version = 1;
  out->team = registry_unit_by_code(out->registry, TEAM, strlen(TEAM));
  out->inspector = registry_officer_by_code(out->registry, "/inspector", strlen("/inspector"));
  return EXIT_FINE;
}

/* ---- findings ---- */

static int by_time(const void *a, const void *b) {
  const struct rehearsal_finding *left = a, *right = b;
  if (left->at != right->at) return left->at < right->at ? -1 : 1;
  return left->code_key < right->code_key ? -1 : left->code_key > right->code_key;
}

static void make_findings(const struct gathered *gathered, struct source *out) {
  out->findings = calloc((size_t)gathered->row_count + 1, sizeof *out->findings);
  must(out->findings != NULL);
  for (uint32_t i = 0; i < gathered->row_count; i++) {
    const struct noted *row = &gathered->rows[i];
    const char *unit = text_of(gathered, row->unit);
    const uint32_t id = registry_unit_by_code(out->registry, unit, strlen(unit));
    const usec_t noon = zone_day_at(&out->zones[0], row->found_on, 12 * 60);
    out->findings[out->count++] = (struct rehearsal_finding){
        .at = row->at != 0 ? row->at : noon, .found_on = row->found_on, .unit = id, .kind = row->kind,
        .severity = row->severity, .code_key = row->code, .category_key = row->category, .code = text_of(gathered, row->code),
        .category = text_of(gathered, row->category), .inspection = text_of(gathered, row->inspection),
        .text = text_of(gathered, row->text)};
  }
}

/* A stable order: rows of the same instant stay as they came.  qsort() alone does not promise that. */
static void sort_findings(struct source *out) {
  struct rehearsal_finding *spare = calloc((size_t)out->count + 1, sizeof *spare);
  must(spare != NULL);
  for (uint32_t width = 1; width < out->count; width *= 2) { /* merge sort, from the bottom up */
    for (uint32_t low = 0; low < out->count; low += 2 * width) {
      uint32_t middle = low + width < out->count ? low + width : out->count;
      uint32_t high = low + 2 * width < out->count ? low + 2 * width : out->count;
      for (uint32_t i = low, k = middle, to = low; to < high; to++) {
        const bool left = i < middle && (k >= high || by_time(&out->findings[i], &out->findings[k]) <= 0);
        spare[to] = left ? out->findings[i++] : out->findings[k++];
      }
    }
    struct rehearsal_finding *full = spare;
    spare = out->findings;
    out->findings = full;
  }
  free(spare);
}

int gathered_finish(struct gathered *gathered, const struct source_plan *plan, struct source *out) {
  int code = make_registry(gathered, plan, out);
  if (code != EXIT_FINE) return code;
  make_findings(gathered, out);
  sort_findings(out);
  return EXIT_FINE;
}
