import type { Pipeline } from '../pipeline/pipeline.js';
import type { StoredRecord } from '../domain/attempt.js';
import { sameOrigin, type Origin, type Tier } from '../domain/key.js';
import { decodeRecord } from '../domain/record-decode.js';
import type { Link } from '../nats/link.js';

/** Everything the journal holds about one event and one consumer, in order of writing. */
export async function readHistory(
  pipeline: Pipeline,
  tier: Tier,
  consumer: string,
  origin: Origin,
): Promise<StoredRecord[]> {
  const { link } = pipeline;
  const place = pipeline.places.journal;
  const info = await link.streamInfo(place.stream, `${place.root}.${tier}.*.${consumer}.${origin.seq}.*.*`);
  const subjects = Object.keys(info?.state.subjects ?? {});
  const records = await Promise.all(subjects.map((subject) => readSubject(link, place.stream, subject)));
  return records
    .flat()
    .filter(({ record }) => sameOrigin(record.origin, origin))
    .toSorted((a, b) => a.journalSeq - b.journalSeq);
}

async function readSubject(link: Link, stream: string, subject: string): Promise<StoredRecord[]> {
  const out: StoredRecord[] = [];
  for (let seq = 1; ; ) {
    const message = await link.readNext(stream, subject, seq);
    if (!message) return out;
    const decoded = decodeRecord(message.data);
    if (decoded.ok) out.push({ journalSeq: message.seq, record: decoded.value });
    seq = message.seq + 1;
  }
}
