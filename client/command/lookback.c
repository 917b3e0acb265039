/* lookback.c - `lookback draw`, `lookback check`, `lookback report`: closed cases drawn to be looked at again, by a seed that
 * nobody chose; the draw repeated by anybody; what its result proves. */
#include <stdlib.h>
#include <string.h>

#include "client/command/draw.h"
#include "client/command/language.h"
#include "client/command/trust.h"
#include "client/command/verb.h"
#include "rectify/must.h"

#define NOON_UTC (36 * USEC_PER_HOUR) /* after a day begins in UTC: the day is over everywhere */

enum { LOOKBACK_CLOSED, LOOKBACK_RATE, LOOKBACK_COUNT, LOOKBACK_STRATUM, LOOKBACK_HEAD, LOOKBACK_KEY, LOOKBACK_SEED };
const struct flag lookback_draw_flags[] = {
    {"closed", 0, "FROM..TO", "cases closed out on these days, both included (needed)", NULL},
    {"rate", 0, "PERCENT", "so many of a hundred of each stratum, rounded up, such as 5 or 2.5", NULL},
    {"count", 0, "N", "so many in all, shared out by the size of the strata", NULL},
    {"stratum", 0, "unit|track|kind|none", "drawn from each of these by itself (none)", NULL},
    {"head", 0, "FILE", "the signed head, of a log that goes on behind the last day (needed)", NULL},
    {"key", 0, "KEY", "the log's public key, or a file with it (needed)", NULL},
    {"seed", 0, "TEXT", "a value of a second party, told after the head was signed; at most 200 bytes", NULL},
    {NULL, 0, NULL, NULL, NULL},
};
enum { CHECK_KEY, CHECK_POPULATION };
const struct flag lookback_check_flags[] = {
    {"key", 0, "KEY", "the log's public key, or a file with it (needed)", NULL},
    {"population", 0, NULL, "also ask the daemon whether these are all the cases that were closed then", NULL},
    {NULL, 0, NULL, NULL, NULL},
};
enum { REPORT_KEY, REPORT_BAD };
const struct flag lookback_report_flags[] = {
    {"key", 0, "KEY", "the log's public key, or a file with it (needed)", NULL},
    {"bad", 0, "N", "how many of the drawn cases were not put right (needed)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

/* ---- which cases ---- */

struct gathering {
  struct draw *draw;
  bool differs; /* the daemon's log has another root than was signed */
  usec_t now;
};

static void put_case(struct draw *draw, const Rectify__V1__CaseRow *row) {
  const char *name = "all";
  size_t length = 3;
  if (draw->by == 1) {
    name = (const char *)row->unit.data;
    length = row->unit.len;
  } else if (draw->by > 1) {
    name = draw->by == 2 ? word_name(words_track, row->track) : word_name(words_kind, row->kind);
    length = strlen(name);
  }
  draw_add(draw, row->case_no, name, length <= CODE_BYTES_MAX ? length : CODE_BYTES_MAX);
}

static int gather_page(void *context, const Rectify__V1__Page *page) {
  struct gathering *gathering = context;
  struct draw *draw = gathering->draw;
  gathering->now = page->now;
  gathering->differs |= page->head == NULL || page->head->size != draw->head.size || page->head->root.len != HASH_BYTES ||
                        memcmp(page->head->root.data, draw->head.root.bytes, HASH_BYTES) != 0;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    if (row->closed_text.len == 10 && memcmp(row->closed_text.data, draw->from, 10) >= 0 &&
        memcmp(row->closed_text.data, draw->until, 10) <= 0)
      put_case(draw, row);
  }
  return EXIT_FINE;
}

/* All cases that the log of the head knows as closed out on these days. */
static int gather(struct session *session, struct draw *draw) {
  uint32_t closed[] = {STATUS_CLOSED_OUT, STATUS_ARCHIVED};
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
  struct gathering gathering = {.draw = draw};
  day_t last;
  cases.n_status = 2;
  cases.status = closed;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &cases;
  int code = session_open(session);
  if (code != EXIT_FINE) return code;
  session->known_at = draw->head.size;
  code = session_pages(session, &query, gather_page, &gathering);
  if (code != EXIT_FINE) return code;
  if (gathering.differs) {
    complain("the daemon's log of %llu events is not the one that was signed", (unsigned long long)draw->head.size);
    return EXIT_DIFFERENT;
  }
  must(workday_parse(draw->until, 10, &last));
  if (gathering.now >= last * 24 * USEC_PER_HOUR + NOON_UTC) return EXIT_FINE;
  complain("the head is too old: its log must go on behind %s, noon UTC of the next day, when that day is over everywhere",
           draw->until);
  return EXIT_REFUSED;
}

/* ---- draw ---- */

static bool read_days(struct draw *draw, const char *text) {
  day_t from, until;
  if (strlen(text) == 22 && memcmp(text + 10, "..", 2) == 0 && workday_parse(text, 10, &from) &&
      workday_parse(text + 12, 10, &until) && from <= until) {
    memcpy(draw->from, text, 10);
    memcpy(draw->until, text + 12, 10);
    return true;
  }
  complain("--closed wants two dates such as 2026-01-01..2026-03-31, not '%s'", text);
  return false;
}

/* "5", "2.5", "0.25": hundredths of a percent. */
static bool read_rate(struct draw *draw, const char *text) {
  char digits[16] = "";
  const char *point = strchr(text, '.');
  const size_t whole = point == NULL ? strlen(text) : (size_t)(point - text), part = point == NULL ? 0 : strlen(point + 1);
  int64_t number = 0;
  bool fine = whole >= 1 && whole <= 3 && part <= 2 && (point == NULL || part > 0);
  if (fine) (void)snprintf(digits, sizeof digits, "%.*s%s%.*s", (int)whole, text, point == NULL ? "" : point + 1, (int)(2 - part), "00");
  fine = fine && number_read(digits, 1, 10000, &number);
  if (!fine) complain("--rate wants a percentage above 0 with at most two decimals, such as 5 or 2.5, not '%s'", text);
  draw->by_count = false;
  draw->amount = (uint32_t)number;
  return fine;
}

static bool read_count(struct draw *draw, const char *text) {
  int64_t number = 0;
  const bool fine = number_read(text, 1, UINT32_MAX, &number);
  if (!fine) complain("--count wants a number of cases from 1, not '%s'", text);
  draw->by_count = true;
  draw->amount = (uint32_t)number;
  return fine;
}

static bool read_stratum(struct draw *draw, const char *text) {
  for (draw->by = 0; draw->by < DRAW_BY_COUNT; draw->by++)
    if (strcmp(draw_by_names[draw->by], text) == 0) return true;
  complain("--stratum wants unit, track, kind or none, not '%s'", text);
  return false;
}

static bool read_seed(struct draw *draw, const char *text) {
  const size_t length = strlen(text);
  if (length <= DRAW_VALUE_BYTES_MAX && strchr(text, '\n') == NULL) {
    memcpy(draw->value, text, length + 1);
    return true;
  }
  complain("--seed wants one line of at most %d bytes", DRAW_VALUE_BYTES_MAX);
  return false;
}

static bool draw_option(struct draw *draw, int option, const char **head, struct note_verifier *key, bool *has_key) {
  switch (option) {
    case LOOKBACK_CLOSED: return read_days(draw, optarg);
    case LOOKBACK_RATE: return draw->amount == 0 ? read_rate(draw, optarg) : false;
    case LOOKBACK_COUNT: return draw->amount == 0 ? read_count(draw, optarg) : false;
    case LOOKBACK_STRATUM: return read_stratum(draw, optarg);
    case LOOKBACK_HEAD: *head = optarg; return true;
    case LOOKBACK_KEY: return *has_key = trust_public(optarg, key);
    default: must(option == LOOKBACK_SEED); return read_seed(draw, optarg);
  }
}

static int read_head(struct draw *draw, const char *path, const struct note_verifier *key) {
  size_t length;
  char *note = trust_file(path, NOTE_BYTES_MAX, &length);
  if (note == NULL) return EXIT_INPUT;
  const bool fine = draw_head(draw, note, length, key);
  free(note);
  if (fine) return EXIT_FINE;
  complain("'%s' is not a head of the log '%s' that its key signed", path, key->name);
  return EXIT_DIFFERENT;
}

static int print_draw(struct draw *draw) {
  size_t length;
  draw_make(draw);
  char *text = draw_format(draw, &length);
  const bool fine = fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0;
  free(text);
  (void)fprintf(stderr, "%zu of %zu cases drawn, from %zu %s\n", draw_count(draw), draw->case_count, draw->stratum_count,
                draw->stratum_count == 1 ? "stratum" : "strata");
  return fine ? EXIT_FINE : EXIT_SYSTEM;
}

int lookback_draw_run(struct session *session, struct arguments *arguments) {
  static struct draw draw;
  struct note_verifier key;
  const char *head = NULL;
  bool has_key = false;
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if ((option == LOOKBACK_RATE || option == LOOKBACK_COUNT) && draw.amount != 0)
      return complain_usage(arguments->verb, "one of --rate and --count, once");
    if (!draw_option(&draw, option, &head, &key, &has_key)) return EXIT_USE;
  }
  code = arguments_words(arguments, 0, 0);
  if (code != EXIT_FINE) return code;
  if (draw.from[0] == '\0' || draw.amount == 0 || head == NULL || !has_key)
    return complain_usage(arguments->verb, "--closed, --head, --key and one of --rate and --count are needed");
  code = read_head(&draw, head, &key);
  if (code == EXIT_FINE) code = gather(session, &draw);
  if (code == EXIT_FINE) code = print_draw(&draw);
  draw_free(&draw);
  return code;
}

/* ---- check ---- */

/* Reads a draw file, makes the draw again and compares: there is one way to write it. */
static int repeat(const char *path, const struct note_verifier *key, struct draw *draw) {
  size_t length, made_length = 0;
  char *text = trust_file(path, DRAW_FILE_BYTES_MAX, &length), *made = NULL;
  if (text == NULL) return EXIT_INPUT;
  bool fine = draw_parse(text, length, key, draw);
  if (!fine) complain("'%s' is not a draw under a head of the log '%s' that its key signed", path, key->name);
  if (fine) {
    draw_make(draw);
    made = draw_format(draw, &made_length);
    fine = made_length == length && memcmp(made, text, length) == 0;
    if (!fine) complain("'%s' is not what the draw gives when it is repeated", path);
  }
  free(made);
  free(text);
  return fine ? EXIT_FINE : EXIT_DIFFERENT;
}

static int compare_population(struct session *session, const struct draw *said) {
  static struct draw draw;
  draw = *said;
  draw.cases = NULL;
  draw.strata = NULL;
  draw.case_count = draw.case_room = draw.stratum_count = 0;
  int code = gather(session, &draw);
  if (code == EXIT_FINE) draw_make(&draw);
  bool same = draw.case_count == said->case_count;
  for (size_t i = 0; code == EXIT_FINE && same && i < draw.case_count; i++)
    same = draw.cases[i].case_no == said->cases[i].case_no && strcmp(draw.cases[i].stratum, said->cases[i].stratum) == 0;
  draw_free(&draw);
  if (code != EXIT_FINE || same) return code;
  complain("these are not the cases that were closed then, as the log of the head knows them");
  return EXIT_DIFFERENT;
}

int lookback_check_run(struct session *session, struct arguments *arguments) {
  static struct draw draw;
  struct note_verifier key;
  bool has_key = false, population = false;
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == CHECK_KEY && !(has_key = trust_public(optarg, &key))) return EXIT_INPUT;
    population |= option == CHECK_POPULATION;
  }
  code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!has_key) return complain_usage(arguments->verb, "--key: the log's public key is what a draw is checked with");
  code = repeat(arguments->argv[optind], &key, &draw);
  if (code == EXIT_FINE && population) code = compare_population(session, &draw);
  if (code == EXIT_FINE)
    (void)printf(_("the draw holds: %zu of %zu cases%s\n"), draw_count(&draw), draw.case_count,
                 population ? _(", which are all that were closed then") : "");
  draw_free(&draw);
  return code;
}

/* ---- report ---- */

/* D / M as a percentage, rounded up in its second decimal. */
static void say_bound(const struct session *session, const struct draw *draw, uint64_t bad, uint64_t bound, bool conservative) {
  const uint64_t size = draw->case_count, hundredths = size == 0 ? 0 : (bound * 10000 + size - 1) / size;
  const unsigned long long numbers[] = {bad, draw_count(draw), bound, size};
  if (session->format == FORMAT_JSON) {
    (void)printf("{\"bad\":%llu,\"drawn\":%llu,\"fewer_than\":%llu,\"of\":%llu,\"confidence\":95,\"conservative\":%s,\"proves\":%s}\n",
                 numbers[0], numbers[1], numbers[2], numbers[3], conservative ? "true" : "false", bound <= size ? "true" : "false");
  } else if (bound > size) {
    (void)printf(_("%llu of %llu drawn cases were bad: with 95 %% confidence this proves nothing about the %llu\n"), numbers[0],
                 numbers[1], numbers[3]);
  } else {
    (void)printf(_("%llu of %llu drawn cases were bad: with 95 %% confidence, fewer than %llu of the %llu are (%llu.%02llu %%)%s\n"),
                 numbers[0], numbers[1], numbers[2], numbers[3], (unsigned long long)(hundredths / 100),
                 (unsigned long long)(hundredths % 100), conservative ? _("; it may be fewer still") : "");
  }
}

int lookback_report_run(struct session *session, struct arguments *arguments) {
  static struct draw draw;
  struct note_verifier key;
  bool has_key = false, conservative;
  int64_t bad = -1;
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == REPORT_KEY && !(has_key = trust_public(optarg, &key))) return EXIT_INPUT;
    if (option == REPORT_BAD && !number_read(optarg, 0, INT32_MAX, &bad))
      return complain_usage(arguments->verb, "--bad wants a number of cases from 0, not '%s'", optarg);
  }
  code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!has_key || bad < 0) return complain_usage(arguments->verb, "--key and --bad are needed");
  code = repeat(arguments->argv[optind], &key, &draw);
  if (code == EXIT_FINE && (uint64_t)bad > draw_count(&draw)) {
    complain("only %zu cases were drawn", draw_count(&draw));
    code = EXIT_USE;
  }
  if (code == EXIT_FINE) {
    const uint64_t bound = draw_bound(&draw, (uint64_t)bad, &conservative);
    say_bound(session, &draw, (uint64_t)bad, bound, conservative);
  }
  draw_free(&draw);
  return code;
}
