/* act.c - the verbs that move cases: one function for all of them; the verb's row names the command. */
#include "client/command/keep.h"
#include "client/command/order.h"
#include "client/command/outcome.h"
#include "client/command/verb.h"

static int read_options(struct session *session, struct arguments *arguments, struct order *order) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!order_option(order, arguments->verb->flags[option].name, optarg)) return order_failure(order);
  }
  return arguments_words(arguments, 1, WIRE_ACT_MAX);
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
  const Rectify__V1__Reply *reply;
  int code = read_options(session, arguments, order);
  if (code == EXIT_FINE) code = read_cases(arguments, cases, &count);
  if (code == EXIT_FINE) code = order->preview ? session_open(session) : session_open_to_send(session);
  if (code == EXIT_FINE) code = order_complete(session, arguments->verb, order);
  if (code == EXIT_FINE) code = order_send(session, order, cases, count, count == 1, &reply);
  if (code != EXIT_FINE) return code;
  return outcomes_print(session, reply, order->command.command, order->preview, cases, count);
}

/* The text may be of no case: then only its place in the log is said, and the daemon looks whose it is. */
static int erase(struct session *session, struct arguments *arguments, struct order *order) {
  uint64_t case_no = 0;
  const Rectify__V1__Reply *reply;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!order_option(order, arguments->verb->flags[option].name, optarg)) return EXIT_USE;
  }
  int code = arguments_words(arguments, 0, 1);
  if (code == EXIT_FINE && optind < arguments->argc && !case_read(arguments->argv[optind], &case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = order_complete(session, arguments->verb, order);
  if (code == EXIT_FINE) code = order_send(session, order, &case_no, 1, true, &reply);
  if (code != EXIT_FINE) return code;
  return outcomes_print(session, reply, order->command.command, order->preview, &case_no, 1);
}

int erase_run(struct session *session, struct arguments *arguments) {
  struct order order;
  order_init(&order, arguments->verb);
  int code = erase(session, arguments, &order);
  order_free(&order);
  return code;
}

int act_run(struct session *session, struct arguments *arguments) {
  struct order order;
  order_init(&order, arguments->verb);
  int code = act(session, arguments, &order);
  order_free(&order);
  return code;
}
