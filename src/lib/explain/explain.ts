import { externalNamed, type PipelineConfig, readersOf } from '../config/resolved.js';
import { sameOrigin, type Origin } from '../domain/key.js';
import type { StoredRecord } from '../domain/attempt.js';
import { inOrderOfStory } from '../domain/story.js';
import { isExhaustion, subjectMatches } from '../domain/subjects.js';
import { type Clock, isoOfNanos } from '../domain/time.js';
import { type HistoryRecord, shownEvent } from '../dlq/show.js';
import { Expiry } from '../dlq/state.js';
import { readHistory } from '../journal/history.js';
import type { Link } from '../nats/link.js';
import { headerOf, msgIdHeader, type StoredMessage } from '../nats/message.js';
import { fetchOriginal } from '../pointers/original.js';
import { lastPointer, readPointer } from '../pointers/write.js';
import type { Pointer } from '../domain/pointer.js';
import { journalOf, pointersOf } from '../routing/route.js';
import type { ConsumerStory, EventFacts, Explanation, NextStep, StoredEventFacts } from './explanation.js';
import { locateEvent } from './locate.js';
import { nextStep } from './next-step.js';
import { stateOf } from './state.js';
import { stepOf } from './steps.js';

/** How many of the newest events are looked through for a message id. */
export const defaultScanLimit = 1_000_000;

export interface ExplainOptions {
  readonly now: Clock;
  /** Default: `defaultScanLimit`. */
  readonly scanLimit?: number;
  /** With headers and payload. Default: without. */
  readonly withContent?: boolean;
}

/**
 * The life of one event across all consumers: all that is recorded, where it stands, and what is to come. The text
 * is a sequence, `<consumer>/<sequence>` or a message id.
 *
 * Throws OperationError `NOT_FOUND` (exit code 1).
 */
export async function explainEvent(
  link: Link,
  config: PipelineConfig,
  text: string,
  options: ExplainOptions,
): Promise<Explanation> {
  const located = await locateEvent(link, config, text, options.scanLimit ?? defaultScanLimit);
  const { origin, scanned, consumer } = located;
  const original = await fetchOriginal(link, origin);
  const records = await readHistory(link, journalOf(config), 'business', consumer ?? '*', origin);
  const names = consumer === undefined ? consumersOf(config, origin, records) : [consumer];
  const told = await Promise.all(
    names.map((name) => tellStory(link, config, origin, name, original.state === 'present', options.now())),
  );
  const event =
    original.state === 'present'
      ? await eventFacts(link, origin, original.message, options.withContent ?? false)
      : null;
  return {
    event,
    origin: factsOf(origin),
    original: original.state,
    consumers: told.map(({ story }) => story),
    next: [...told.flatMap(({ next }) => next ?? []), ...expiryOf(event)],
    scanned,
  };
}

/** Those of the config that read its subject, then those that only the journal knows. */
function consumersOf(
  config: PipelineConfig,
  { subject }: Origin,
  records: readonly StoredRecord[],
): string[] {
  const reading = readersOf(config)
    .filter(({ subjects }) => subjects.some((filter) => subjectMatches(filter, subject)))
    .map(({ name }) => name);
  return [...new Set([...reading, ...records.map(({ record }) => record.consumer)])];
}

async function tellStory(
  link: Link,
  config: PipelineConfig,
  origin: Origin,
  consumer: string,
  present: boolean,
  nowMs: number,
): Promise<{ readonly story: ConsumerStory; readonly next?: NextStep }> {
  // It may move on between two looks: what then seems lost is looked for once more.
  let seen = await look(link, config, origin, consumer, nowMs);
  if (seen.state === 'broken') seen = await look(link, config, origin, consumer, nowMs);
  const { state, records, waiting } = seen;
  const ordered = inOrderOfStory(records.map((one) => ({ ...one.record, journalSeq: one.journalSeq })));
  const meta = await Promise.all(ordered.map((record) => routingOf(link, config, record)));
  const history = ordered
    .flatMap((record, i) => [{ journalSeq: record.journalSeq, record }, ...(meta[i] ?? [])])
    .map((record) => stepOf(record, waiting));
  const dueAt = waiting && waiting.notBeforeMs > 0 ? new Date(waiting.notBeforeMs).toISOString() : null;
  const next = nextStep(config, { consumer, state, history, seq: origin.seq, dueAt, present });
  return { story: { consumer, state, history }, ...(next ? { next } : {}) };
}

async function look(
  link: Link,
  config: PipelineConfig,
  origin: Origin,
  consumer: string,
  nowMs: number,
): Promise<{
  readonly state: ConsumerStory['state'];
  readonly records: StoredRecord[];
  readonly waiting: Pointer | undefined;
}> {
  const info = await link.consumerInfo(config.streams.events.name, consumer);
  const waiting = await pointerOf(link, config, 'retry', consumer, origin);
  const dead = await pointerOf(link, config, 'dlq', consumer, origin);
  const records = await readHistory(link, journalOf(config), 'business', consumer, origin);
  const state = stateOf({
    records: records.map(({ record }) => record),
    ...(waiting ? { waiting } : {}),
    ...(dead ? { dead } : {}),
    ...(info ? { info } : {}),
    event: origin,
    external: externalNamed(config, consumer) !== undefined,
    nowMs,
  });
  return { state, records, waiting };
}

async function pointerOf(
  link: Link,
  config: PipelineConfig,
  where: 'retry' | 'dlq',
  consumer: string,
  origin: Origin,
): Promise<Pointer | undefined> {
  const message = await lastPointer(link, pointersOf(config, where), consumer, origin.seq);
  const pointer = message && readPointer(message);
  return pointer && sameOrigin(pointer.origin, origin) ? pointer : undefined;
}

/** What the journal has about the routing of an exhaustion: only where that failed. */
async function routingOf(
  link: Link,
  config: PipelineConfig,
  { journalSeq, kind }: HistoryRecord,
): Promise<StoredRecord[]> {
  if (!isExhaustion(kind)) return [];
  const journal = journalOf(config);
  const message = await link.readFromLeader(journal.stream, journalSeq);
  return message ? readHistory(link, journal, 'meta', '*', message) : [];
}

function factsOf({ stream, seq, subject, msgId, time }: Origin): EventFacts {
  return { stream, seq, subject, id: msgId ?? null, time: isoOfNanos(time) };
}

async function eventFacts(
  link: Link,
  origin: Origin,
  message: StoredMessage,
  withContent: boolean,
): Promise<StoredEventFacts> {
  const { headers, data, text, encoding } = shownEvent(message);
  return {
    ...factsOf(origin),
    id: headerOf(message.headers, msgIdHeader) ?? null,
    headers: Object.values(message.headers).reduce((sum, values) => sum + values.length, 0),
    bytes: message.data.length,
    expiresAt: await new Expiry(link).of(origin),
    ...(withContent ? { content: { headers, data, text, encoding } } : {}),
  };
}

function expiryOf(event: StoredEventFacts | null): NextStep[] {
  if (!event || event.expiresAt === null) return [];
  return [{ consumer: null, at: event.expiresAt, text: 'the event leaves its stream by age' }];
}
