import type { PipelineConfig } from '../config/resolved.js';
import { decodeAdvisory } from '../domain/advisory.js';
import { escapeLine } from '../domain/escape.js';
import type { Stage, Tier } from '../domain/key.js';
import { attemptOf, type JournalRecord } from '../domain/record.js';
import { decodeRecord } from '../domain/record-decode.js';
import { recordReason } from '../domain/record-reason.js';
import { isNativeAdvisory, parseRecordSubject, type RecordAddress } from '../domain/subjects.js';
import type { RecordKind } from '../domain/record-kinds.js';
import { isoOfNanos } from '../domain/time.js';
import type { StoredMessage } from '../nats/wire/message.js';

/** What is in the journal but is not a record. */
export const malformedKind = 'MALFORMED';
/** The kinds of records, and `MALFORMED` for a message that is not a valid record. */
export type AdvisoryKind = RecordKind | typeof malformedKind;

/** One line of the journal: the server's own advisory, or a record of the pipeline. */
export interface AdvisoryLine {
  /** ISO. */
  readonly at: string;
  /** What happened. */
  readonly kind: AdvisoryKind;
  /** Who says so. */
  readonly source: 'server' | 'pipeline';
  /** `meta` is about the consumers that route; null: unknown. */
  readonly tier: Tier | null;
  /** Of the event; of an advisory of the server, where the message was delivered. */
  readonly stream: string;
  /** Name of the consumer; null: unknown. */
  readonly consumer: string | null;
  /** Sequence in `stream`. */
  readonly seq: number;
  /** How often the message had been delivered; null: unknown. */
  readonly deliveries: number | null;
  /** Why, on one line; null: there is nothing to say. */
  readonly reason: string | null;
  /** Null for the server's advisories. */
  readonly stage: Stage | null;
  /** How many times it was replayed before; null for the server's advisories. */
  readonly cycle: number | null;
  /** From 1, in this stage; null: it is about no attempt. */
  readonly attempt: number | null;
}

const unstaged = { stage: null, cycle: null, attempt: null } as const;

/** What a message of the journal says. Never throws: what it can't read is a line of kind MALFORMED. */
export function advisoryLine(config: PipelineConfig, message: StoredMessage): AdvisoryLine {
  if (isNativeAdvisory(message.subject)) return nativeLine(config, message);
  const address = parseRecordSubject(config.roots.advisories, message.subject);
  const decoded = decodeRecord(message.data);
  if (!decoded.ok) return malformedLine(message, 'pipeline', decoded.reason, address);
  if (!address || !agrees(address, decoded.value)) {
    return malformedLine(
      message,
      'pipeline',
      `its body does not match its subject ${message.subject}`,
      address,
    );
  }
  const record = decoded.value;
  const { at, kind, tier, consumer, origin, stage, cycle } = record;
  const deliveries = 'deliveries' in record ? record.deliveries : undefined;
  return {
    at,
    kind,
    source: 'pipeline',
    tier,
    stream: origin.stream,
    consumer,
    seq: origin.seq,
    deliveries: typeof deliveries === 'number' ? deliveries : null,
    reason: recordReason(record),
    stage,
    cycle,
    attempt: attemptOf(record) ?? null,
  };
}

function agrees(
  address: RecordAddress,
  { tier, kind, consumer, origin, stage, cycle }: JournalRecord,
): boolean {
  return (
    address.tier === tier &&
    address.kind === kind &&
    address.consumer === consumer &&
    address.seq === origin.seq &&
    address.stage === stage &&
    address.cycle === cycle
  );
}

function nativeLine(config: PipelineConfig, message: StoredMessage): AdvisoryLine {
  const decoded = decodeAdvisory(message.data);
  if (!decoded.ok) return malformedLine(message, 'server', decoded.reason);
  const { timestamp, kind, stream, consumer, streamSeq, deliveries, reason } = decoded.value;
  return {
    at: new Date(timestamp).toISOString(),
    kind,
    source: 'server',
    tier: stream === config.streams.advisories.name ? 'meta' : 'business',
    stream,
    consumer,
    seq: streamSeq,
    deliveries,
    reason: reason ?? null,
    ...unstaged,
  };
}

function malformedLine(
  message: StoredMessage,
  source: AdvisoryLine['source'],
  why: string,
  address?: RecordAddress,
): AdvisoryLine {
  return {
    at: isoOfNanos(message.time),
    kind: malformedKind,
    source,
    tier: address?.tier ?? null,
    stream: message.stream,
    consumer: address?.consumer ?? null,
    seq: message.seq,
    deliveries: null,
    reason: escapeLine(why),
    ...unstaged,
  };
}
