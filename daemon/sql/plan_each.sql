-- From here on a statement is planned with its parameters each time.
SELECT set_config('plan_cache_mode', 'force_custom_plan', false), set_config('enable_seqscan', 'on', false)
