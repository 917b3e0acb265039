// pg_boss.mjs - pg-boss: a job for each finding; send() for one, insert() for many, both with a retry limit and days to be kept.
import PgBoss from 'pg-boss';
import { measure } from './measure.mjs';

const QUEUE = 'findings';

await measure(async (where, waiting) => {
  const boss = new PgBoss({ connectionString: where, max: Math.min(waiting, 10), supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error.message));
  await boss.start();
  await boss.createQueue(QUEUE);
  const submit = (findings) =>
    findings.length === 1
      ? boss.send(QUEUE, findings[0], { retryLimit: 3, retentionDays: 30 })
      : boss.insert(findings.map((data) => ({ name: QUEUE, data, retryLimit: 3 })));
  return { submit, close: () => boss.stop({ graceful: false, wait: false }) };
});
