import {
  encodePointer,
  makeExhaustion,
  makeFailure,
  nanosOfRfc3339,
  pointerFrom,
  pointerHeaders,
} from '../../dist/lib/internals.js';
import { fill } from '../raw/publish.mjs';
import { withManager } from './streams.mjs';

export const consumer = 'bench-consumer';
const subject = 'events.bench.made';

export const config = {
  name: 'bench',
  consumers: { [consumer]: { subjects: ['events.bench.>'], handler: './handler.mjs' } },
};

const failures = [
  makeFailure('error', 'Error', 'connect ECONNREFUSED 10.0.4.17:587'),
  makeFailure('error', 'SmtpError', '550 mailbox unavailable'),
  makeFailure('timeout', 'Timeout', 'the handler did not end within 30000 ms'),
];

/** Publishes `count` events of 256 bytes; gives their times in ns, by index. */
export async function fillEvents(server, count) {
  await fill(server.port, count, (i) => ({
    subject,
    headers: [`Nats-Msg-Id: bench-${i}`, 'Event-Type: bench.made'],
    payload: 'x'.repeat(256),
  }));
  return withManager(server, async (jsm) => {
    const times = [];
    while (times.length < count) {
      for await (const message of await jsm.direct.getBatch('events', {
        seq: times.length + 1,
        batch: 5000,
      })) {
        times.push(nanosOfRfc3339(message.timestamp));
      }
    }
    return times;
  });
}

/** Makes each of the events dead, as the pipeline does: its exhaustion in the journal, and its pointer in the DLQ. */
export async function bury(server, times) {
  const exhaustionOf = exhaustions(times);
  await fill(server.port, times.length, (i) => ({
    subject: `events-advisories.business.MAX_DELIVERIES.${consumer}.${i + 1}.retry.0`,
    payload: JSON.stringify(exhaustionOf(i)),
  }));
  await fillPointers(server, times, 'events-dlq');
}

/** One event of so many has been retried already: a queue in use has gaps. */
export const resolvedEach = 100;

/**
 * Makes each of the events wait for its retry, in an hour, as the pipeline does: three records in the journal, and
 * its pointer in the retry stream. The pointers of some are gone again: their events are resolved.
 */
export async function park(server, times) {
  const exhaustionOf = exhaustions(times, 'main');
  const record = (i, kind, stage, facts) => {
    const { v, at, tier, consumer: name, cycle, origin, worker } = exhaustionOf(i);
    const payload = JSON.stringify({
      v,
      at,
      tier,
      consumer: name,
      stage,
      cycle,
      origin,
      worker,
      kind,
      ...facts,
    });
    return { subject: `events-advisories.business.${kind}.${consumer}.${i + 1}.${stage}.0`, payload };
  };
  await fill(server.port, times.length * 3, (n) => {
    const i = Math.floor(n / 3);
    const { failure, ...exhaustion } = exhaustionOf(i);
    if (n % 3 === 0) {
      return record(i, 'ATTEMPT_FAILED', 'main', {
        attempt: 3,
        error: failure,
        durationMs: 12,
        deliveries: 3,
      });
    }
    if (n % 3 === 1) return record(i, 'MAX_DELIVERIES', 'main', { ...exhaustion, failure });
    return record(i, 'ROUTED', 'main', { to: 'retry' });
  });
  await fillPointers(server, times, 'events-retry', 'retry', Date.now() + 3_600_000);
  const resolved = Math.floor(times.length / resolvedEach);
  await fill(server.port, resolved, (n) =>
    record((n + 1) * resolvedEach - 1, 'RESOLVED', 'retry', { attempt: 1 }),
  );
  await withManager(server, async (jsm) => {
    for (let n = 1; n <= resolved; n++)
      await jsm.streams.deleteMessage('events-retry', n * resolvedEach, false);
  });
}

/** The pointers of dead letters, under the subjects of any stream. */
export async function fillPointers(server, times, root, stage = 'dlq', notBeforeMs = 0) {
  const exhaustionOf = exhaustions(times, stage === 'dlq' ? 'retry' : 'main');
  await fill(server.port, times.length, (i) => {
    const pointer = pointerFrom(exhaustionOf(i), stage, notBeforeMs);
    return {
      subject: `${root}.${consumer}.${i + 1}`,
      headers: Object.entries(pointerHeaders(pointer)).map(([name, value]) => `${name}: ${value}`),
      payload: encodePointer(pointer),
    };
  });
}

function exhaustions(times, stage = 'retry') {
  const at = new Date().toISOString();
  return (i) => {
    const seq = i + 1;
    const origin = { stream: 'events', seq, subject, time: times[i], msgId: `bench-${i}` };
    return makeExhaustion({
      key: { tier: 'business', consumer, origin, stage, cycle: 0 },
      kind: 'MAX_DELIVERIES',
      at,
      failure: failures[i % failures.length],
      attempts: { main: 3, retry: stage === 'main' ? 0 : 3 },
      firstFailedAt: at,
      worker: 'bench:1:filled',
      delivered: { stream: stage === 'main' ? 'events' : 'events-retry', seq, deliveries: 3 },
    });
  };
}

/**
 * Makes the streams that a replay writes to anew, so that the same events can be buried again: a stream that is only
 * purged still knows the message ids of the last two minutes, and takes no record a second time.
 */
export async function clear(server, project) {
  await withManager(server, async (jsm) => {
    for (const stream of ['events-retry', 'events-dlq', 'events-advisories'])
      await jsm.streams.delete(stream).catch(() => {});
  });
  await project.cli('pipeline', 'apply', '--yes');
}
