import { checkOptions } from '../../domain/options.js';
import { refuseNoPipeline } from '../../domain/given.js';
import { msOfNanos } from '../../domain/time.js';
import type { Clock } from '../../flow/clock.js';
import { leavable } from '../../flow/leavable.js';
import { EventRegistry } from '../../handlers/event.js';
import type { ReadOptions } from '../../nats/read/read-options.js';
import { noStream, type ReadPage, readPages } from '../../nats/read/read-stream.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { logRead } from '../../operations/log-read.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { atTime } from './at-time.js';
import { readChecks, type ReadEventsOptions, type ReadingSpan, spanOf } from './read-options.js';
import { sharePages } from '../subscribe/share-events.js';
import { type StoredEvent, storedEvents } from './stored-event.js';
import { type SubjectsMeant, subjectsMeant } from './subjects-meant.js';

/**
 * Stored events, each once and in their order, with bounded memory: none is taken away from anybody, and nothing is
 * left on the server, however the reading ends. A connection that breaks and a leader that moves are waited for, and
 * the reading goes on where it was. Nothing is read ahead of what is looked at, but what is on its way.
 *
 * Throws UsageError for a subject that the events stream does not store, and for times that don't fit; OperationError
 * `NO_STREAM`; ConnectionError.
 */
export function readEvents(
  pipeline: Pipeline,
  options: ReadEventsOptions = {},
): AsyncGenerator<StoredEvent, void> {
  return leavable(options, (signal) => eachEvent(pipeline, options, signal));
}

async function* eachEvent(
  pipeline: Pipeline,
  options: ReadEventsOptions,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent, void> {
  checkOptions(readChecks, options);
  // Of a group each is acknowledged by itself.
  for await (const page of tailPages(pipeline, { ...options, signal }, 1)) {
    for (const event of page) {
      if (signal.aborted) return;
      yield event;
    }
  }
}

/** The same, all events that have arrived at once: those of a group are acknowledged when the next page is asked for. */
export function tailEvents(
  pipeline: Pipeline,
  options: ReadEventsOptions = {},
): AsyncGenerator<readonly StoredEvent[], void> {
  return tailPages(pipeline, options, Number.POSITIVE_INFINITY);
}

async function* tailPages(
  pipeline: Pipeline,
  options: ReadEventsOptions,
  sharedAtOnce: number,
): AsyncGenerator<readonly StoredEvent[], void> {
  refuseNoPipeline(pipeline);
  checkOptions(readChecks, options);
  const { group } = options;
  if (group !== undefined) {
    await logRead(pipeline, whatIsRead(options));
    yield* sharePages(pipeline, { ...options, group }, sharedAtOnce);
    return;
  }
  const registry = new EventRegistry(pipeline.config);
  for await (const { messages } of readEventPages(pipeline, options)) {
    yield await storedEvents(pipeline, messages, registry);
  }
}

function whatIsRead({ subjects = [] }: ReadEventsOptions): string {
  return `events tail ${subjects.join(' ')}`.trimEnd();
}

/** As `tailEvents`, as messages, and without a group. */
export async function* readEventPages(
  pipeline: Pipeline,
  options: ReadEventsOptions = {},
): AsyncGenerator<ReadPage, void> {
  refuseNoPipeline(pipeline);
  checkOptions(readChecks, options);
  const { link, config, clock } = pipeline;
  const span = spanOf(options, clock.now());
  const meant = subjectsMeant(config, options.subjects);
  const { count = Number.POSITIVE_INFINITY, signal } = options;
  const { name: stream } = config.streams.events;
  const info = await link.streamInfo(stream);
  if (!info) throw noStream(link, stream);
  await logRead(pipeline, whatIsRead(options));
  const sieve = new Sieve(meant, span, count);
  const { first_seq: firstSeq, last_seq: lastSeq } = info.state;
  options.onStart?.({ firstSeq, lastSeq });
  for (const phase of phasesOf(span, lastSeq, clock)) {
    const ending = new AbortController();
    const timer = phase.endMs === undefined ? undefined : atTime(phase.endMs, clock, () => ending.abort());
    const signals = [ending.signal, ...(signal === undefined ? [] : [signal])];
    try {
      const from = sieve.nextSeq === undefined ? phase.from : { seq: sieve.nextSeq };
      const reading = readPages(link, {
        stream,
        filters: meant.filters,
        ...(from === undefined ? {} : { from }),
        follow: phase.follow,
        ...(phase.lastSeq === undefined ? {} : { lastSeq: phase.lastSeq }),
        signal: AbortSignal.any(signals),
      });
      for await (const page of reading) {
        const messages = sieve.take(page.messages);
        if (messages.length > 0) yield { ...page, messages };
        if (sieve.isDone) return;
      }
    } finally {
      timer?.();
    }
    if (signal?.aborted === true) return;
    if (phase.lastSeq !== undefined) sieve.nextSeq = phase.lastSeq + 1;
  }
}

/** A part of a reading. Each begins behind what the one before it has read. */
interface Phase {
  readonly from?: ReadOptions['from'];
  readonly follow: boolean;
  /** Where it ends. */
  readonly lastSeq?: number;
  /** When it ends, ms since 1970. */
  readonly endMs?: number;
}

function phasesOf({ start, untilMs, follow }: ReadingSpan, lastSeq: number, clock: Clock): Phase[] {
  const from = placeOf(start, lastSeq);
  const isPast = untilMs <= clock.now();
  const upToNow = { ...(from === undefined ? {} : { from }), follow: false, lastSeq };
  if (!follow || isPast) return [upToNow];
  // The last of each subject are those of the start: what comes meanwhile is new, and not only the last of it counts.
  const before = start.at === 'last-per-subject' ? [upToNow] : [];
  const following = { ...(from === undefined || before.length > 0 ? {} : { from }), follow: true };
  if (untilMs === Number.POSITIVE_INFINITY) return [...before, following];
  // What was stored by then may arrive a moment later.
  return [...before, { ...following, endMs: untilMs }, { ...following, follow: false }];
}

function placeOf(start: ReadingSpan['start'], lastSeq: number): ReadOptions['from'] {
  if (start.at === 'seq') return { seq: start.seq };
  if (start.at === 'time') return { timeMs: start.timeMs };
  if (start.at === 'new') return { seq: lastSeq + 1 };
  return start.at === 'all' ? undefined : { lastPerSubject: true };
}

/** Lets through what is meant. The server begins with what comes next where a start is not there yet. */
class Sieve {
  /** Behind what was looked at; undefined: nothing was. */
  nextSeq: number | undefined;
  isDone = false;
  private readonly firstSeq: number;
  private readonly firstMs: number;

  constructor(
    private readonly meant: SubjectsMeant,
    private readonly span: ReadingSpan,
    private left: number,
  ) {
    const { start } = span;
    this.firstSeq = start.at === 'seq' ? start.seq : 0;
    this.firstMs = start.at === 'time' ? start.timeMs : Number.NEGATIVE_INFINITY;
  }

  take(messages: readonly StoredMessage[]): readonly StoredMessage[] {
    const { untilMs } = this.span;
    const taken: StoredMessage[] = [];
    for (const message of messages) {
      const timeMs = msOfNanos(message.time);
      // Times may go back where a leader's clock does: what is behind this one may be meant. Nobody can wait for that.
      this.isDone = timeMs > untilMs || this.left === 0;
      if (this.isDone) break;
      this.nextSeq = message.seq + 1;
      if (!this.isMeant(message, timeMs)) continue;
      taken.push(message);
      this.isDone = --this.left === 0;
      if (this.isDone) break;
    }
    return taken;
  }

  private isMeant({ seq, subject }: StoredMessage, timeMs: number): boolean {
    if (seq < this.firstSeq || timeMs < this.firstMs) return false;
    return this.meant.matches === undefined || this.meant.matches(subject);
  }
}
