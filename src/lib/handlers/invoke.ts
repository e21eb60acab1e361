import type { Baggable } from '../flow/bag.js';
import { longestDurationMs, parseDuration } from '../domain/duration.js';
import { type FailureKind, failureOf, makeFailure } from '../domain/failure.js';
import { isReject, isSnooze, type Outcome } from '../domain/outcome.js';
import type { HandlerContext, Handler, PlutomiEvent } from './contract.js';
import { enterHandlerOf } from './background.js';
import { hasPromises, idleResult } from './idle.js';
import { PayloadEncrypted, SchemaMismatch } from './event.js';

/** What a handler may ask about its attempt. */
export type InvocationFacts = Omit<HandlerContext, 'signal' | 'log' | 'dryRun'> & {
  readonly dryRun?: true;
  /** Makes the logger of this attempt when the handler first asks for it. */
  readonly log: () => HandlerContext['log'];
};

/** Makes the signal and the logger when they are first read: most handlers never do. */
export class LazyContext implements HandlerContext {
  private controller: AbortController | undefined;
  private reason: Error | undefined;
  private logger: HandlerContext['log'] | undefined;

  constructor(private readonly facts: InvocationFacts) {}

  abort(reason: Error): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.reason) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }
  get consumer(): string {
    return this.facts.consumer;
  }
  get stage(): 'main' | 'retry' {
    return this.facts.stage;
  }
  get attempt(): number {
    return this.facts.attempt;
  }
  get cycle(): number {
    return this.facts.cycle;
  }
  get idempotencyKey(): string {
    return this.facts.idempotencyKey;
  }
  get dryRun(): boolean {
    return this.facts.dryRun === true;
  }
  get log(): HandlerContext['log'] {
    this.logger ??= this.facts.log();
    return this.logger;
  }
}

const ok: Outcome = { kind: 'ok' };

/** What is called from here has nothing of ours below it. */
const emptyStack = Promise.resolve();

/** What is made of how a handler ends, and of its context. */
export interface Reading {
  readonly returned: (returned: unknown) => Outcome;
  readonly thrown: (thrown: unknown) => Outcome;
  readonly context?: (context: LazyContext) => object;
}

const ofOne: Reading = { returned: outcomeOfReturned, thrown: outcomeOf };

/** A handler that is called once. */
export class Invocation implements Baggable {
  place = 0;
  /** How the attempt ended. Never rejects. */
  readonly outcome: Promise<Outcome>;
  private work: PromiseLike<unknown> | undefined;

  constructor(
    handler: Handler,
    event: () => PlutomiEvent | Promise<PlutomiEvent>,
    private readonly context: LazyContext,
    timeoutMs: number,
    private readonly reading: Reading,
  ) {
    // An error keeps ten frames, and each costs about a microsecond: most are for the handler's own code. So nothing
    // may await what `then` gives here, since a stack goes on along what awaits.
    this.outcome = new Promise((resolve) => {
      void emptyStack.then(() => this.begin(handler, event, timeoutMs, resolve));
    });
  }

  /** Resolves when the handler itself has settled, which after a timeout may be never. */
  get settled(): Promise<void> {
    // The handler is called in the line of this promise, so what comes later in it finds its work.
    return emptyStack
      .then(() => this.work)
      .then(
        () => {},
        () => {},
      );
  }

  /** Aborts the attempt's signal. */
  abort(reason: Error): void {
    this.context.abort(reason);
  }

  private begin(
    handler: Handler,
    makeEvent: () => PlutomiEvent | Promise<PlutomiEvent>,
    timeoutMs: number,
    resolve: (outcome: Outcome) => void,
  ): void {
    enterHandlerOf(this.context.consumer);
    const { reading } = this;
    const context = reading.context ? (reading.context(this.context) as HandlerContext) : this.context;
    try {
      const event = makeEvent();
      const returned: unknown =
        event instanceof Promise
          ? event.then((made) => callPlutomiHandler(handler, made, context))
          : callPlutomiHandler(handler, event, context);
      if (!isThenable(returned)) return resolve(reading.returned(returned));
      this.work = returned instanceof Promise ? returned : Promise.resolve(returned);
      this.watch(this.work, timeoutMs, resolve);
    } catch (thrown) {
      resolve(reading.thrown(thrown));
    }
  }

  private watch(work: PromiseLike<unknown>, timeoutMs: number, resolve: (outcome: Outcome) => void): void {
    const timer = setTimeout(() => {
      const message = `no result within ${timeoutMs} ms`;
      this.context.abort(Object.assign(new Error(message), { name: 'TimeoutError' }));
      resolve({ kind: 'failed', failure: makeFailure('timeout', 'Timeout', message) });
    }, timeoutMs);
    const { reading } = this;
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    try {
      work.then(
        (returned) => end(reading.returned(returned)),
        (thrown: unknown) => end(reading.thrown(thrown)),
      );
    } catch (thrown) {
      // A promise of the handler's own kind.
      end(reading.thrown(thrown));
    }
  }
}

/** Stands by its name in the stack of what a handler throws: what is below it is ours, and the same each time. */
function callPlutomiHandler(handler: Handler, event: PlutomiEvent, context: HandlerContext): unknown {
  return handler(event, context);
}

/** Returning is success; but what was returned may be all that the handler made, and nothing of it has run. */
function outcomeOfReturned(returned: unknown): Outcome {
  if (returned === undefined) return ok;
  const idle = idleResult(returned);
  if (idle !== undefined) {
    const text = `the handler returned ${idle}, and none of it has run`;
    return { kind: 'failed', failure: makeFailure('error', 'NothingHandled', text) };
  }
  if (!hasPromises(returned)) return ok;
  const text = 'the handler returned a list of promises, and nobody waits for them: return Promise.all(…)';
  return { kind: 'failed', failure: makeFailure('error', 'NothingAwaited', text) };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/**
 * Runs a handler once and tells how that ended, whatever the handler does: throw, reject with anything, never
 * settle, settle late.
 */
export function invoke(
  handler: Handler,
  event: () => PlutomiEvent | Promise<PlutomiEvent>,
  facts: InvocationFacts,
  timeoutMs: number,
  reading: Reading = ofOne,
): Invocation {
  return new Invocation(handler, event, new LazyContext(facts), timeoutMs, reading);
}

/** What a thrown value means. Never throws, whatever the value does when it is looked at. */
export function outcomeOf(thrown: unknown): Outcome {
  try {
    if (isSnooze(thrown)) return snoozeOf(thrown.delay);
    if (isReject(thrown)) return failed(thrown, 'rejected');
    if (thrown instanceof SchemaMismatch) return failed(thrown, 'schema');
    if (thrown instanceof PayloadEncrypted) return failed(thrown, 'encrypted');
  } catch {
    // A proxy or a getter of the handler's own: an ordinary failure.
  }
  return failed(thrown, 'error');
}

function failed(thrown: unknown, kind: FailureKind): Outcome {
  return { kind: 'failed', failure: failureOf(thrown, kind, callPlutomiHandler.name) };
}

function snoozeOf(delay: unknown): Outcome {
  const delayMs = typeof delay === 'number' ? delay : parseDuration(String(delay));
  if (delayMs !== undefined && delayMs >= 0 && delayMs <= longestDurationMs)
    return { kind: 'snoozed', delayMs };
  return { kind: 'failed', failure: makeFailure('error', 'Snooze', `not a duration: ${String(delay)}`) };
}
