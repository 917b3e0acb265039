/* Requests and replies: every field's bounds from both sides, every way of being malformed that is known, and whether
 * the tables of rules cover the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/codec_internal.h"

static struct codec_arena *arena;
static struct codec_error error;
static struct uuid id;
static bool has_id;

static int arena_set_up(void **state) {
  (void)state;
  arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  return arena == NULL;
}

static int arena_tear_down(void **state) {
  (void)state;
  codec_arena_free(arena);
  return 0;
}

/* ---- good requests to start from ---- */

static uint8_t request_id[16] = {9, 9, 9};
static uint8_t keys[8][16];
static uint8_t hash[32] = {1};
static uint8_t long_bytes[WIRE_FRAME_BYTES_MAX];

static ProtobufCBinaryData text_of(const char *text) {
  return (ProtobufCBinaryData){.len = strlen(text), .data = (uint8_t *)(uintptr_t)text};
}

static ProtobufCBinaryData key_of(size_t index) {
  keys[index][0] = (uint8_t)(index + 1);
  keys[index][6] = 0x70;
  keys[index][8] = 0x80;
  return (ProtobufCBinaryData){.len = 16, .data = keys[index]};
}

struct good {
  Rectify__V1__Request request;
  Rectify__V1__Submit submit;
  Rectify__V1__Finding findings[3], *finding_list[3];
  Rectify__V1__Evidence evidence[2], *evidence_list[2];
  Rectify__V1__Act act;
  Rectify__V1__Command commands[2], *command_list[2];
  Rectify__V1__Query query;
  Rectify__V1__CaseQuery cases;
  Rectify__V1__HistoryQuery history;
  Rectify__V1__LogQuery log;
  Rectify__V1__NoticeQuery notices;
  Rectify__V1__WhyQuery why;
  Rectify__V1__UnitQuery units;
  Rectify__V1__OfficerQuery officers;
  Rectify__V1__Watch watch;
  Rectify__V1__ClockAdvance clock_advance;
  Rectify__V1__Publish publish;
  Rectify__V1__Ping ping;
  Rectify__V1__Post post;
  Rectify__V1__Letter letters[2], *letter_list[2];
  Rectify__V1__Lease lease;
  Rectify__V1__Report report;
  Rectify__V1__LetterReport reports[2], *report_list[2];
  Rectify__V1__UnpostedQuery unposted;
  Rectify__V1__LetterQuery letter_query;
  uint64_t case_numbers[WIRE_PAGE_MAX + 1];
  uint32_t numbers[16];
};

static void good_evidence(struct good *good) {
  for (size_t i = 0; i < 2; i++) {
    good->evidence_list[i] = &good->evidence[i];
    rectify__v1__evidence__init(&good->evidence[i]);
    good->evidence[i].kind = EVIDENCE_MATERIAL;
    good->evidence[i].sha256 = (ProtobufCBinaryData){.len = 32, .data = hash};
    good->evidence[i].name = text_of("照片.jpg");
  }
}

static void good_submit(struct good *good) {
  rectify__v1__submit__init(&good->submit);
  good->submit.n_findings = 3;
  good->submit.findings = good->finding_list;
  for (size_t i = 0; i < 3; i++) {
    Rectify__V1__Finding *finding = good->finding_list[i] = &good->findings[i];
    rectify__v1__finding__init(finding);
    finding->id = key_of(i);
    finding->team = text_of("T7");
    finding->unit = text_of("安监局");
    finding->kind = KIND_PROMINENT;
    finding->severity = SEVERITY_ORDINARY;
    finding->found_on = 20000;
    finding->text = text_of("第一行\nsecond\tline");
    finding->n_evidence = 2;
    finding->evidence = good->evidence_list;
  }
}

static void good_act(struct good *good) {
  rectify__v1__act__init(&good->act);
  good->act.n_commands = 2;
  good->act.commands = good->command_list;
  for (size_t i = 0; i < 2; i++) {
    Rectify__V1__Command *command = good->command_list[i] = &good->commands[i];
    rectify__v1__command__init(command);
    command->id = key_of(i);
    command->command = COMMAND_REASSIGN;
    command->case_no = 1;
    command->n_evidence = 2;
    command->evidence = good->evidence_list;
  }
}

static void good_query(struct good *good) {
  rectify__v1__query__init(&good->query);
  rectify__v1__case_query__init(&good->cases);
  rectify__v1__history_query__init(&good->history);
  good->history.case_no = 1;
  rectify__v1__log_query__init(&good->log);
  rectify__v1__notice_query__init(&good->notices);
  rectify__v1__why_query__init(&good->why);
  good->why.case_no = 1;
  rectify__v1__unit_query__init(&good->units);
  rectify__v1__officer_query__init(&good->officers);
  for (size_t i = 0; i < 16; i++) good->numbers[i] = 1;
  for (size_t i = 0; i <= WIRE_PAGE_MAX; i++) good->case_numbers[i] = i + 1;
  good->cases.case_no = good->case_numbers;
  good->cases.status = good->cases.track = good->cases.light = good->numbers;
}

static void good_others(struct good *good) {
  rectify__v1__watch__init(&good->watch);
  rectify__v1__clock_advance__init(&good->clock_advance);
  rectify__v1__ping__init(&good->ping);
  rectify__v1__publish__init(&good->publish);
  good->publish.id = key_of(0);
  good->publish.document = DOCUMENT_POLICY;
  good->publish.body = text_of("name: x\r\n");
}

static void good_letters(struct good *good) {
  rectify__v1__post__init(&good->post);
  rectify__v1__lease__init(&good->lease);
  rectify__v1__report__init(&good->report);
  rectify__v1__unposted_query__init(&good->unposted);
  rectify__v1__letter_query__init(&good->letter_query);
  good->lease.count = good->lease.seconds = 1;
  good->post.n_letters = good->report.n_reports = 2;
  good->post.letters = good->letter_list;
  good->report.reports = good->report_list;
  for (size_t i = 0; i < 2; i++) {
    Rectify__V1__Letter *letter = good->letter_list[i] = &good->letters[i];
    Rectify__V1__LetterReport *report = good->report_list[i] = &good->reports[i];
    rectify__v1__letter__init(letter);
    letter->id = key_of(i);
    letter->officer = text_of("O1");
    letter->channel = text_of("mail");
    letter->n_notices = 1;
    letter->notices = good->case_numbers;
    rectify__v1__letter_report__init(report);
    report->letter = key_of(i);
    report->attempt = 1;
    report->outcome = DELIVERY_DELIVERED;
  }
}

/* Sets the oneof member whose first field is at `which_case` by the name it has in the schema. */
static void oneof_set(ProtobufCMessage *message, const char *name, const void *member) {
  const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
  assert_non_null(field);
  memcpy((uint8_t *)message + field->quantifier_offset, &field->id, sizeof field->id);
  memcpy((uint8_t *)message + field->offset, &member, sizeof member);
}

/* A request that is right in every field, with the body (and for queries "query.what") of that name. */
static struct good *good_request(const char *body) {
  static struct good good;
  memset(&good, 0, sizeof good);
  rectify__v1__request__init(&good.request);
  good.request.version = WIRE_VERSION;
  good.request.id = (ProtobufCBinaryData){.len = 16, .data = request_id};
  good.request.actor = text_of("O1");
  good_evidence(&good);
  good_submit(&good);
  good_act(&good);
  good_query(&good);
  good_others(&good);
  good_letters(&good);
  const struct {
    const char *body;
    void *message;
  } bodies[] = {
      {"submit", &good.submit}, {"act", &good.act},         {"query", &good.query}, {"watch", &good.watch},
      {"ping", &good.ping},     {"publish", &good.publish}, {"clock_advance", &good.clock_advance},
      {"post", &good.post},     {"lease", &good.lease},     {"report", &good.report},
  }, queries[] = {
      {"cases", &good.cases}, {"history", &good.history}, {"log", &good.log}, {"notices", &good.notices},
      {"why", &good.why},     {"units", &good.units},     {"officers", &good.officers},
      {"unposted", &good.unposted}, {"letters", &good.letter_query},
  };
  const char *dot = strchr(body, '.');
  size_t length = dot != NULL ? (size_t)(dot - body) : strlen(body);
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
    if (strncmp(bodies[i].body, body, length) == 0 && bodies[i].body[length] == '\0')
      oneof_set(&good.request.base, bodies[i].body, bodies[i].message);
  for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
    if (dot != NULL && strcmp(queries[i].body, dot + 1) == 0)
      oneof_set(&good.query.base, queries[i].body, queries[i].message);
  return &good;
}

/* Packs and reads back; what comes out is the error number, 0 for none. */
static int judge(const Rectify__V1__Request *request) {
  size_t length;
  uint8_t *bytes = codec_pack(&request->base, &length);
  assert_non_null(bytes);
  codec_arena_reset(arena);
  memset(&error, 0, sizeof error);
  bool ok = codec_request(arena, bytes, length, &id, &has_id, &error) != NULL;
  free(bytes);
  assert_int_equal(ok, error.code == 0);
  return error.code;
}

/* ---- one field set to something, by its path ---- */

/* Walks `path` from the request; *field and *holder are the last step's. */
static void *path_find(ProtobufCMessage *holder, const char *path, const ProtobufCFieldDescriptor **field,
                       ProtobufCMessage **last) {
  for (;;) {
    size_t length = strcspn(path, ".[");
    char name[64] = {0};
    memcpy(name, path, length);
    *field = protobuf_c_message_descriptor_get_field_by_name(holder->descriptor, name);
    if (*field == NULL) fail_msg("no field %s in %s", name, holder->descriptor->name);
    *last = holder;
    uint8_t *member = (uint8_t *)holder + (*field)->offset;
    path += length;
    if (*path == '[') {
      size_t index = strtoul(path + 1, NULL, 10);
      member = (uint8_t *)(*(ProtobufCMessage ***)(void *)member + index);
      path = strchr(path, ']') + 1;
    }
    if (*path == '\0') return member;
    holder = *(ProtobufCMessage **)(void *)member;
    path++;
  }
}

enum how { BYTES, NUMBER, COUNT, UNKNOWN };

struct row {
  const char *body, *path;
  enum how how;
  int64_t value;    /* the number, the count, the length of bytes or the unknown field's number */
  const char *fill; /* repeated over the bytes; NULL: "a" */
  int code;         /* expected */
};

static void set_bytes(ProtobufCBinaryData *bytes, const struct row *row) {
  const char *fill = row->fill != NULL ? row->fill : "a";
  for (size_t i = 0; i < (size_t)row->value; i++) long_bytes[i] = (uint8_t)fill[i % strlen(fill)];
  *bytes = (ProtobufCBinaryData){.len = (size_t)row->value, .data = long_bytes};
}

static void set_count(ProtobufCMessage *holder, const ProtobufCFieldDescriptor *field, const struct row *row) {
  static void *same[WIRE_SUBMIT_MAX + 1];
  size_t count = (size_t)row->value;
  memcpy((uint8_t *)holder + field->quantifier_offset, &count, sizeof count);
  if (field->type != PROTOBUF_C_TYPE_MESSAGE || count == 0) return;
  void ***list = (void ***)(void *)((uint8_t *)holder + field->offset);
  for (size_t i = 0; i < count; i++) same[i] = (*list)[0];
  *list = same;
}

static void row_apply(struct good *good, const struct row *row) {
  static ProtobufCMessageUnknownField unknown;
  static uint8_t one = 1;
  const ProtobufCFieldDescriptor *field;
  ProtobufCMessage *holder;
  if (row->how == UNKNOWN) {
    holder = row->path[0] == '\0' ? &good->request.base
                                  : *(ProtobufCMessage **)path_find(&good->request.base, row->path, &field, &holder);
    unknown = (ProtobufCMessageUnknownField){.tag = (uint32_t)row->value, .len = 1, .data = &one};
    holder->n_unknown_fields = 1;
    holder->unknown_fields = &unknown;
    return;
  }
  void *member = path_find(&good->request.base, row->path, &field, &holder);
  bool wide = field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_SINT64;
  if (row->how == BYTES) set_bytes(member, row);
  if (row->how == COUNT) set_count(holder, field, row);
  if (row->how == NUMBER && field->label == PROTOBUF_C_LABEL_REPEATED) {
    struct row first = *row;
    first.value = 1;
    set_count(holder, field, &first);
    member = *(void **)member;
  }
  if (row->how == NUMBER) memcpy(member, &row->value, wide ? 8 : 4);
}

#define FIELD FAILURE_FIELD
#define LARGE FAILURE_TOO_LARGE
#define DAYS_MAX_USEC ((DAY_MAX + 1) * 24 * USEC_PER_HOUR)
#define F "submit.findings[1]."
#define C "act.commands[1]."

static const struct row rows[] = {
    {"ping", "version", NUMBER, 0, NULL, FAILURE_VERSION},
    {"ping", "version", NUMBER, 2, NULL, FAILURE_VERSION},
    {"ping", "id", BYTES, 16, NULL, 0},
    {"ping", "id", BYTES, 15, NULL, FIELD},
    {"ping", "id", BYTES, 17, NULL, FIELD},
    {"ping", "id", BYTES, 0, NULL, FIELD},
    {"ping", "actor", BYTES, 0, NULL, FIELD},
    {"ping", "actor", BYTES, 1, NULL, 0},
    {"ping", "actor", BYTES, CODE_BYTES_MAX, NULL, 0},
    {"ping", "actor", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"ping", "actor", BYTES, 4, "a\n", FIELD},
    {"ping", "actor", BYTES, 4, "\xff", FIELD},

    {"submit", "submit.findings", COUNT, 0, NULL, FIELD},
    {"submit", "submit.findings", COUNT, WIRE_SUBMIT_MAX + 1, NULL, LARGE},
    {"submit", F "id", BYTES, 16, "abcdef\x7f#\x80", 0},
    {"submit", F "id", BYTES, 16, "abcdef\x4f#\x80", FIELD}, /* version 4 */
    {"submit", F "id", BYTES, 16, "abcdef\x7f#\xc0", FIELD}, /* another variant */
    {"submit", F "id", BYTES, 15, "abcdef\x7f#\x80", FIELD},
    {"submit", F "id", BYTES, 0, NULL, FIELD},
    {"submit", F "team", BYTES, CODE_BYTES_MAX, NULL, 0},
    {"submit", F "team", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"submit", F "team", BYTES, 0, NULL, 0},
    {"submit", F "inspection", BYTES, CODE_BYTES_MAX, NULL, 0},
    {"submit", F "inspection", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"submit", F "unit", BYTES, 0, NULL, 0}, /* refused by the core, on record */
    {"submit", F "unit", BYTES, CODE_BYTES_MAX, "局", 0},
    {"submit", F "unit", BYTES, CODE_BYTES_MAX - 1, "局", FIELD}, /* ends within a character */
    {"submit", F "unit", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"submit", F "unit", BYTES, 2, "\t", FIELD},
    {"submit", F "kind", NUMBER, 0, NULL, 0},
    {"submit", F "kind", NUMBER, KIND_COUNT, NULL, 0},
    {"submit", F "kind", NUMBER, KIND_COUNT + 1, NULL, FIELD},
    {"submit", F "kind", NUMBER, 64, NULL, FIELD},
    {"submit", F "kind", NUMBER, UINT32_MAX, NULL, FIELD},
    {"submit", F "severity", NUMBER, SEVERITY_COUNT, NULL, 0},
    {"submit", F "severity", NUMBER, SEVERITY_COUNT + 1, NULL, FIELD},
    {"submit", F "category", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"submit", F "code", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"submit", F "found_on", NUMBER, DAY_MIN, NULL, 0},
    {"submit", F "found_on", NUMBER, DAY_MIN - 1, NULL, FIELD},
    {"submit", F "found_on", NUMBER, DAY_MAX, NULL, 0},
    {"submit", F "found_on", NUMBER, DAY_MAX + 1, NULL, FIELD},
    {"submit", F "text", BYTES, TEXT_BYTES_MAX, NULL, 0},
    {"submit", F "text", BYTES, TEXT_BYTES_MAX + 1, NULL, FIELD},
    {"submit", F "text", BYTES, 9, "a\r", FIELD},
    {"submit", F "text", BYTES, 9, "\x1b[", FIELD},
    {"submit", F "text", BYTES, 6, "\xc2\x9b", FIELD}, /* C1: a terminal's escape */
    {"submit", F "evidence", COUNT, EVIDENCE_MAX, NULL, 0},
    {"submit", F "evidence", COUNT, EVIDENCE_MAX + 1, NULL, LARGE},
    {"submit", "submit.findings[0].evidence[1].kind", NUMBER, 0, NULL, FIELD},
    {"submit", "submit.findings[0].evidence[1].kind", NUMBER, EVIDENCE_COUNT + 1, NULL, FIELD},
    {"submit", "submit.findings[0].evidence[1].sha256", BYTES, 31, NULL, FIELD},
    {"submit", "submit.findings[0].evidence[1].sha256", BYTES, 0, NULL, FIELD},
    {"submit", "submit.findings[0].evidence[1].name", BYTES, NAME_BYTES_MAX, NULL, 0},
    {"submit", "submit.findings[0].evidence[1].name", BYTES, NAME_BYTES_MAX + 1, NULL, FIELD},
    {"submit", "submit.findings[0].evidence[1].size", NUMBER, INT64_MAX, NULL, 0},
    {"submit", "submit.findings[0].evidence[1].size", NUMBER, -1, NULL, FIELD},

    {"act", "act.commands", COUNT, 0, NULL, FIELD},
    {"act", "act.commands", COUNT, WIRE_ACT_MAX + 1, NULL, LARGE},
    {"act", C "id", BYTES, 16, NULL, FIELD},
    {"act", C "command", NUMBER, 0, NULL, FIELD},
    {"act", C "command", NUMBER, COMMAND_SUBMIT, NULL, FIELD},
    {"act", C "command", NUMBER, COMMAND_PUBLISH, NULL, FIELD},
    {"act", C "command", NUMBER, COMMAND_DECIDE, NULL, 0},
    {"act", C "command", NUMBER, COMMAND_REBASE + 1, NULL, FIELD},
    {"act", C "case_no", NUMBER, 0, NULL, 0},
    {"act", C "case_no", NUMBER, INT64_MAX, NULL, 0},
    {"act", C "case_no", NUMBER, INT64_MIN, NULL, FIELD},
    {"act", C "text", BYTES, TEXT_BYTES_MAX + 1, NULL, FIELD},
    {"act", C "evidence", COUNT, EVIDENCE_MAX + 1, NULL, LARGE},
    {"act", "act.commands[0].evidence[0].sha256", BYTES, 33, NULL, FIELD},
    {"act", C "unit", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"act", C "officer", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"act", C "verifier", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"act", C "track", NUMBER, TRACK_COUNT, NULL, 0},
    {"act", C "track", NUMBER, TRACK_COUNT + 1, NULL, FIELD},

    {"query.cases", "query.limit", NUMBER, WIRE_PAGE_MAX, NULL, 0},
    {"query.cases", "query.limit", NUMBER, WIRE_PAGE_MAX + 1, NULL, FIELD},
    {"query.cases", "query.cursor", BYTES, WIRE_CURSOR_BYTES_MAX, "\xff", 0},
    {"query.cases", "query.cursor", BYTES, WIRE_CURSOR_BYTES_MAX + 1, NULL, FIELD},
    {"query.cases", "query.cases.case_no", COUNT, WIRE_PAGE_MAX, NULL, 0},
    {"query.cases", "query.cases.case_no", COUNT, WIRE_PAGE_MAX + 1, NULL, LARGE},
    {"query.cases", "query.cases.case_no", NUMBER, 0, NULL, FIELD},
    {"query.cases", "query.cases.unit", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"query.cases", "query.cases.status", COUNT, STATUS_COUNT, NULL, 0},
    {"query.cases", "query.cases.status", COUNT, STATUS_COUNT + 1, NULL, LARGE},
    {"query.cases", "query.cases.status", NUMBER, STATUS_COUNT + 1, NULL, FIELD},
    {"query.cases", "query.cases.track", NUMBER, 0, NULL, 0},
    {"query.cases", "query.cases.track", NUMBER, TRACK_COUNT + 1, NULL, FIELD},
    {"query.cases", "query.cases.light", NUMBER, 0, NULL, FIELD},
    {"query.cases", "query.cases.light", NUMBER, LIGHT_COUNT, NULL, 0},
    {"query.cases", "query.cases.accountable", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"query.cases", "query.cases.due_before", NUMBER, -1, NULL, FIELD},
    {"query.cases", "query.cases.due_before", NUMBER, DAYS_MAX_USEC, NULL, 0},
    {"query.cases", "query.cases.due_before", NUMBER, DAYS_MAX_USEC + 1, NULL, FIELD},
    {"query.cases", "query.cases.order", NUMBER, 1, NULL, 0},
    {"query.cases", "query.cases.order", NUMBER, 2, NULL, FIELD},
    {"query.cases", "query.cases.finding_id", BYTES, 16, NULL, 0},
    {"query.cases", "query.cases.finding_id", BYTES, 1, NULL, FIELD},
    {"query.cases", "query.cases.handler", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"query.history", "query.history.case_no", NUMBER, 0, NULL, FIELD},
    {"query.history", "query.history.case_no", NUMBER, 1, NULL, 0},
    {"query.log", "query.log.from_index", NUMBER, 0, NULL, 0},
    {"query.log", "query.log.from_index", NUMBER, -1, NULL, FIELD},
    {"query.notices", "query.notices.officer", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"query.notices", "query.notices.case_no", NUMBER, -1, NULL, FIELD},
    {"query.why", "query.why.case_no", NUMBER, 0, NULL, FIELD},
    {"query.units", "query.limit", NUMBER, 0, NULL, 0},
    {"query.officers", "query.limit", NUMBER, 1, NULL, 0},

    {"watch", "watch.unit", BYTES, CODE_BYTES_MAX, NULL, 0},
    {"watch", "watch.unit", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"watch", "watch.case_no", NUMBER, -1, NULL, FIELD},
    {"clock_advance", "clock_advance.until", NUMBER, -1, NULL, FIELD},
    {"clock_advance", "clock_advance.until", NUMBER, DAYS_MAX_USEC, NULL, 0},
    {"clock_advance", "clock_advance.until", NUMBER, DAYS_MAX_USEC + 1, NULL, FIELD},
    {"publish", "publish.id", BYTES, 16, NULL, FIELD},
    {"publish", "publish.document", NUMBER, 0, NULL, FIELD},
    {"publish", "publish.document", NUMBER, DOCUMENT_CALENDAR, NULL, 0},
    {"publish", "publish.document", NUMBER, DOCUMENT_CALENDAR + 1, NULL, FIELD},
    {"publish", "publish.file_name", BYTES, NAME_BYTES_MAX, NULL, 0},
    {"publish", "publish.file_name", BYTES, NAME_BYTES_MAX + 1, NULL, FIELD},
    {"publish", "publish.body", BYTES, 0, NULL, FIELD},
    {"publish", "publish.body", BYTES, DOCUMENT_BYTES_MAX, NULL, 0},
    {"publish", "publish.body", BYTES, DOCUMENT_BYTES_MAX + 1, NULL, FIELD},
    {"publish", "publish.body", BYTES, 10, "\xc0\x80", FIELD},
    {"publish", "publish.body", BYTES, 10, "\xe5\xb1", FIELD},

    {"post", "post.letters", COUNT, 0, NULL, FIELD},
    {"post", "post.letters", COUNT, WIRE_POST_MAX, NULL, 0},
    {"post", "post.letters", COUNT, WIRE_POST_MAX + 1, NULL, LARGE},
    {"post", "post.letters[1].id", BYTES, 16, NULL, FIELD},
    {"post", "post.letters[1].officer", BYTES, 0, NULL, FIELD},
    {"post", "post.letters[1].officer", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"post", "post.letters[1].channel", BYTES, 0, NULL, FIELD},
    {"post", "post.letters[1].channel", BYTES, LETTER_CHANNEL_BYTES_MAX, NULL, 0},
    {"post", "post.letters[1].channel", BYTES, LETTER_CHANNEL_BYTES_MAX + 1, NULL, FIELD},
    {"post", "post.letters[1].notices", COUNT, 0, NULL, FIELD},
    {"post", "post.letters[1].notices", COUNT, LETTER_NOTICES_MAX, NULL, 0},
    {"post", "post.letters[1].notices", COUNT, LETTER_NOTICES_MAX + 1, NULL, LARGE},
    {"post", "post.letters[0].notices", NUMBER, -1, NULL, FIELD},
    {"post", "post.letters[1].subject", BYTES, LETTER_SUBJECT_BYTES_MAX, NULL, 0},
    {"post", "post.letters[1].subject", BYTES, LETTER_SUBJECT_BYTES_MAX + 1, NULL, FIELD},
    {"post", "post.letters[1].subject", BYTES, 9, "a\n", FIELD}, /* a header of its own */
    {"post", "post.letters[1].body", BYTES, LETTER_BODY_BYTES_MAX, NULL, 0},
    {"post", "post.letters[1].body", BYTES, LETTER_BODY_BYTES_MAX + 1, NULL, FIELD},
    {"post", "post.letters[1].html", BYTES, LETTER_HTML_BYTES_MAX, NULL, 0},
    {"post", "post.letters[1].html", BYTES, LETTER_HTML_BYTES_MAX + 1, NULL, FIELD},
    {"post", "post.letters[1].language", BYTES, LETTER_LANGUAGE_BYTES_MAX + 1, NULL, FIELD},
    {"post", "post.letters[1].not_before", NUMBER, -1, NULL, FIELD},
    {"post", "post.letters[1].not_before", NUMBER, DAYS_MAX_USEC + 1, NULL, FIELD},
    {"lease", "lease.count", NUMBER, 0, NULL, FIELD},
    {"lease", "lease.count", NUMBER, LEASE_LETTERS_MAX, NULL, 0},
    {"lease", "lease.count", NUMBER, LEASE_LETTERS_MAX + 1, NULL, FIELD},
    {"lease", "lease.seconds", NUMBER, 0, NULL, FIELD},
    {"lease", "lease.seconds", NUMBER, LEASE_SECONDS_MAX + 1, NULL, FIELD},
    {"lease", "lease.channel", BYTES, LETTER_CHANNEL_BYTES_MAX + 1, NULL, FIELD},
    {"report", "report.reports", COUNT, 0, NULL, FIELD},
    {"report", "report.reports", COUNT, WIRE_POST_MAX + 1, NULL, LARGE},
    {"report", "report.reports[1].letter", BYTES, 16, NULL, FIELD},
    {"report", "report.reports[1].attempt", NUMBER, 0, NULL, FIELD},
    {"report", "report.reports[1].outcome", NUMBER, 0, NULL, FIELD},
    {"report", "report.reports[1].outcome", NUMBER, DELIVERY_ACKNOWLEDGED, NULL, 0},
    {"report", "report.reports[1].outcome", NUMBER, DELIVERY_EXPIRED, NULL, FIELD}, /* the daemon's to say */
    {"report", "report.reports[1].answer", BYTES, LETTER_ANSWER_BYTES_MAX, NULL, 0},
    {"report", "report.reports[1].answer", BYTES, LETTER_ANSWER_BYTES_MAX + 1, NULL, FIELD},
    {"report", "report.reports[1].answer", BYTES, 9, "\x1b[", FIELD},
    {"report", "report.reports[1].retry_at", NUMBER, -1, NULL, FIELD},
    {"query.letters", "query.letters.officer", BYTES, CODE_BYTES_MAX + 1, NULL, FIELD},
    {"query.letters", "query.letters.state", NUMBER, LETTER_STATE_COUNT, NULL, 0},
    {"query.letters", "query.letters.state", NUMBER, LETTER_STATE_COUNT + 1, NULL, FIELD},
    {"query.letters", "query.letters.id", BYTES, 15, NULL, FIELD},

    {"ping", "", UNKNOWN, 99, NULL, FIELD},
    {"ping", "ping", UNKNOWN, 1, NULL, FIELD},
    {"submit", "submit", UNKNOWN, 2, NULL, FIELD},
    {"submit", "submit.findings[2]", UNKNOWN, 99, NULL, FIELD},
    {"submit", "submit.findings[0].evidence[0]", UNKNOWN, 536870911, NULL, FIELD},
    {"act", "act", UNKNOWN, 99, NULL, FIELD},
    {"act", "act.commands[0]", UNKNOWN, 99, NULL, FIELD},
    {"query.cases", "query", UNKNOWN, 99, NULL, FIELD},
    {"query.cases", "query.cases", UNKNOWN, 99, NULL, FIELD},
    {"query.units", "query.units", UNKNOWN, 99, NULL, FIELD},
    {"query.officers", "query.officers", UNKNOWN, 99, NULL, FIELD},
    {"watch", "watch", UNKNOWN, 99, NULL, FIELD},
    {"publish", "publish", UNKNOWN, 99, NULL, FIELD},
    {"clock_advance", "clock_advance", UNKNOWN, 99, NULL, FIELD},
};

/* An item's path ends with "[n]" in the error where the row sets a repeated number. */
static void test_every_bound(void **state) {
  (void)state;
  for (const struct row *row = rows; row < rows + sizeof rows / sizeof rows[0]; row++) {
    struct good *good = good_request(row->body);
    row_apply(good, row);
    int code = judge(&good->request);
    bool named = code == 0 || strncmp(error.field, row->path, strlen(row->path)) == 0;
    if (code != row->code || !named)
      fail_msg("%s (row %d): error %d at \"%s\": %s; expected %d", row->path, (int)(row - rows), code, error.field,
               error.text, row->code);
    if (row->how == UNKNOWN) assert_non_null(strstr(error.text, "unknown field"));
  }
}

static void test_good_requests_pass(void **state) {
  (void)state;
  const char *bodies[] = {"submit",    "act",       "watch",       "ping",          "publish",    "clock_advance",
                          "query.log", "query.why", "query.cases", "query.history", "query.units", "query.officers",
                          "query.notices", "post",      "lease",       "report",        "query.unposted", "query.letters"};
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    assert_int_equal(judge(&good_request(bodies[i])->request), 0);
    assert_true(has_id);
    assert_memory_equal(id.bytes, request_id, 16);
  }
}

static void test_a_body_is_needed(void **state) {
  (void)state;
  assert_int_equal(judge(&good_request("none")->request), FAILURE_FIELD);
  assert_string_equal(error.field, "body");
  assert_int_equal(judge(&good_request("query")->request), FAILURE_FIELD);
  assert_string_equal(error.field, "query.what");
}

static void test_version_is_judged_before_unknown_fields(void **state) {
  (void)state;
  struct good *good = good_request("ping");
  row_apply(good, &(struct row){"ping", "", UNKNOWN, 99, NULL, 0});
  good->request.version = 2;
  assert_int_equal(judge(&good->request), FAILURE_VERSION);
}

static void test_the_same_id_twice(void **state) {
  (void)state;
  struct good *good = good_request("submit");
  good->findings[2].id = good->findings[0].id;
  assert_int_equal(judge(&good->request), FAILURE_FIELD);
  assert_string_equal(error.field, "submit.findings[2].id");
  assert_non_null(strstr(error.text, "submit.findings[0]"));
  good = good_request("act");
  good->commands[1].id = good->commands[0].id;
  assert_int_equal(judge(&good->request), FAILURE_FIELD);
  assert_string_equal(error.field, "act.commands[1].id");
}

/* The full number of different ids, all in one hash bucket as an attacker would choose them, passes. */
static void test_many_ids_of_one_bucket(void **state) {
  (void)state;
  static Rectify__V1__Command commands[WIRE_ACT_MAX], *list[WIRE_ACT_MAX];
  static uint8_t ids[WIRE_ACT_MAX][16];
  struct good *good = good_request("act");
  for (size_t i = 0; i < WIRE_ACT_MAX; i++) {
    list[i] = &commands[i];
    commands[i] = good->commands[0];
    ids[i][6] = 0x70;
    ids[i][8] = 0x80;
    ids[i][0] = ids[i][8 + 0] ^ (uint8_t)(i & 0x3f);
    ids[i][1] = ids[i][9] = (uint8_t)i;
    ids[i][2] = ids[i][10] = (uint8_t)(i >> 8);
    commands[i].id = (ProtobufCBinaryData){.len = 16, .data = ids[i]};
  }
  good->act.commands = list;
  good->act.n_commands = WIRE_ACT_MAX;
  assert_int_equal(judge(&good->request), 0);
  memcpy(ids[WIRE_ACT_MAX - 1], ids[7], 16);
  assert_int_equal(judge(&good->request), FAILURE_FIELD);
  assert_string_equal(error.field, "act.commands[499].id");
  assert_string_equal(error.text, "the same id as act.commands[7]");
}

/* ---- bytes that are no request ---- */

static int judge_bytes(const void *bytes, size_t length) {
  codec_arena_reset(arena);
  memset(&error, 0, sizeof error);
  bool ok = codec_request(arena, bytes, length, &id, &has_id, &error) != NULL;
  assert_int_equal(ok, error.code == 0);
  return error.code;
}

static void test_truncated_anywhere(void **state) {
  (void)state;
  size_t length;
  uint8_t *bytes = codec_pack(&good_request("submit")->request.base, &length);
  assert_int_equal(judge_bytes(bytes, length), 0);
  for (size_t cut = 0; cut < length; cut++) {
    uint8_t *exact = malloc(cut + 1); /* so that a sanitizer sees reading on */
    memcpy(exact, bytes, cut);
    assert_int_not_equal(judge_bytes(exact, cut), 0);
    if (cut >= 20) assert_true(has_id);
    free(exact);
  }
  free(bytes);
}

static uint64_t random_state = 1;

static uint32_t random_next(void) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(random_state >> 33);
}

static void test_changed_and_random_bytes(void **state) {
  (void)state;
  size_t length;
  uint8_t *bytes = codec_pack(&good_request("submit")->request.base, &length);
  uint8_t *changed = malloc(length);
  for (unsigned round = 0; round < 20000; round++) {
    memcpy(changed, bytes, length);
    for (unsigned i = 0; i <= round % 4; i++) changed[random_next() % length] = (uint8_t)random_next();
    judge_bytes(changed, length);
    for (size_t i = 0; i < length; i++) changed[i] = (uint8_t)random_next();
    judge_bytes(changed, random_next() % length);
  }
  free(changed);
  free(bytes);
}

static void test_id_is_recovered_from_a_broken_request(void **state) {
  (void)state;
  uint8_t bytes[32] = {0x08, 1, 0x12, 16};
  memcpy(bytes + 4, "0123456789abcdef", 16);
  bytes[20] = 0x52; /* submit, ... */
  bytes[21] = 200;  /* ... longer than the frame */
  assert_int_equal(judge_bytes(bytes, sizeof bytes), FAILURE_MALFORMED);
  assert_true(has_id);
  assert_memory_equal(id.bytes, "0123456789abcdef", 16);
  bytes[3] = 15; /* an id of the wrong length is none */
  assert_int_equal(judge_bytes(bytes, sizeof bytes), FAILURE_MALFORMED);
  assert_false(has_id);
  assert_int_equal(judge_bytes("\xff\xff\xff", 3), FAILURE_MALFORMED);
  assert_false(has_id);
}

/* Field number 0 is none, whether the library or the walk says so. */
static void test_tag_0_is_refused(void **state) {
  (void)state;
  size_t length;
  uint8_t *bytes = codec_pack(&good_request("ping")->request.base, &length), *longer = malloc(length + 2);
  memcpy(longer, bytes, length);
  longer[length] = longer[length + 1] = 0;
  assert_int_not_equal(judge_bytes(longer, length + 2), 0);
  free(longer);
  free(bytes);
}

/* Two bodies: protobuf says that the last one counts. */
static void test_two_bodies(void **state) {
  (void)state;
  size_t length, second_length;
  uint8_t *bytes = codec_pack(&good_request("submit")->request.base, &length);
  uint8_t *second = codec_pack(&good_request("ping")->request.base, &second_length);
  uint8_t *both = malloc(length + second_length);
  memcpy(both, bytes, length);
  memcpy(both + length, second, second_length);
  codec_arena_reset(arena);
  Rectify__V1__Request *request = codec_request(arena, both, length + second_length, &id, &has_id, &error);
  assert_non_null(request);
  assert_int_equal(request->body_case, RECTIFY__V1__REQUEST__BODY_PING);
  free(both);
  free(second);
  free(bytes);
}

/* A frame of empty findings would take fifty times its size; the arena stops it.  The next message is read as if
 * nothing had been. */
static void test_memory_is_bounded(void **state) {
  (void)state;
  const size_t length = WIRE_FRAME_BYTES_MAX, body = length - 26; /* even */
  uint8_t *bytes = calloc(1, length);
  const uint8_t head[] = {0x08, 1, 0x12, 16};
  memcpy(bytes, head, sizeof head);
  bytes[20] = 0x52; /* submit: a varint of four bytes holds its length */
  for (unsigned i = 0; i < 4; i++) bytes[21 + i] = (uint8_t)((body >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
  for (size_t i = 25; i < 25 + body; i += 2) bytes[i] = 0x0a;
  assert_int_equal(judge_bytes(bytes, 25 + body), FAILURE_TOO_LARGE);
  assert_true(has_id);
  assert_true(arena->used <= arena->bytes_max);
  free(bytes);
  assert_int_equal(judge(&good_request("ping")->request), 0);
}

static void test_a_frame_has_a_bound(void **state) {
  (void)state;
  uint8_t *bytes = calloc(1, WIRE_FRAME_BYTES_MAX + 1);
  assert_int_equal(judge_bytes(bytes, WIRE_FRAME_BYTES_MAX + 1), FAILURE_TOO_LARGE);
  free(bytes);
}

/* ---- replies ---- */

static Rectify__V1__Reply *reply_read(const Rectify__V1__Reply *reply) {
  size_t length;
  uint8_t *bytes = codec_pack(&reply->base, &length);
  codec_arena_reset(arena);
  Rectify__V1__Reply *out = codec_reply(arena, bytes, length, &error);
  free(bytes);
  return out;
}

static void test_replies(void **state) {
  (void)state;
  Rectify__V1__Pong pong = RECTIFY__V1__PONG__INIT;
  Rectify__V1__Head head = RECTIFY__V1__HEAD__INIT;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  ProtobufCMessageUnknownField unknown = {.tag = 99, .len = 1, .data = hash};
  reply.version = WIRE_VERSION;
  reply.id = (ProtobufCBinaryData){.len = 16, .data = request_id};
  assert_null(reply_read(&reply)); /* no body */
  reply.body_case = RECTIFY__V1__REPLY__BODY_PONG;
  reply.pong = &pong;
  pong.base.n_unknown_fields = 1; /* of a later minor version */
  pong.base.unknown_fields = &unknown;
  assert_non_null(reply_read(&reply));
  pong.head = &head;
  head.root = (ProtobufCBinaryData){.len = 31, .data = hash};
  assert_null(reply_read(&reply));
  assert_string_equal(error.field, "pong.head.root");
  head.root.len = 32;
  assert_non_null(reply_read(&reply));
  reply.id.len = 15;
  assert_null(reply_read(&reply));
  reply.id.len = 16;
  reply.version = 2;
  assert_null(reply_read(&reply));
  assert_int_equal(error.code, FAILURE_VERSION);
}

/* ---- texts ---- */

static void test_texts(void **state) {
  (void)state;
  const struct {
    const char *text;
    size_t length;
    bool ok;
  } texts[] = {
      {"", 0, true},
      {"a\tb\nc", 5, true},
      {"12345678a", 9, true},
      {"1234567\x7f", 8, false},
      {"1234567\x1f", 8, false},
      {"\x1f", 1, false},
      {"1234567\r", 8, false},
      {"a\0b", 3, false},
      {"12345\0" "78", 8, false},
      {"\xc0\x80", 2, false},          /* overlong NUL */
      {"\xc1\xbf", 2, false},
      {"\xc2\xa0", 2, true},           /* the first after C1 */
      {"\xc2\x80", 2, false},
      {"\xc2\x9f", 2, false},
      {"\xe0\x9f\xbf", 3, false},
      {"\xe0\xa0\x80", 3, true},
      {"\xed\x9f\xbf", 3, true},
      {"\xed\xa0\x80", 3, false},      /* surrogate */
      {"\xf0\x8f\xbf\xbf", 4, false},
      {"\xf0\x90\x80\x80", 4, true},
      {"\xf4\x8f\xbf\xbf", 4, true},
      {"\xf4\x90\x80\x80", 4, false},
      {"\xf5\x80\x80\x80", 4, false},
      {"\x80", 1, false},
      {"\xe5\xb1", 2, false},
      {"\xe5\xb1\x41", 3, false},
      {"\xff", 1, false},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (codec_text_ok(texts[i].text, texts[i].length) != texts[i].ok) fail_msg("text %zu", i);
  assert_true(codec_utf8_ok("a\r\x1b\xc2\x80", 5));
  assert_false(codec_utf8_ok("a\0", 2));
  assert_false(codec_line_ok("a\n", 2));
}

/* Every byte in every place of a word: the fast path agrees with the slow one. */
static void test_eight_bytes_at_once(void **state) {
  (void)state;
  for (unsigned place = 0; place < 8; place++)
    for (unsigned byte = 0; byte < 0x80; byte++) {
      char text[8];
      memset(text, ' ', sizeof text);
      text[place] = (char)byte;
      bool alone = codec_text_ok(text + place, 1);
      assert_int_equal(codec_text_ok(text, 8), alone);
    }
}

/* ---- the tables and the schema ---- */

/* Every message reachable has rules for each field, under its name; no type lies within itself. */
static void schema_walk(const ProtobufCMessageDescriptor *message, unsigned depth, uint64_t *seen) {
  const struct message_rule *rule = codec_rule_of(&codec_request_rules, message);
  if (rule == NULL) fail_msg("no rules for %s", message->name);
  assert_true(depth < 5);
  assert_int_equal(rule->field_count, message->n_fields);
  *seen |= UINT64_C(1) << (rule - codec_request_rules.messages);
  for (unsigned i = 0; i < message->n_fields; i++) {
    assert_string_equal(rule->fields[i].name, message->fields[i].name);
    if (message->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) schema_walk(message->fields[i].descriptor, depth + 1, seen);
  }
}

static void test_rules_cover_the_schema(void **state) {
  (void)state;
  uint64_t seen = 0;
  schema_walk(&rectify__v1__request__descriptor, 0, &seen);
  assert_true(codec_request_rules.message_count < 64);
  assert_true(seen == (UINT64_C(1) << codec_request_rules.message_count) - 1);
  for (uint32_t i = 0; i < codec_reply_rules.message_count; i++) {
    const struct message_rule *rule = &codec_reply_rules.messages[i];
    assert_int_equal(rule->field_count, rule->message->n_fields);
    for (uint32_t k = 0; k < rule->field_count; k++)
      assert_string_equal(rule->fields[k].name, rule->message->fields[k].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_requests_pass),
      cmocka_unit_test(test_every_bound),
      cmocka_unit_test(test_a_body_is_needed),
      cmocka_unit_test(test_version_is_judged_before_unknown_fields),
      cmocka_unit_test(test_the_same_id_twice),
      cmocka_unit_test(test_many_ids_of_one_bucket),
      cmocka_unit_test(test_truncated_anywhere),
      cmocka_unit_test(test_changed_and_random_bytes),
      cmocka_unit_test(test_id_is_recovered_from_a_broken_request),
      cmocka_unit_test(test_tag_0_is_refused),
      cmocka_unit_test(test_two_bodies),
      cmocka_unit_test(test_memory_is_bounded),
      cmocka_unit_test(test_a_frame_has_a_bound),
      cmocka_unit_test(test_replies),
      cmocka_unit_test(test_texts),
      cmocka_unit_test(test_eight_bytes_at_once),
      cmocka_unit_test(test_rules_cover_the_schema),
  };
  return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
