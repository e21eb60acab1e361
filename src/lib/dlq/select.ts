import type { Pipeline } from '../pipeline/pipeline.js';
import { parseDeadLetterId } from '../domain/dead-letter.js';
import type { LetterStatus } from '../domain/selection/match.js';
import { narrow, statusesMeant } from '../domain/selection/narrow.js';
import { EventRegistry } from '../handlers/event.js';
import { lastPointer } from '../pointers/write-pointer.js';
import { type DlqEntry, readEntry } from '../pointers/entry.js';
import { tasksMeant } from './facts/tasks-meant.js';
import { alikeFor } from '../groups/alike.js';
import { findArchived, readLetters, wereAnyRestored } from '../pointers/read-letters.js';
import { type DeadLetterFilters, selectionOfFilters } from './filters.js';
import {
  refuseUnknownConsumers,
  refuseUnknownExceptions,
  refuseUnknownGroups,
  refuseUnknownPatterns,
  UnknownTypes,
} from './refuse-unknown.js';
import { type EventsRead, Sift } from './sift.js';

/** What one turn of reading brought. */
export interface SelectedPage {
  /** Those that match, in the order in which they died; may be empty. */
  readonly entries: readonly DlqEntry[];
  /**
   * How many that match were stored after these, where the server itself can tell: only consumers, or a time to begin
   * with, were asked for.
   */
  readonly after: number | undefined;
  /** The events that were read by now; undefined: none had to be. */
  readonly eventsRead: EventsRead | undefined;
}

/**
 * The entries of the DLQ that match, in the order in which they came there; archived ones where a term asks for them. Reads with bounded memory.
 *
 * Throws UsageError for a filter that can't match anything: by its form, or since nothing has that name;
 * OperationError `NO_STREAM`.
 */
export async function* selectEntries(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  signal?: AbortSignal,
): AsyncGenerator<DlqEntry> {
  for await (const { entries } of selectPages(pipeline, filters, signal)) yield* entries;
}

/** Told of all that is read, whether or not it is meant: then nothing but consumers is left out by the server. */
export type OnAll = (entries: readonly DlqEntry[], after: number | undefined) => void;

/** As `selectEntries`, page by page as they arrive. */
export async function* selectPages(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  signal?: AbortSignal,
  onAll?: OnAll,
): AsyncGenerator<SelectedPage> {
  const { config, clock } = pipeline;
  const { terms } = selectionOfFilters(filters);
  // The same moment for all of them, however long the reading takes.
  const nowMs = clock.now();
  const { consumers, fromMs, rest, wholly } = narrow(terms, nowMs);
  const statuses = statusesMeant(terms);
  const registry = new EventRegistry(config);
  const typeOf = (subject: string): string => registry.typeOf(subject);
  await refuseUnknownConsumers(pipeline, filters, terms);
  const alike = await alikeFor(pipeline, terms, signal);
  const context = { nowMs, typeOf, alike, tasksOf: await tasksMeant(pipeline, terms) };
  await refuseUnknownExceptions(pipeline, terms, context, signal);
  if (alike) await refuseUnknownGroups(pipeline, terms, { ...context, alike }, signal);
  // Two terms that name different consumers: no dead letter is of both.
  if (consumers?.length === 0) return;
  const sift = new Sift(pipeline, rest, context);
  const unknownTypes = new UnknownTypes(config, terms, typeOf);
  // The server counts by the time of storing: a restored one that died before has a later one.
  const isCounted = wholly && (fromMs === undefined || !(await wereAnyRestored(pipeline)));
  let any = false;
  const fromThen = onAll ? undefined : fromMs;
  for await (const { entries: found, after } of readLetters(pipeline, {
    statuses,
    consumers,
    fromMs: fromThen,
    signal,
  })) {
    onAll?.(found, after);
    unknownTypes.see(found);
    const entries = await sift.sift(found);
    any ||= entries.length > 0;
    yield { entries, after: isCounted ? after : undefined, eventsRead: sift.eventsRead };
  }
  if (signal?.aborted === true) return;
  unknownTypes.refuse();
  if (!any) refuseUnknownPatterns(pipeline, filters, terms);
}

/** The entry that an id names: `<consumer>/<sequence>`, or, of the DLQ, `<DLQ stream>/<sequence in it>`. */
export async function findEntry(
  pipeline: Pipeline,
  id: string,
  status: LetterStatus = 'dead',
): Promise<DlqEntry | undefined> {
  const { link, config } = pipeline;
  const named = parseDeadLetterId(id);
  if (!named) return undefined;
  if (status === 'archived') return findArchived(pipeline, named.consumer, named.seq);
  const dlq = pipeline.places.dlq;
  const message =
    (await lastPointer(link, dlq, named.consumer, named.seq)) ??
    (named.consumer === dlq.stream ? await link.readFromLeader(dlq.stream, named.seq) : undefined);
  return message && readEntry(config, message);
}
