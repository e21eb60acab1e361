import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoFlag, refuseNoPipeline, refuseNoSignal } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type Narrowed, narrow, statusesMeant } from '../../domain/selection/narrow.js';
import type { Term } from '../../domain/selection/selection.js';
import { pointerFilter } from '../../domain/subjects.js';
import { leavable } from '../../flow/leavable.js';
import { UsageError } from '../../errors.js';
import { tasksMeant } from '../facts/tasks-meant.js';
import { alikeFor, type AlikeSoFar } from '../../groups/alike.js';
import { EventRegistry } from '../../handlers/event.js';
import { ClosedError, UnreachableError } from '../../nats/errors.js';
import type { ReadOptions } from '../../nats/read/read-options.js';
import { readPages } from '../../nats/read/read-stream.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { readEntry } from '../../pointers/entry.js';
import { type DeadLetterFilters, selectionOfFilters } from '../filters.js';
import type { DeadLetterItem } from '../item.js';
import { itemsOf } from '../list.js';
import { Originals } from '../originals.js';
import { persistently } from '../plan/persistently.js';
import {
  refuseUnknownConsumers,
  refuseUnknownExceptions,
  refuseUnknownPatterns,
  UnknownTypes,
} from '../refuse-unknown.js';
import { selectEntries } from '../select.js';
import { Sift } from '../sift.js';

/** Where to begin, and until when. */
export interface WatchOptions {
  /** Begin with those that are in the DLQ already and match. Default: only what comes from now on. */
  readonly existing?: boolean;
  /** Ends the watching. */
  readonly signal?: AbortSignal;
}

/**
 * Each dead letter that matches, once, in the order in which they come to the DLQ, until the signal. A server that is
 * away is waited for, and the reading goes on where it was. What `age` and the state of an original are compared with
 * is the moment in which a dead letter is looked at.
 *
 * Throws UsageError for a filter that can't match anything: by its form, or since nothing has that name; OperationError
 * `NO_STREAM`.
 */
export function watchDeadLetters(
  pipeline: Pipeline,
  filters: DeadLetterFilters = {},
  options: WatchOptions = {},
): AsyncGenerator<DeadLetterItem, void> {
  return leavable(options, (signal) => eachDeadLetter(pipeline, filters, options, signal));
}

async function* eachDeadLetter(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<DeadLetterItem, void> {
  refuseNoPipeline(pipeline);
  checkOptions(
    { existing: refuseNoFlag, signal: refuseNoSignal } as const satisfies Checks<WatchOptions>,
    options,
  );
  const { existing = false } = options;
  const { link, config, clock } = pipeline;
  const { name: stream } = config.streams.dlq;
  const { terms } = selectionOfFilters(filters);
  // Before anything else: what dies during the checks is new.
  const next = ((await link.streamInfo(stream))?.state.last_seq ?? 0) + 1;
  if (!statusesMeant(terms).includes('dead')) {
    throw new UsageError(
      'status: what comes to the DLQ is not archived, so that nothing would ever be shown',
    );
  }
  await refuseUnknown(pipeline, filters, terms, signal);
  const narrowed = narrow(terms, clock.now());
  // Two terms that name different consumers: no dead letter is of both.
  if (narrowed.consumers?.length === 0) return;
  const reading = readingOf(pipeline, narrowed, signal);
  const alike = await alikeFor(pipeline, terms, signal);
  const tasksOf = await tasksMeant(pipeline, terms);
  const from = existing ? {} : { from: { seq: next } };
  for await (const { messages } of readPages(link, { ...reading, ...from, follow: true })) {
    const items = await patiently(
      () => matching(pipeline, narrowed.rest, { alike, tasksOf }, messages),
      signal,
    );
    for (const item of items) {
      if (signal?.aborted === true) return;
      yield item;
    }
  }
}

function readingOf(
  { config }: Pipeline,
  { consumers, fromMs }: Narrowed,
  signal: AbortSignal | undefined,
): ReadOptions {
  return {
    stream: config.streams.dlq.name,
    filters: consumers?.map((name) => pointerFilter(config.roots.dlq, name)) ?? [`${config.roots.dlq}.>`],
    ...(fromMs === undefined ? {} : { from: { timeMs: fromMs } }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** What does not change with what dies; groups grow with it. */
interface KnownBefore {
  readonly alike: AlikeSoFar | undefined;
  readonly tasksOf: ((id: string) => readonly string[]) | undefined;
}

/** Everything else is asked anew for each page: times pass, and the streams of the events grow. */
async function matching(
  pipeline: Pipeline,
  terms: readonly Term[],
  known: KnownBefore,
  messages: readonly StoredMessage[],
): Promise<readonly DeadLetterItem[]> {
  const { config, clock } = pipeline;
  const registry = new EventRegistry(config);
  const typeOf = (subject: string): string => registry.typeOf(subject);
  const entries = messages.map((message) => readEntry(config, message));
  for (const entry of entries) known.alike?.add(entry);
  const sift = new Sift(pipeline, terms, { nowMs: clock.now(), typeOf, ...known });
  return itemsOf(pipeline, new Originals(pipeline), await sift.sift(entries));
}

/** Whoever waits for what can never come would wait for ever: names that neither the config nor a dead letter has. */
async function refuseUnknown(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  terms: readonly Term[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { config, clock } = pipeline;
  const registry = new EventRegistry(config);
  const typeOf = (subject: string): string => registry.typeOf(subject);
  await refuseUnknownConsumers(pipeline, filters, terms);
  await refuseUnknownExceptions(pipeline, terms, { nowMs: clock.now(), typeOf }, signal);
  try {
    refuseUnknownPatterns(pipeline, filters, terms);
    new UnknownTypes(config, terms, typeOf).refuse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // What has left the config is known as long as a dead letter has it; without one, this throws the same.
    await selectEntries(pipeline, filters, signal).next();
  }
}

/** Nobody is told that a server is away who waits for it anyway. */
async function patiently<T>(
  work: () => Promise<readonly T[]>,
  signal: AbortSignal | undefined,
): Promise<readonly T[]> {
  for (;;) {
    try {
      return await persistently(work, signal);
    } catch (error) {
      // The reading itself says how the connection has ended.
      if (error instanceof ClosedError) return [];
      if (!(error instanceof UnreachableError)) throw error;
      if (signal?.aborted === true) return [];
    }
  }
}
