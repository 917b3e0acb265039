/* codec_rules.c - what each field of each message must be, as tables: one row a field, in the order of the schema.
 *
 * tests/unit/test_codec.c walks the schema's descriptors and fails when a field has no row here, or a row no field.
 * Rows say what the wire forbids; what the rules of the domain forbid (an empty unit, a missing kind) passes here and is
 * refused, on record, by the core. */
#include "proto/codec_internal.h"
#include "proto/codec_numbers.h"

#define INSTANT_MAX (((int64_t)DAY_MAX + 1) * 24 * USEC_PER_HOUR)
#define COMMANDS_OF_ACT                                                                             \
  ((NUMBERS_COMMAND & (NUMBER_BIT(COMMAND_PUBLISH) - 1) & ~NUMBER_BIT(COMMAND_SUBMIT)) |            \
   NUMBER_BIT(COMMAND_ERASE_ASK) | NUMBER_BIT(COMMAND_ERASE) | NUMBER_BIT(COMMAND_RESTRICT) | NUMBER_BIT(COMMAND_UNRESTRICT))
#define DOCUMENTS (NUMBER_BIT(DOCUMENT_REGISTRY) | NUMBER_BIT(DOCUMENT_POLICY) | NUMBER_BIT(DOCUMENT_CALENDAR))

#define ANY(field) {.name = #field, .check = CHECK_FREE, .count_max = UINT32_MAX}
#define ID(field) {.name = #field, .check = CHECK_ID}
#define ID_OR_NONE(field) {.name = #field, .check = CHECK_ID_OR_NONE}
#define KEY(field) {.name = #field, .check = CHECK_KEY}
#define HASH(field) {.name = #field, .check = CHECK_HASH}
#define EXACT_OR_NONE(field, size) {.name = #field, .check = CHECK_EXACT_OR_NONE, .max = (size)}
#define BYTES(field, high) {.name = #field, .check = CHECK_BYTES, .max = (high)}
#define LINE(field, low, high) {.name = #field, .check = CHECK_LINE, .min = (low), .max = (high)}
#define CODE(field) LINE(field, 0, CODE_BYTES_MAX)
#define TEXT(field, high) {.name = #field, .check = CHECK_TEXT, .max = (high)}
#define FILE_BODY(field) {.name = #field, .check = CHECK_DOCUMENT, .min = 1, .max = DOCUMENT_BYTES_MAX}
#define NUMBER(field, numbers) {.name = #field, .check = CHECK_NUMBER, .known = (numbers)}
#define NUMBERS(field, numbers, most) {.name = #field, .check = CHECK_NUMBER, .known = (numbers), .count_max = (most)}
#define RANGE(field, low, high) {.name = #field, .check = CHECK_RANGE, .min = (low), .max = (high)}
#define RANGES(field, low, high, most) \
  {.name = #field, .check = CHECK_RANGE, .min = (low), .max = (high), .count_max = (most)}
#define MESSAGE(field) {.name = #field, .check = CHECK_MESSAGE}
#define MESSAGES(field, least, most) \
  {.name = #field, .check = CHECK_MESSAGE, .count_min = (least), .count_max = (most)}

static const struct field_rule request[] = {
    RANGE(version, WIRE_VERSION, WIRE_VERSION),
    ID(id),
    LINE(actor, 1, CODE_BYTES_MAX),
    MESSAGE(submit),
    MESSAGE(act),
    MESSAGE(query),
    MESSAGE(watch),
    MESSAGE(clock_advance),
    MESSAGE(publish),
    MESSAGE(ping),
    MESSAGE(key_change),
    MESSAGE(cosign),
    MESSAGE(post),
    MESSAGE(lease),
    MESSAGE(report),
    MESSAGE(upload),
    MESSAGE(part),
};
static const struct field_rule submit[] = {MESSAGES(findings, 1, WIRE_SUBMIT_MAX)};
static const struct field_rule finding[] = {
    KEY(id),
    CODE(team),
    CODE(inspection),
    CODE(unit),
    NUMBER(kind, NUMBERS_KIND | OR_NONE),
    NUMBER(severity, NUMBERS_SEVERITY | OR_NONE),
    CODE(category),
    CODE(code),
    RANGE(found_on, DAY_MIN, DAY_MAX),
    TEXT(text, TEXT_BYTES_MAX),
    MESSAGES(evidence, 0, EVIDENCE_MAX),
    EXACT_OR_NONE(signature, SIGNATURE_BYTES),
    EXACT_OR_NONE(signer, CLIENT_KEY_BYTES),
};
static const struct field_rule evidence[] = {
    NUMBER(kind, NUMBERS_EVIDENCE),
    HASH(sha256),
    LINE(name, 0, NAME_BYTES_MAX),
    RANGE(size, 0, INT64_MAX),
    RANGE(measure, 0, MEASURES_MAX),
};
static const struct field_rule act[] = {MESSAGES(commands, 1, WIRE_ACT_MAX), ANY(preview)};
static const struct field_rule command[] = {
    KEY(id),
    NUMBER(command, COMMANDS_OF_ACT),
    RANGE(case_no, 0, INT64_MAX),
    TEXT(text, TEXT_BYTES_MAX),
    MESSAGES(evidence, 0, EVIDENCE_MAX),
    CODE(unit),
    CODE(officer),
    CODE(verifier),
    NUMBER(track, NUMBERS_TRACK | OR_NONE),
    RANGE(days, 0, WORKDAYS_MAX),
    RANGE(day, DAY_MIN, DAY_MAX),
    CODE(number),
    NUMBER(form, NUMBERS_FORM | OR_NONE),
    RANGE(other, 0, INT64_MAX),
    RANGE(measures, 0, MEASURES_MAX),
};
static const struct field_rule publish[] = {
    KEY(id),
    NUMBER(document, DOCUMENTS),
    LINE(file_name, 0, NAME_BYTES_MAX),
    FILE_BODY(body),
};
static const struct field_rule key_change[] = {
    KEY(id),
    ANY(revoke),
    HASH(public_key),
    CODE(officer),
    RANGE(valid_from, DAY_MIN, DAY_MAX),
    RANGE(valid_until, DAY_MIN, DAY_MAX),
    TEXT(text, TEXT_BYTES_MAX),
    RANGE(kind, KEY_TO_CONNECT, KEY_TO_SIGN),
};
static const struct field_rule cosign[] = {RANGE(size, 0, INT64_MAX), TEXT(line, COSIGNATURE_BYTES_MAX)};
static const struct field_rule upload[] = {HASH(sha256), RANGE(size, 0, INT64_MAX)};
static const struct field_rule part[] = {HASH(sha256), RANGE(n, 0, CONTENT_CHUNKS_MAX - 1),
                                         {.name = "bytes", .check = CHECK_BYTES, .min = 1, .max = CONTENT_CHUNK_BYTES}};
static const struct field_rule query[] = {
    RANGE(limit, 0, WIRE_PAGE_MAX),
    BYTES(cursor, WIRE_CURSOR_BYTES_MAX),
    RANGE(as_of, 0, INSTANT_MAX),
    RANGE(known_at, 0, INT64_MAX),
    MESSAGE(cases),
    MESSAGE(history),
    MESSAGE(log),
    MESSAGE(notices),
    MESSAGE(why),
    MESSAGE(units),
    MESSAGE(officers),
    MESSAGE(next),
    MESSAGE(documents),
    MESSAGE(keys),
    MESSAGE(checkpoints),
    MESSAGE(proof),
    MESSAGE(stored),
    MESSAGE(unposted),
    MESSAGE(letters),
    MESSAGE(evidence),
    MESSAGE(content),
    MESSAGE(ledger),
};
static const struct field_rule case_query[] = {
    RANGES(case_no, 1, INT64_MAX, WIRE_PAGE_MAX),
    CODE(unit),
    NUMBERS(status, NUMBERS_STATUS, STATUS_COUNT),
    NUMBERS(track, NUMBERS_TRACK | OR_NONE, TRACK_COUNT + 1),
    NUMBERS(light, NUMBERS_LIGHT, LIGHT_COUNT),
    CODE(accountable),
    ANY(open_only),
    RANGE(due_before, 0, INSTANT_MAX),
    RANGE(order, 0, 1),
    ANY(with_text),
    ANY(with_state),
    ID_OR_NONE(finding_id),
    CODE(handler),
    NUMBERS(kind, NUMBERS_KIND, KIND_COUNT),
    NUMBERS(severity, NUMBERS_SEVERITY, SEVERITY_COUNT),
    CODE(inspection),
    CODE(category),
    CODE(team),
    RANGE(parent, 0, INT64_MAX),
    RANGE(flags, 0, UINT32_MAX),
    {.name = "words", .check = CHECK_LINE, .min = 1, .max = CODE_BYTES_MAX, .count_max = SEARCH_WORDS_MAX},
    ANY(with_facts),
};
static const struct field_rule history_query[] = {RANGE(case_no, 1, INT64_MAX)};
static const struct field_rule log_query[] = {RANGE(from_index, 0, INT64_MAX), ANY(with_stored), ANY(readable)};
static const struct field_rule stored_query[] = {RANGE(part, 0, 3)};
static const struct field_rule notice_query[] = {CODE(officer), RANGE(case_no, 0, INT64_MAX)};
static const struct field_rule why_query[] = {RANGE(case_no, 1, INT64_MAX), ANY(zh)};
static const struct field_rule next_query[] = {RANGE(case_no, 1, INT64_MAX), ANY(zh), RANGE(steps, 0, FORECAST_STEPS_MAX)};
static const struct field_rule document_query[] = {NUMBER(document, DOCUMENTS), RANGE(version, 0, INT32_MAX)};
static const struct field_rule checkpoint_query[] = {RANGE(from_size, 0, INT64_MAX)};
static const struct field_rule proof_query[] = {
    RANGE(log_index, 0, INT64_MAX),
    RANGE(case_no, 0, INT64_MAX),
    RANGE(old_size, 0, INT64_MAX),
    RANGE(size, 0, INT64_MAX),
};
static const struct field_rule key_query[] = {CODE(officer)};
static const struct field_rule letter_query[] = {
    CODE(officer),
    RANGE(case_no, 0, INT64_MAX),
    NUMBER(state, NUMBERS_LETTER_STATE | OR_NONE),
    ID_OR_NONE(id),
    ANY(with_body),
};
static const struct field_rule letter[] = {
    KEY(id),
    LINE(officer, 1, CODE_BYTES_MAX),
    LINE(channel, 1, LETTER_CHANNEL_BYTES_MAX),
    {.name = "notices", .check = CHECK_RANGE, .max = INT64_MAX, .count_min = 1, .count_max = LETTER_NOTICES_MAX},
    LINE(subject, 0, LETTER_SUBJECT_BYTES_MAX),
    TEXT(body, LETTER_BODY_BYTES_MAX),
    TEXT(html, LETTER_HTML_BYTES_MAX),
    LINE(language, 0, LETTER_LANGUAGE_BYTES_MAX),
    ANY(urgent),
    RANGE(not_before, 0, INSTANT_MAX),
};
static const struct field_rule post[] = {MESSAGES(letters, 1, WIRE_POST_MAX), RANGE(size, 0, INT64_MAX)};
static const struct field_rule lease[] = {
    RANGE(count, 1, LEASE_LETTERS_MAX),
    RANGE(seconds, 1, LEASE_SECONDS_MAX),
    LINE(channel, 0, LETTER_CHANNEL_BYTES_MAX),
};
static const struct field_rule report[] = {MESSAGES(reports, 1, WIRE_POST_MAX)};
static const struct field_rule letter_report[] = {
    KEY(letter),
    RANGE(attempt, 1, INT32_MAX),
    NUMBER(outcome, NUMBERS_REPORTED),
    TEXT(answer, LETTER_ANSWER_BYTES_MAX),
    RANGE(retry_at, 0, INSTANT_MAX),
};
static const struct field_rule evidence_query[] = {RANGE(case_no, 1, INT64_MAX)};
static const struct field_rule content_query[] = {RANGE(case_no, 1, INT64_MAX), HASH(sha256)};
static const struct field_rule ledger_query[] = {
    RANGE(part, 0, 2),
    RANGES(case_no, 1, INT64_MAX, WIRE_PAGE_MAX),
    RANGES(version, 1, INT32_MAX, WIRE_PAGE_MAX),
    RANGE(from, 0, INSTANT_MAX),
    RANGE(until, 0, INSTANT_MAX),
    CODE(unit),
    CODE(officer),
    RANGE(order_year, 0, INT32_MAX),
    RANGE(order_serial, 0, INT32_MAX),
};
static const struct field_rule watch[] = {ANY(stop), CODE(unit), RANGE(case_no, 0, INT64_MAX)};
static const struct field_rule clock_advance[] = {RANGE(until, 0, INSTANT_MAX)};

#define RULES(Type, rows) \
  {.message = &rectify__v1__##Type##__descriptor, .fields = (rows), .field_count = sizeof(rows) / sizeof((rows)[0])}
#define RULES_EMPTY(Type) {.message = &rectify__v1__##Type##__descriptor}
#define RULES_ONEOF(Type, Name, rows, which)                                                          \
  {                                                                                                   \
    .message = &rectify__v1__##Type##__descriptor, .fields = (rows),                                  \
    .field_count = sizeof(rows) / sizeof((rows)[0]), .oneof = #which,                                 \
    .oneof_offset = offsetof(Rectify__V1__##Name, which##_case)                                       \
  }

static const struct message_rule requests[] = {
    RULES(finding, finding), /* the frequent ones first */
    RULES(command, command),
    RULES(evidence, evidence),
    RULES_ONEOF(request, Request, request, body),
    RULES(submit, submit),
    RULES(act, act),
    RULES(publish, publish),
    RULES(key_change, key_change),
    RULES(cosign, cosign),
    RULES(upload, upload),
    RULES(part, part),
    RULES_ONEOF(query, Query, query, what),
    RULES(case_query, case_query),
    RULES(history_query, history_query),
    RULES(log_query, log_query),
    RULES(stored_query, stored_query),
    RULES(notice_query, notice_query),
    RULES(why_query, why_query),
    RULES(next_query, next_query),
    RULES(document_query, document_query),
    RULES(key_query, key_query),
    RULES(checkpoint_query, checkpoint_query),
    RULES(proof_query, proof_query),
    RULES(evidence_query, evidence_query),
    RULES(content_query, content_query),
    RULES(ledger_query, ledger_query),
    RULES_EMPTY(unit_query),
    RULES_EMPTY(officer_query),
    RULES_EMPTY(unposted_query),
    RULES(letter_query, letter_query),
    RULES(post, post),
    RULES(letter, letter),
    RULES(lease, lease),
    RULES(report, report),
    RULES(letter_report, letter_report),
    RULES(watch, watch),
    RULES(clock_advance, clock_advance),
    RULES_EMPTY(ping),
};

const struct rule_set codec_request_rules = {
    .messages = requests,
    .message_count = sizeof requests / sizeof requests[0],
};

/* Of a reply only what clients copy by its size: ids and hashes.  A body of a later version may be unknown here. */
static const struct field_rule reply[] = {
    RANGE(version, WIRE_VERSION, WIRE_VERSION),
    ID(id),
    MESSAGE(outcomes),
    MESSAGE(page),
    MESSAGE(pong),
    ANY(error),
    MESSAGE(push),
    MESSAGE(letters),
    MESSAGE(leased),
    ANY(uploaded),
};
static const struct field_rule outcomes[] = {MESSAGES(outcomes, 0, UINT32_MAX), ANY(preview)};
static const struct field_rule outcome[] = {ID(id), MESSAGE(receipt), ANY(refusal), ANY(error)};
static const struct field_rule receipt[] = {
    ANY(case_no),  ANY(event_number), ANY(log_index), ANY(rule), ANY(recorded), ANY(repeated),         MESSAGE(head),
    ANY(status),   ANY(track),        ANY(due),       ANY(due_text), ANY(provisional), ANY(document_version),
    ANY(order),    ANY(record),       ANY(proof),
};
static const struct field_rule head[] = {ANY(size), HASH(root), ANY(epoch), ANY(note)};
static const struct field_rule page[] = {
    ANY(next_cursor), MESSAGE(head), ANY(now),   ANY(cases),    ANY(events),
    ANY(notices),     ANY(lines),    ANY(units), ANY(officers),
    ANY(documents),
    ANY(keys),        ANY(checkpoints), ANY(proof), ANY(record),
    ANY(letters),
    ANY(evidence),    ANY(parts),
    ANY(ledger),      ANY(searched),
};
static const struct field_rule pong[] = {
    ANY(now), ANY(manual_clock), MESSAGE(head), ANY(software), ANY(policy_version), ANY(calendar_version),
    ANY(registry_version), ANY(cases_open), ANY(cases_total), ANY(standby),          ANY(zone),
    ANY(turns), ANY(turn_usec_max),
};
static const struct field_rule push[] = {ANY(previous_size), ANY(size), ANY(events), ANY(head)};

static const struct field_rule letter_outcomes[] = {MESSAGES(outcomes, 0, UINT32_MAX)};
static const struct field_rule letter_outcome[] = {ID(letter), ANY(result), ANY(notice), ANY(state)};
static const struct field_rule leased[] = {ANY(now), ANY(next_due), MESSAGES(letters, 0, UINT32_MAX)};
static const struct field_rule leased_letter[] = {MESSAGE(letter), ANY(attempt), ANY(failures), ANY(until), ANY(made)};

static const struct message_rule replies[] = {
    RULES(outcome, outcome),
    RULES(receipt, receipt),
    RULES(head, head),
    RULES_ONEOF(reply, Reply, reply, body),
    RULES(outcomes, outcomes),
    RULES(page, page),
    RULES(pong, pong),
    RULES(push, push),
    RULES(letter_outcomes, letter_outcomes),
    RULES(letter_outcome, letter_outcome),
    RULES(leased, leased),
    RULES(leased_letter, leased_letter),
    RULES(letter, letter),
};

const struct rule_set codec_reply_rules = {
    .messages = replies,
    .message_count = sizeof replies / sizeof replies[0],
    .tolerant = true,
};

const struct message_rule *codec_rule_of(const struct rule_set *rules, const ProtobufCMessageDescriptor *message) {
  for (uint32_t i = 0; i < rules->message_count; i++)
    if (rules->messages[i].message == message) return &rules->messages[i];
  return NULL;
}
