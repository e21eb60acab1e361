import type { Pipeline } from '../../pipeline/pipeline.js';
import { readersOf } from '../../config/resolved.js';
import { decodeAdvisory, isLoss } from '../../domain/advisory.js';
import { decodeRecord } from '../../domain/record-decode.js';
import { isName, isNativeAdvisory, recordSubject } from '../../domain/subjects.js';
import { isExhaustion } from '../../domain/record-kinds.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Transcriber } from '../../routing/transcribe.js';
import { readBatches } from '../../nats/read/read-batches.js';
import { OpenCases } from '../trace/open-cases.js';
import { OpenMetaCases } from '../trace/open-meta-cases.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import { type AdvisoryCheck, UntoldAdvisories } from './untold-advisories.js';

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
  /** The server's advisories about external consumers of which no exhaustion was made. */
  readonly untold: AdvisoryCheck;
  readonly records: number;
  readonly exhaustions: number;
  readonly malformed: number;
}

/** Reads the journal from its first record to what is its last now. */
export async function scanJournal(
  pipeline: Pipeline,
  transcriber: Transcriber,
  onRead: OnRead,
): Promise<JournalScan> {
  const { link, config } = pipeline;
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
  const untold = new UntoldAdvisories(transcriber);
  const of = info?.state.messages ?? 0;
  for await (const messages of readBatches(link, advisories.name)) {
    for (const message of messages) {
      if (isNativeAdvisory(message.subject)) await takeNative(pipeline, scan.losses, untold, message);
      else takeRecord(pipeline, scan, untold, message);
    }
    scan.records += messages.length;
    onRead({ what: 'records of the journal', done: scan.records, of });
  }
  return { ...scan, untold: await untold.check() };
}

function takeRecord(
  { config }: Pipeline,
  scan: { cases: OpenCases; meta: OpenMetaCases; exhaustions: number; malformed: number },
  untold: UntoldAdvisories,
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
  if (!isName(consumer) || recordSubject(config.roots.advisories, address) !== subject) {
    scan.malformed++;
    return;
  }
  if (tier === 'meta') return scan.meta.take(record, seq);
  if (isExhaustion(kind)) {
    scan.exhaustions++;
    if (stage === 'main') untold.told(consumer, origin.seq);
  }
  scan.cases.take(record);
}

async function takeNative(
  { link, config }: Pipeline,
  losses: Map<string, Loss>,
  untold: UntoldAdvisories,
  message: StoredMessage,
): Promise<void> {
  const decoded = decodeAdvisory(message.data);
  if (!decoded.ok || decoded.value.stream !== config.streams.events.name) return;
  const { consumer, streamSeq: seq, timestamp: at, reason = '', domain } = decoded.value;
  if (!link.home.isFrom(domain)) return;
  if (!isLoss(decoded.value)) {
    await untold.take(consumer, seq, message);
    return;
  }
  if (!readersOf(config).some(({ name }) => name === consumer)) return;
  const id = `${consumer}/${seq}`;
  if (!losses.has(id)) losses.set(id, { consumer, seq, at, reason });
}
