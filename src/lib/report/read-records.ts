import { decodeRecord } from '../domain/record-decode.js';
import type { JournalRecord } from '../domain/record.js';
import type { RecordKind } from '../domain/record-kinds.js';
import { isNativeAdvisory, parseRecordSubject } from '../domain/subjects.js';
import type { OnRead } from '../nats/read/read-so-far.js';
import { readPages } from '../nats/read/read-stream.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** Which records, and who is told while they are read. */
export interface RecordsOptions {
  /** Only these kinds. */
  readonly kinds: readonly RecordKind[];
  /** Begin with what was stored at this time, ms since 1970. Default: the oldest. */
  readonly sinceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRead?: OnRead | undefined;
}

/** The pipeline's own records of these kinds, in the order of the journal, up to what is its last now. */
export async function* readRecords(
  { link, config }: Pipeline,
  { kinds, sinceMs, signal, onRead }: RecordsOptions,
): AsyncGenerator<JournalRecord> {
  const root = config.roots.advisories;
  const pages = readPages(link, {
    stream: config.streams.advisories.name,
    filters: kinds.map((kind) => `${root}.*.${kind}.>`),
    ...(sinceMs === undefined ? {} : { from: { timeMs: sinceMs } }),
    ...(signal === undefined ? {} : { signal }),
  });
  let done = 0;
  for await (const { messages, after = 0 } of pages) {
    for (const { subject, data } of messages) {
      const record = isNativeAdvisory(subject) ? undefined : recordAt(root, subject, data);
      if (record) yield record;
    }
    done += messages.length;
    onRead?.({ what: 'records of the journal', done, of: done + after });
  }
}

/** What says something else than its subject was put there by somebody else. */
function recordAt(root: string, subject: string, data: Uint8Array): JournalRecord | undefined {
  const address = parseRecordSubject(root, subject);
  const decoded = address && decodeRecord(data);
  if (!decoded?.ok) return undefined;
  const { kind, consumer, origin } = decoded.value;
  const agrees = address?.kind === kind && address.consumer === consumer && address.seq === origin.seq;
  return agrees ? decoded.value : undefined;
}
