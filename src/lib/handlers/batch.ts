import { types } from 'node:util';
import { makeFailure } from '../domain/failure.js';
import type { Outcome } from '../domain/outcome.js';
import { messageOf } from '../errors.js';
import type { BatchAttempt, BatchContext, BatchHandler, Handler, PlutomiEvent } from './contract.js';
import { idleResult } from './idle.js';
import { type Invocation, invoke, type InvocationFacts, type LazyContext, outcomeOf } from './invoke.js';
import { aboutEvent } from './not-json.js';

/** An event of a batch, and what its handler may ask about it. */
export interface Batched {
  readonly event: PlutomiEvent;
  readonly facts: BatchAttempt;
}

/** What all events of a batch have in common. */
export type BatchFacts = Pick<InvocationFacts, 'consumer' | 'stage' | 'log' | 'dryRun'>;

/** A batch handler at work. */
export interface BatchInvocation {
  readonly invocation: Invocation;
  /** How it ended for each event, in their order. Never rejects. */
  readonly outcomes: Promise<readonly Outcome[]>;
}

const ok: Outcome = { kind: 'ok' };

/**
 * Runs a batch handler once. It returns nothing: all are done; it throws: all have failed; or it returns an outcome for
 * each. What it returns and nobody can make sense of is a failure of all.
 */
export function invokeBatch(
  handler: BatchHandler,
  batch: readonly Batched[],
  facts: BatchFacts,
  timeoutMs: number,
): BatchInvocation {
  const events = batch.map(({ event }) => event);
  const attempts = new Map(batch.map(({ event, facts: attempt }) => [event, attempt]));
  let each: readonly Outcome[] | undefined;
  const reading = {
    returned: (returned: unknown): Outcome => {
      const read = readSafely(returned, events);
      if (typeof read === 'string') return failedAs('BatchOutcome', read);
      each = read;
      return ok;
    },
    thrown: (thrown: unknown): Outcome => {
      const outcome = outcomeOf(thrown);
      if (events.length === 1 || outcome.kind !== 'failed' || outcome.failure.kind !== 'rejected')
        return outcome;
      each = rejectedAmong(events, thrown, outcome);
      return ok;
    },
    context: (common: LazyContext): BatchContext => new ContextOfBatch(common, attempts),
  };
  const { attempt, cycle, idempotencyKey } = (batch[0] as Batched).facts;
  const invocation = invoke(
    handler as unknown as Handler,
    // A list of its own: a handler may take events out of it, or sort it.
    () => [...events] as unknown as PlutomiEvent,
    { ...facts, attempt, cycle, idempotencyKey },
    timeoutMs,
    reading,
  );
  const outcomes = invocation.outcome.then((whole) => each ?? events.map(() => whole));
  return { invocation, outcomes };
}

/** Rejecting is about one event. Of the others nobody knows: they are tried again. */
function rejectedAmong(events: readonly PlutomiEvent[], thrown: unknown, rejected: Outcome): Outcome[] {
  const about = aboutEvent(thrown);
  const isAbout = ({ stream, seq }: PlutomiEvent): boolean => about?.stream === stream && about.seq === seq;
  const why = messageOf(thrown);
  const others = about
    ? failedAs('BatchFailed', `not handled: event ${about.seq} of the same batch was rejected: ${why}`)
    : failedAs(
        'BatchFailed',
        `Reject was thrown for ${events.length} events: return it in the place of the one that it is about: ${why}`,
      );
  return events.map((event) => (isAbout(event) ? rejected : others));
}

/** What was returned may fight back when it is looked at. */
function readSafely(returned: unknown, events: readonly PlutomiEvent[]): readonly Outcome[] | string {
  try {
    return readOutcomes(returned, events);
  } catch (error) {
    return `the outcomes can't be read: ${messageOf(error)}`;
  }
}

/** What was returned, as an outcome for each event; a text: what is wrong with it. */
function readOutcomes(returned: unknown, events: readonly PlutomiEvent[]): readonly Outcome[] | string {
  if (returned === undefined || returned === null) return events.map(() => ok);
  const idle = idleResult(returned);
  if (idle !== undefined) return `the handler returned ${idle}, and none of it has run`;
  if (returned instanceof Map) return readMap(returned, events);
  if (!Array.isArray(returned))
    return `expected nothing, a list with an outcome for each event, or a map, found ${kindOf(returned)}`;
  if (returned.length !== events.length)
    return `expected ${events.length} outcomes, one for each event, found ${returned.length}`;
  return collect(returned.map((one: unknown, i) => [`outcome ${i}`, one] as const));
}

/** An event that is not in it is done. */
function readMap(
  map: ReadonlyMap<unknown, unknown>,
  events: readonly PlutomiEvent[],
): readonly Outcome[] | string {
  const known = new Set<unknown>(events);
  for (const key of map.keys())
    if (!known.has(key)) return `expected the events of the batch as keys of the map, found ${kindOf(key)}`;
  return collect(events.map((event) => [`the outcome of event ${event.seq}`, map.get(event)] as const));
}

function collect(all: readonly (readonly [what: string, found: unknown])[]): readonly Outcome[] | string {
  const outcomes: Outcome[] = [];
  for (const [what, found] of all) {
    const outcome = readOutcome(found);
    if (outcome === undefined)
      return `${what}: expected nothing, a Reject, a Snooze or an error, found ${kindOf(found)}`;
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Also as `Promise.allSettled` has it. */
function readOutcome(found: unknown): Outcome | undefined {
  if (found === undefined || found === null) return ok;
  if (found instanceof Error || types.isNativeError(found)) return outcomeOf(found);
  if (typeof found !== 'object') return undefined;
  const { status, reason } = found as { readonly status?: unknown; readonly reason?: unknown };
  if (status === 'fulfilled') return ok;
  return status === 'rejected' ? outcomeOf(reason) : undefined;
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return 'a promise (Promise.allSettled waits for several)';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function failedAs(name: string, message: string): Outcome {
  return { kind: 'failed', failure: makeFailure('error', name, message) };
}

/** What the handler asks about single events it must ask for each. */
class ContextOfBatch implements BatchContext {
  constructor(
    private readonly common: LazyContext,
    private readonly attempts: ReadonlyMap<PlutomiEvent, BatchAttempt>,
  ) {}

  get consumer(): string {
    return this.common.consumer;
  }
  get stage(): 'main' | 'retry' {
    return this.common.stage;
  }
  get dryRun(): boolean {
    return this.common.dryRun === true;
  }
  get signal(): AbortSignal {
    return this.common.signal;
  }
  get log(): BatchContext['log'] {
    return this.common.log;
  }
  attemptOf(event: PlutomiEvent): BatchAttempt {
    const found = this.attempts.get(event);
    if (found === undefined) throw new TypeError('attemptOf: expected an event of this batch');
    return found;
  }
}
