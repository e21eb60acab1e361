import { findArchived } from '../../pointers/read-letters.js';
import type { OpenMetaCase } from './open-meta-cases.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { PipelineConfig } from '../../config/resolved.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import type { Key } from '../../domain/key.js';
import { decodeRecord } from '../../domain/record-decode.js';
import { isPastLetterLife } from '../../domain/standing.js';
import { msOfNanos } from '../../domain/time.js';
import { recordSubject } from '../../domain/subjects.js';
import type { RecordKind } from '../../domain/record-kinds.js';
import { lastPointer } from '../../pointers/write-pointer.js';
import type { Positions } from '../scan/positions.js';
import { readRoutable } from '../repair/restore.js';
import type { Trace } from './trace.js';
import { findingOf } from '../verification.js';

/** What became of a record that the meta-consumer gave up. */
export async function traceMeta(
  pipeline: Pipeline,
  positions: Positions,
  open: OpenMetaCase,
): Promise<Trace> {
  const { link, config } = pipeline;
  const { name } = config.streams.advisories;
  const waits = open.awaits !== undefined && positions.of(name, open.awaits, open.journalSeq) !== 'acked';
  if (waits) return 'in-flight';
  if (await lastPointer(link, pipeline.places.dlq, metaConsumers.main, open.seq)) return 'fine';
  if (await findArchived(pipeline, metaConsumers.main, open.seq)) return 'fine';
  if (await isOver(pipeline, open)) return 'fine';
  if (open.awaits === undefined && (await hasAgedOut(pipeline, open))) return 'aged-out';
  const routable = await readRoutable(pipeline, open.seq);
  const key = metaKeyOf(config, open.seq);
  return open.awaits === undefined
    ? findingOf(
        key,
        'dead-letter-missing',
        `record ${open.seq} of the journal could not be routed and went to the DLQ, but is neither there, nor archived, nor replayed`,
        routable !== undefined,
      )
    : findingOf(
        key,
        'not-routed',
        `record ${open.seq} of the journal could not be routed; ${open.awaits} has finished it, and nothing was written`,
        routable !== undefined,
      );
}

/** The key of a journal record as an event of the meta tier. */
export function metaKeyOf(config: PipelineConfig, seq: number): Key {
  const { name } = config.streams.advisories;
  const origin = { stream: name, seq, subject: '', time: '0' };
  return { tier: 'meta', consumer: metaConsumers.main, origin, stage: 'main', cycle: 0 };
}

/** Its record says when it went to the DLQ. */
async function hasAgedOut({ link, config, clock }: Pipeline, { journalSeq }: OpenMetaCase): Promise<boolean> {
  const { advisories, dlq } = config.streams;
  if (dlq.maxAgeMs === 0) return false;
  const routed = await link.readFromLeader(advisories.name, journalSeq);
  if (routed === undefined) return false;
  return isPastLetterLife(msOfNanos(routed.time), { letterLifeMs: dlq.maxAgeMs, nowMs: clock.now() });
}

async function isOver(pipeline: Pipeline, open: OpenMetaCase): Promise<boolean> {
  const found = await Promise.all([
    has(pipeline, open.seq, metaConsumers.main, 'RESOLVED', 0),
    has(pipeline, open.seq, metaConsumers.retry, 'RESOLVED', 0),
    has(pipeline, open.seq, metaConsumers.main, 'REPLAYED', 1),
    has(pipeline, open.seq, metaConsumers.main, 'DISCARDED', 0),
    // Handed on to the DLQ since the journal was read: the next verification looks for it there.
    open.awaits !== undefined && has(pipeline, open.seq, metaConsumers.retry, 'ROUTED', 0),
  ]);
  return found.includes(true);
}

async function has(
  pipeline: Pipeline,
  seq: number,
  consumer: string,
  kind: RecordKind,
  cycle: number,
): Promise<boolean> {
  const { link } = pipeline;
  const stage = kind === 'REPLAYED' || kind === 'DISCARDED' ? 'dlq' : 'main';
  const { stream, root } = pipeline.places.journal;
  const subject = recordSubject(root, { tier: 'meta', kind, consumer, seq, stage, cycle });
  const message = await link.readLast(stream, subject);
  return message !== undefined && decodeRecord(message.data).ok;
}
