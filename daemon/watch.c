/* watch.c - who is told of commits.  A push covers the log from `previous_size` to `size`; a watcher that could not be
 * told sees by the next push's previous_size that it missed something, and asks. */
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

#define PUSH_EVENTS_MAX 250
#define PUSH_BYTES_MAX (512 * 1024)

static struct watcher *find_watcher(struct daemon *daemon, const struct route_back *back, const struct uuid *id) {
  for (uint32_t i = 0; i < WATCHERS_MAX; i++) {
    struct watcher *watcher = &daemon->watchers[i];
    if (watcher->used && route_back_same(&watcher->back, back) &&
        memcmp(watcher->id.bytes, id->bytes, WIRE_ID_BYTES) == 0)
      return watcher;
  }
  return NULL;
}

static struct watcher *free_place(struct daemon *daemon) {
  int64_t now = clock_monotonic_msec();
  for (uint32_t i = 0; i < WATCHERS_MAX; i++)
    if (!daemon->watchers[i].used || daemon->watchers[i].expires <= now) return &daemon->watchers[i];
  return NULL;
}

/* Of the officer, or of the connection, which may name many: whichever has more. */
static uint32_t count_of(const struct daemon *daemon, uint32_t actor, const struct route_back *back) {
  int64_t now = clock_monotonic_msec();
  uint32_t officers = 0, connections = 0;
  for (uint32_t i = 0; i < WATCHERS_MAX; i++) {
    const struct watcher *watcher = &daemon->watchers[i];
    if (!watcher->used || watcher->expires <= now) continue;
    officers += watcher->actor == actor;
    connections += route_back_same(&watcher->back, back);
  }
  return officers > connections ? officers : connections;
}

void watch_request(struct daemon *daemon, const Rectify__V1__Watch *watch, uint32_t actor,
                   const struct route_back *back, const struct uuid *id) {
  struct watcher *watcher = find_watcher(daemon, back, id);
  if (watch->stop) {
    if (watcher != NULL) watcher->used = false;
    answer_pong(daemon, back, id);
    return;
  }
  if (watcher == NULL && count_of(daemon, actor, back) >= IDENTITY_WATCHES_MAX) {
    answer_error(daemon, back, id, FAILURE_BUSY, "watch", "this officer or connection has 32 watches already; try later",
                 WATCH_LEASE_SECONDS * 1000);
    return;
  }
  if (watcher == NULL) {
    watcher = free_place(daemon);
    if (watcher == NULL) {
      answer_error(daemon, back, id, FAILURE_BUSY, "watch", "256 watches of all are there already; try later", RETRY_AFTER_MSEC);
      return;
    }
    *watcher = (struct watcher){.used = true, .back = *back, .id = *id, .size = daemon->committed_size};
  }
  watcher->actor = actor;
  const uint8_t *key = router_sender(daemon->router);
  watcher->has_key = key != NULL;
  if (key != NULL) memcpy(watcher->key, key, CURVE_KEY_BYTES);
  watcher->unit = 0;
  if (watch->unit.len > 0)
    watcher->unit = registry_find_unit(daemon->store.office->registry, (const char *)watch->unit.data, watch->unit.len);
  if (watch->unit.len > 0 && watcher->unit == 0) {
    watcher->used = false;
    answer_error(daemon, back, id, FAILURE_NOT_FOUND, "watch.unit", "there is no such unit", 0);
    return;
  }
  watcher->case_no = watch->case_no;
  watcher->expires = clock_monotonic_msec() + WATCH_LEASE_SECONDS * 1000;
  answer_pong(daemon, back, id);
}

/* What a watcher may know of an event: nothing; that he was told, and what; all. */
enum knows { NOTHING, TOLD, READS };

static bool is_told(const struct event *event, uint32_t officer) {
  for (uint32_t i = 0; i < event->notice_count; i++)
    if (event->notices[i].officer == officer) return true;
  return false;
}

static enum knows knows(const struct daemon *daemon, const struct watcher *watcher, const struct event *event,
                        const struct case_state *state) {
  const struct world *world = &daemon->store.office->world;
  if (watcher->case_no != 0 && watcher->case_no != state->case_no) return NOTHING;
  if (watcher->unit != 0 && !registry_in_subtree(world->registry, state->unit, watcher->unit)) return NOTHING;
  day_t day = zone_day_of(world_zone(world, state->unit), clock_now());
  if (authorise_read(world, watcher->actor, state->unit, state->team, day)) return READS;
  return is_told(event, watcher->actor) ? TOLD : NOTHING;
}

/* All that one pushed event points to. */
struct push_room {
  Rectify__V1__PushEvent pushed;
  Rectify__V1__EventRow event;
  Rectify__V1__CaseRow row;
  struct row_room room;
  Rectify__V1__NoticeRow notices[EVENT_NOTICES_MAX], *notice_pointers[EVENT_NOTICES_MAX];
};

/* All that the event caused, or (`only` not 0) those of one officer. */
static void fill_notices(const struct registry *registry, const struct recorded *recorded, uint32_t only, struct push_room *room) {
  const struct event *event = &recorded->event;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    if (only != 0 && event->notices[i].officer != only) continue;
    Rectify__V1__NoticeRow *row = room->notice_pointers[room->pushed.n_notices] = &room->notices[room->pushed.n_notices];
    room->pushed.n_notices++;
    rectify__v1__notice_row__init(row);
    row->id = recorded->log_index * 16 + i;
    row->case_no = event->case_no;
    row->kind = event->notices[i].kind;
    row->copy = event->notices[i].copy;
    row->recipient = event->notices[i].recipient;
    row_name_officer(registry, event->notices[i].officer, &row->officer, &row->officer_name);
    row_name_officer(registry, event->notices[i].instead_of, &row->instead_of, &row->instead_of_name);
    row->digest = recorded->digest;
    row->created = event->recorded;
  }
  room->pushed.notices = room->notice_pointers;
}

/* A push cannot wait until its reader is on record: of a restricted case it has no words. */
static void fill_event(const struct daemon *daemon, const struct batch *batch, const struct recorded *recorded, uint32_t only,
                       bool restricted, struct push_room *room) {
  const struct registry *registry = daemon->store.office->registry;
  rectify__v1__push_event__init(&room->pushed);
  rectify__v1__event_row__init(&room->event);
  room->event.log_index = recorded->log_index;
  room->event.record = (ProtobufCBinaryData){recorded->record.length, batch->records + recorded->record.at};
  if (recorded->item != ITEM_NONE && only == 0 && !restricted) {
    const struct item *item = &batch->items[recorded->item];
    room->event.text = (ProtobufCBinaryData){item->text.length, batch->text + item->text.at};
  }
  row_of_people(registry, recorded->event.actor, recorded->event.on_behalf, &room->event);
  room->pushed.event = &room->event;
  fill_notices(registry, recorded, only, room);
}

static void fill_row(const struct daemon *daemon, const struct case_state *state, struct push_room *room) {
  rectify__v1__case_row__init(&room->row);
  row_of_case(&daemon->store.office->world, clock_now(), state, &room->row, &room->room);
  room->pushed.row = &room->row;
}

static void push(struct daemon *daemon, struct watcher *watcher, size_t count, Rectify__V1__PushEvent **events,
                 uint64_t size) {
  Rectify__V1__Push message = RECTIFY__V1__PUSH__INIT;
  message.previous_size = watcher->size;
  message.size = size;
  message.n_events = count;
  message.events = events;
  Rectify__V1__Head head = RECTIFY__V1__HEAD__INIT;
  const struct seal *seal = &daemon->seal;
  if (seal->note_length > 0 && seal->size > watcher->head_size) {
    answer_head(daemon, &head, &seal->root, seal->size);
    message.head = &head;
  }
  answer_push(daemon, watcher, &message);
  if (watcher->lost) return;
  watcher->size = size;
  if (message.head != NULL) watcher->head_size = head.size;
}

/* Or the case whose finding it is about, which may be known to the database alone. */
static bool is_restricted(const struct daemon *daemon, const struct case_state *state) {
  const bool own = state->finding_of == state->case_no;
  const struct case_state *of = own ? state : book_find(daemon->store.book, state->finding_of);
  return of == NULL || ((state->flags | of->flags) & CASE_RESTRICTS) != 0;
}

/* Several pushes where one would be too large.  After a push that could not be sent the batch is given up for this
 * watcher: the next push starts at its own batch, which shows the gap. */
static void tell(struct daemon *daemon, struct watcher *watcher, const struct batch *batch) {
  static struct push_room rooms[PUSH_EVENTS_MAX];
  static Rectify__V1__PushEvent *pointers[PUSH_EVENTS_MAX];
  size_t used = 0, bytes = 0;
  if (watcher->lost) watcher->size = batch->size_before;
  watcher->lost = false;
  for (uint32_t i = 0; i < batch->fresh_count && !watcher->lost; i++) {
    const struct recorded *recorded = &batch->fresh[i];
    const struct case_state *state =
        recorded->event.case_no == 0 ? NULL : book_find(daemon->store.book, recorded->event.case_no);
    const enum knows known =
        state == NULL || recorded->event.command == COMMAND_READ ? NOTHING : knows(daemon, watcher, &recorded->event, state);
    if (known == NOTHING) continue;
    fill_event(daemon, batch, recorded, known == TOLD ? watcher->actor : 0, is_restricted(daemon, state), &rooms[used]);
    if (known == READS) fill_row(daemon, state, &rooms[used]);
    pointers[used] = &rooms[used].pushed;
    bytes += recorded->record.length + rooms[used].event.text.len + 1500;
    if (++used < PUSH_EVENTS_MAX && bytes < PUSH_BYTES_MAX) continue;
    push(daemon, watcher, used, pointers, recorded->log_index + 1);
    used = bytes = 0;
  }
  if (used > 0 && !watcher->lost) push(daemon, watcher, used, pointers, batch->size_before + batch->fresh_count);
}

void watch_missed(struct daemon *daemon) {
  for (uint32_t i = 0; i < WATCHERS_MAX; i++) daemon->watchers[i].lost = true;
}

void watch_tell(struct daemon *daemon, const struct batch *batch) {
  int64_t now = clock_monotonic_msec();
  for (uint32_t i = 0; i < WATCHERS_MAX; i++) {
    struct watcher *watcher = &daemon->watchers[i];
    if (!watcher->used) continue;
    const char *why;
    bool holds = identity_holds(daemon, watcher->has_key ? watcher->key : NULL, watcher->actor, &why);
    if (watcher->expires <= now || !holds)
      watcher->used = false;
    else
      tell(daemon, watcher, batch);
  }
}
