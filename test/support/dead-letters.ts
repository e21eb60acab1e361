import { placesOf } from '../../src/lib/pipeline/places.js';
import { pipelineOf } from './pipeline-of.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Key, Origin } from '../../src/lib/domain/key.js';
import type { Pointer } from '../../src/lib/domain/pointer.js';
import type { Exhaustion, JournalRecord, RecordOf } from '../../src/lib/domain/record.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import type { RecordKind } from '../../src/lib/domain/record-kinds.js';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import type { Link } from '../../src/lib/nats/link.js';
import { headerOf, msgIdHeader } from '../../src/lib/nats/wire/message.js';
import { writePointer } from '../../src/lib/pointers/write-pointer.js';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';

/** Where a pipeline's streams are: a test bed, or a cluster. */
export interface Ground {
  readonly link: Link;
  readonly config: PipelineConfig;
}

export const consumer = 'notifications-consumer';
const at = '2026-01-31T12:00:00.000Z';

/** The origin of a stored event. */
export async function originAt(bed: Ground, seq: number): Promise<Origin> {
  const { name } = bed.config.streams.events;
  const message = await bed.link.readFromLeader(name, seq);
  if (!message) throw new Error(`no event ${seq}`);
  const { stream, subject, time } = message;
  const msgId = headerOf(message.headers, msgIdHeader);
  return { stream, seq, subject, time, ...(msgId === undefined ? {} : { msgId }) };
}

/** A dead letter's pointer, exhausted in the retry stage. */
export function makePointer(origin: Origin, overrides: Partial<Pointer> = {}): Pointer {
  return {
    v: 1,
    consumer,
    stage: 'dlq',
    cycle: 0,
    origin,
    advisory: {
      type: 'io.nats.jetstream.advisory.v1.max_deliver',
      id: 'an-id',
      timestamp: at,
      stream: 'events-retry',
      consumer: `${consumer}-retry`,
      stream_seq: 1,
      deliveries: 3,
    },
    failure: makeFailure('error', 'SmtpError', `connection refused for user ${origin.seq}`),
    attempts: { main: 3, retry: 3 },
    firstFailedAt: at,
    lastFailedAt: at,
    notBeforeMs: 0,
    ...overrides,
  };
}

/** Publishes an event and puts it into the DLQ without running anything. */
export async function bury(
  bed: Ground,
  options: { readonly type?: string; readonly data?: unknown } & Partial<Pointer> = {},
): Promise<{ readonly pointer: Pointer; readonly id: string; readonly dlqSeq: number }> {
  const { type = 'totp.requested', data = {}, ...overrides } = options;
  const payload = data instanceof Uint8Array ? data : JSON.stringify(data);
  const { seq } = await bed.link.publish(`${bed.config.eventsRoot}.${type}`, payload);
  return buryEvent(bed, await originAt(bed, seq), overrides);
}

/** Puts a pointer to an event into the DLQ. */
export async function buryEvent(
  bed: Ground,
  origin: Origin,
  overrides: Partial<Pointer> = {},
): Promise<{ readonly pointer: Pointer; readonly id: string; readonly dlqSeq: number }> {
  const pointer = makePointer(origin, overrides);
  const { seq: dlqSeq } = await writePointer(bed.link, placesOf(bed.config).dlq, pointer);
  return { pointer, id: `${pointer.consumer}/${origin.seq}`, dlqSeq };
}

/** Writes a record about a key into the journal, with no more in it than these facts. */
export async function journal<K extends RecordKind>(
  bed: Ground,
  key: Key,
  facts: Partial<RecordOf<K>> & { readonly kind: K },
): Promise<void> {
  const record = { v: 1, at, ...key, ...facts } as unknown as JournalRecord;
  await writeRecord(pipelineOf(bed.link, bed.config), record);
}

/** An exhaustion of the retry stage, as the worker writes it. */
export function exhaustionOf(pointer: Pointer, cycle: number): Exhaustion {
  return makeExhaustion({
    key: { tier: 'business', consumer: pointer.consumer, origin: pointer.origin, stage: 'retry', cycle },
    kind: 'MAX_DELIVERIES',
    at,
    failure: pointer.failure,
    attempts: pointer.attempts,
    firstFailedAt: at,
    worker: 'test',
    delivered: { stream: 'events-retry', seq: 1, deliveries: 3 },
  });
}

/** A link whose calls of some methods are told before they are made. */
export function seen(
  link: Link,
  names: keyof Link | readonly (keyof Link)[],
  before: () => void | Promise<void>,
): Link {
  return new Proxy(link, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (![names].flat().includes(name as keyof Link)) return method;
      return async (...args: unknown[]) => {
        await before();
        return method(...args);
      };
    },
  });
}

/** A link that is cut after its n-th write: what comes after that write never reaches the server. */
export function killedAfter(link: Link, writes: number): Link {
  let left = writes;
  return seen(link, ['publish', 'deleteMessage'], () => {
    if (left === 0) throw new Killed();
    left--;
  });
}

/** Not one of the errors that the library handles: like a kill, it ends whatever runs. */
export class Killed extends Error {}
