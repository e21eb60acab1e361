import { clipBytes } from './escape.js';
import type { Failure } from './failure.js';
import { digestOfMsgId, type Origin } from './key.js';
import type { Pointer } from './pointer.js';
import type { AdvisoryFields, JournalRecord, RecordedFailure } from './record.js';

/** How much may be left of what a record could do without. */
interface Room {
  readonly stackBytes: number;
  /** Of a message, a reason and a note. */
  readonly textBytes: number;
  /** What only a reader of the journal would miss, the length of a message id included. */
  readonly details: boolean;
}

/** One after the other, until one fits. */
const rooms: readonly Room[] = [
  { stackBytes: 2048, textBytes: 1024, details: true },
  { stackBytes: 0, textBytes: 256, details: true },
  { stackBytes: 0, textBytes: 64, details: false },
  { stackBytes: 0, textBytes: 32, details: false },
  { stackBytes: 0, textBytes: 0, details: false },
];

/** A limit below this refuses records, however small they are made. Bytes, headers included. */
export const leastRecordBytes = 2048;
/** A limit from this on takes every record as it is: the stack, and the message up to three times. */
export const wholeRecordBytes = 65_536;

/**
 * The same record, smaller each time: first without its stack, at last with what routing and counting need and
 * nothing else. Its key, its kind and the fingerprint of its failure stay.
 */
export function* smallerRecords<R extends JournalRecord>(record: R): Generator<R> {
  for (const room of rooms) yield smallerRecord(record, room);
}

/** What of a record can be made smaller, whatever its kind. Without its stack an error says what the failure says. */
interface Shrinkable {
  readonly error?: RecordedFailure;
  readonly failure?: Failure;
  readonly reason?: string;
  readonly durationMs?: number;
}

function smallerRecord<R extends JournalRecord>(record: R & Shrinkable, room: Room): R {
  const { error, failure, reason, note, worker, durationMs, ...rest } = record;
  return {
    ...rest,
    origin: smallerOrigin(record.origin, room),
    ...(error && (room.details || !failure) ? { error: smallerFailure(error, room) } : {}),
    ...(failure ? { failure: smallerFailure(failure, room) } : {}),
    ...smallerText('reason', reason, room),
    ...smallerText('note', note, room),
    ...(worker !== undefined && room.details ? { worker } : {}),
    ...(durationMs !== undefined && room.details ? { durationMs } : {}),
  } as unknown as R;
}

/**
 * The same pointer, smaller each time: first without the stack in what it embeds, then without all of that, at last with
 * what leads to the event and no more.
 */
export function* smallerPointers(pointer: Pointer): Generator<Pointer> {
  const { embedded, ...rest } = pointer;
  const record = embedded && withoutError(embedded['record']);
  if (record) yield { ...pointer, embedded: { ...embedded, record } };
  for (const room of rooms) {
    yield {
      ...rest,
      origin: smallerOrigin(pointer.origin, room),
      failure: smallerFailure(pointer.failure, room),
      advisory: smallerAdvisory(pointer.advisory, room),
    };
  }
}

/** What routing needs of a record has no part in its error. Undefined: it has none. */
function withoutError(record: unknown): object | undefined {
  if (typeof record !== 'object' || record === null || !('error' in record)) return undefined;
  const { error: _left, ...rest } = record;
  return rest;
}

function smallerAdvisory({ reason, ...rest }: AdvisoryFields, room: Room): AdvisoryFields {
  return { ...rest, ...smallerText('reason', reason, room) };
}

function smallerOrigin(origin: Origin, { details }: Room): Origin {
  return details || origin.msgId === undefined ? origin : { ...origin, msgId: digestOfMsgId(origin.msgId) };
}

function smallerFailure<F extends Partial<Failure> & { readonly stack?: string; readonly message: string }>(
  { stack, ...failure }: F,
  { stackBytes, textBytes }: Room,
): F {
  return {
    ...failure,
    message: clipBytes(failure.message, textBytes),
    ...(stack !== undefined && stackBytes > 0 ? { stack: clipBytes(stack, stackBytes) } : {}),
  } as unknown as F;
}

function smallerText<K extends string>(key: K, text: string | undefined, room: Room): { [P in K]?: string } {
  const clipped = text === undefined ? '' : clipBytes(text, room.textBytes);
  return clipped === '' ? {} : ({ [key]: clipped } as { [P in K]?: string });
}
