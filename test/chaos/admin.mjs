import { setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** A connection of the harness itself, past every proxy. */
export async function connectAdmin(urls) {
  const nc = await connect({
    servers: urls,
    name: 'chaos admin',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
    pingInterval: 5000,
  });
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: 3000 });
  return { nc, jsm, js: jetstream(nc), urls, close: () => nc.close() };
}

/** Repeats what a server without a leader refuses. */
export async function insistently(action, timeoutMs = 60_000) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(250);
    }
  }
}

/** All messages that a stream holds now, with sequence, message id, subject and body. */
export async function readAll({ js, jsm }, stream) {
  const { state } = await insistently(() => jsm.streams.info(stream));
  const out = [];
  if (state.messages === 0) return out;
  const consumer = await insistently(() => js.consumers.get(stream, { deliver_policy: DeliverPolicy.All }));
  const messages = await consumer.consume({ max_messages: 500 });
  for await (const message of messages) {
    out.push({
      seq: message.seq,
      id: message.headers?.get('Nats-Msg-Id') ?? '',
      subject: message.subject,
      body: message.string(),
    });
    if (message.seq >= state.last_seq || message.info.pending === 0) break;
  }
  return out;
}

/** What still waits on each consumer of the streams: nothing pending and nothing unacknowledged anywhere is quiet. */
export async function unfinished({ jsm }, streams) {
  const waiting = {};
  for (const stream of streams) {
    for await (const info of jsm.consumers.list(stream)) {
      if (info.config.durable_name === undefined) continue;
      const count = info.num_pending + info.num_ack_pending;
      if (count > 0) waiting[`${stream}/${info.name}`] = `${info.num_pending}+${info.num_ack_pending}`;
    }
  }
  return waiting;
}

/**
 * Does the server count these only, and has nothing to deliver? After a kill -9, nats-server 2.10 may still count
 * messages as delivered and unacknowledged that were acknowledged and are no longer in the stream. Nobody else may
 * pull meanwhile: what a worker held is delivered here, at the latest after `longestAckWaitMs`.
 */
export async function areCountedOnly({ js }, waiting, longestAckWaitMs) {
  const delivered = await Promise.all(
    Object.entries(waiting).map(async ([place, counts]) => {
      const [stream, name] = place.split('/');
      if (name === undefined || !counts.startsWith('0+')) return true;
      const consumer = await insistently(() => js.consumers.get(stream, name));
      return (await consumer.next({ expires: longestAckWaitMs + 5000 })) !== null;
    }),
  );
  return !delivered.includes(true);
}

const longestWaitMs = 20 * 60_000;

/**
 * Settles with the time at which the streams became quiet and stayed so; throws what waits when nothing moves for
 * `patienceMs`. `onChange` hears what waits whenever that has changed.
 */
export async function waitUntilQuiet(admin, streams, patienceMs, onChange = () => {}) {
  const latest = performance.now() + longestWaitMs;
  let deadline = performance.now() + patienceMs;
  let quietSince;
  let movedAt = Date.now();
  let last = {};
  while (performance.now() < Math.min(deadline, latest)) {
    try {
      const waiting = await unfinished(admin, streams);
      if (JSON.stringify(waiting) !== JSON.stringify(last)) {
        deadline = performance.now() + patienceMs;
        movedAt = Date.now();
        onChange(waiting);
      }
      last = waiting;
      if (Object.keys(last).length > 0) quietSince = undefined;
      else quietSince ??= Date.now();
    } catch (error) {
      quietSince = undefined;
      last = { error: error.message };
    }
    if (quietSince !== undefined && Date.now() - quietSince > 2000) return quietSince;
    await sleep(250);
  }
  throw new NeverQuiet(last, movedAt);
}

export class NeverQuiet extends Error {
  constructor(waiting, movedAt) {
    super(`never quiet: ${JSON.stringify(waiting)}`);
    this.waiting = waiting;
    this.movedAt = movedAt;
  }
}
