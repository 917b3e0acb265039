// syslog.mjs - rsyslog with ompgsql: messages over TCP. Nothing answers a syslog message, so what is timed is how long it takes
// until all rows are in the table; a latency would be one of the poll, and is not told.
//
//   node syslog.mjs WHERE FINDINGS PORT COUNT MSEC
//
// Prints: findings a second, 0, 0, 0, findings. Called by bench/peers.sh only.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const POLL_MSEC = 5;
const [where, path, port, count, msec] = process.argv.slice(2);
const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(0, Number(count));
const database = new pg.Client({ connectionString: where });
await database.connect();
const rows = async () => Number((await database.query('SELECT count(*) FROM finding')).rows[0].count);

await database.query('TRUNCATE finding');
const socket = connect(Number(port), '127.0.0.1');
await once(socket, 'connect');
const start = performance.now();
socket.end(lines.map((line) => `<13>1 2026-01-01T00:00:00Z bench inspector - - - ${line}\n`).join(''));
let done = 0;
while ((done = await rows()) < lines.length && performance.now() < start + Number(msec)) await pause(POLL_MSEC);
console.log(Math.round((done * 1000) / (performance.now() - start)), 0, 0, 0, done);
await database.end();
if (done === 0) throw new Error('no message came to the table');
