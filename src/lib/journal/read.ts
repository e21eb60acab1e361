import type { Pipeline } from '../pipeline/pipeline.js';
import { emptyHistory, type KeyHistory, type StoredRecord } from '../domain/attempt.js';
import { type Key, sameOrigin } from '../domain/key.js';
import type { JournalRecord, RecordOf } from '../domain/record.js';
import { decodeRecord } from '../domain/record-decode.js';
import { recordsOfAttempts, recordsOfEnd, type Wanted } from '../domain/standing-records.js';
import type { RecordKind } from '../domain/record-kinds.js';
import { compareNanos, type Nanos } from '../domain/time.js';
import type { StoredMessage } from '../nats/wire/message.js';
import { subjectOf } from './record-about.js';

/**
 * The last record of each kind about its key, in the order of the question, as the journal's leader knows them.
 * Foreign and malformed ones don't count. Literal subjects only: their last message is a look-up, not a scan.
 */
export async function lastRecords(
  pipeline: Pipeline,
  wanted: readonly Wanted[],
): Promise<(StoredRecord | undefined)[]> {
  const { link } = pipeline;
  const place = pipeline.places.journal;
  const subjects = wanted.map(([key, kind]) => subjectOf(place, key, kind));
  const found = await link.readLastOfEach(place.stream, subjects);
  return wanted.map(([key, kind], i) => {
    const message = found.get(subjects[i] ?? '');
    return message && recordIn(message, key, kind);
  });
}

function recordIn(message: StoredMessage, key: Key, kind: RecordKind): StoredRecord | undefined {
  const decoded = decodeRecord(message.data);
  // The same sequence in a recreated stream is another event.
  if (!decoded.ok || !sameOrigin(decoded.value.origin, key.origin)) return undefined;
  if (decoded.value.kind !== kind) return undefined;
  return { journalSeq: message.seq, storedAt: message.time, record: decoded.value };
}

/** The last record of one kind about a key. */
export async function lastRecord<K extends RecordKind>(
  pipeline: Pipeline,
  key: Key,
  kind: K,
): Promise<StoredRecord<RecordOf<K>> | undefined> {
  return ofKind((await lastRecords(pipeline, [[key, kind]]))[0], kind);
}

function ofKind<K extends RecordKind>(
  stored: StoredRecord | undefined,
  kind: K,
): StoredRecord<RecordOf<K>> | undefined {
  return stored?.record.kind === kind ? (stored as StoredRecord<RecordOf<K>>) : undefined;
}

/** The first that is there, of several kinds about several keys. */
export async function anyRecord(
  pipeline: Pipeline,
  wanted: readonly Wanted[],
): Promise<StoredRecord | undefined> {
  return (await lastRecords(pipeline, wanted)).find((record) => record !== undefined);
}

/** The answers to several questions, in their order, asked as one: of each the records that are there, as stored. */
export async function recordsOfEach(
  pipeline: Pipeline,
  questions: readonly (readonly Wanted[])[],
): Promise<JournalRecord[][]> {
  const found = await lastRecords(pipeline, questions.flat());
  let at = 0;
  return questions.map(({ length }) => {
    const own = found.slice(at, at + length);
    at += length;
    return own
      .filter((one) => one !== undefined)
      .toSorted((a, b) => a.journalSeq - b.journalSeq)
      .map(({ record }) => record);
  });
}

export interface HistoryOptions {
  /** The message was never delivered before, so that it has no attempts: only what ended the key is read. */
  readonly firstDelivery: boolean;
  /** When the consumer was made: it counts from 1 again, and attempts from before are not its own. Default: all count. */
  readonly since?: Nanos;
}

/** What the attempt rule needs to know about a key; `emptyHistory` itself where nothing was found. */
export async function readKeyHistory(
  pipeline: Pipeline,
  key: Key,
  { firstDelivery, since = '0' }: HistoryOptions,
): Promise<KeyHistory> {
  const attempts = firstDelivery ? [] : recordsOfAttempts(key);
  const found = await lastRecords(pipeline, [...attempts, ...recordsOfEnd(key)]);
  if (found.every((record) => record === undefined)) return emptyHistory;
  const counted = found
    .slice(0, attempts.length)
    .map((one) => (compareNanos(one?.storedAt ?? '0', since) < 0 ? undefined : one));
  const started = ofKind(counted[0], 'ATTEMPT_STARTED');
  const failed = ofKind(counted[1], 'ATTEMPT_FAILED');
  const snoozed = ofKind(counted[2], 'SNOOZED');
  const ended = found.slice(attempts.length).find((record) => record !== undefined);
  return {
    ...(started ? { started } : {}),
    ...(failed ? { failed } : {}),
    ...(snoozed ? { snoozed } : {}),
    ...(ended ? { ended } : {}),
  };
}
