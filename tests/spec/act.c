/* act.c - lines that are commands: "h-fire signs for F1", with key=value words behind. */
#include "tests/spec/spec.h"

static const struct verb {
  uint8_t command;
  const char *words[3];
} verbs[] = {
    {COMMAND_SUBMIT, {"submits"}},
    {COMMAND_DISPATCH, {"dispatches"}},
    {COMMAND_SIGN_FOR, {"signs", "for"}},
    {COMMAND_PROGRESS, {"reports", "on"}},
    {COMMAND_COMMENT, {"comments", "on"}},
    {COMMAND_ENDORSE, {"endorses"}},
    {COMMAND_REQUEST_CLOSURE, {"requests", "closure", "of"}},
    {COMMAND_VERIFY_PASS, {"passes"}},
    {COMMAND_VERIFY_FAIL, {"fails"}},
    {COMMAND_REASSIGN, {"reassigns"}},
    {COMMAND_ESCALATE, {"escalates"}},
    {COMMAND_BOUNCE, {"bounces"}},
    {COMMAND_ADJUDICATE, {"adjudicates"}},
    {COMMAND_PLAN_SUBMIT, {"submits", "plan", "of"}},
    {COMMAND_PLAN_APPROVE, {"approves", "plan", "of"}},
    {COMMAND_PLAN_RETURN, {"returns", "plan", "of"}},
    {COMMAND_EXTENSION_ASK, {"asks", "extension", "of"}},
    {COMMAND_EXTENSION_GRANT, {"grants", "extension", "of"}},
    {COMMAND_EXTENSION_REFUSE, {"refuses", "extension", "of"}},
    {COMMAND_HOLD, {"holds"}},
    {COMMAND_RESUME, {"resumes"}},
    {COMMAND_STAGE, {"stages"}},
    {COMMAND_HAND_OVER, {"hands", "over"}},
    {COMMAND_ATTACH, {"attaches", "to"}},
    {COMMAND_MERGE_INTO, {"merges"}},
    {COMMAND_UNMERGE, {"unmerges"}},
    {COMMAND_WITHDRAW, {"withdraws"}},
    {COMMAND_WITHDRAW_APPROVE, {"approves", "withdrawal", "of"}},
    {COMMAND_WITHDRAW_REFUSE, {"refuses", "withdrawal", "of"}},
    {COMMAND_REOPEN, {"reopens"}},
    {COMMAND_LOOK_BACK_PASS, {"consolidates"}},
    {COMMAND_LOOK_BACK_RELAPSE, {"relapses"}},
    {COMMAND_DECIDE, {"decides", "on"}},
    {COMMAND_TALK, {"talks", "about"}},
    {COMMAND_RULE_ISSUE, {"issues", "rule", "for"}},
    {COMMAND_ORDER_SIGN, {"signs", "order", "of"}},
    {COMMAND_SPLIT, {"splits"}},
    {COMMAND_CO_UNIT, {"adds", "co-unit", "to"}},
    {COMMAND_SWEEP, {"sweeps"}},
    {COMMAND_STATEMENT, {"states", "on"}},
    {COMMAND_APPEAL, {"appeals", "on"}},
    {COMMAND_REBASE, {"rebases"}},
};

/* The command of the words; *used is how many they were. */
static uint32_t verb_of(char **words, uint32_t count, uint32_t *used) {
  if (count >= 3 && strcmp(words[0], "tries") == 0 && strcmp(words[2], "on") == 0) {
    *used = 3;
    return word_number(words_command, words[1], strlen(words[1]));
  }
  uint32_t command = 0; /* of the longest that fits: "submits plan of" begins like "submits" */
  *used = 0;
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    uint32_t k = 0;
    while (k < 3 && verbs[i].words[k] != NULL && k < count && strcmp(verbs[i].words[k], words[k]) == 0) k++;
    bool whole = k > 0 && (k == 3 || verbs[i].words[k] == NULL);
    if (!whole || k <= *used) continue;
    *used = k;
    command = verbs[i].command;
  }
  return command;
}

static uint32_t number_of(struct play *play, const struct word *table, const char *name) {
  uint32_t number = word_number(table, name, strlen(name));
  if (number == 0) play_fail(play, "no such word: %s", name);
  return number;
}

static void add_evidence(struct play *play, struct command *command, uint32_t kind) {
  if (command->evidence_count == EVIDENCE_MAX) {
    play_fail(play, "too much evidence");
    return;
  }
  command->evidence[command->evidence_count].kind = (uint8_t)kind;
  memset(&command->evidence[command->evidence_count++].sha256, (int)kind, HASH_BYTES);
}

/* "2": so many pieces of material; "plan+material": these. */
static void take_evidence(struct play *play, struct command *command, char *value) {
  char *rest = NULL;
  unsigned long pieces = strtoul(value, &rest, 10);
  if (*rest == '\0')
    while (pieces-- > 0) add_evidence(play, command, EVIDENCE_MATERIAL);
  else
    for (char *kind = strtok_r(value, "+", &rest); kind != NULL; kind = strtok_r(NULL, "+", &rest)) {
      char *measure = strchr(kind, ':');
      if (measure != NULL) *measure++ = '\0';
      add_evidence(play, command, number_of(play, words_evidence, kind));
      if (measure != NULL) command->evidence[command->evidence_count - 1].measure = (uint8_t)strtoul(measure, NULL, 10);
    }
}

static uint32_t take_officer(struct play *play, struct command *command, const char *code) {
  uint32_t officer = city_officer(play->city, code);
  if (officer == 0) command->officer_unknown = true;
  return officer;
}

static void take_unit(struct play *play, struct command *command, struct finding *finding, const char *code) {
  if (strcmp(code, "none") == 0) code = "";
  command->unit = finding->unit = city_unit(play->city, code);
  command->unit_unknown = *code != '\0' && command->unit == 0;
  snprintf(finding->unit_code, sizeof finding->unit_code, "%s", code);
}

static day_t take_day(struct play *play, const char *text) {
  day_t day = 0;
  if (!workday_parse(text, strlen(text), &day)) play_fail(play, "not a date: %s", text);
  return day;
}

static uint64_t take_case(struct play *play, struct command *command, const char *name) {
  struct spec_case *other = play_case(play, name);
  command->other_state = other != NULL ? &other->state : NULL;
  return other != NULL ? other->state.case_no : 999;
}

/* The keys of the wider workflow; whether it was one. */
static bool take_wide_key(struct play *play, struct command *command, struct finding *finding, const char *key,
                          const char *value) {
  if (strcmp(key, "days") == 0) command->days = (uint16_t)strtoul(value, NULL, 10);
  else if (strcmp(key, "day") == 0) command->day = take_day(play, value);
  else if (strcmp(key, "measures") == 0) command->measures = (uint8_t)strtoul(value, NULL, 10);
  else if (strcmp(key, "form") == 0) command->form = (uint8_t)number_of(play, words_form, value);
  else if (strcmp(key, "number") == 0) snprintf(command->number, sizeof command->number, "%s", value);
  else if (strcmp(key, "other") == 0) command->other = take_case(play, command, value);
  else if (strcmp(key, "also") == 0) command->evidence[0].also_in = take_case(play, command, value);
  else if (strcmp(key, "rule_case") == 0) finding->rule_case = take_case(play, command, value);
  else if (strcmp(key, "words") == 0) {
    command->plain = value;
    command->plain_length = (uint32_t)strlen(value);
  } else return false;
  return true;
}

static void take_key(struct play *play, struct command *command, struct finding *finding, const char *key,
                     char *value) {
  const bool none = strcmp(value, "none") == 0;
  if (strcmp(key, "kind") == 0) finding->kind = (uint8_t)(none ? 0 : number_of(play, words_kind, value));
  else if (strcmp(key, "severity") == 0)
    finding->severity = (uint8_t)(none ? 0 : number_of(play, words_severity, value));
  else if (strcmp(key, "unit") == 0) take_unit(play, command, finding, value);
  else if (strcmp(key, "team") == 0) finding->team = city_unit(play->city, value);
  else if (strcmp(key, "found") == 0) finding->found_on = take_day(play, value);
  else if (strcmp(key, "code") == 0) snprintf(finding->code, sizeof finding->code, "%s", value);
  else if (strcmp(key, "category") == 0) snprintf(finding->category, sizeof finding->category, "%s", value);
  else if (strcmp(key, "inspection") == 0) snprintf(finding->inspection, sizeof finding->inspection, "%s", value);
  else if (strcmp(key, "same") == 0) finding->same_problem = (uint32_t)strtoul(value, NULL, 10);
  else if (strcmp(key, "same_kind") == 0) finding->same_kind = (uint32_t)strtoul(value, NULL, 10);
  else if (strcmp(key, "officer") == 0) command->officer = take_officer(play, command, value);
  else if (strcmp(key, "verifier") == 0) command->verifier = take_officer(play, command, value);
  else if (strcmp(key, "track") == 0) command->track = (uint8_t)number_of(play, words_track, value);
  else if (strcmp(key, "evidence") == 0) take_evidence(play, command, value);
  else if (strcmp(key, "text") == 0) command->has_text = !none;
  else if (!take_wide_key(play, command, finding, key, value)) play_fail(play, "no such key: %s", key);
}

static void take_defaults(struct play *play, struct command *command, struct finding *finding) {
  const struct registry *registry = play->city->registry;
  finding->severity = SEVERITY_ORDINARY;
  finding->kind = KIND_PROMINENT;
  finding->found_on = zone_day_of(&play->city->zones[0], play->now);
  finding->team = command->actor != 0 ? registry->officers[command->actor].unit : 0;
  command->has_text = command_needs_text(command->kind);
  play->commands++;
  memcpy(command->key.bytes, &play->commands, sizeof play->commands);
  command->key.bytes[15] = 7; /* not the key of a rung */
  finding->id = command->key;
}

/* A letter about the case was given up. */
static struct spec_case *act_undelivered(struct play *play, struct spec_case *found) {
  struct command command = {.kind = COMMAND_UNDELIVERED, .case_no = found->state.case_no, .has_text = true};
  play->commands++;
  memcpy(command.key.bytes, &play->commands, sizeof play->commands);
  command.key.bytes[15] = 7;
  return play_command(play, found, NULL, &command);
}

/* What only the daemon asks: a rung that was fired already, a review without a publication, what was not delivered. */
static struct spec_case *act_daemon(struct play *play, char **words, uint32_t count) {
  struct command command = {0};
  struct spec_case *found = count == 3 ? play_case(play, words[2]) : NULL;
  if (found != NULL && strcmp(words[1], "undelivered") == 0) return act_undelivered(play, found);
  const bool repeats = count == 3 && strcmp(words[1], "repeats") == 0;
  if (found == NULL || (!repeats && strcmp(words[1], "reviews") != 0)) {
    play_fail(play, "the daemon repeats, reviews or undelivered a case");
    return NULL;
  }
  case_review_command(&play->city->world, &found->state, &command);
  for (uint32_t i = play->event_count; repeats && i-- > 0;) {
    const struct event *event = &play->events[i];
    if (event->case_no != found->state.case_no || event->command != COMMAND_RUNG_DUE) continue;
    command = (struct command){.kind = COMMAND_RUNG_DUE, .case_no = event->case_no, .key = event->key,
                               .clock = event->fired_clock, .generation = event->fired_generation, .nth = event->fired_nth};
    break;
  }
  return play_command(play, found, NULL, &command);
}

struct spec_case *act(struct play *play, char **words, uint32_t count) {
  struct command command = {0};
  struct finding finding = {0};
  uint32_t used = 0;
  if (strcmp(words[0], "daemon") == 0) return act_daemon(play, words, count);
  command.kind = (uint8_t)verb_of(words + 1, count - 1, &used);
  if (command.kind == 0 || count < used + 2) {
    play_fail(play, "what is '%s %s'?", words[0], count > 1 ? words[1] : "");
    return NULL;
  }
  command.actor = city_officer(play->city, words[0]);
  take_defaults(play, &command, &finding);
  const char *name = words[used + 1];
  for (uint32_t i = used + 2; i < count; i++) {
    char *value = strchr(words[i], '=');
    if (value == NULL) {
      play_fail(play, "not key=value: %s", words[i]);
      continue;
    }
    *value = '\0';
    take_key(play, &command, &finding, words[i], value + 1);
  }
  command.finding = command.kind == COMMAND_SUBMIT ? &finding : NULL;
  struct spec_case *found = play_case(play, name);
  if (found != NULL) command.case_no = found->state.case_no;
  return play_command(play, found, name, &command);
}
