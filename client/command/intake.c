/* intake.c - see intake.h. */
#include "client/command/intake.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/keep.h"
#include "client/command/language.h"
#include "rectify/must.h"

#define BATCH_BYTES_MAX (640 * 1024) /* well under WIRE_FRAME_BYTES_MAX with the field headers */
#define FINDING_BYTES 96             /* id, numbers and headers of one finding, at most */

struct row {
  uint8_t signature[NOTE_SIGNATURE_BYTES];
  uint64_t line;
  bool derived;
  bool kept; /* the spool held it before */
  uint32_t attempts; /* ids of earlier runs that were found refused */
  uint64_t columns[DRAFT_FIELDS];
};

/* Findings that go, or went, in one request; owns their bytes. */
struct batch {
  uint8_t id[16]; /* of the request */
  uint32_t count;
  size_t bytes;
  Rectify__V1__Finding *findings;
  Rectify__V1__Finding **pointers;
  struct row *rows;
  struct batch *next; /* while waiting to be sent, or in flight */
};

struct intake {
  struct session *session;
  const char *file;
  uint32_t batch_max, window;
  bool saves, never_saves; /* into the spool */
  const struct note_signer *signer;
  struct batch *filling; /* NULL: none yet */
  struct batch *again;   /* rows to be tried under their next ids; NULL: none */
  struct batch *waiting; /* to be sent before anything else */
  struct batch *flying;  /* sent, unanswered */
  uint32_t flying_count;
  struct intake_counts counts;
  uint64_t *repeated; /* their lines */
  size_t repeated_room;
  struct sheet *sheet; /* --json; NULL */
};

static const struct column columns[] = {
    {"line", "LINE", "行", COLUMN_NUMBER}, {"id", "ID", "标识", 0},
    {"outcome", "OUTCOME", "结果", 0}, /* accepted, repeated, refused, bad, saved */
    {"case", "CASE", "编号", 0},           {"rule", "RULE", "规则号", COLUMN_NUMBER},
    {"due", "DUE", "完成时限", 0},         {"text", "TEXT", "说明", 0},
};

struct intake *intake_open(struct session *session, const char *file, uint32_t batch, uint32_t window) {
  struct intake *intake = calloc(1, sizeof *intake);
  must(intake != NULL && batch > 0 && batch <= WIRE_SUBMIT_MAX && window > 0 && window <= INTAKE_WINDOW_MAX);
  intake->session = session;
  intake->file = file;
  intake->batch_max = batch;
  intake->window = window;
  if (session->format == FORMAT_JSON)
    intake->sheet = sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  return intake;
}

static struct batch *batch_new(uint32_t count_max) {
  struct batch *batch = calloc(1, sizeof *batch);
  must(batch != NULL);
  batch->findings = calloc(count_max, sizeof *batch->findings);
  batch->pointers = calloc(count_max, sizeof(Rectify__V1__Finding *));
  batch->rows = calloc(count_max, sizeof *batch->rows);
  must(batch->findings != NULL && batch->pointers != NULL && batch->rows != NULL);
  return batch;
}

/* The id's allocation holds all bytes of a finding. */
static void batch_free(struct batch *batch) {
  if (batch == NULL) return;
  for (uint32_t i = 0; i < batch->count; i++) free(batch->findings[i].id.data);
  free(batch->findings);
  free(batch->pointers);
  free(batch->rows);
  free(batch);
}

static void list_free(struct batch *list) {
  while (list != NULL) {
    struct batch *next = list->next;
    batch_free(list);
    list = next;
  }
}

void intake_close(struct intake *intake) {
  if (intake == NULL) return;
  batch_free(intake->filling);
  batch_free(intake->again);
  list_free(intake->waiting);
  list_free(intake->flying);
  if (intake->sheet != NULL) (void)sheet_close(intake->sheet);
  free(intake->repeated);
  free(intake);
}

const struct intake_counts *intake_counts(const struct intake *intake) {
  return &intake->counts;
}

/* ---- what became of a row ---- */

static void put_outcome(struct intake *intake, uint64_t line, const ProtobufCBinaryData *id, const char *outcome,
                        uint64_t case_no, uint32_t rule, const ProtobufCBinaryData *due, const char *text) {
  char name[UUID_TEXT_BYTES] = "";
  if (intake->sheet == NULL) return;
  if (id != NULL && id->len == WIRE_ID_BYTES) uuid_text(id->data, name);
  sheet_number(intake->sheet, (int64_t)line);
  sheet_string(intake->sheet, name);
  sheet_string(intake->sheet, outcome);
  sheet_case(intake->sheet, case_no);
  if (rule != 0) sheet_number(intake->sheet, rule);
  else sheet_nothing(intake->sheet);
  if (due != NULL) sheet_data(intake->sheet, due);
  else sheet_nothing(intake->sheet);
  sheet_string(intake->sheet, text);
}

void intake_clear_line(void) {
  if (isatty(STDERR_FILENO) == 1) (void)fputs("\r\033[K", stderr);
}

void intake_bad(struct intake *intake, struct place place, const char *text) {
  intake_clear_line();
  (void)fprintf(stderr, "%s:%llu:%llu: error: ", intake->file, (unsigned long long)place.line,
                (unsigned long long)place.column);
  print_safe(stderr, text, strlen(text));
  (void)fputc('\n', stderr);
  intake->counts.bad++;
  put_outcome(intake, place.line, NULL, "bad", 0, 0, NULL, text);
}

static void settle_refusal(struct intake *intake, const struct row *row, const Rectify__V1__Finding *finding,
                           const Rectify__V1__Refusal *refusal) {
  const char *text = in_language(intake->session, word_text(words_rule, refusal->rule),
                                 word_zh(words_rule, refusal->rule));
  intake_clear_line();
  (void)fprintf(stderr, "%s:%llu: %s %u: %s\n", intake->file, (unsigned long long)row->line,
                _("refused, rule"), refusal->rule, text);
  intake->counts.refused++;
  put_outcome(intake, row->line, &finding->id, "refused", refusal->case_no, refusal->rule, NULL, text);
}

static void note_repeated(struct intake *intake, uint64_t line) {
  if (intake->counts.repeated == intake->repeated_room) {
    intake->repeated_room = intake->repeated_room == 0 ? 256 : 2 * intake->repeated_room;
    intake->repeated = reallocarray(intake->repeated, intake->repeated_room, sizeof *intake->repeated);
    must(intake->repeated != NULL);
  }
  intake->repeated[intake->counts.repeated++] = line;
}

static int by_number(const void *a, const void *b) {
  const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return left < right ? -1 : left > right;
}

#define RANGES_SHOWN 12

void intake_print_repeated(struct intake *intake, FILE *out) {
  const size_t count = intake->counts.repeated;
  size_t shown = 0, at = 0;
  if (count == 0) return;
  qsort(intake->repeated, count, sizeof *intake->repeated, by_number);
  (void)fprintf(out, "%s", _("already there: lines"));
  for (; at < count && shown < RANGES_SHOWN; shown++) {
    const uint64_t first = intake->repeated[at];
    while (at + 1 < count && intake->repeated[at + 1] == intake->repeated[at] + 1) at++;
    (void)fprintf(out, "%s %llu", shown == 0 ? "" : ",", (unsigned long long)first);
    if (intake->repeated[at] != first) (void)fprintf(out, "-%llu", (unsigned long long)intake->repeated[at]);
    at++;
  }
  (void)fprintf(out, "%s\n", at < count ? ", ..." : "");
}

static void settle_receipt(struct intake *intake, const struct row *row, const Rectify__V1__Finding *finding,
                           const Rectify__V1__Receipt *receipt) {
  if (receipt->repeated) note_repeated(intake, row->line);
  else intake->counts.accepted++;
  put_outcome(intake, row->line, &finding->id, receipt->repeated ? "repeated" : "accepted", receipt->case_no,
              receipt->rule, &receipt->due_text, "");
}

/* The daemon names a field of the row, if it can: "unit" of "submit.findings[3].unit". */
static void settle_error(struct intake *intake, const struct row *row, const Rectify__V1__Error *error,
                         const char *field) {
  char text[PROBLEM_BYTES_MAX];
  struct place place = {row->line, 1};
  for (int i = 0; field != NULL && i < DRAFT_FIELDS; i++)
    if (strncmp(field, words_draft[i].name, strlen(words_draft[i].name)) == 0 && row->columns[i] != 0)
      place.column = row->columns[i];
  (void)snprintf(text, sizeof text, "%s%s%.*s", field == NULL ? "" : field, field == NULL ? "" : ": ",
                 (int)(error->text.len > 200 ? 200 : error->text.len),
                 error->text.len > 0 ? (const char *)error->text.data : "");
  intake_bad(intake, place, text[0] == '\0' ? word_text(words_failure, error->code) : text);
}

/* ---- answers ---- */

static void wait_batch(struct intake *intake, struct batch *batch) {
  batch->next = intake->waiting;
  intake->waiting = batch;
}

#define ATTEMPTS_MAX 64

void intake_sign(struct intake *intake, const struct note_signer *signer) { intake->signer = signer; }

/* What is signed is told by the row: a batch that is split or tried again signs anew, for the new id or the new place. */
static void sign_all(const struct intake *intake, struct batch *batch) {
  for (uint32_t i = 0; i < batch->count; i++) finding_sign(intake->signer, &batch->findings[i], batch->rows[i].signature);
}

/* Takes the row out of `batch`, to be sent under its next id. */
static void try_again(struct intake *intake, struct batch *batch, uint32_t at) {
  if (intake->again == NULL) intake->again = batch_new(intake->batch_max);
  struct batch *again = intake->again;
  uint32_t to = again->count++;
  again->findings[to] = batch->findings[at];
  again->rows[to] = batch->rows[at];
  again->pointers[to] = &again->findings[to];
  batch->findings[at].id.data = NULL;
  id_again(again->findings[to].id.data);
  again->rows[to].attempts++;
  if (again->count < intake->batch_max) return;
  intake->again = NULL;
  wait_batch(intake, again);
}

static bool was_refused_before(const struct row *row, const Rectify__V1__Outcome *outcome) {
  return outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL && outcome->refusal->repeated && row->derived &&
         row->attempts < ATTEMPTS_MAX;
}

static int settle_outcomes(struct intake *intake, struct batch *batch, const Rectify__V1__Outcomes *outcomes) {
  if (outcomes->n_outcomes != batch->count) return session_failure(intake->session, RECTIFY_PROTOCOL);
  for (uint32_t i = 0; i < batch->count; i++) {
    const Rectify__V1__Outcome *outcome = outcomes->outcomes[i];
    const struct row *row = &batch->rows[i];
    if (was_refused_before(row, outcome)) try_again(intake, batch, i);
    else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT)
      settle_receipt(intake, row, &batch->findings[i], outcome->receipt);
    else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL)
      settle_refusal(intake, row, &batch->findings[i], outcome->refusal);
    else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_ERROR)
      settle_error(intake, row, outcome->error, NULL);
    else return session_failure(intake->session, RECTIFY_PROTOCOL);
  }
  return EXIT_FINE;
}

/* Moves `count` rows from `from` on into a batch of its own, which waits to be sent. */
static void split_off(struct intake *intake, struct batch *batch, uint32_t from, uint32_t count) {
  if (count == 0) return;
  struct batch *part = batch_new(count);
  memcpy(part->findings, batch->findings + from, count * sizeof *part->findings);
  memcpy(part->rows, batch->rows + from, count * sizeof *part->rows);
  for (uint32_t i = 0; i < count; i++) {
    part->pointers[i] = &part->findings[i];
    batch->findings[from + i].id.data = NULL;
  }
  part->count = count;
  wait_batch(intake, part);
}

/* The row number in "submit.findings[3].unit", and the field behind it; false when there is none. */
static bool parse_field(const Rectify__V1__Error *error, uint32_t count, uint32_t *index, char field[64]) {
  char path[128];
  unsigned number;
  size_t length = error->field.len < sizeof path - 1 ? error->field.len : sizeof path - 1;
  if (length > 0) memcpy(path, error->field.data, length);
  path[length] = '\0';
  field[0] = '\0';
  if (sscanf(path, "submit.findings[%u].%63s", &number, field) < 1 || number >= count) return false;
  *index = number;
  return true;
}

/* The daemon judged none of the batch: find the row that is to blame. */
static int settle_whole(struct intake *intake, struct batch *batch, const Rectify__V1__Error *error) {
  uint32_t index = 0;
  char field[64] = "";
  bool blames = error->code == FAILURE_FIELD || error->code == FAILURE_KEY_REUSED || error->code == FAILURE_TOO_LARGE;
  if (!blames) {
    intake_clear_line();
    complain("%s: lines from %llu on: %s: %.*s", intake->file, (unsigned long long)batch->rows[0].line,
             word_text(words_failure, error->code), (int)error->text.len,
             error->text.len > 0 ? (const char *)error->text.data : "");
    return EXIT_REFUSED;
  }
  bool found = parse_field(error, batch->count, &index, field);
  if (found || batch->count == 1) {
    settle_error(intake, &batch->rows[index], error, field[0] == '\0' ? NULL : field);
    split_off(intake, batch, index + 1, batch->count - index - 1);
    split_off(intake, batch, 0, index);
    return EXIT_FINE;
  }
  split_off(intake, batch, batch->count / 2, batch->count - batch->count / 2);
  split_off(intake, batch, 0, batch->count / 2);
  return EXIT_FINE;
}

/* ---- saving ---- */

void intake_offline(struct intake *intake) { intake->saves = true; }

void intake_may_save(struct intake *intake, bool may) { intake->never_saves = !may; }

/* The spool knows that this id was refused: the next attempt at the row has another, as with the daemon. */
static void pass_refused(struct intake *intake, struct row *row, Rectify__V1__Finding *finding) {
  struct rectify_spool *spool = session_spool(intake->session, true);
  struct rectify_spooled item;
  size_t at;
  while (spool != NULL && row->derived && row->attempts < ATTEMPTS_MAX && rectify_spool_find(spool, finding->id.data, &at) &&
         rectify_spool_item(spool, at, &item) == RECTIFY_OK && item.fate == RECTIFY_REFUSED) {
    id_again(finding->id.data);
    row->attempts++;
  }
}

/* Whether the spool holds it already. */
static bool is_kept(struct intake *intake, const Rectify__V1__Finding *finding) {
  struct rectify_spool *spool = session_spool(intake->session, true);
  size_t at;
  return spool != NULL && rectify_spool_find(spool, finding->id.data, &at);
}

static int save_rows(struct intake *intake, struct batch *batch, uint32_t first, uint32_t count) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  uint32_t known = 0;
  submit.n_findings = count;
  submit.findings = batch->pointers + first;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  for (uint32_t i = first; i < first + count; i++) batch->rows[i].kept = is_kept(intake, &batch->findings[i]);
  int code = session_save(intake->session, &request, &known);
  if (code != EXIT_FINE) return code;
  intake->counts.saved += count - known;
  for (uint32_t i = first; i < first + count; i++)
    if (batch->rows[i].kept) note_repeated(intake, batch->rows[i].line);
  for (uint32_t i = first; i < first + count; i++)
    put_outcome(intake, batch->rows[i].line, &batch->findings[i].id, "saved", 0, 0, NULL, "");
  return EXIT_FINE;
}

/* The batch as one, all or none; when one of its rows cannot be kept, each by itself. */
static int save_batch(struct intake *intake, struct batch *batch) {
  for (uint32_t i = 0; i < batch->count; i++) pass_refused(intake, &batch->rows[i], &batch->findings[i]);
  sign_all(intake, batch);
  int code = save_rows(intake, batch, 0, batch->count);
  const bool each = code == EXIT_INPUT;
  if (each) code = EXIT_FINE;
  for (uint32_t i = 0; each && code == EXIT_FINE && i < batch->count; i++) {
    code = save_rows(intake, batch, i, 1);
    if (code != EXIT_INPUT) continue;
    intake_bad(intake, (struct place){batch->rows[i].line, 1}, rectify_spool_error(intake->session->spool));
    code = EXIT_FINE;
  }
  batch_free(batch);
  return code;
}

static struct batch **earliest(struct batch **list) {
  struct batch **first = list;
  for (struct batch **at = list; *at != NULL; at = &(*at)->next)
    if ((*at)->rows[0].line < (*first)->rows[0].line) first = at;
  return first;
}

/* All that has no answer, in the order of the rows; what follows is saved at once. */
static int save_all(struct intake *intake) {
  struct batch *list = intake->flying;
  int code = EXIT_FINE;
  for (struct batch *next, *batch = intake->waiting; batch != NULL; batch = next) {
    next = batch->next;
    batch->next = list;
    list = batch;
  }
  if (intake->again != NULL) intake->again->next = list;
  if (intake->again != NULL) list = intake->again;
  intake->flying = intake->waiting = intake->again = NULL;
  intake->flying_count = 0;
  intake->saves = true;
  while (list != NULL) {
    struct batch **first = earliest(&list), *batch = *first;
    *first = batch->next;
    if (code == EXIT_FINE) code = save_batch(intake, batch);
    else batch_free(batch);
  }
  return code;
}

static struct batch *take_flying(struct intake *intake, const ProtobufCBinaryData *id) {
  for (struct batch **at = &intake->flying; *at != NULL; at = &(*at)->next) {
    struct batch *batch = *at;
    if (id->len != sizeof batch->id || memcmp(id->data, batch->id, sizeof batch->id) != 0) continue;
    *at = batch->next;
    intake->flying_count--;
    return batch;
  }
  return NULL;
}

static int receive(struct intake *intake) {
  const Rectify__V1__Reply *reply;
  int result = rectify_receive(intake->session->rectify, intake->session->timeout_msec, &reply);
  if (result != RECTIFY_OK) {
    intake_clear_line();
    int code = session_failure(intake->session, result);
    if (code == EXIT_UNREACHABLE && !intake->never_saves && save_all(intake) == EXIT_FINE) code = EXIT_FINE;
    if (code == EXIT_UNREACHABLE)
      (void)fputs(
          "what of the last rows was recorded is unknown; running the same command again is safe: it is recognised\n",
          stderr);
    return code;
  }
  intake->session->heard = true;
  struct batch *batch = take_flying(intake, &reply->id);
  if (batch == NULL) return EXIT_FINE; /* a late double answer */
  int code = EXIT_PROTOCOL;
  if (reply->body_case == RECTIFY__V1__REPLY__BODY_OUTCOMES) code = settle_outcomes(intake, batch, reply->outcomes);
  else if (reply->body_case == RECTIFY__V1__REPLY__BODY_ERROR) code = settle_whole(intake, batch, reply->error);
  else code = session_misfit();
  batch_free(batch);
  return code;
}

/* ---- sending ---- */

static int send_batch(struct intake *intake, struct batch *batch) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  sign_all(intake, batch);
  submit.n_findings = batch->count;
  submit.findings = batch->pointers;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  int result = rectify_key(intake->session->rectify, batch->id);
  request.id = wire_bytes(batch->id, sizeof batch->id);
  if (result == RECTIFY_OK) result = rectify_send(intake->session->rectify, &request);
  batch->next = intake->flying;
  intake->flying = batch;
  intake->flying_count++;
  return result == RECTIFY_OK ? EXIT_FINE : session_failure(intake->session, result);
}

/* Sends what waits, keeping at most `flying_max` unanswered at the end. */
static int push(struct intake *intake, uint32_t flying_max) {
  int code = EXIT_FINE;
  while (code == EXIT_FINE && (intake->waiting != NULL || intake->flying_count > flying_max)) {
    struct batch *batch = intake->waiting;
    if (batch == NULL || intake->flying_count >= intake->window) {
      code = receive(intake);
      continue;
    }
    intake->waiting = batch->next;
    code = send_batch(intake, batch);
  }
  return code;
}

static int flush(struct intake *intake) {
  struct batch *batch = intake->filling;
  intake->filling = NULL;
  if (batch == NULL) return EXIT_FINE;
  if (intake->saves) return save_batch(intake, batch);
  wait_batch(intake, batch);
  return push(intake, intake->window - 1);
}

int intake_drain(struct intake *intake) {
  int code = flush(intake);
  if (code == EXIT_FINE) code = push(intake, 0);
  while (code == EXIT_FINE && intake->again != NULL) {
    wait_batch(intake, intake->again);
    intake->again = NULL;
    code = push(intake, 0);
  }
  return code;
}

/* All texts of a finding in one allocation, the id first. */
static size_t copy_finding(const Rectify__V1__Finding *from, Rectify__V1__Finding *to) {
  *to = *from;
  ProtobufCBinaryData *const parts[] = {&to->id,       &to->team, &to->inspection, &to->unit,
                                        &to->category, &to->code, &to->text};
  size_t length = 0, at = 0;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) length += parts[i]->len;
  uint8_t *bytes = malloc(length);
  must(bytes != NULL);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i]->len > 0) memcpy(bytes + at, parts[i]->data, parts[i]->len);
    parts[i]->data = bytes + at;
    at += parts[i]->len;
  }
  return length + FINDING_BYTES;
}

int intake_add(struct intake *intake, const struct draft *draft) {
  Rectify__V1__Finding finding;
  draft_finding(draft, &finding);
  if (intake->filling == NULL) intake->filling = batch_new(intake->batch_max);
  struct batch *batch = intake->filling;
  struct row *row = &batch->rows[batch->count];
  row->line = draft->start.line;
  row->derived = draft->derived;
  for (int i = 0; i < DRAFT_FIELDS; i++)
    row->columns[i] = draft->values[i].place.line == row->line ? draft->values[i].place.column : 0;
  batch->pointers[batch->count] = &batch->findings[batch->count];
  batch->bytes += copy_finding(&finding, &batch->findings[batch->count]);
  batch->count++;
  return batch->count == intake->batch_max || batch->bytes > BATCH_BYTES_MAX ? flush(intake) : EXIT_FINE;
}
