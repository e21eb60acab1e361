import type { Worker } from '../worker/worker.js';
import { isoOfMs } from '../../domain/time.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { decodeObject, isDeeperThan } from '../../domain/decode.js';
import { makeFailure } from '../../domain/failure.js';
import { groupIdOf } from '../../domain/group-id.js';
import { originOf } from '../../domain/key.js';
import { type Pointer, pointerFrom } from '../../domain/pointer.js';
import type { Exhaustion } from '../../domain/record.js';
import { decodeExhaustion } from '../../domain/record-decode.js';
import { recordAbout } from '../../journal/record-about.js';
import { writeRecord } from '../../journal/write-record.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { fetchOriginal } from '../../pointers/original.js';
import { writePointer } from '../../pointers/write-pointer.js';
import type { HeldMessage } from '../worker/held-message.js';
import { type MetaParts, metaKey } from './meta.js';

/** Twice what the largest record of ours has. */
const maxEmbeddedBytes = 131_072;
/** The dead letter around it is a record too, and must not be too deep to be read. */
const maxEmbeddedLevels = 50;

/**
 * `meta-consumer-dlq`: puts what could not be routed into the DLQ as `meta-consumer/<journal sequence>`, with
 * the record embedded. It never gives up: what the server does not take now is tried again forever.
 */
export function metaDlqProcess({ tools }: MetaParts): (held: HeldMessage, worker: Worker) => Promise<void> {
  const { pipeline } = tools;
  const { link, places, clock, identity } = pipeline;
  return async (held, worker) => {
    const { delivery } = held;
    const decoded = decodeExhaustion(delivery.data);
    const own = originOf(delivery);
    const x: Exhaustion | undefined = decoded.ok ? decoded.value : undefined;
    // Dead letters of this tier are numbered by the journal: whatever stands elsewhere is named by its exhaustion.
    const origin = x && x.origin.stream === places.journal.stream ? x.origin : own;
    const embedded = await worker.persist(held, 'fetch the original', async () => {
      const original = await fetchOriginal(link, x?.origin ?? own);
      return original.state === 'present' ? embed(original.message) : undefined;
    });
    const at = isoOfMs(clock.now());
    const pointer: Pointer = {
      ...(x
        ? pointerFrom({ ...x, consumer: metaConsumers.main, origin }, 'dlq', 0)
        : unreadablePointer(origin, at, decoded.ok ? '' : decoded.reason)),
      ...(embedded ? { embedded } : {}),
    };
    await worker.persist(held, 'write a dead letter', () => writePointer(link, places.dlq, pointer));
    const routed = recordAbout(metaKey(metaConsumers.retry, origin), {
      kind: 'ROUTED',
      at,
      to: 'dlq',
      worker: identity.worker,
    });
    await worker.persist(held, 'write the journal', () => writeRecord(pipeline, routed));
    const id = `${metaConsumers.main}/${origin.seq}`;
    const group = groupIdOf(metaConsumers.main, pointer.failure.fingerprint);
    worker.counter.succeed(worker.time);
    tools.emit({
      type: 'dead-letter',
      id,
      consumer: metaConsumers.main,
      cycle: 0,
      kind: pointer.failure.kind,
      reason: pointer.failure.message,
      group,
    });
    await worker.settler.ack(held);
  };
}

function unreadablePointer(origin: Pointer['origin'], at: string, reason: string): Pointer {
  return {
    v: 1,
    consumer: metaConsumers.main,
    stage: 'dlq',
    cycle: 0,
    origin,
    advisory: {
      type: '',
      id: '',
      timestamp: at,
      stream: origin.stream,
      consumer: metaConsumers.retry,
      stream_seq: origin.seq,
      deliveries: 0,
    },
    failure: makeFailure('malformed', 'MalformedRecord', reason),
    attempts: { main: 0, retry: 0 },
    firstFailedAt: at,
    lastFailedAt: at,
    notBeforeMs: 0,
  };
}

/** The record where it is readable, else its bytes: what an operator needs to see what it was. */
function embed(message: StoredMessage): Record<string, unknown> {
  const decoded = decodeObject(message.data);
  const fits = message.data.length <= maxEmbeddedBytes;
  if (decoded.ok && fits && !isDeeperThan(maxEmbeddedLevels, decoded.value))
    return { subject: message.subject, record: decoded.value };
  const bytes = message.data.subarray(0, maxEmbeddedBytes);
  return { subject: message.subject, data: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
}
