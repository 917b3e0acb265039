// rabbitmq.mjs - RabbitMQ: a persistent message for each finding to a durable queue; the call ends with the publisher confirm.
// amqplib's own callback of a publish is called by its confirm, so as many as are in flight may be unconfirmed.
import amqp from 'amqplib';
import { measure } from './measure.mjs';

const QUEUE = 'findings';

await measure(async (where) => {
  const connection = await amqp.connect(where);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  await channel.purgeQueue(QUEUE);
  const publish = (finding) =>
    new Promise((resolve, reject) =>
      channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify(finding)), { persistent: true }, (error) => (error ? reject(error) : resolve())),
    );
  return { submit: (findings) => Promise.all(findings.map(publish)), close: () => connection.close() };
});
