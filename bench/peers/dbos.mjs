// dbos.mjs - DBOS: a workflow for each finding is enqueued through the client; it has no call for many.
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { randomUUID } from 'node:crypto';
import { measure } from './measure.mjs';

await measure(async (where, waiting) => {
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: where, logLevel: 'error' });
  await DBOS.launch(); // makes its tables
  await DBOS.shutdown();
  const client = await DBOSClient.create({ systemDatabaseUrl: where, systemDatabasePoolSize: Math.min(waiting, 10), applicationName: 'bench' });
  const submit = async (findings) => {
    for (const finding of findings)
      await client.enqueue({ queueName: 'findings', workflowName: 'rectify', workflowID: randomUUID() }, finding);
  };
  return { submit, close: () => client.destroy() };
});
