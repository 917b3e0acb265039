/* policy_rehearse.c - `policy rehearse`: a policy played in virtual time over findings, and beside another one. */
#include <stdlib.h>
#include <string.h>

#include "client/command/rehearse_report.h"
#include "client/command/rehearse_source.h"
#include "client/command/verb.h"
#include "rectify/must.h"
#include "rehearse/city.h"

#define CITY_DEFAULT "80x1175x17373"
#define FINDINGS_DEFAULT 20000
#define TAIL_DAYS 365 /* after the last finding */

enum {
  REHEARSE_AGAINST, REHEARSE_CSV, REHEARSE_MAP, REHEARSE_JSONL, REHEARSE_CITY, REHEARSE_YEARS, REHEARSE_SEED,
  REHEARSE_FINDINGS, REHEARSE_FIRST, REHEARSE_UNTIL, REHEARSE_CURRENT, REHEARSE_IDLE, REHEARSE_CALENDAR, REHEARSE_ZONE
};
static const struct word sources[] = {{1, "history", "", ""}, {0, NULL, NULL, NULL}};
const struct flag policy_rehearse_flags[] = {
    [REHEARSE_AGAINST] = {"against", 0, "history", "the findings that the daemon has recorded", sources},
    [REHEARSE_CSV] = {"csv", 0, "FILE", "the findings of a CSV file, with --map", NULL},
    [REHEARSE_MAP] = {"map", 0, "MAPPING", "where each field comes from; see `rectify submit --help`", NULL},
    [REHEARSE_JSONL] = {"jsonl", 0, "FILE", "the findings of a file of JSON lines", NULL},
    [REHEARSE_CITY] = {"city", 0, "UxBxP", "a made-up city of U units, B branches and P people (" CITY_DEFAULT ")", NULL},
    [REHEARSE_YEARS] = {"years", 0, "N", "years of the made-up city (1)", NULL},
    [REHEARSE_SEED] = {"seed", 0, "N", "the same seed gives the same city and the same people (1)", NULL},
    [REHEARSE_FINDINGS] = {"findings", 0, "N", "findings of the made-up city in a year (20000)", NULL},
    [REHEARSE_FIRST] = {"first", 0, "DATE", "first day of the made-up city (2026-01-01)", NULL},
    [REHEARSE_UNTIL] = {"until", 0, "DATE", "play until the end of this day (a year after the last finding)", NULL},
    [REHEARSE_CURRENT] = {"current", 0, "FILE|published", "also play this policy, or the daemon's, and say what differs", NULL},
    [REHEARSE_IDLE] = {"idle", 0, NULL, "nobody does anything: the worst case", NULL},
    [REHEARSE_CALENDAR] = {"calendar", 'c', "NAME|FILE", "the calendar of all units (cn)", NULL},
    [REHEARSE_ZONE] = {"zone", 0, "NAME", "their time zone (Asia/Shanghai)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

/* What the options say. */
struct orders {
  struct source_plan source;
  struct city_plan city;
  struct calendar_set *calendars;
  const char *current;
  bool history, idle;
  day_t until; /* 0: a year after the last finding */
};

/* The findings and the world they are played in. */
struct scene {
  struct rehearsal rehearsal;
  struct source source;
  struct made_city city;
  struct zone *zone; /* of the city; owned */
};

/* ---- options ---- */

static bool read_city(const char *text, struct city_plan *city) {
  int end = 0;
  return sscanf(text, "%9ux%9ux%9u%n", &city->units, &city->branches, &city->people, &end) == 3 && text[end] == '\0';
}

static bool read_count(const char *text, int64_t most, uint32_t *out) {
  int64_t number;
  if (!number_read(text, 1, most, &number)) return false;
  *out = (uint32_t)number;
  return true;
}

static bool read_seed(const char *text, uint64_t *out) {
  int64_t number;
  if (!number_read(text, 0, INT64_MAX, &number)) return false;
  *out = (uint64_t)number;
  return true;
}

/* A calendar that is built in, or a file's. */
static int read_calendar(struct orders *orders, const char *text) {
  if (calendar_set_find(orders->calendars, text) < 0) {
    const uint32_t before = orders->calendars->count;
    int code = calendar_set_add(orders->calendars, text);
    if (code != EXIT_FINE) return code;
    if (orders->calendars->count == before) complain("'%s' takes the place of the calendar of its name", text);
    text = orders->calendars->rows[orders->calendars->count - 1].name;
  }
  orders->source.calendar = text;
  return EXIT_FINE;
}

static bool read_option(struct orders *orders, int option) {
  switch (option) {
    case REHEARSE_AGAINST: orders->history = true; return strcmp(optarg, "history") == 0;
    case REHEARSE_CSV: orders->source.csv = optarg; return true;
    case REHEARSE_MAP: orders->source.map = optarg; return true;
    case REHEARSE_JSONL: orders->source.jsonl = optarg; return true;
    case REHEARSE_CITY: return read_city(optarg, &orders->city);
    case REHEARSE_YEARS: return read_count(optarg, 20, &orders->city.years);
    case REHEARSE_SEED: return read_seed(optarg, &orders->city.seed);
    case REHEARSE_FINDINGS: return read_count(optarg, 1000000, &orders->city.findings);
    case REHEARSE_FIRST: return workday_parse(optarg, strlen(optarg), &orders->city.first);
    case REHEARSE_UNTIL: return workday_parse(optarg, strlen(optarg), &orders->until);
    case REHEARSE_CURRENT: orders->current = optarg; return true;
    case REHEARSE_IDLE: orders->idle = true; return true;
    case REHEARSE_ZONE: orders->source.zone = optarg; return true;
    default: return true;
  }
}

static int check_orders(const struct verb *verb, const struct orders *orders) {
  const bool csv = orders->source.csv != NULL, jsonl = orders->source.jsonl != NULL;
  if (csv + jsonl + orders->history > 1) return complain_usage(verb, "only one of --against, --csv and --jsonl");
  if (csv != (orders->source.map != NULL)) return complain_usage(verb, "--csv and --map go together");
  const char *wrong = csv || jsonl || orders->history ? NULL : city_plan_wrong(&orders->city);
  return wrong == NULL ? EXIT_FINE : complain_usage(verb, "%s", wrong);
}

/* Negative: help was printed. */
static int read_orders(struct session *session, struct arguments *arguments, struct orders *orders) {
  int stop = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &stop)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return stop == EXIT_FINE ? -1 : stop;
    if (option == REHEARSE_CALENDAR) {
      int code = read_calendar(orders, optarg);
      if (code != EXIT_FINE) return code;
    } else if (!read_option(orders, option)) {
      return complain_usage(arguments->verb, "--%s does not take '%s'", policy_rehearse_flags[option].name, optarg);
    }
  }
  int code = arguments_words(arguments, 1, 1);
  return code == EXIT_FINE ? check_orders(arguments->verb, orders) : code;
}

/* ---- the scene ---- */

static int open_city(const struct orders *orders, struct scene *scene) {
  const struct calendar *calendar = &orders->calendars->rows[calendar_set_find(orders->calendars, orders->source.calendar)];
  scene->zone = calloc(1, sizeof *scene->zone);
  must(scene->zone != NULL);
  if (!zone_load(orders->source.zone, scene->zone)) {
    complain("there is no time zone '%s'", orders->source.zone);
    return EXIT_USE;
  }
  must(city_make(&orders->city, calendar, scene->zone, &scene->city));
  scene->rehearsal = (struct rehearsal){
      .world = {.calendars = calendar, .calendar_count = 1, .zones = scene->zone, .zone_count = 1, .calendar_version = 1,
                .registry = &scene->city.registry},
      .findings = scene->city.findings, .count = scene->city.count, .team = scene->city.team,
      .inspector = scene->city.inspector};
  const day_t end = orders->city.first + (day_t)(orders->city.years * 365);
  scene->rehearsal.until = zone_day_start(scene->zone, orders->until != 0 ? orders->until + 1 : end) - 1;
  return EXIT_FINE;
}

static int open_source(struct session *session, const struct orders *orders, struct scene *scene) {
  int code = source_open(session, &orders->source, &scene->source);
  if (code != EXIT_FINE) return code;
  const struct source *source = &scene->source;
  scene->rehearsal = (struct rehearsal){
      .world = {.calendars = orders->calendars->rows, .calendar_count = orders->calendars->count, .zones = source->zones,
                .zone_count = 1, .calendar_version = 1, .registry = source->registry},
      .findings = source->findings, .count = source->count, .team = source->team, .inspector = source->inspector};
  const day_t last = source->count == 0 ? 0 : source->findings[source->count - 1].found_on;
  scene->rehearsal.until = zone_day_start(source->zones, orders->until != 0 ? orders->until + 1 : last + TAIL_DAYS) - 1;
  return EXIT_FINE;
}

static int open_scene(struct session *session, const struct orders *orders, struct scene *scene) {
  const bool made_up = orders->source.csv == NULL && orders->source.jsonl == NULL && !orders->history;
  int code = made_up ? open_city(orders, scene) : open_source(session, orders, scene);
  scene->rehearsal.seed = orders->city.seed;
  scene->rehearsal.idle = orders->idle;
  return code;
}

static void close_scene(struct scene *scene) {
  city_free(&scene->city);
  source_close(&scene->source);
  free(scene->zone);
}

/* ---- playing ---- */

static void play(const struct scene *scene, struct policy *policy, struct rehearsal_result *out) {
  struct rehearsal rehearsal = scene->rehearsal;
  policy->version = 1;
  rehearsal.world.policies = policy;
  rehearsal.world.policy_count = 1;
  must(rehearse(&rehearsal, out)); /* out of memory */
}

/* A file, or the policy that the daemon has in force. */
static int open_current(struct session *session, const char *name, struct policy_file *out) {
  if (strcmp(name, "published") != 0) return policy_file_open(name, out);
  int code = session_open(session);
  return code == EXIT_FINE ? policy_file_fetch(session, out) : code;
}

static int play_files(struct session *session, const struct orders *orders, const char *path) {
  struct scene scene = {0};
  struct policy_file draft = {0}, current = {0};
  struct rehearsal_result result = {0}, beside = {0};
  int code = policy_file_open(path, &draft);
  if (code == EXIT_FINE && orders->current != NULL) code = open_current(session, orders->current, &current);
  if (code == EXIT_FINE) code = open_scene(session, orders, &scene);
  if (code == EXIT_FINE) {
    play(&scene, draft.policy, &result);
    if (current.policy != NULL) play(&scene, current.policy, &beside);
    rehearse_report(session, scene.rehearsal.world.registry, &result, current.policy != NULL ? &beside : NULL);
    if (scene.source.bad > 0) complain("%llu rows could not be read", (unsigned long long)scene.source.bad);
    if (scene.source.bad > 0) code = EXIT_REFUSED;
  }
  rehearsal_free(&result);
  rehearsal_free(&beside);
  close_scene(&scene);
  policy_file_close(&draft);
  policy_file_close(&current);
  return code;
}

int policy_rehearse_run(struct session *session, struct arguments *arguments) {
  struct orders orders = {.calendars = calendar_set_open(),
                          .city = {.seed = 1, .findings = FINDINGS_DEFAULT, .years = 1},
                          .source = {.calendar = "cn", .zone = "Asia/Shanghai"}};
  orders.source.calendars = orders.calendars;
  must(read_city(CITY_DEFAULT, &orders.city) && workday_day(2026, 1, 1, &orders.city.first));
  int code = read_orders(session, arguments, &orders);
  if (code == EXIT_FINE) code = play_files(session, &orders, arguments->argv[optind]);
  calendar_set_close(orders.calendars);
  return code < 0 ? EXIT_FINE : code;
}
