// graphile_worker.mjs - graphile-worker: a job for each finding; addJob() for one, the SQL function add_jobs() for many.
import { makeWorkerUtils } from 'graphile-worker';
import pg from 'pg';
import { measure } from './measure.mjs';

const TASK = 'finding';
const ADD_JOBS = `SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
  SELECT json_populate_record(NULL::graphile_worker.job_spec, json_build_object('identifier', '${TASK}', 'payload', f, 'max_attempts', 3))
  FROM json_array_elements($1::json) AS f))`;

await measure(async (where, waiting) => {
  const pgPool = new pg.Pool({ connectionString: where, max: Math.min(waiting, 10) });
  const utils = await makeWorkerUtils({ pgPool });
  await utils.migrate();
  const submit = (findings) =>
    findings.length === 1
      ? utils.addJob(TASK, findings[0], { maxAttempts: 3 })
      : pgPool.query(ADD_JOBS, [JSON.stringify(findings)]);
  const close = async () => {
    await utils.release();
    await pgPool.end();
  };
  return { submit, close };
});
