-- From here on a statement's plan is made once for all parameters, by an index however small the tables are now.
SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)
