import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseCount, refuseNoSignal, unexpected } from '../../domain/given.js';
import { messageOf, PlutomiError } from '../../errors.js';
import type { OutgoingEvent, PublishResult } from './outgoing.js';
import { Window } from './window.js';

/** How many at once, and until when. */
export interface PublishManyOptions {
  /** No event is begun once it is aborted; the result counts those before. */
  readonly signal?: AbortSignal;
  /** Events that wait for the server's answer at the same time. 1 keeps their order. Default: 1000. */
  readonly inFlight?: number;
}

/** What became of many events. */
export interface PublishManyResult {
  /** The stream that has them. */
  readonly stream: string;
  /** Events that the stream has now, duplicates included. */
  readonly count: number;
  /** The lowest sequence that was answered; 0 when there were no events. */
  readonly firstSeq: number;
  /** The highest sequence that was answered; 0 when there were no events. */
  readonly lastSeq: number;
  /** Those that were stored before. */
  readonly duplicates: number;
}

/** Publishing many events stopped at one that failed, after others were stored. */
export class PartlyPublishedError extends PlutomiError {
  /** Always `PARTLY_PUBLISHED`. */
  readonly code = 'PARTLY_PUBLISHED';
  /** Partly done. */
  override readonly exitCode = 5;
  constructor(
    /** Events that the stream has, duplicates included. */
    readonly published: number,
    cause: unknown,
  ) {
    super(`stopped after ${published} events: ${messageOf(cause)}`, {
      cause,
      suggestions: [
        'publish them again with the same ids: nothing is stored twice',
        ...(cause instanceof PlutomiError ? cause.suggestions : []),
      ],
    });
  }
}

/** Called when publishing one event has ended. */
export type PublishSettler = (result: PublishResult | Error) => void;

const defaultInFlight = 1000;
const manyChecks = {
  signal: refuseNoSignal,
  inFlight: refuseCount,
} as const satisfies Checks<PublishManyOptions>;

/** Publishes several at a time; the first failure stops it, once those in flight are answered. */
export async function publishAll(
  events: Iterable<OutgoingEvent> | AsyncIterable<OutgoingEvent>,
  publish: (event: OutgoingEvent, settle: PublishSettler) => void,
  stream: string,
  options: PublishManyOptions,
): Promise<PublishManyResult> {
  checkOptions(manyChecks, options);
  const { inFlight = defaultInFlight, signal } = options;
  if (
    typeof events !== 'object' ||
    events === null ||
    !(Symbol.iterator in events || Symbol.asyncIterator in events)
  )
    throw unexpected('events', 'a list of events', events);
  const tally = { count: 0, firstSeq: Number.POSITIVE_INFINITY, lastSeq: 0, duplicates: 0 };
  const window = new Window(inFlight);
  let failure: { readonly error: unknown } | undefined;
  const source = Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
  const isAsync = Symbol.asyncIterator in events;
  const settle: PublishSettler = (result) => {
    if (result instanceof Error) failure ??= { error: result };
    else add(tally, result);
    window.leave();
  };
  try {
    for (;;) {
      const taken = source.next();
      const next = isAsync ? await taken : (taken as IteratorResult<OutgoingEvent>);
      if (next.done || failure !== undefined || signal?.aborted) break;
      window.enter();
      start(publish, next.value, settle);
      if (window.isFull) await window.room();
    }
  } catch (error) {
    failure ??= { error };
  }
  await window.empty();
  if (failure !== undefined || signal?.aborted) await source.return?.();
  if (failure !== undefined) {
    throw tally.count === 0 ? failure.error : new PartlyPublishedError(tally.count, failure.error);
  }
  return { stream, ...tally, firstSeq: tally.count === 0 ? 0 : tally.firstSeq };
}

/** However it ends, it is settled: what is not would be waited for. */
function start(
  publish: (event: OutgoingEvent, settle: PublishSettler) => void,
  event: OutgoingEvent,
  settle: PublishSettler,
): void {
  if (typeof event !== 'object' || event === null) {
    settle(unexpected('events', 'objects with a type and data', event));
    return;
  }
  try {
    publish(event, settle);
  } catch (error) {
    settle(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

function add(
  tally: { count: number; firstSeq: number; lastSeq: number; duplicates: number },
  { seq, duplicate }: PublishResult,
): void {
  tally.count++;
  tally.firstSeq = Math.min(tally.firstSeq, seq);
  tally.lastSeq = Math.max(tally.lastSeq, seq);
  if (duplicate) tally.duplicates++;
}

/** The same event `count` times, with the ids `<id>-1` to `<id>-<count>`. */
export function* copiesOf(
  event: OutgoingEvent & { readonly id: string },
  count: number,
): Generator<OutgoingEvent> {
  for (let i = 1; i <= count; i++) yield { ...event, id: `${event.id}-${i}` };
}
