import { type Exhaustion, type JournalRecord, recordMessageId } from '../domain/record.js';
import { WrongSequenceError } from '../nats/errors.js';
import type { Delivery } from '../nats/delivery.js';
import { expectLastSubjectSeqHeader } from '../nats/headers.js';
import type { Link, PublishAck } from '../nats/link.js';
import { type JournalPlace, subjectOf } from './journal.js';

/**
 * Writes one record and waits until it is stored. Safe to repeat: the record's message id makes a second
 * write inside the dedup window a duplicate, and readers treat a second one beyond it as the same.
 *
 * Throws StoreFullError, UnreachableError or NotAllowedError; nothing is known to be stored then.
 */
export function writeRecord(link: Link, place: JournalPlace, record: JournalRecord): Promise<PublishAck> {
  return publish(link, place, record);
}

/**
 * As `writeRecord`, and where nothing stands under its subject yet, its reader can tell that it is the first
 * (`isFirstTelling`).
 */
export function writeExhaustion(link: Link, place: JournalPlace, record: Exhaustion): Promise<PublishAck> {
  return publish(link, place, record, 0).catch((error: unknown) => {
    if (!(error instanceof WrongSequenceError)) throw error;
    // Told before, or about another event at the same place of a recreated stream: whoever routes it looks.
    return publish(link, place, record);
  });
}

/** The server has stored this record as the first of its subject: it kept the condition, and checks what it keeps. */
export function isFirstTelling(delivery: Delivery): boolean {
  return delivery.header(expectLastSubjectSeqHeader) === '0';
}

function publish(
  link: Link,
  place: JournalPlace,
  record: JournalRecord,
  expectLastSubjectSeq?: number,
): Promise<PublishAck> {
  return link.publish(subjectOf(place, record, record.kind), JSON.stringify(record), {
    msgId: recordMessageId(record),
    expectStream: place.stream,
    ...(expectLastSubjectSeq === undefined ? {} : { expectLastSubjectSeq }),
  });
}
