import type { PipelineConfig } from '../config/resolved.js';
import { decodeAdvisory, isLoss } from '../domain/advisory.js';
import { decodeRecord } from '../domain/record.js';
import { isExhaustion, isName, isNativeAdvisory, recordSubject } from '../domain/subjects.js';
import type { Link } from '../nats/link.js';
import type { StoredMessage } from '../nats/message.js';
import { readStream } from '../nats/read-stream.js';
import { OpenCases } from './open-cases.js';
import { OpenMetaCases } from './open-meta-cases.js';

/** The server's word that it removed an event which a consumer had not acknowledged. */
export interface Loss {
  readonly consumer: string;
  readonly seq: number;
  readonly at: string;
  readonly reason: string;
}

/** What one reading of the journal leaves to be looked at. */
export interface JournalScan {
  readonly cases: OpenCases;
  readonly meta: OpenMetaCases;
  /** The first of each consumer and sequence. */
  readonly losses: ReadonlyMap<string, Loss>;
  readonly records: number;
  readonly exhaustions: number;
  readonly malformed: number;
}

/** Reads the journal from its first record to what is its last now. */
export async function scanJournal(link: Link, config: PipelineConfig): Promise<JournalScan> {
  const { advisories, events } = config.streams;
  const info = await link.streamInfo(advisories.name);
  const scan = {
    cases: new OpenCases(events.name, (info?.state.first_seq ?? 0) <= 1),
    meta: new OpenMetaCases(advisories.name),
    losses: new Map<string, Loss>(),
    records: 0,
    exhaustions: 0,
    malformed: 0,
  };
  for await (const message of readStream(link, { stream: advisories.name, filters: ['>'] })) {
    scan.records++;
    if (isNativeAdvisory(message.subject)) takeNative(scan.losses, config, message);
    else takeRecord(scan, config, message);
  }
  return scan;
}

function takeRecord(
  scan: { cases: OpenCases; meta: OpenMetaCases; exhaustions: number; malformed: number },
  { roots }: PipelineConfig,
  { subject, data, seq }: StoredMessage,
): void {
  const decoded = decodeRecord(data);
  if (!decoded.ok) {
    scan.malformed++;
    return;
  }
  const record = decoded.value;
  const { tier, kind, consumer, origin, stage, cycle } = record;
  const address = { tier, kind, consumer, seq: origin.seq, stage, cycle };
  if (!isName(consumer) || recordSubject(roots.advisories, address) !== subject) {
    scan.malformed++;
    return;
  }
  if (tier === 'meta') return scan.meta.take(record, seq);
  if (isExhaustion(kind)) scan.exhaustions++;
  scan.cases.take(record);
}

function takeNative(losses: Map<string, Loss>, config: PipelineConfig, { data }: StoredMessage): void {
  const decoded = decodeAdvisory(data);
  if (!decoded.ok || !isLoss(decoded.value) || decoded.value.stream !== config.streams.events.name) return;
  const { consumer, streamSeq: seq, timestamp: at, reason = '' } = decoded.value;
  if (!config.consumers.some(({ name }) => name === consumer)) return;
  const id = `${consumer}/${seq}`;
  if (!losses.has(id)) losses.set(id, { consumer, seq, at, reason });
}
