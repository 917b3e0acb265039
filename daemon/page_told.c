/* page_told.c - what is told in sentences: why a case stands where it stands, and what will happen to it.  The core tells;
 * here are only the events for it, and the lines from it. */
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/explain.h"
#include "rectify/must.h"

/* The lines of one page.  The cursor counts the lines of the pages before. */
struct lines {
  char *text;
  size_t used, room;
  uint64_t count, skip; /* on this page; before it */
  bool more;
};

static void add_line(void *context, const char *text) {
  struct lines *lines = context;
  size_t length = strlen(text) + 1;
  if (lines->skip > 0) {
    lines->skip--;
    return;
  }
  if (lines->more || lines->used + length > WIRE_PAGE_BYTES_MAX) {
    lines->more = true;
    return;
  }
  if (lines->used + length > lines->room) {
    lines->room = lines->room == 0 ? 65536 : lines->room * 2;
    lines->text = realloc(lines->text, lines->room);
    must(lines->text != NULL);
  }
  memcpy(lines->text + lines->used, text, length);
  lines->used += length;
  lines->count++;
}

/* Sends the page and frees the lines. */
static void send_lines(struct query *query, struct page *page, struct lines *lines) {
  ProtobufCBinaryData *fields = calloc(lines->count + 1, sizeof *fields);
  must(fields != NULL);
  const char *at = lines->text;
  for (size_t i = 0; i < lines->count; i++) {
    fields[i] = answer_text(at);
    at += fields[i].len + 1;
  }
  page->page.n_lines = lines->count;
  page->page.lines = fields;
  if (lines->more) page_set_cursor(page, query->cursor.first + (int64_t)lines->count, 0);
  page_finish(query, page);
  free(fields);
  free(lines->text);
}

/* ---- why ---- */

enum { STORY_RECORD, STORY_TEXT };

static void tell_events(const PGresult *result, struct story *story) {
  int count = PQntuples(result);
  for (int i = 0; i < count; i++) {
    struct event event;
    ProtobufCBinaryData record = page_field(result, i, STORY_RECORD), text = page_field(result, i, STORY_TEXT);
    if (i == STORY_EVENTS_MAX || !codec_event_unpack(record.data, record.len, &event)) {
      story_cut(story);
      return;
    }
    story_event(story, &event, (const char *)text.data, text.len);
  }
}

void page_of_why(struct query *query, const PGresult *result) {
  static struct story story;
  struct lines lines = {.skip = (uint64_t)query->cursor.first};
  struct page page;
  if (!query->has_state) return;
  page_begin(query, &page);
  story_begin(&story, &query->daemon->store.office->world, &query->state, query->zh, add_line, &lines);
  tell_events(result, &story);
  story_end(&story, clock_now());
  send_lines(query, &page, &lines);
}

/* ---- next ---- */

struct future {
  struct outlook outlook;
  struct lines lines;
  size_t count;
  Rectify__V1__EventRow rows[FORECAST_STEPS_MAX], *pointers[FORECAST_STEPS_MAX];
  uint8_t records[FORECAST_STEPS_MAX][EVENT_BODY_BYTES_MAX];
};

/* As people read it, and as programs do: the event that would be recorded. */
static void foretell(void *context, const struct event *event, const struct case_state *after) {
  struct future *future = context;
  must(future->count < FORECAST_STEPS_MAX);
  Rectify__V1__EventRow *row = future->pointers[future->count] = &future->rows[future->count];
  rectify__v1__event_row__init(row);
  row->record.data = future->records[future->count++];
  row->record.len = codec_event_pack(event, row->record.data);
  outlook_event(&future->outlook, event, after);
}

void page_of_next(struct query *query) {
  static struct future future;
  const struct world *world = &query->daemon->store.office->world;
  struct page page;
  if (!query->has_state) return;
  future.count = 0;
  future.lines = (struct lines){0};
  page_begin(query, &page);
  outlook_begin(&future.outlook, world, &query->state, query->zh, add_line, &future.lines);
  case_forecast(world, &query->state, clock_now(), INSTANT_NONE, query->steps, foretell, &future);
  outlook_end(&future.outlook);
  page.page.n_events = future.count;
  page.page.events = future.pointers;
  send_lines(query, &page, &future.lines);
}
