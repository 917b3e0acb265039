/* verb.h - the functions of the subcommands and their options, for the table in verbs.c. */
#ifndef RECTIFY_VERB_H
#define RECTIFY_VERB_H

#include "client/command/command.h"

typedef int verb_fn(struct session *session, struct arguments *arguments);

verb_fn submit_run, act_run, inbox_run, cases_run, ledger_run, show_run, history_run, why_run, watch_run, due_run;
verb_fn clock_show_run, clock_advance_run, unit_list_run, officer_list_run, registry_load_run, policy_check_run;
verb_fn policy_publish_run, calendar_publish_run, ping_run, doctor_run, completion_run, complete_run, version_run,
    help_run;
verb_fn key_new_run, key_public_run, key_sign_run, receipt_check_run, verify_run, witness_run;

extern const struct flag submit_flags[], act_flags[], act_place_flags[], act_track_flags[], case_flags[], inbox_flags[];
extern const struct flag key_new_flags[], receipt_flags[], verify_flags[], witness_flags[];
extern const struct flag watch_flags[], due_flags[], publish_flags[], no_flags[], show_flags[];

#define RECTIFY_VERSION "0.1.0"

#endif
