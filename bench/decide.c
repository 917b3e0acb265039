/* decide.c - the measuring half of bench/decide.sh: what case_decide() costs.
 *
 *   decide time           nanoseconds a decision for each row of the table, by the monotonic clock
 *   decide count NAME N   takes N decisions of that row and nothing else, for a counter of instructions
 *
 * The world is a made-up city of the size that the project is for: 80 units, 1,175 branches, 17,373 people; the policy is
 * municipal, with the calendar of its country.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document/document.h"
#include "rectify/must.h"
#include "rehearse/city.h"

#define ROUNDS 7
#define DECISIONS 200000

struct stage {
  struct world world;
  struct made_city city;
  struct finding finding;
  struct case_state dispatched, rectifying;
  usec_t now;
  uint32_t officer, office;
};

static const struct fresh fresh = {1, 2026, 1};
static struct decision decision; /* its size is most of what a decision writes */

static struct event *decide(const struct stage *stage, const struct case_state *state, const struct command *command, usec_t now) {
  case_decide(&stage->world, state, command, now, &fresh, &decision);
  return &decision.event;
}

static struct command command_of(const struct stage *stage, uint32_t kind, uint32_t actor) {
  return (struct command){.kind = (uint8_t)kind, .case_no = 1, .actor = actor, .has_text = true, .finding = &stage->finding,
                          .plain = ""};
}

/* ---- the rows ---- */

static void submit(const struct stage *stage) {
  const struct command command = command_of(stage, COMMAND_SUBMIT, stage->city.inspector);
  must(!rule_refuses(decide(stage, NULL, &command, stage->now)->rule));
}

static void sign_for(const struct stage *stage) {
  const struct command command = command_of(stage, COMMAND_SIGN_FOR, stage->officer);
  must(!rule_refuses(decide(stage, &stage->dispatched, &command, stage->now)->rule));
}

static void refuse(const struct stage *stage) { /* the office does not sign for a unit */
  const struct command command = command_of(stage, COMMAND_SIGN_FOR, stage->office);
  must(rule_refuses(decide(stage, &stage->dispatched, &command, stage->now)->rule));
}

static void rung(const struct stage *stage) {
  struct command command;
  uint32_t index;
  const usec_t when = case_next_fire(&stage->rectifying, &index);
  case_rung_command(&stage->rectifying, index, &command);
  must(!rule_refuses(decide(stage, &stage->rectifying, &command, when)->rule));
}

static void escalate(const struct stage *stage) {
  const struct command command = command_of(stage, COMMAND_ESCALATE, stage->office);
  must(!rule_refuses(decide(stage, &stage->rectifying, &command, stage->now)->rule));
}

static void apply(const struct stage *stage) { /* case_decide() and case_apply(), as the daemon does */
  struct case_state state = stage->dispatched;
  sign_for(stage);
  must(case_apply(&state, &decision.event));
}

static const struct row {
  const char *name;
  void (*run)(const struct stage *stage);
} rows[] = {{"submit", submit}, {"sign_for", sign_for}, {"refused", refuse}, {"rung", rung}, {"escalate", escalate}, {"sign_for+apply", apply}};

/* ---- the stage ---- */

static void make_cases(struct stage *stage) {
  submit(stage);
  must(case_apply(&stage->dispatched, &decision.event));
  stage->officer = stage->dispatched.handler;
  sign_for(stage);
  stage->rectifying = stage->dispatched;
  must(case_apply(&stage->rectifying, &decision.event));
}

static void stage_open(struct stage *stage) {
  static const struct city_plan plan = {80, 1175, 17373, 1, 1000, 1, 20454};
  static struct zone zone;
  struct document_report report = {0};
  const struct document_embedded *file = &document_embedded_policy, *cn = document_embedded_calendars;
  struct policy *policy = policy_parse(file->file_name, file->text, file->length, &report);
  struct calendar *calendar = calendar_parse(cn->file_name, cn->text, cn->length, &report);
  must(policy != NULL && calendar != NULL && zone_load("Asia/Shanghai", &zone));
  must(city_make(&plan, calendar, &zone, &stage->city));
  policy->version = 1;
  stage->world = (struct world){.policies = policy, .policy_count = 1, .calendars = calendar, .calendar_count = 1,
                                .zones = &zone, .zone_count = 1, .calendar_version = 1, .registry = &stage->city.registry};
  stage->now = stage->city.findings[0].at;
  stage->office = 1;
  stage->finding = (struct finding){.team = stage->city.team, .unit = stage->city.registry.unit_count, .kind = KIND_PROMINENT,
                                    .severity = SEVERITY_ORDINARY, .found_on = plan.first};
  strcpy(stage->finding.unit_code, stage->city.registry.units[stage->finding.unit].code);
  make_cases(stage);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b) {
  const double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

static void time_row(const struct stage *stage, const struct row *row) {
  double taken[ROUNDS];
  for (uint32_t round = 0; round < ROUNDS; round++) {
    const double begin = seconds();
    for (uint32_t i = 0; i < DECISIONS; i++) row->run(stage);
    taken[round] = (seconds() - begin) * 1e9 / DECISIONS;
  }
  qsort(taken, ROUNDS, sizeof *taken, by_value);
  printf("%s %.0f %.0f %.0f\n", row->name, taken[ROUNDS / 2], taken[0], taken[ROUNDS - 1]);
}

int main(int argc, char **argv) {
  static struct stage stage;
  stage_open(&stage);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (argc == 2 && strcmp(argv[1], "time") == 0) time_row(&stage, &rows[i]);
    if (argc == 4 && strcmp(argv[1], "count") == 0 && strcmp(argv[2], rows[i].name) == 0)
      for (long n = strtol(argv[3], NULL, 10); n > 0; n--) rows[i].run(&stage);
  }
  return 0;
}
