/* page_registry.c - the units and officers of the registry in force, from memory; the keys of officers. */
#include <string.h>

#include "daemon/query.h"

/* A cursor comes from the client: anything that is no id of ours is after the last. */
static uint32_t first_id(const struct query *query) {
  bool is_id = query->cursor.first >= 0 && query->cursor.first < OFFICERS_MAX;
  return is_id ? (uint32_t)query->cursor.first + 1 : UINT32_MAX;
}

void page_of_units(struct query *query) {
  static Rectify__V1__UnitRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  const struct registry *registry = query_world(query)->registry;
  struct page page;
  page_begin(query, &page);
  uint32_t used = 0, id = first_id(query);
  for (; id <= registry->unit_count && used < query->limit; id++) {
    Rectify__V1__UnitRow *row = pointers[used] = &rows[used];
    rectify__v1__unit_row__init(row);
    row->id = id;
    row->code = answer_text(registry->units[id].code);
    row->name = answer_text(registry->units[id].name);
    row->parent = answer_text(registry->units[registry->units[id].parent].code);
    row->retired = registry->units[id].retired;
    used++;
  }
  if (id <= registry->unit_count) page_set_cursor(&page, id - 1, 0);
  page.page.n_units = used;
  page.page.units = pointers;
  page_finish(query, &page);
}

#define ROLES_SHOWN_MAX 16

struct role_room {
  char text[ROLES_SHOWN_MAX][CODE_BYTES_MAX + 32];
  ProtobufCBinaryData fields[ROLES_SHOWN_MAX];
};

static void fill_roles(const struct registry *registry, uint32_t officer, Rectify__V1__OfficerRow *row,
                       struct role_room *room) {
  uint32_t low = 0, high = registry->appointment_count;
  while (low < high) { /* first appointment of the officer */
    uint32_t middle = low + (high - low) / 2;
    if (registry->by_officer[middle].officer < officer)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < registry->appointment_count && registry->by_officer[low].officer == officer; low++) {
    if (row->n_roles == ROLES_SHOWN_MAX) break;
    char *text = room->text[row->n_roles];
    text[0] = '\0';
    strcat(strcat(strcat(text, word_name(words_role, registry->by_officer[low].role)), "@"),
           registry->units[registry->by_officer[low].unit].code);
    room->fields[row->n_roles++] = answer_text(text);
  }
  row->roles = room->fields;
}

void page_of_officers(struct query *query) {
  static Rectify__V1__OfficerRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  static struct role_room rooms[WIRE_PAGE_MAX];
  const struct registry *registry = query->daemon->store.office->registry;
  struct page page;
  page_begin(query, &page);
  const day_t today = query_today(query->daemon);
  uint32_t used = 0, id = first_id(query);
  for (; id <= registry->officer_count && used < query->limit; id++) {
    Rectify__V1__OfficerRow *row = pointers[used] = &rows[used];
    rectify__v1__officer_row__init(row);
    row->id = id;
    row->code = answer_text(registry->officers[id].code);
    row->name = answer_text(registry->officers[id].name);
    row->unit = answer_text(registry->units[registry->officers[id].unit].code);
    row->retired = registry->officers[id].retired;
    const uint32_t acting = registry_stand_in(registry, id, today);
    if (acting != id) row->stand_in = answer_text(registry->officers[acting].code);
    fill_roles(registry, id, row, &rooms[used++]);
  }
  if (id <= registry->officer_count) page_set_cursor(&page, id - 1, 0);
  page.page.n_officers = used;
  page.page.officers = pointers;
  page_finish(query, &page);
}

enum { KEY_BYTES, KEY_OFFICER, KEY_FROM, KEY_UNTIL, KEY_IS_REVOKED, KEY_INDEX, KEY_KIND };

void page_of_keys(struct query *query, const PGresult *result) {
  static Rectify__V1__KeyRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  int count = PQntuples(result);
  for (int i = 0; i < count; i++) {
    Rectify__V1__KeyRow *row = pointers[i] = &rows[i];
    rectify__v1__key_row__init(row);
    row->public_key = page_field(result, i, KEY_BYTES);
    row_name_officer(query->daemon->store.office->registry, (uint32_t)pg_int(result, i, KEY_OFFICER), &row->officer,
                     &row->officer_name);
    row->valid_from = (int32_t)pg_int(result, i, KEY_FROM);
    row->valid_until = (int32_t)pg_int(result, i, KEY_UNTIL);
    row->revoked = pg_int(result, i, KEY_IS_REVOKED) != 0;
    row->kind = (uint32_t)pg_int(result, i, KEY_KIND);
  }
  if ((uint32_t)count == query->limit) page_set_cursor(&page, pg_int(result, count - 1, KEY_INDEX), 0);
  page.page.n_keys = (size_t)count;
  page.page.keys = pointers;
  page_finish(query, &page);
}
