import type { ConsumerSettings } from '../../config/resolved.js';
import type { Outcome } from '../../domain/outcome.js';
import { invokeBatch } from '../../handlers/batch.js';
import type { BatchHandler, Handler, PlutomiEvent } from '../../handlers/contract.js';
import { type Invocation, type InvocationFacts, invoke, outcomeOf } from '../../handlers/invoke.js';

/** A handler that is run without effects. */
export interface Trial {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Aborts its signal. */
  abort(reason: Error): void;
}

/** Runs it on one event; a batch handler on a batch of one. */
export function runTrial(
  handler: Handler,
  makeOne: () => PlutomiEvent | Promise<PlutomiEvent>,
  facts: InvocationFacts,
  { batch, timeoutMs }: ConsumerSettings,
): Trial {
  if (batch === undefined) return invoke(handler, makeOne, facts, timeoutMs);
  let invocation: Invocation | undefined;
  const run = async (): Promise<Outcome> => {
    try {
      const event = await makeOne();
      const made = invokeBatch(handler as unknown as BatchHandler, [{ event, facts }], facts, timeoutMs);
      invocation = made.invocation;
      return (await made.outcomes)[0] as Outcome;
    } catch (error) {
      return outcomeOf(error);
    }
  };
  return { outcome: run(), abort: (reason) => invocation?.abort(reason) };
}
