import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoFlag, refuseNoFunction, refuseNoPipeline, refuseNoWhole } from '../../domain/given.js';
import { logRead } from '../../operations/log-read.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type PipelineConfig, readersOf } from '../../config/resolved.js';
import type { Origin } from '../../domain/key.js';
import type { StoredRecord } from '../../domain/attempt.js';
import { subjectMatches } from '../../domain/subjects.js';
import { isoOfNanos } from '../../domain/time.js';
import { openedEvent } from '../../dlq/show.js';
import { Expiry } from '../../dlq/state.js';
import { readHistory } from '../../journal/history.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import { headerOf, msgIdHeader, type StoredMessage } from '../../nats/wire/message.js';
import { fetchEvent } from '../../pointers/kept/event-of.js';
import { fetchOriginal, type Original } from '../../pointers/original.js';
import { isLeft } from '../../domain/ownership.js';
import { positionOf } from '../../domain/consumer-position.js';
import { filtersOf } from '../../topology/diff/fields.js';
import { orphanedReaders } from '../../topology/orphans.js';
import type { EventFacts, Explanation, NextStep, StoredEventFacts, EventContent } from './explanation.js';
import { locateEvent } from './locate-event.js';
import { tellStory } from './tell-story.js';

/** How many of the newest events are looked through for a message id. */
export const defaultScanLimit = 1_000_000;

/** How far to search, and what to show. */
export interface ExplainOptions {
  /** Most events to search for a message id. Default: `defaultScanLimit`. */
  readonly scanLimit?: number;
  /** Include headers and payload. Default: false. */
  readonly withContent?: boolean;
  /** Called now and then while events are searched for a message id. */
  readonly onRead?: OnRead;
}

const explainChecks = {
  scanLimit: refuseNoWhole,
  withContent: refuseNoFlag,
  onRead: refuseNoFunction,
} as const satisfies Checks<ExplainOptions>;

/**
 * The life of one event across all consumers: all that is recorded, where it stands, and what is to come. The text
 * is a sequence, `<consumer>/<sequence>` or a message id.
 *
 * Throws OperationError `NOT_FOUND` and `NOT_AN_EVENT` (exit code 1).
 */
export async function explainEvent(
  pipeline: Pipeline,
  text: string,
  options: ExplainOptions = {},
): Promise<Explanation> {
  refuseNoPipeline(pipeline);
  checkOptions(explainChecks, options);
  const { link, config } = pipeline;
  const located = await locateEvent(pipeline, text, {
    scanLimit: options.scanLimit ?? defaultScanLimit,
    ...(options.onRead ? { onRead: options.onRead } : {}),
  });
  const { origin, scanned, consumer } = located;
  if (options.withContent === true)
    await logRead(pipeline, `events explain ${origin.stream} ${origin.seq}, with its data`);
  const original = await fetchOriginal(link, origin);
  const records = await readHistory(pipeline, 'business', consumer ?? '*', origin);
  const names =
    consumer === undefined
      ? [...new Set([...consumersOf(config, origin, records), ...(await strandedReaders(pipeline, origin))])]
      : [consumer];
  const found = await Promise.all(names.map((name) => keptFor(pipeline, name, origin, original)));
  const told = await Promise.all(
    names.map((name, i) => {
      const present = found[i]?.state === 'present';
      return tellStory({ pipeline, origin, present }, name);
    }),
  );
  const best = found.find(({ state }) => state === 'present') ?? original;
  const event =
    best.state === 'present' ? await eventFacts(pipeline, origin, best, options.withContent ?? false) : null;
  return {
    event,
    origin: factsOf(origin),
    original: best.state,
    kept: best.state === 'present' && best.kept === true,
    consumers: told.map(({ story }) => story),
    next: [...told.flatMap(({ next }) => next ?? []), ...expiryOf(event)],
    scanned,
  };
}

/** What a stream does not have any more is kept for some consumers, and not for others. */
async function keptFor(
  pipeline: Pipeline,
  consumer: string,
  origin: Origin,
  original: Original,
): Promise<Original> {
  return original.state === 'present' ? original : fetchEvent(pipeline, { consumer, origin });
}

/** Those that left the config, and did not get to it. */
async function strandedReaders(pipeline: Pipeline, { subject, seq }: Origin): Promise<string[]> {
  const orphans = await orphanedReaders(pipeline);
  return orphans
    .filter((info) => !isLeft(info.config.metadata) && positionOf(info, seq) !== 'acked')
    .filter(({ config: fields }) => filtersOf(fields).some((filter) => subjectMatches(filter, subject)))
    .map(({ name }) => name);
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

function factsOf({ stream, seq, subject, msgId, time }: Origin): EventFacts {
  return { stream, seq, subject, id: msgId ?? null, time: isoOfNanos(time) };
}

async function eventFacts(
  pipeline: Pipeline,
  origin: Origin,
  { message, kept }: Extract<Original, { readonly state: 'present' }>,
  withContent: boolean,
): Promise<StoredEventFacts> {
  return {
    ...factsOf(origin),
    id: headerOf(message.headers, msgIdHeader) ?? null,
    headers: Object.values(message.headers).reduce((sum, values) => sum + values.length, 0),
    bytes: message.data.length,
    expiresAt: kept ? null : await new Expiry(pipeline.link).of(message),
    ...(withContent ? { content: await contentOf(pipeline, message) } : {}),
  };
}

async function contentOf(pipeline: Pipeline, message: StoredMessage): Promise<EventContent> {
  const { headers, data, text, encoding, encryption } = await openedEvent(pipeline, message);
  return { headers, data, text, encoding, ...(encryption ? { encryption } : {}) };
}

function expiryOf(event: StoredEventFacts | null): NextStep[] {
  if (!event || event.expiresAt === null) return [];
  return [{ consumer: null, at: event.expiresAt, text: 'the event leaves its stream by age' }];
}
