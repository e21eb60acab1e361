import type { Pipeline } from '../pipeline/pipeline.js';
import { parseDeadLetterId } from '../domain/dead-letter.js';
import { isFilter, isName, pointerFilter, subjectMatches } from '../domain/subjects.js';
import { UsageError } from '../errors.js';
import { readPages } from '../nats/read/read-stream.js';
import { lastPointer } from '../pointers/write-pointer.js';
import { type DlqEntry, readEntry } from '../pointers/entry.js';
import { refuseUnknown } from './refuse-unknown.js';

/** Which dead letters are meant; all conditions must hold. */
export interface DeadLetterFilters {
  /** Name of the consumer that gave up on it. */
  readonly consumer?: string;
  /** Of the original; `*` is one token, `>` is one or more at the end. */
  readonly subject?: string;
  /** Part of the reason, whatever the case, or the whole fingerprint. */
  readonly reason?: string;
  /** Replayed at least so many times, and dead again. */
  readonly minCycle?: number;
  /** Replayed at most so many times. */
  readonly maxCycle?: number;
  /** Not dead before this time, ms since 1970. */
  readonly sinceMs?: number;
  /** Not dead after this time, ms since 1970. */
  readonly untilMs?: number;
}

/** What one turn of reading brought. */
export interface SelectedPage {
  /** Those that match, in the order in which they died; may be empty. */
  readonly entries: readonly DlqEntry[];
  /** How many that the server would send were stored after these; undefined: unknown. */
  readonly after: number | undefined;
}

/**
 * The entries of the DLQ that match, in the order in which they died. Reads with bounded memory.
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

/** As `selectEntries`, page by page as they arrive. */
export async function* selectPages(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  signal?: AbortSignal,
): AsyncGenerator<SelectedPage> {
  const { link, config } = pipeline;
  checkFilters(filters);
  const pages = readPages(link, {
    stream: config.streams.dlq.name,
    filters: [
      filters.consumer === undefined
        ? `${config.roots.dlq}.>`
        : pointerFilter(config.roots.dlq, filters.consumer),
    ],
    ...(filters.sinceMs === undefined ? {} : { from: { timeMs: filters.sinceMs } }),
    ...(signal === undefined ? {} : { signal }),
  });
  let any = false;
  for await (const { messages, after } of pages) {
    const entries: DlqEntry[] = [];
    for (const message of messages) {
      const entry = readEntry(config, message);
      if (matches(filters, entry)) entries.push(entry);
    }
    any ||= entries.length > 0;
    yield { entries, after };
  }
  if (!any && signal?.aborted !== true) await refuseUnknown(pipeline, filters);
}

/** The server itself can tell how many match: only a consumer, or a time to begin with, was asked for. */
export function isCounted({ subject, reason, untilMs, minCycle, maxCycle }: DeadLetterFilters): boolean {
  return [subject, reason, untilMs, minCycle, maxCycle].every((filter) => filter === undefined);
}

function checkFilters({ consumer, subject, sinceMs, untilMs }: DeadLetterFilters): void {
  if (consumer !== undefined && !isName(consumer)) {
    throw new UsageError(`consumer: expected a name, found "${consumer}"`);
  }
  if (subject !== undefined && !isFilter(subject)) {
    throw new UsageError(`subject: expected a subject like events.totp.*, found "${subject}"`);
  }
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
    throw new UsageError(`since (${since}) is after until (${until})`);
  }
}

function matches(filters: DeadLetterFilters, { letter }: DlqEntry): boolean {
  const { subject, reason, sinceMs, untilMs, minCycle = 0, maxCycle = Number.POSITIVE_INFINITY } = filters;
  if (letter.cycle < minCycle || letter.cycle > maxCycle) return false;
  if (sinceMs !== undefined || untilMs !== undefined) {
    const deadMs = Date.parse(letter.deadAt);
    if (sinceMs !== undefined && deadMs < sinceMs) return false;
    if (untilMs !== undefined && deadMs > untilMs) return false;
  }
  if (subject !== undefined && !subjectMatches(subject, letter.subject)) return false;
  return (
    reason === undefined ||
    letter.fingerprint === reason ||
    letter.reason.toLowerCase().includes(reason.toLowerCase())
  );
}

/** The entry that an id names: `<consumer>/<sequence>`, or `<DLQ stream>/<sequence in it>`. */
export async function findEntry(pipeline: Pipeline, id: string): Promise<DlqEntry | undefined> {
  const { link, config } = pipeline;
  const named = parseDeadLetterId(id);
  if (!named) return undefined;
  const dlq = pipeline.places.dlq;
  const message =
    (await lastPointer(link, dlq, named.consumer, named.seq)) ??
    (named.consumer === dlq.stream ? await link.readFromLeader(dlq.stream, named.seq) : undefined);
  return message && readEntry(config, message);
}
