/* act.c - the verbs that move cases: one function for all of them; the verb's row names the command. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/evidence.h"
#include "client/command/outcome.h"
#include "client/command/verb.h"

enum { ACT_TEXT, ACT_EVIDENCE, ACT_ID, ACT_UNIT, ACT_TRACK = ACT_UNIT, ACT_OFFICER, ACT_VERIFIER, ACT_PLACE_TRACK };
#define ACT_COMMON                                                                                                   \
  {"message", 'm', "TEXT", "the reason or report in words; - reads it from standard input", NULL},                   \
      {"evidence", 'e', "[KIND:]FILE", "a piece of evidence (may be repeated); its SHA-256, name and size are sent", \
       words_evidence},                                                                                              \
  {                                                                                                                  \
    "id", 0, "UUID", "the command's own id: repeating it with the same id does nothing twice", NULL                  \
  }

const struct flag act_flags[] = {ACT_COMMON, {NULL, 0, NULL, NULL, NULL}};
const struct flag act_track_flags[] = {
    ACT_COMMON,
    {"track", 0, "TRACK", "to this track; else along the overdue edge of the policy", words_track},
    {NULL, 0, NULL, NULL, NULL},
};
const struct flag act_place_flags[] = {
    ACT_COMMON,
    {"unit", 'u', "UNIT", "to this unit", NULL},
    {"officer", 'o', "OFFICER", "to this responsible officer; else whoever answers for the unit", NULL},
    {"verifier", 0, "OFFICER", "this officer will verify; else whoever has the role", NULL},
    {"track", 0, "TRACK", "in this track (dispatch); else by the policy's routes", words_track},
    {NULL, 0, NULL, NULL, NULL},
};

/* What the options said; `command` is copied for each case. */
struct order {
  Rectify__V1__Command command;
  struct evidence_list evidence;
  const char *text;
  char *read_text; /* owned */
  uint8_t id[16];
  bool has_id;
};

static bool read_track(struct order *order) {
  order->command.track = read_word(words_track, "track", optarg);
  return order->command.track != 0;
}

static bool apply(const struct verb *verb, struct order *order, int option) {
  switch (option) {
    case ACT_TEXT:
      order->text = optarg;
      return true;
    case ACT_EVIDENCE:
      return evidence_add(&order->evidence, optarg);
    case ACT_ID:
      order->has_id = uuid_read(optarg, strlen(optarg), order->id);
      if (!order->has_id) complain("--id wants a UUID such as 018f4b2e-7c11-7abc-8def-0123456789ab, not '%s'", optarg);
      return order->has_id;
    default:
      break;
  }
  if (verb->flags == act_track_flags) return read_track(order);
  if (option == ACT_UNIT) order->command.unit = wire_text(optarg);
  if (option == ACT_OFFICER) order->command.officer = wire_text(optarg);
  if (option == ACT_VERIFIER) order->command.verifier = wire_text(optarg);
  return option != ACT_PLACE_TRACK || read_track(order);
}

static int read_options(struct session *session, struct arguments *arguments, struct order *order) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!apply(arguments->verb, order, option)) return EXIT_USE;
  }
  return arguments_words(arguments, 1, WIRE_ACT_MAX);
}

static int read_text(const struct verb *verb, struct order *order) {
  bool from_input = order->text != NULL && strcmp(order->text, "-") == 0;
  bool needed = command_needs_text(verb->command);
  if (from_input) order->read_text = text_from(stdin);
  else if (order->text == NULL && needed && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
    order->read_text = text_from_editor(verb->name);
  else if (order->text == NULL && needed)
    return complain_usage(verb, "%s needs a reason in words: -m TEXT", verb->name);
  if (order->text == NULL && !needed) return EXIT_FINE;
  if (order->read_text != NULL) order->text = order->read_text;
  else if (from_input || order->text == NULL) return EXIT_INPUT;
  if (strlen(order->text) > TEXT_BYTES_MAX) {
    complain("the text has %zu bytes; at most %d are possible", strlen(order->text), TEXT_BYTES_MAX);
    return EXIT_INPUT;
  }
  if (needed && order->text[0] == '\0')
    return complain_usage(verb, "%s: the text is empty; nothing was done", verb->name);
  order->command.text = wire_text(order->text);
  return EXIT_FINE;
}

/* One command per case; ids and commands are the caller's arrays. */
static int send_order(struct session *session, const struct order *order, const uint64_t *cases, size_t count,
                      Rectify__V1__Command *commands, Rectify__V1__Command **pointers, uint8_t (*ids)[16]) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  const Rectify__V1__Reply *reply;
  for (size_t i = 0; i < count; i++) {
    if (count == 1) memcpy(ids[i], order->id, 16);
    else id_for_case(order->id, cases[i], ids[i]);
    commands[i] = order->command;
    commands[i].case_no = cases[i];
    commands[i].id = wire_bytes(ids[i], 16);
    pointers[i] = &commands[i];
  }
  act.n_commands = count;
  act.commands = pointers;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &act;
  int code = session_ask(session, &request, &reply);
  if (code == EXIT_UNREACHABLE) {
    char id[UUID_TEXT_BYTES];
    uuid_text(order->id, id);
    (void)fprintf(stderr,
                  "whether it was recorded is unknown; say the same again with --id %s: then it cannot happen twice\n",
                  id);
  }
  return code == EXIT_FINE ? outcomes_print(session, reply, order->command.command, cases, count) : code;
}

static int read_cases(struct arguments *arguments, uint64_t *cases, size_t *count) {
  for (int i = optind; i < arguments->argc; i++) {
    uint64_t case_no;
    if (!case_read(arguments->argv[i], &case_no))
      return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[i]);
    for (size_t k = 0; k < *count; k++)
      if (cases[k] == case_no) return complain_usage(arguments->verb, "'%s' is named twice", arguments->argv[i]);
    cases[(*count)++] = case_no;
  }
  return EXIT_FINE;
}

static int act(struct session *session, struct arguments *arguments, struct order *order) {
  uint64_t cases[WIRE_ACT_MAX];
  size_t count = 0;
  int code = read_options(session, arguments, order);
  if (code == EXIT_FINE) code = read_cases(arguments, cases, &count);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = read_text(arguments->verb, order);
  if (code != EXIT_FINE) return code;
  if (!order->has_id && rectify_key(session->rectify, order->id) != RECTIFY_OK)
    return session_failure(session, RECTIFY_SYSTEM);
  order->command.command = arguments->verb->command;
  order->command.n_evidence = order->evidence.count;
  order->command.evidence = order->evidence.pointers;
  Rectify__V1__Command *commands = calloc(count, sizeof *commands);
  Rectify__V1__Command **pointers = calloc(count, sizeof *pointers);
  uint8_t(*ids)[16] = calloc(count, sizeof *ids);
  if (commands != NULL && pointers != NULL && ids != NULL)
    code = send_order(session, order, cases, count, commands, pointers, ids);
  free(commands);
  free(pointers);
  free(ids);
  return code;
}

int act_run(struct session *session, struct arguments *arguments) {
  struct order order = {.command = RECTIFY__V1__COMMAND__INIT};
  evidence_init(&order.evidence);
  int code = act(session, arguments, &order);
  evidence_free(&order.evidence);
  free(order.read_text);
  return code;
}
