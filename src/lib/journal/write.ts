import { type JournalRecord, recordMessageId } from '../domain/record.js';
import type { Link, PublishAck } from '../nats/link.js';
import { type JournalPlace, subjectOf } from './journal.js';

/**
 * Writes one record and waits until it is stored. Safe to repeat: the record's message id makes a second
 * write inside the dedup window a duplicate, and readers treat a second one beyond it as the same.
 *
 * Throws StoreFullError, UnreachableError or NotAllowedError; nothing is known to be stored then.
 */
export function writeRecord(link: Link, place: JournalPlace, record: JournalRecord): Promise<PublishAck> {
  return link.publish(subjectOf(place, record, record.kind), Buffer.from(JSON.stringify(record)), {
    msgId: recordMessageId(record),
    expectStream: place.stream,
  });
}
