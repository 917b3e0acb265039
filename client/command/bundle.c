/* bundle.c - `bundle export`, `bundle import`: a spool carried over an air gap, and its receipts carried back. */
#include "client/command/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/keep.h"
#include "client/command/language.h"
#include "client/command/trust.h"
#include "client/command/verb.h"
#include "rectify/must.h"

/* ---- export ---- */

enum { EXPORT_SIGN };
const struct flag bundle_export_flags[] = {
    {"sign", 0, "KEYFILE", "the key of whoever answers for it (`rectify key new --for person`)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct exporting {
  const struct note_signer *signer;
  struct rectify_spool *spool;
  struct spool_bytes body;
  struct bundle bundle;
  struct rectify_fate_of *marks; /* what waits and goes along */
  uint64_t others;               /* waits, but is somebody else's */
};

static bool put_message(struct spool_bytes *body, const ProtobufCMessage *message) {
  size_t length;
  uint8_t *bytes = codec_pack(message, &length);
  if (bytes != NULL) spool_put(body, bytes, length);
  free(bytes);
  return bytes != NULL;
}

static bool export_item(struct exporting *exporting, const struct rectify_spooled *item) {
  if (!wire_is(&item->request->actor, exporting->signer->verifier.name)) {
    exporting->others++;
    return true;
  }
  memcpy(exporting->marks[exporting->bundle.items].id, item->id, 16);
  exporting->marks[exporting->bundle.items++].fate = RECTIFY_WAITING;
  const size_t begun = spool_part_begin(&exporting->body);
  spool_put_number(&exporting->body, BUNDLE_ITEM, 1);
  bool fine = put_message(&exporting->body, &item->request->base);
  spool_part_end(&exporting->body, begun);
  return fine && !exporting->body.failed;
}

static bool export_fate(struct exporting *exporting, const struct rectify_spooled *item) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  Rectify__V1__Outcomes outcomes = RECTIFY__V1__OUTCOMES__INIT;
  Rectify__V1__Outcome *one = (Rectify__V1__Outcome *)(uintptr_t)item->outcome;
  bool fine = true;
  if (item->fate == RECTIFY_DROPPED) return true; /* a matter of this machine alone */
  exporting->bundle.fates++;
  outcomes.n_outcomes = 1;
  outcomes.outcomes = &one;
  reply.version = WIRE_VERSION;
  reply.id = wire_bytes(item->id, 16);
  reply.body_case = RECTIFY__V1__REPLY__BODY_OUTCOMES;
  reply.outcomes = &outcomes;
  const size_t begun = spool_part_begin(&exporting->body);
  spool_put_number(&exporting->body, BUNDLE_FATE, 1);
  spool_put(&exporting->body, item->id, 16);
  spool_put_number(&exporting->body, (uint64_t)item->settled_msec, 8);
  spool_put_number(&exporting->body, item->fate, 1);
  fine = put_message(&exporting->body, &reply.base);
  spool_part_end(&exporting->body, begun);
  return fine && !exporting->body.failed;
}

static int gather(struct exporting *exporting) {
  const size_t count = rectify_spool_count(exporting->spool);
  exporting->marks = calloc(count + 1, sizeof *exporting->marks);
  must(exporting->marks != NULL);
  for (size_t i = 0; i < count; i++) {
    struct rectify_spooled item;
    if (rectify_spool_item(exporting->spool, i, &item) != RECTIFY_OK)
      return complain("%s", rectify_spool_error(exporting->spool)), EXIT_PROTOCOL;
    bool waits = item.fate == RECTIFY_WAITING;
    if (!(waits ? export_item(exporting, &item) : export_fate(exporting, &item)))
      return complain("the bundle would be larger than %d MiB; send or forget a part first", BUNDLE_BYTES_MAX >> 20), EXIT_SYSTEM;
  }
  return EXIT_FINE;
}

static int write_file(struct exporting *exporting, const char *path) {
  char error[SECRET_ERROR_BYTES];
  size_t length;
  exporting->bundle.body = exporting->body.data;
  exporting->bundle.bytes = exporting->body.length;
  uint8_t *file = bundle_make(exporting->signer, &exporting->bundle, &length);
  must(file != NULL);
  bool fine = secret_write(path, (const char *)file, length, error, sizeof error);
  free(file);
  if (!fine) return complain("%s", error), EXIT_INPUT;
  if (rectify_spool_settle(exporting->spool, exporting->marks, exporting->bundle.items, NULL) != RECTIFY_OK)
    complain("%s", rectify_spool_error(exporting->spool)); /* only the mark is missing */
  (void)printf("%llu %s, %llu %s: %s\n", (unsigned long long)exporting->bundle.items,
               _("to be sent"), (unsigned long long)exporting->bundle.fates,
               _("receipts and refusals"), path);
  if (exporting->others > 0)
    (void)fprintf(stderr, _("rectify: %llu wait that are not %s's: they stay here\n"), (unsigned long long)exporting->others,
                  exporting->signer->verifier.name);
  return EXIT_FINE;
}

int bundle_export_run(struct session *session, struct arguments *arguments) {
  struct note_signer signer;
  const char *key = NULL;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    key = optarg;
  }
  int code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (key == NULL) return complain_usage(arguments->verb, "--sign KEYFILE: a bundle is signed by whoever answers for it");
  struct rectify_spool *spool = session_spool(session, true);
  if (spool == NULL) return EXIT_SYSTEM;
  if (!trust_secret(key, &signer)) return EXIT_INPUT;
  struct exporting exporting = {.signer = &signer, .spool = spool, .body = {.most = BUNDLE_BYTES_MAX}};
  code = gather(&exporting);
  if (code == EXIT_FINE) code = write_file(&exporting, arguments->argv[optind]);
  note_signer_wipe(&signer);
  free(exporting.marks);
  free(exporting.body.data);
  return code;
}

/* ---- import ---- */

enum { IMPORT_FROM };
const struct flag bundle_import_flags[] = {
    {"from", 0, "KEY", "the public key of whoever made it, or a file that holds it", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

#define GROUP_MAX 100 /* items that are kept together, all or none */

struct importing {
  struct rectify_spool *spool;
  const struct bundle *bundle;
  struct codec_arena *arena;
  Rectify__V1__Request *group[GROUP_MAX];
  uint32_t count;
  uint64_t items, known, news, bad;
  bool unproven;
};

static void keep_group(struct importing *importing, uint32_t first, uint32_t count) {
  Rectify__V1__Finding *findings[GROUP_MAX];
  Rectify__V1__Command *commands[GROUP_MAX];
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  Rectify__V1__Request whole = *importing->group[first];
  const bool is_submit = whole.body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT;
  uint32_t known = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (is_submit) findings[i] = importing->group[first + i]->submit->findings[0];
    else commands[i] = importing->group[first + i]->act->commands[0];
  }
  submit.n_findings = act.n_commands = count;
  submit.findings = findings;
  act.commands = commands;
  if (is_submit) whole.submit = &submit;
  else whole.act = &act;
  if (rectify_spool_add(importing->spool, "", importing->bundle->from, &whole, &known) == RECTIFY_OK) {
    importing->known += known;
    importing->items += count - known;
    return;
  }
  if (count == 1) {
    complain("%s", rectify_spool_error(importing->spool));
    importing->bad++;
  } else {
    for (uint32_t i = 0; i < count; i++) keep_group(importing, first + i, 1);
  }
}

static void keep_all(struct importing *importing) {
  if (importing->count > 0) keep_group(importing, 0, importing->count);
  importing->count = 0;
  codec_arena_reset(importing->arena);
}

/* Nobody sends in another's name: the items of a bundle are its maker's. */
static bool is_of_maker(const struct importing *importing, const Rectify__V1__Request *request) {
  const bool one = (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT && request->submit->n_findings == 1) ||
                   (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT && request->act->n_commands == 1);
  return one && wire_is(&request->actor, importing->bundle->from);
}

static bool take_item(struct importing *importing, struct spool_reader part) {
  struct codec_error error;
  struct uuid id;
  bool has_id;
  if (importing->count == GROUP_MAX) keep_all(importing);
  Rectify__V1__Request *request = codec_request(importing->arena, part.at, part.left, &id, &has_id, &error);
  if (request == NULL || !is_of_maker(importing, request)) return false;
  if (importing->count > 0 && importing->group[0]->body_case != request->body_case) {
    keep_all(importing); /* the arena is emptied: once more */
    request = codec_request(importing->arena, part.at, part.left, &id, &has_id, &error);
    must(request != NULL);
  }
  importing->group[importing->count++] = request;
  return true;
}

/* The fate of an item, as its part tells it; false: it is none, or of another item.  The outcome is the arena's. */
static bool read_fate(struct importing *importing, struct spool_reader part, struct rectify_fate_of *fate) {
  struct codec_error error;
  uint64_t when, which;
  *fate = (struct rectify_fate_of){.fate = RECTIFY_WAITING};
  if (!spool_get(&part, fate->id, 16) || !spool_get_number(&part, &when, 8) || !spool_get_number(&part, &which, 1)) return false;
  if (which < RECTIFY_RECEIVED || which > RECTIFY_FAILED) return false;
  Rectify__V1__Reply *reply = codec_reply(importing->arena, part.at, part.left, &error);
  if (reply == NULL || reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || reply->outcomes->n_outcomes != 1) return false;
  fate->fate = (enum rectify_fate)which;
  fate->when_msec = (int64_t)when;
  fate->outcome = reply->outcomes->outcomes[0];
  const bool received = fate->outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT;
  return received == (which == RECTIFY_RECEIVED) && fate->outcome->id.len == 16 && memcmp(fate->outcome->id.data, fate->id, 16) == 0;
}

/* What never left this machine was received nowhere: only what was exported is settled by a bundle. */
static bool has_left(struct importing *importing, const uint8_t id[16]) {
  struct rectify_spooled item;
  size_t at;
  return rectify_spool_find(importing->spool, id, &at) && rectify_spool_item(importing->spool, at, &item) == RECTIFY_OK && item.exported;
}

static bool take_fate(struct importing *importing, struct spool_reader part) {
  struct rectify_fate_of fate;
  uint32_t news = 0;
  keep_all(importing);
  if (!read_fate(importing, part, &fate)) return false;
  if (!has_left(importing, fate.id)) return true;
  int result = rectify_spool_settle(importing->spool, &fate, 1, &news);
  if (result != RECTIFY_OK) {
    complain("%s", rectify_spool_error(importing->spool));
    importing->bad++;
    importing->unproven |= result == RECTIFY_UNPROVEN;
  }
  importing->news += news;
  return true;
}

/* Reads all parts before one is kept. */
static bool check_part(struct importing *importing, uint64_t kind, struct spool_reader part) {
  struct rectify_fate_of fate;
  struct codec_error error;
  struct uuid id;
  bool has_id;
  codec_arena_reset(importing->arena);
  if (kind == BUNDLE_FATE) return read_fate(importing, part, &fate);
  if (kind != BUNDLE_ITEM) return false;
  Rectify__V1__Request *request = codec_request(importing->arena, part.at, part.left, &id, &has_id, &error);
  return request != NULL && is_of_maker(importing, request);
}

/* All parts, one after the other: only looked at, or kept.  False: a part is none of this version. */
static bool take_parts(struct importing *importing, bool keep, size_t *parts) {
  struct spool_reader reader = {importing->bundle->body, importing->bundle->bytes}, part;
  *parts = 0;
  while (reader.left > 0) {
    uint64_t kind;
    if (!spool_get_part(&reader, &part) || !spool_get_number(&part, &kind, 1)) return false;
    if (!keep && !check_part(importing, kind, part)) return false;
    if (keep && (kind == BUNDLE_ITEM ? !take_item(importing, part) : !take_fate(importing, part))) return false;
    ++*parts;
  }
  if (keep) keep_all(importing);
  codec_arena_reset(importing->arena);
  return true;
}

static int import(struct session *session, const char *path, const struct bundle *bundle) {
  struct importing importing = {.spool = session_spool(session, true), .bundle = bundle};
  size_t parts = 0;
  if (importing.spool == NULL) return EXIT_SYSTEM;
  importing.arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  must(importing.arena != NULL);
  bool fine = take_parts(&importing, false, &parts) && take_parts(&importing, true, &parts);
  codec_arena_free(importing.arena);
  if (!fine) {
    complain("%s: part %zu is not one that %s could have made: it is of another version, or in another's name", path, parts + 1,
             bundle->from);
    return EXIT_DIFFERENT;
  }
  (void)printf("%s %s: %llu %s, %llu %s, %llu %s\n", _("from"), bundle->from,
               (unsigned long long)importing.items, _("saved here to be sent"),
               (unsigned long long)importing.news, _("receipts and refusals"),
               (unsigned long long)importing.known, _("known already"));
  if (parts > 0 && importing.items + importing.news + importing.bad == 0)
    (void)fputs(_("it was imported before: nothing in it is new\n"), stderr);
  if (importing.unproven) return EXIT_DIFFERENT;
  return importing.bad > 0 ? EXIT_REFUSED : EXIT_FINE;
}

int bundle_import_run(struct session *session, struct arguments *arguments) {
  struct note_verifier from;
  struct bundle bundle;
  bool has_key = false;
  size_t length;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!(has_key = trust_public(optarg, &from))) return EXIT_INPUT;
  }
  int code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!has_key) return complain_usage(arguments->verb, "--from KEY: the public key of whoever made the bundle");
  const char *path = arguments->argv[optind];
  uint8_t *file = (uint8_t *)trust_file(path, BUNDLE_BYTES_MAX + NOTE_BYTES_MAX, &length);
  if (file == NULL) return EXIT_INPUT;
  const char *wrong = bundle_open(file, length, &from, &bundle);
  if (wrong == NULL && strcmp(bundle.from, from.name) != 0) wrong = "it names another maker than the key";
  if (wrong == NULL) code = import(session, path, &bundle);
  else complain("%s: refused: %s", path, wrong);
  free(file);
  return wrong == NULL ? code : EXIT_DIFFERENT;
}
