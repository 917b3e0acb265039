/* runner.c - plays the spec files it is given and prints TAP, one test for each file.  See spec.h for the language. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "tests/spec/spec.h"

#define ARROW "→"

static char *trim(char *text) {
  while (*text == ' ' || *text == '\t') text++;
  size_t length = strlen(text);
  while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) text[--length] = '\0';
  return text;
}

/* A comment begins the line or follows a space. */
static void cut_comment(char *line) {
  for (char *at = line; *at != '\0'; at++)
    if (*at == '#' && (at == line || at[-1] == ' ')) *at = '\0';
}

static uint32_t split(char *text, char **words) {
  uint32_t count = 0;
  char *rest = NULL;
  char *word = strtok_r(text, " ", &rest);
  for (; word != NULL && count < SPEC_WORDS_MAX; word = strtok_r(NULL, " ", &rest)) words[count++] = word;
  return count;
}

static void open_city(struct play *play) {
  if (play->city == NULL) play->city = city_open(play->policy, play->registry);
}

static bool play_time(struct play *play, char **words, uint32_t count) {
  const char *text = NULL;
  bool outage = false;
  if (count == 2 && strcmp(words[0], "at") == 0) text = words[1];
  if (count == 3 && strcmp(words[0], "advance") == 0 && strcmp(words[1], "to") == 0) text = words[2];
  if (count == 3 && strcmp(words[0], "outage") == 0 && strcmp(words[1], "until") == 0) {
    text = words[2];
    outage = true;
  }
  if (text == NULL) return false;
  open_city(play);
  play_until(play, city_instant(play->city, text), outage);
  return true;
}

/* Only before the first `at`: what is played can not change its world under way. */
static bool play_setting(struct play *play, char **words, uint32_t count, char *paths) {
  if (count != 2) return false;
  bool policy = strcmp(words[0], "policy") == 0;
  if (!policy && strcmp(words[0], "world") != 0) return false;
  if (play->city != NULL) play_fail(play, "too late for '%s'", words[0]);
  char *path = paths + (policy ? 0 : SPEC_LINE_MAX);
  snprintf(path, SPEC_LINE_MAX, "%s", words[1]);
  if (policy) play->policy = path;
  else play->registry = path;
  return true;
}

static bool play_publication(struct play *play, char **words, uint32_t count) {
  if (count != 3 || strcmp(words[0], "publish") != 0) return false;
  open_city(play);
  if (strcmp(words[1], "policy") == 0) city_publish_policy(play->city, words[2]);
  else if (strcmp(words[1], "calendar") == 0) city_publish_calendar(play->city, words[2]);
  else if (strcmp(words[1], "registry") == 0) city_publish_registry(play->city, words[2]);
  else return false;
  play_review(play);
  return true;
}

/* "publish registry FILE → not taken: WORDS" */
static bool play_refusal(struct play *play, char **words, uint32_t count, char *expected) {
  static const char prefix[] = "not taken: ";
  if (expected == NULL || count != 3 || strcmp(words[0], "publish") != 0 || strcmp(words[1], "registry") != 0) return false;
  struct document_report report = {0};
  size_t length = 0;
  char *text = city_read(words[2], &length), *said = trim(expected);
  open_city(play);
  struct registry *made = registry_parse(words[2], text, length, play->city->registry, play->city->calendars,
                                         play->city->world.calendar_count, play->city->zones,
                                         &play->city->world.zone_count, &report);
  free(text);
  if (made != NULL) play_fail(play, "%s was taken", words[2]);
  else if (strncmp(said, prefix, sizeof prefix - 1) != 0 || strstr(report.text, said + sizeof prefix - 1) == NULL)
    play_fail(play, "expected '%s', got '%s'", said, report.text);
  registry_free(made);
  document_report_free(&report);
  return true;
}

static bool is_rung_of(const struct event *event, const struct spec_case *found, uint32_t clock) {
  return event->case_no == found->state.case_no && event->command == COMMAND_RUNG_DUE &&
         (clock == 0 || event->fired_clock == clock);
}

/* The next rung of the case that was not looked at yet, or NULL. */
static const struct event *next_fired(struct play *play, struct spec_case *found) {
  while (found->shown < play->event_count)
    if (is_rung_of(&play->events[found->shown++], found, play->fired_clock)) return &play->events[found->shown - 1];
  return NULL;
}

/* One line of `F1 fired`; `text` NULL: there must be no more. */
static void expect_fired(struct play *play, struct spec_case *found, const char *text) {
  char shown[SPEC_LINE_MAX] = "nothing";
  char *rest = NULL;
  unsigned long many = text != NULL ? strtoul(text, &rest, 10) : 0;
  if (many > 0 && strcmp(rest, " more") == 0) {
    while (many > 0 && next_fired(play, found) != NULL) many--;
    if (many > 0) play_fail(play, "%s fired: %lu fewer than '%s'", found->name, many, text);
    return;
  }
  const struct event *event = next_fired(play, found);
  if (event != NULL) describe_rung(play, event, shown, sizeof shown);
  if (text == NULL ? event != NULL : strcmp(text, shown) != 0)
    play_fail(play, "%s fired: expected '%s', got '%s'", found->name, text != NULL ? text : "nothing more", shown);
}

static struct spec_case *play_look(struct play *play, char **words, uint32_t count, bool *fired) {
  static struct spec_case past;
  struct spec_case *found = play_case(play, words[0]);
  *fired = (count == 2 || count == 3) && strcmp(words[1], "fired") == 0;
  play->fired_clock = *fired && count == 3 ? word_number(words_clock, words[2], strlen(words[2])) : 0;
  if (found != NULL && count == 4 && strcmp(words[1], "as") == 0 && strcmp(words[2], "of") == 0) {
    play_as_of(play, found, city_instant(play->city, words[3]), &past);
    return &past;
  }
  return found != NULL && (count == 1 || *fired) ? found : NULL;
}

/* An action and what must come of it.  Returns the case whose rungs the next lines are about, or NULL. */
static struct spec_case *play_action(struct play *play, char *action, char *expected) {
  char *words[SPEC_WORDS_MAX];
  bool refused = false, fired = false;
  uint32_t count = split(action, words);
  if (play->city == NULL) {
    play_fail(play, "the first line must be 'at'");
    return NULL;
  }
  struct spec_case *found = play_look(play, words, count, &fired);
  if (fired) return found;
  bool acts = found == NULL;
  if (acts) found = act(play, words, count);
  if (expected != NULL) expect(play, found, expected, &refused);
  if (acts && !refused && rule_refuses(play->decision.rule))
    play_fail(play, "refused: rule %u, %s", play->decision.rule, word_text(words_rule, play->decision.rule));
  return NULL;
}

static void play_line(struct play *play, char *line, char *paths, struct spec_case **looking) {
  char copy[SPEC_LINE_MAX], *words[SPEC_WORDS_MAX];
  cut_comment(line);
  char *text = trim(line);
  if (*text == '\0') return;
  char *arrow = strstr(text, ARROW);
  if (*looking != NULL && arrow == text) {
    expect_fired(play, *looking, trim(arrow + strlen(ARROW)));
    return;
  }
  if (*looking != NULL) expect_fired(play, *looking, NULL);
  *looking = NULL;
  if (arrow != NULL) {
    *arrow = '\0';
    arrow += strlen(ARROW);
  }
  snprintf(copy, sizeof copy, "%s", text);
  uint32_t count = split(copy, words);
  if (arrow == NULL && (play_setting(play, words, count, paths) || play_time(play, words, count) ||
                        play_publication(play, words, count))) return;
  if (play_refusal(play, words, count, arrow)) return;
  *looking = play_action(play, text, arrow);
}

static bool play_file(const char *path) {
  char line[SPEC_LINE_MAX], paths[2 * SPEC_LINE_MAX];
  struct spec_case *looking = NULL;
  struct play *play = calloc(1, sizeof *play);
  FILE *file = fopen(path, "r");
  must(play != NULL);
  play->file = path;
  play->policy = CITY_POLICY;
  play->registry = CITY_REGISTRY;
  if (file == NULL) play_fail(play, "cannot be read");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    play->line++;
    play_line(play, line, paths, &looking);
  }
  if (looking != NULL) expect_fired(play, looking, NULL);
  if (play->event_count == 0) play_fail(play, "nothing happens in this spec");
  if (play->city != NULL) play_check_fold(play);
  if (play->city != NULL) play_check_told(play);
  if (file != NULL) fclose(file);
  bool passed = !play->failed;
  play_close(play);
  free(play);
  return passed;
}

int main(int count, char **arguments) {
  int failed = 0;
  printf("1..%d\n", count - 1);
  for (int i = 1; i < count; i++) {
    bool passed = play_file(arguments[i]);
    failed += !passed;
    printf("%s %d - %s\n", passed ? "ok" : "not ok", i, arguments[i]);
  }
  return failed > 0;
}
