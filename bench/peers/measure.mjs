// measure.mjs - what the contestants of bench/peers/*.mjs share: findings from a file, so many calls in flight, one line of figures.
//
//   node CONTESTANT.mjs WHERE FINDINGS IN_FLIGHT PER_CALL COUNT MSEC
//
// WHERE: a URL of PostgreSQL or AMQP. FINDINGS: a file with a finding in JSON on each line. IN_FLIGHT calls with PER_CALL
// findings each wait at a time, until COUNT findings are durable or MSEC have passed. Prints: findings a second, p50, p99 and
// largest time of a call in microseconds, findings. Called by bench/peers.sh only.
import { readFileSync } from 'node:fs';

const WARM_CALLS = 50;

async function flood(submit, batches, waiting, end) {
  const latencies = [];
  let next = 0;
  const one = async () => {
    while (next < batches.length && performance.now() < end) {
      const batch = batches[next++];
      const begun = performance.now();
      await submit(batch);
      latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: waiting }, one));
  return latencies.sort((a, b) => a - b);
}

// `open(where, waiting)` connects and makes what is missing, and gives { submit, close }. `submit(findings)` is fulfilled when
// they are durable, as far as the contestant promises that.
export async function measure(open) {
  const [where, path, ...numbers] = process.argv.slice(2);
  const [waiting, perCall, count, msec] = numbers.map(Number);
  const findings = readFileSync(path, 'utf8').trimEnd().split('\n').map(JSON.parse);
  const batches = [];
  for (let i = 0; i + perCall <= findings.length && i + perCall <= count; i += perCall) batches.push(findings.slice(i, i + perCall));
  const { submit, close } = await open(where, waiting);
  await flood(submit, batches.slice(0, WARM_CALLS), waiting, Infinity);
  const start = performance.now();
  const latencies = await flood(submit, batches, waiting, start + msec);
  const elapsed = performance.now() - start;
  const done = latencies.length * perCall;
  if (done === 0) throw new Error('no call was measured');
  const at = (percent) => Math.round(latencies[Math.ceil((latencies.length * percent) / 100) - 1] * 1000); // by nearest rank
  console.log(Math.round((done * 1000) / elapsed), at(50), at(99), at(100), done);
  await close();
}
