import { longestDurationMs, parseDuration } from '../domain/duration.js';
import { type FailureKind, failureOf, makeFailure } from '../domain/failure.js';
import { isReject, isSnooze, type Outcome } from '../domain/outcome.js';
import type { HandlerContext, Handler, PlutomiEvent } from './contract.js';
import { SchemaMismatch } from './event.js';

export interface Invocation {
  /** How the attempt ended. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when the handler itself has settled, which after a timeout may be never. */
  readonly settled: Promise<void>;
}

type ContextFacts = Omit<HandlerContext, 'signal' | 'log'> & {
  /** Makes the logger of this attempt when the handler first asks for it. */
  readonly log: () => HandlerContext['log'];
};

/** Makes the signal and the logger when they are first read: most handlers never do. */
class LazyContext implements HandlerContext {
  private controller: AbortController | undefined;
  private reason: Error | undefined;
  private logger: HandlerContext['log'] | undefined;

  constructor(private readonly facts: ContextFacts) {}

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
  get log(): HandlerContext['log'] {
    this.logger ??= this.facts.log();
    return this.logger;
  }
}

const ok: Outcome = { kind: 'ok' };

/**
 * Runs a handler once and tells how that ended, whatever the handler does: throw, reject with anything, never
 * settle, settle late. `onAbort` receives a function that aborts the attempt's signal.
 */
export function invoke(
  handler: Handler,
  event: () => PlutomiEvent | Promise<PlutomiEvent>,
  facts: ContextFacts,
  timeoutMs: number,
): Invocation & { readonly abort: (reason: Error) => void } {
  const context = new LazyContext(facts);
  const work = call(handler, event, context);
  const outcome = new Promise<Outcome>((resolve) => {
    const timer = setTimeout(() => {
      const message = `no result within ${timeoutMs} ms`;
      context.abort(Object.assign(new Error(message), { name: 'TimeoutError' }));
      resolve({ kind: 'failed', failure: makeFailure('timeout', 'Timeout', message) });
    }, timeoutMs);
    work.then(
      () => {
        clearTimeout(timer);
        resolve(ok);
      },
      (thrown: unknown) => {
        clearTimeout(timer);
        resolve(outcomeOf(thrown));
      },
    );
  });
  const settled = work.then(
    () => {},
    () => {},
  );
  return { outcome, settled, abort: (reason) => context.abort(reason) };
}

async function call(
  handler: Handler,
  event: () => PlutomiEvent | Promise<PlutomiEvent>,
  context: HandlerContext,
): Promise<void> {
  await handler(await event(), context);
}

/** What a thrown value means. Never throws, whatever the value does when it is looked at. */
export function outcomeOf(thrown: unknown): Outcome {
  try {
    if (isSnooze(thrown)) return snoozeOf(thrown.delay);
    if (isReject(thrown)) return failed(thrown, 'rejected');
    if (thrown instanceof SchemaMismatch) return failed(thrown, 'schema');
  } catch {
    // A proxy or a getter of the handler's own: an ordinary failure.
  }
  return failed(thrown, 'error');
}

function failed(thrown: unknown, kind: FailureKind): Outcome {
  return { kind: 'failed', failure: failureOf(thrown, kind) };
}

function snoozeOf(delay: unknown): Outcome {
  const delayMs = typeof delay === 'number' ? delay : parseDuration(String(delay));
  if (delayMs !== undefined && delayMs >= 0 && delayMs <= longestDurationMs)
    return { kind: 'snoozed', delayMs };
  return { kind: 'failed', failure: makeFailure('error', 'Snooze', `not a duration: ${String(delay)}`) };
}
