import type { KeyHistory, StoredRecord } from '../domain/attempt.js';
import { type Key, sameOrigin } from '../domain/key.js';
import { decodeRecord } from '../domain/record.js';
import type { RecordKind } from '../domain/subjects.js';
import type { Link } from '../nats/link.js';
import { type JournalPlace, subjectOf } from './journal.js';

/** The last record of one kind about a key, from the journal's leader. Foreign and malformed ones don't count. */
export async function lastRecord(
  link: Link,
  place: JournalPlace,
  key: Key,
  kind: RecordKind,
): Promise<StoredRecord | undefined> {
  const message = await link.readLast(place.stream, subjectOf(place, key, kind));
  if (!message) return undefined;
  const decoded = decodeRecord(message.data);
  // The same sequence in a recreated stream is another event.
  if (!decoded.ok || !sameOrigin(decoded.value.origin, key.origin)) return undefined;
  return { journalSeq: message.seq, record: decoded.value };
}

/** The first that is there, of several kinds about several keys. */
export async function anyRecord(
  link: Link,
  place: JournalPlace,
  wanted: readonly (readonly [Key, RecordKind])[],
): Promise<StoredRecord | undefined> {
  const found = await Promise.all(wanted.map(([key, kind]) => lastRecord(link, place, key, kind)));
  return found.find((record) => record !== undefined);
}

/** The same (consumer, event) in another stage or cycle. */
export function atStage(key: Key, stage: Key['stage'], cycle = key.cycle): Key {
  return { ...key, stage, cycle };
}

/** What ended a key, if anything did. A late success in main ends the retry of the same event too. */
function readEnd(link: Link, place: JournalPlace, key: Key): Promise<StoredRecord | undefined> {
  const ends: (readonly [Key, RecordKind])[] = [
    [key, 'RESOLVED'],
    [key, 'MAX_DELIVERIES'],
    [key, 'MSG_TERMINATED'],
  ];
  if (key.stage === 'retry') ends.push([atStage(key, 'main'), 'RESOLVED']);
  return anyRecord(link, place, ends);
}

/**
 * What the attempt rule needs to know about a key. Literal subjects only: their last message is a look-up, not
 * a scan. A message that was never delivered before has no attempts: then only what ended the key is read.
 */
export async function readKeyHistory(
  link: Link,
  place: JournalPlace,
  key: Key,
  options: { readonly firstDelivery: boolean },
): Promise<KeyHistory> {
  const attempt = (kind: RecordKind): Promise<StoredRecord | undefined> | undefined =>
    options.firstDelivery ? undefined : lastRecord(link, place, key, kind);
  const [started, failed, snoozed, ended] = await Promise.all([
    attempt('ATTEMPT_STARTED'),
    attempt('ATTEMPT_FAILED'),
    attempt('SNOOZED'),
    readEnd(link, place, key),
  ]);
  return {
    ...(started ? { started } : {}),
    ...(failed ? { failed } : {}),
    ...(snoozed ? { snoozed } : {}),
    ...(ended ? { ended } : {}),
  };
}
