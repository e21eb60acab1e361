import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseLimit, refuseNoFlag, refuseNoPipeline, refuseNoSignal } from '../../domain/given.js';
import { printSelection } from '../../domain/selection/print.js';
import { logRead } from '../../operations/log-read.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { readAhead } from '../../flow/read-ahead.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { fetchEvent } from '../../pointers/kept/event-of.js';
import type { Original } from '../../pointers/original.js';
import { type DeadLetterFilters, selectionOfFilters } from '../filters.js';
import type { DeadLetterItem } from '../item.js';
import { readItems } from '../list.js';
import { gone } from '../originals.js';
import { persistently } from '../plan/persistently.js';
import { type ShownEvent, shownEvent } from '../show.js';

/** What is exported, and until when. */
export interface ExportOptions {
  /** With the events themselves, each read. Default: without. */
  readonly withData?: boolean;
  /** Only the oldest of those that match. Default: all. */
  readonly limit?: number;
  /** Ends the reading; what was given by then is not all. */
  readonly signal?: AbortSignal;
}

const exportChecks = {
  withData: refuseNoFlag,
  limit: refuseLimit,
  signal: refuseNoSignal,
} as const satisfies Checks<ExportOptions>;

/** A dead letter, and the event that it is about. */
export interface ExportedLetter extends DeadLetterItem {
  /** Only with `withData`; null: it is missing or replaced. */
  readonly event?: ShownEvent | null;
}

/** Bytes of events that are held at once, about. */
const bytesAtOnce = 16_777_216;
const mostAtOnce = 256;
/** Until it is known how large they are. */
const firstAtOnce = 16;

const missing: Original = { state: 'missing' };

/**
 * The dead letters that match, the oldest first, page by page and with bounded memory, whatever their number and the
 * size of their events. With events, `original` is what became of the event when it was read.
 *
 * Throws UsageError for a filter that can't match anything; OperationError `NO_STREAM`.
 */
export async function* exportDeadLetters(
  pipeline: Pipeline,
  filters: DeadLetterFilters = {},
  options: ExportOptions = {},
): AsyncGenerator<readonly ExportedLetter[]> {
  refuseNoPipeline(pipeline);
  checkOptions(exportChecks, options);
  const { withData = false, limit = Number.POSITIVE_INFINITY, signal } = options;
  const pages = readItems(pipeline, filters, { limit, signal });
  if (withData)
    await logRead(pipeline, `dlq export --with-data ${printSelection(selectionOfFilters(filters))}`);
  if (withData) yield* readAhead(withEvents(pipeline, pages, signal));
  else for await (const { items } of pages) if (items.length > 0) yield items;
}

async function* withEvents(
  pipeline: Pipeline,
  pages: ReturnType<typeof readItems>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ExportedLetter[]> {
  let atOnce = firstAtOnce;
  for await (const { items, entries } of pages) {
    for (let from = 0; from < items.length; ) {
      if (signal?.aborted === true) return;
      const some = entries.slice(from, from + atOnce);
      const originals = await persistently(() => readTogether(pipeline, some), signal);
      const letters = originals.map((original, i) => withEvent(items[from + i] as DeadLetterItem, original));
      from += some.length;
      atOnce = nextAtOnce(atOnce, originals);
      yield letters;
    }
  }
}

/** All in one turn: what stands near each other is then read by one question. */
function readTogether(pipeline: Pipeline, entries: readonly DlqEntry[]): Promise<Original[]> {
  return Promise.all(entries.map(async ({ pointer }) => (pointer ? fetchEvent(pipeline, pointer) : missing)));
}

function withEvent(item: DeadLetterItem, original: Original): ExportedLetter {
  if (original.state === 'present') {
    return { ...item, original: original.state, event: shownEvent(original.message) };
  }
  return { ...item, ...gone, original: original.state, event: null };
}

/** As many as fit if they are as large as these, and at most twice as many. */
function nextAtOnce(atOnce: number, originals: readonly Original[]): number {
  const sizes = originals.map((one) => (one.state === 'present' ? one.message.data.length : 0));
  const average = sizes.reduce((sum, one) => sum + one, 0) / Math.max(1, sizes.length);
  const fitting = Math.floor(bytesAtOnce / Math.max(1, average));
  return Math.max(1, Math.min(2 * atOnce, fitting, mostAtOnce));
}
