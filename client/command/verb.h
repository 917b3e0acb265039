/* verb.h - the functions of the subcommands and their options, for the table in verbs.c. */
#ifndef RECTIFY_VERB_H
#define RECTIFY_VERB_H

#include "client/command/command.h"

typedef int verb_fn(struct session *session, struct arguments *arguments);

verb_fn submit_run, act_run, erase_run, inbox_run, cases_run, ledger_run, show_run, history_run, why_run, watch_run, due_run;
verb_fn bulk_run, next_run, notices_run, documents_run, manual_run;
verb_fn clock_show_run, clock_advance_run, unit_list_run, officer_list_run, registry_load_run, policy_check_run;
verb_fn policy_publish_run, calendar_publish_run, ping_run, doctor_run, completion_run, complete_run, version_run,
    help_run, policy_test_run, policy_diff_run, policy_rehearse_run;
verb_fn key_new_run, key_public_run, key_sign_run, receipt_check_run, receipt_get_run, verify_run, witness_run, export_run;
verb_fn lookback_draw_run, lookback_check_run, lookback_report_run;
verb_fn key_register_run, key_revoke_run, key_list_run;

verb_fn spool_show_run, spool_send_run, spool_drop_run, bundle_export_run, bundle_import_run;

verb_fn letters_run;
/* For people, below the inbox of who may know it: letters that were given up in the last 30 days.  Says nothing to others. */
void letters_say_undelivered(struct session *session);

extern const struct flag letter_flags[];
extern const struct flag act_flags[], act_place_flags[], act_people_flags[], act_track_flags[], act_split_flags[];
extern const struct flag act_co_unit_flags[], act_officer_flags[], act_plan_flags[], act_days_flags[], act_grant_flags[];
extern const struct flag act_into_flags[], act_rule_flags[], act_decide_flags[], bulk_flags[];
extern const struct flag act_erase_ask_flags[], act_erase_flags[];
extern const struct flag past_flags[], ledger_flags[];
extern const struct flag lookback_draw_flags[], lookback_check_flags[], lookback_report_flags[];
extern const struct flag submit_flags[], case_flags[], inbox_flags[], next_flags[], notice_flags[];
extern const struct flag key_new_flags[], receipt_flags[], verify_flags[], witness_flags[], export_flags[], receipt_get_flags[];
extern const struct flag spool_show_flags[], spool_send_flags[], spool_drop_flags[], bundle_export_flags[], bundle_import_flags[];
extern const struct flag watch_flags[], due_flags[], publish_flags[], no_flags[], show_flags[];
extern const struct flag key_register_flags[], key_revoke_flags[], key_list_flags[];
extern const struct flag policy_check_flags[], policy_test_flags[],
    policy_rehearse_flags[];

#define RECTIFY_VERSION "0.1.0"

#endif
