import type { ConsumerState, ConsumerStory, NextStep } from './explanation.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { externalNamed, readersOf } from '../../config/resolved.js';
import type { StoredRecord } from '../../domain/attempt.js';
import { metaConsumers, stageConsumers } from '../../domain/consumer-names.js';
import { sameOrigin, type Origin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import { positionOf } from '../../domain/consumer-position.js';
import { lookUntilSure, type Standing, standingOf } from '../../domain/standing.js';
import { inOrderOfStory } from '../../domain/story.js';
import { isExhaustion } from '../../domain/record-kinds.js';
import { findArchived } from '../../pointers/read-letters.js';
import type { HistoryRecord } from '../../dlq/show.js';
import { readHistory } from '../../journal/history.js';
import { readStandstill, type Standstill } from '../../nats/standstill.js';
import { lastPointer, readPointer } from '../../pointers/write-pointer.js';
import { nextStep } from './next-step.js';
import { stepOf } from './steps.js';
import { isBeforeStart, whyNobodyKnows } from '../../journal/what-is-known.js';

/** The event that the story is about, and what it is read from. */
export interface Telling {
  readonly pipeline: Pipeline;
  readonly origin: Origin;
  /** The event itself is there still. */
  readonly present: boolean;
}

/** What one consumer has to do with an event, and what is still to come. */
export async function tellStory(
  telling: Telling,
  consumer: string,
): Promise<{ readonly story: ConsumerStory; readonly next?: NextStep }> {
  const { pipeline, origin, present } = telling;
  const { config } = pipeline;
  const seen = await lookUntilSure(() => look(telling, consumer));
  const { standing, records, waiting, isKept } = seen;
  const { is: state } = standing;
  const ordered = inOrderOfStory(records.map((one) => ({ ...one.record, journalSeq: one.journalSeq })));
  const meta = await Promise.all(ordered.map((record) => routingOf(pipeline, record)));
  const history = ordered
    .flatMap((record, i) => [{ journalSeq: record.journalSeq, record }, ...(meta[i] ?? [])])
    .map((record) => stepOf(record, waiting));
  const dueAt = waiting && waiting.notBeforeMs > 0 ? new Date(waiting.notBeforeMs).toISOString() : null;
  const next = nextStep(config, { consumer, standing, seq: origin.seq, dueAt, present, isKept });
  const isOurs = readersOf(config).some(({ name }) => name === consumer);
  const still = isOurs ? await standstillBefore(telling, consumer, state) : undefined;
  const note = still === undefined ? seen.note : `nothing is delivered to ${still.name} now: ${still.detail}`;
  const story = { consumer, state, note: note ?? null, history };
  if (!next || !still) return { story, ...(next ? { next } : {}) };
  const at = next.at ?? still.until ?? null;
  return { story, next: { ...next, at, text: `${next.text}, once the server delivers to it again` } };
}

interface Seen {
  readonly standing: Standing;
  readonly note: string | undefined;
  readonly records: StoredRecord[];
  readonly waiting: Pointer | undefined;
  /** It is archived, and not in the DLQ. */
  readonly isKept: boolean;
}

async function look({ pipeline, origin }: Telling, consumer: string): Promise<Seen> {
  const { link, config, clock } = pipeline;
  const journal = await link.streamInfo(config.streams.advisories.name);
  const info = await link.consumerInfo(config.streams.events.name, consumer);
  const waiting = await pointerOf(pipeline, 'retry', consumer, origin);
  const dead = await pointerOf(pipeline, 'dlq', consumer, origin);
  const kept = await findArchived(pipeline, consumer, origin.seq);
  const archived = kept && sameOrigin(kept.pointer.origin, origin) ? kept.pointer : undefined;
  const records = await readHistory(pipeline, 'business', consumer, origin);
  const untold = info && whyNobodyKnows(origin, info, journal);
  const standing = standingOf({
    records: records.map(({ record }) => record),
    waiting,
    dead,
    archived: archived ?? 'none',
    position: info ? positionOf(info, origin.seq) : 'none',
    beforeStart: info !== undefined && isBeforeStart(info, origin),
    external: externalNamed(config, consumer) !== undefined,
    provesNothing: untold !== undefined,
    nowMs: clock.now(),
    letterLifeMs: config.streams.dlq.maxAgeMs,
  });
  const note = standing.is === 'no-trace' || standing.is === 'unknown' ? untold : undefined;
  return { standing, note, records, waiting, isKept: archived !== undefined && dead === undefined };
}

/** What goes on only once the server delivers to this consumer, and why it does not now. */
async function standstillBefore(
  { pipeline: { link, config } }: Telling,
  consumer: string,
  state: ConsumerState,
): Promise<(Standstill & { readonly name: string }) | undefined> {
  const { events, retry, advisories } = config.streams;
  const names = stageConsumers(consumer);
  const awaited: Partial<Record<ConsumerState, readonly [string, string]>> = {
    waiting: [events.name, names.main],
    failing: [events.name, names.main],
    parked: [retry.name, names.retry],
    retrying: [retry.name, names.retry],
    exhausted: [advisories.name, metaConsumers.main],
  };
  const [stream, name] = awaited[state] ?? [];
  if (stream === undefined || name === undefined) return undefined;
  const still = await readStandstill(link, stream, name);
  return still && { ...still, name };
}

async function pointerOf(
  pipeline: Pipeline,
  where: 'retry' | 'dlq',
  consumer: string,
  origin: Origin,
): Promise<Pointer | undefined> {
  const { link } = pipeline;
  const message = await lastPointer(link, pipeline.places[where], consumer, origin.seq);
  const pointer = message && readPointer(message);
  return pointer && sameOrigin(pointer.origin, origin) ? pointer : undefined;
}

/** What the journal has about the routing of an exhaustion: only where that failed. */
async function routingOf(pipeline: Pipeline, { journalSeq, kind }: HistoryRecord): Promise<StoredRecord[]> {
  const { link } = pipeline;
  if (!isExhaustion(kind)) return [];
  const journal = pipeline.places.journal;
  const message = await link.readFromLeader(journal.stream, journalSeq);
  return message ? readHistory(pipeline, 'meta', '*', message) : [];
}
