import type { Pipeline } from '../pipeline/pipeline.js';
import { type Exhaustion, type JournalRecord, recordMessageId } from '../domain/record.js';
import { smallerRecords } from '../domain/smaller.js';
import { WrongSequenceError } from '../nats/errors.js';
import type { Delivery } from '../nats/consume/delivery.js';
import { expectLastSubjectSeqHeader } from '../nats/wire/headers.js';
import type { PublishAck } from '../nats/link.js';
import { storeFitting } from '../nats/wire/store-fitting.js';
import { subjectOf } from './record-about.js';

/**
 * Writes one record and waits until it is stored. Safe to repeat: the record's message id makes a second
 * write inside the dedup window a duplicate, and readers treat a second one beyond it as the same.
 *
 * One that is too large is made smaller until the server takes it.
 *
 * Throws StoreFullError, UnreachableError, NotAllowedError, TooLargeError or `NO_STREAM`; nothing is known to be
 * stored then.
 */
export function writeRecord(pipeline: Pipeline, record: JournalRecord): Promise<PublishAck> {
  return publish(pipeline, record);
}

/**
 * As `writeRecord`, and where nothing stands under its subject yet, its reader can tell that it is the first
 * (`isFirstTelling`).
 */
export function writeExhaustion(pipeline: Pipeline, record: Exhaustion): Promise<PublishAck> {
  return publish(pipeline, record, 0).catch((error: unknown) => {
    if (!(error instanceof WrongSequenceError)) throw error;
    // Told before, or about another event at the same place of a recreated stream: whoever routes it looks.
    return publish(pipeline, record);
  });
}

/** The server has stored this record as the first of its subject: it kept the condition, and checks what it keeps. */
export function isFirstTelling(delivery: Delivery): boolean {
  return delivery.header(expectLastSubjectSeqHeader) === '0';
}

function publish(
  pipeline: Pipeline,
  record: JournalRecord,
  expectLastSubjectSeq?: number,
): Promise<PublishAck> {
  const { link } = pipeline;
  const place = pipeline.places.journal;
  const conditions = {
    // Of the whole record: what is made smaller is still the same one.
    msgId: recordMessageId(record),
    expectStream: place.stream,
    ...(expectLastSubjectSeq === undefined ? {} : { expectLastSubjectSeq }),
  };
  const fitting = { version: record, smaller: () => smallerRecords(record) };
  return storeFitting(link, place.stream, fitting, (version) =>
    link.publish(subjectOf(place, version, version.kind), JSON.stringify(version), conditions),
  );
}
