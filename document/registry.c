/* registry.c - a registry file, on top of the version before it, into a struct registry.
 *
 * Ids follow from the sequence of versions: the rows of the previous registry are copied first, all retired; a row of
 * the file brings its code back, or adds it behind.
 */
#include "document/registry_draft.h"

#include <stdlib.h>
#include <string.h>

enum { TOP_REGISTRY, TOP_UNITS, TOP_OFFICERS, TOP_APPOINTMENTS, TOP_SUBSTITUTIONS, TOP_COUNT };
static const struct field top_fields[] = {
    [TOP_REGISTRY] = {"registry", true},
    [TOP_UNITS] = {"units", true},
    [TOP_OFFICERS] = {"officers", true},
    [TOP_APPOINTMENTS] = {"appointments", true},
    [TOP_SUBSTITUTIONS] = {"substitutions", false},
    [TOP_COUNT] = {NULL, false},
};

enum { UNIT_CODE, UNIT_NAME, UNIT_PARENT, UNIT_CALENDAR, UNIT_ZONE, UNIT_COUNT };
static const struct field unit_fields[] = {
    [UNIT_CODE] = {"code", true},          [UNIT_NAME] = {"name", true},  [UNIT_PARENT] = {"parent", false},
    [UNIT_CALENDAR] = {"calendar", false}, [UNIT_ZONE] = {"zone", false}, [UNIT_COUNT] = {NULL, false},
};

enum { OFFICER_CODE, OFFICER_NAME, OFFICER_UNIT, OFFICER_COUNT };
static const struct field officer_fields[] = {
    [OFFICER_CODE] = {"code", true},
    [OFFICER_NAME] = {"name", true},
    [OFFICER_UNIT] = {"unit", true},
    [OFFICER_COUNT] = {NULL, false},
};

/* The nearest code in use, for a hint. */
static struct hint registry_hint_unit(const struct registry_draft *draft, const struct yaml_node *node) {
  const struct registry *registry = draft->registry;
  struct word *table = calloc(registry->unit_count + 1, sizeof *table);
  if (table == NULL) return (struct hint){{0}};
  uint32_t count = 0;
  for (uint32_t id = 1; id <= registry->unit_count; id++)
    if (draft->unit_nodes[id] != NULL) table[count++].name = registry->units[id].code;
  struct hint hint = report_hint(table, node->text, node->length);
  free(table);
  return hint;
}

static struct hint registry_hint_officer(const struct registry_draft *draft, const struct yaml_node *node) {
  const struct registry *registry = draft->registry;
  struct word *table = calloc(registry->officer_count + 1, sizeof *table);
  if (table == NULL) return (struct hint){{0}};
  uint32_t count = 0;
  for (uint32_t id = 1; id <= registry->officer_count; id++)
    if (draft->officer_nodes[id] != NULL) table[count++].name = registry->officers[id].code;
  struct hint hint = report_hint(table, node->text, node->length);
  free(table);
  return hint;
}

uint32_t registry_named_unit(struct registry_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_SCALAR, "a unit")) return 0;
  uint32_t id = registry_find_unit(draft->registry, node->text, node->length);
  if (id != 0 && draft->unit_nodes[id] != NULL) return id;
  if (report_is_full(draft->report)) return 0;
  report_error(draft->report, node->at, "there is no unit '%s'%s", field_quote(node).text,
               registry_hint_unit(draft, node).text);
  return 0;
}

uint32_t registry_named_officer(struct registry_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_SCALAR, "an officer")) return 0;
  uint32_t id = registry_find_officer(draft->registry, node->text, node->length);
  if (id != 0 && draft->officer_nodes[id] != NULL) return id;
  if (report_is_full(draft->report)) return 0;
  report_error(draft->report, node->at, "there is no officer '%s'%s", field_quote(node).text,
               registry_hint_officer(draft, node).text);
  return 0;
}

static uint8_t registry_calendar(struct registry_draft *draft, const struct yaml_node *node) {
  struct word table[CALENDARS_MAX + 1] = {{0}};
  if (node == NULL) return REGISTRY_INHERIT;
  for (uint32_t i = 0; i < draft->calendar_count && i < CALENDARS_MAX; i++)
    table[i] = (struct word){(uint16_t)(i + 1), draft->calendars[i].name, "", ""};
  uint32_t number = field_word(draft->report, node, "known calendar", table);
  return number != 0 ? (uint8_t)(number - 1) : REGISTRY_INHERIT;
}

/* The zone's index, loaded when it is new. */
static uint8_t registry_zone(struct registry_draft *draft, const struct yaml_node *node) {
  char name[CODE_BYTES_MAX + 1] = "";
  if (!field_code(draft->report, node, "a zone", name)) return REGISTRY_INHERIT;
  for (uint32_t i = 0; i < draft->zone_count; i++)
    if (strcmp(draft->zones[i].name, name) == 0) return (uint8_t)i;
  if (draft->zone_count == ZONES_MAX) {
    report_error(draft->report, node->at, "more than %d time zones", ZONES_MAX);
    return REGISTRY_INHERIT;
  }
  if (zone_load(name, &draft->zones[draft->zone_count])) return (uint8_t)draft->zone_count++;
  report_error(draft->report, node->at, "this system knows no time zone '%s' (an IANA name such as Asia/Shanghai)",
               name);
  return REGISTRY_INHERIT;
}

/* The row for `code`: that of the previous version, or a new one.  NULL when it was given before. */
static struct unit *registry_unit_row(struct registry_draft *draft, const struct yaml_node *node, const char *code) {
  struct registry *registry = draft->registry;
  uint32_t id = registry_find_unit(registry, code, strlen(code));
  if (id != 0 && draft->unit_nodes[id] != NULL) {
    report_error(draft->report, node->at, "unit '%s' was given before, in line %u", code,
                 draft->unit_nodes[id]->at.line);
    return NULL;
  }
  if (id != 0) return &registry->units[id];
  if (registry->unit_count == UNITS_MAX) {
    report_error(draft->report, node->at, "more than %d units, retired ones included", UNITS_MAX);
    return NULL;
  }
  id = ++registry->unit_count;
  registry->units[id].id = id;
  strcpy(registry->units[id].code, code);
  registry_index_unit(registry, id);
  return &registry->units[id];
}

static void registry_unit(struct registry_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[UNIT_COUNT];
  char code[CODE_BYTES_MAX + 1];
  if (!field_take(draft->report, node, "a unit", unit_fields, values)) return;
  if (!field_code(draft->report, values[UNIT_CODE], "a code", code)) return;
  struct unit *unit = registry_unit_row(draft, values[UNIT_CODE], code);
  if (unit == NULL) return;
  draft->unit_nodes[unit->id] = node;
  draft->parent_nodes[unit->id] = values[UNIT_PARENT];
  unit->retired = false;
  unit->parent = 0;
  field_name(draft->report, values[UNIT_NAME], "a name", unit->name);
  unit->calendar = registry_calendar(draft, values[UNIT_CALENDAR]);
  unit->zone = registry_zone(draft, values[UNIT_ZONE]);
}

static struct officer *registry_officer_row(struct registry_draft *draft, const struct yaml_node *node,
                                            const char *code) {
  struct registry *registry = draft->registry;
  uint32_t id = registry_find_officer(registry, code, strlen(code));
  if (id != 0 && draft->officer_nodes[id] != NULL) {
    report_error(draft->report, node->at, "officer '%s' was given before, in line %u", code,
                 draft->officer_nodes[id]->at.line);
    return NULL;
  }
  if (id != 0) return &registry->officers[id];
  if (registry->officer_count == OFFICERS_MAX) {
    report_error(draft->report, node->at, "more than %d officers, retired ones included", OFFICERS_MAX);
    return NULL;
  }
  id = ++registry->officer_count;
  registry->officers[id].id = id;
  strcpy(registry->officers[id].code, code);
  registry_index_officer(registry, id);
  return &registry->officers[id];
}

static void registry_officer(struct registry_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[OFFICER_COUNT];
  char code[CODE_BYTES_MAX + 1];
  if (!field_take(draft->report, node, "an officer", officer_fields, values)) return;
  if (!field_code(draft->report, values[OFFICER_CODE], "a code", code)) return;
  struct officer *officer = registry_officer_row(draft, values[OFFICER_CODE], code);
  if (officer == NULL) return;
  draft->officer_nodes[officer->id] = node;
  officer->retired = false;
  field_name(draft->report, values[OFFICER_NAME], "a name", officer->name);
  officer->unit = registry_named_unit(draft, values[OFFICER_UNIT]);
}

static void registry_each(struct registry_draft *draft, const struct yaml_node *list, const char *what,
                          void row(struct registry_draft *, const struct yaml_node *)) {
  if (!field_is(draft->report, list, YAML_SEQUENCE, what)) return;
  for (const struct yaml_node *node = list->first; node != NULL && !report_is_full(draft->report); node = node->next)
    row(draft, node);
}

/* Copies the rows of the previous version, retired until the file names them. */
static void registry_copy(struct registry *registry, const struct registry *previous) {
  registry->unit_count = previous->unit_count;
  registry->officer_count = previous->officer_count;
  for (uint32_t id = 1; id <= previous->unit_count; id++) {
    registry->units[id] = previous->units[id];
    registry->units[id].retired = true;
    registry_index_unit(registry, id);
  }
  for (uint32_t id = 1; id <= previous->officer_count; id++) {
    registry->officers[id] = previous->officers[id];
    registry->officers[id].retired = true;
    registry_index_officer(registry, id);
  }
}

static uint32_t registry_room(const struct yaml_node *list, uint32_t before, uint32_t max) {
  uint64_t room = (uint64_t)before + (list != NULL ? list->count : 0);
  return room < max ? (uint32_t)room : max;
}

/* Room for all rows, old and new; false when memory ran out. */
static bool registry_reserve(struct registry_draft *draft, const struct registry *previous,
                             const struct yaml_node *const *values) {
  struct registry *registry = draft->registry;
  uint32_t units = registry_room(values[TOP_UNITS], previous != NULL ? previous->unit_count : 0, UNITS_MAX);
  uint32_t officers =
      registry_room(values[TOP_OFFICERS], previous != NULL ? previous->officer_count : 0, OFFICERS_MAX);
  registry->units = calloc(units + 1, sizeof *registry->units);
  registry->officers = calloc(officers + 1, sizeof *registry->officers);
  registry->index = registry_index_new(units, officers);
  draft->unit_nodes = calloc(units + 1, sizeof *draft->unit_nodes);
  draft->parent_nodes = calloc(units + 1, sizeof *draft->parent_nodes);
  draft->officer_nodes = calloc(officers + 1, sizeof *draft->officer_nodes);
  return registry->units != NULL && registry->officers != NULL && registry->index != NULL &&
         draft->unit_nodes != NULL && draft->parent_nodes != NULL && draft->officer_nodes != NULL;
}

static void registry_read(struct registry_draft *draft, const struct registry *previous) {
  const struct yaml_node *values[TOP_COUNT];
  char name[CODE_BYTES_MAX + 1];
  if (!field_take(draft->report, draft->root_node, "a registry", top_fields, values)) return;
  if (!registry_reserve(draft, previous, values)) {
    report_error(draft->report, draft->root_node->at, "out of memory");
    return;
  }
  if (previous != NULL) registry_copy(draft->registry, previous);
  field_slug(draft->report, values[TOP_REGISTRY], "the registry's name", name);
  registry_each(draft, values[TOP_UNITS], "units", registry_unit);
  registry_each(draft, values[TOP_OFFICERS], "officers", registry_officer);
  registry_tree(draft);
  registry_appoint(draft, values[TOP_APPOINTMENTS]);
  registry_substitute(draft, values[TOP_SUBSTITUTIONS]);
}

/* Builds the draft's registry; NULL when something was wrong. */
static struct registry *registry_build(struct registry_draft *draft, const char *file_name, const char *text,
                                       size_t length, const struct registry *previous, struct document_report *out) {
  struct report report;
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &draft->root_node);
  /* cppcheck-suppress autoVariables ; the draft is not read after this function */
  draft->report = &report;
  draft->registry = calloc(1, sizeof *draft->registry);
  if (draft->registry == NULL) report_error(&report, (struct position){0, 0}, "out of memory");
  else if (draft->root_node != NULL) registry_read(draft, previous);
  free(draft->unit_nodes);
  free(draft->parent_nodes);
  free(draft->officer_nodes);
  yaml_free(yaml);
  if (report_close(&report, out)) return draft->registry;
  registry_free(draft->registry);
  return NULL;
}

struct registry *registry_parse(const char *file_name, const char *text, size_t length,
                                const struct registry *previous, const struct calendar *calendars,
                                uint32_t calendar_count, struct zone *zones, uint32_t *zone_count,
                                struct document_report *report) {
  struct registry_draft draft = {
      .calendars = calendars, .calendar_count = calendar_count, .zones = zones, .zone_count = *zone_count};
  struct registry *registry = registry_build(&draft, file_name, text, length, previous, report);
  if (registry != NULL) *zone_count = draft.zone_count;
  return registry;
}

struct registry *registry_parse_stored(const char *file_name, const char *text, size_t length,
                                       const struct registry *previous, const struct calendar *calendars,
                                       uint32_t calendar_count, struct zone *zones, uint32_t *zone_count,
                                       struct document_report *report) {
  struct registry_draft draft = {.calendars = calendars,
                                 .calendar_count = calendar_count,
                                 .zones = zones,
                                 .zone_count = *zone_count,
                                 .stored = true};
  struct registry *registry = registry_build(&draft, file_name, text, length, previous, report);
  if (registry != NULL) *zone_count = draft.zone_count;
  return registry;
}

void registry_free(struct registry *registry) {
  if (registry == NULL) return;
  free(registry->units);
  free(registry->officers);
  free(registry->appointments);
  free(registry->by_officer);
  free(registry->substitutions);
  registry_index_free(registry->index);
  free(registry);
}
