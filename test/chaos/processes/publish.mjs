// Publishes one share of a run's events: ids to the disk first, each PubAck awaited, the same message id until it comes.
//   node publish.mjs <file with JSON: urls, events, perSecond, intended, stored>
import { fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, headers } from '@nats-io/transport-node';
import { headersOf, payloadOf } from './contents.mjs';

const { urls, events, perSecond, intended, stored } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const atOnce = 64;
const batchSize = 50;
const ackTimeoutMs = 2000;
const pauseMs = 200;

const nc = await connect({
  servers: urls,
  name: 'chaos publisher',
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  waitOnFirstConnect: true,
  pingInterval: 5000,
  noAsyncTraces: true,
});

function append(file, lines) {
  writeSync(file, lines.map((line) => `${line}\n`).join(''));
  fdatasyncSync(file);
}

async function publish(event) {
  const { id, type } = event;
  const data = payloadOf(event);
  for (;;) {
    const options = { timeout: ackTimeoutMs, headers: headers() };
    for (const [name, values] of Object.entries(headersOf(event)))
      for (const value of values) options.headers.append(name, value);
    try {
      const answer = JSON.parse((await nc.request(`events.${type}`, data, options)).string());
      if (answer.seq > 0 && !answer.error)
        return `${Date.now()} ${id} ${answer.seq} ${answer.duplicate === true}`;
    } catch {
      // No answer says nothing: the same id is published again.
    }
    await sleep(pauseMs);
  }
}

const [intendedFile, storedFile] = [openSync(intended, 'a'), openSync(stored, 'a')];
const startedAt = performance.now();
const running = new Set();
let acked = [];

for (let first = 0; first < events.length; first += batchSize) {
  const batch = events.slice(first, first + batchSize);
  append(
    intendedFile,
    batch.map(({ id }) => id),
  );
  for (const [index, event] of batch.entries()) {
    const dueMs = startedAt + ((first + index) / perSecond) * 1000 - performance.now();
    if (dueMs > 1) await sleep(dueMs);
    while (running.size >= atOnce) await Promise.race(running);
    const one = publish(event).then((line) => {
      acked.push(line);
      running.delete(one);
    });
    running.add(one);
  }
  append(storedFile, acked);
  acked = [];
}
await Promise.all(running);
append(storedFile, acked);
await nc.close();
