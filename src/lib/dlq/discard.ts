import { requireOptions } from '../domain/options.js';
import { refuseNoPipeline, refuseNoPlan } from '../domain/given.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { authorOf, carryOutChecks, carryOutPlan, type CarryOutOptions } from './plan/carry-out.js';
import { decideDiscards, discardOne } from './discard-one.js';
import { statesInStream } from './originals.js';
import {
  type LetterPlan,
  type LetterSelection,
  planLetters,
  type SkippedLetter,
} from './plan/plan-letters.js';

/** How to discard. */
export interface DiscardOptions extends CarryOutOptions {
  /** Why; kept in the journal. */
  readonly note: string;
}

/** What `dlq discard --json` prints. */
export interface DiscardResult {
  /** The name under which the journal keeps this; null: nothing was written. */
  readonly task: string | null;
  /** Dead letters that the selection found. */
  readonly selected: number;
  /** Those that are gone from the DLQ now. */
  readonly discarded: number;
  /** Those that were left, each with the reason. */
  readonly skipped: readonly SkippedLetter[];
  /** Ctrl-C: some may not have been begun. */
  readonly interrupted?: true;
  /** `--dry-run`: what would be done, and nothing was. */
  readonly plan?: Omit<LetterPlan, 'items' | 'skipped'> & {
    /** How many would be discarded. */
    readonly discardable: number;
  };
}

/**
 * Finds what is selected and what discarding it would mean. Writes nothing.
 *
 * Throws OperationError `NOT_FOUND` (exit code 1) when the only id that was asked for has no dead letter.
 */
export async function planDiscard(pipeline: Pipeline, selection: LetterSelection): Promise<LetterPlan> {
  const statesOf = statesInStream(pipeline);
  return planLetters(pipeline, selection, (entries) => decideDiscards(pipeline, entries, statesOf));
}

/** Nothing was done: a dry run, or nothing was selected. */
export function undiscarded(plan: LetterPlan, { dryRun }: { readonly dryRun: boolean }): DiscardResult {
  const { items, skipped, ...summary } = plan;
  return {
    task: null,
    selected: items.length + skipped.length,
    discarded: 0,
    skipped,
    ...(dryRun ? { plan: { ...summary, discardable: items.length } } : {}),
  };
}

/**
 * Discards the dead letters of a plan, one by one, as `carryOutPlan` says: their events are not delivered again. Safe
 * to interrupt at any point and to run again.
 */
export async function discardDeadLetters(
  pipeline: Pipeline,
  plan: LetterPlan,
  options: DiscardOptions,
): Promise<DiscardResult> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planDiscard');
  requireOptions(carryOutChecks, options, ['note']);
  const { signal } = options;
  const author = authorOf(pipeline, 'discard', options);
  let discarded = 0;
  const skipped = await carryOutPlan(
    pipeline,
    plan,
    {
      decide: (entries) => decideDiscards(pipeline, entries),
      carryOut: (entry, decision) => discardOne(pipeline, author, entry, decision, signal),
      done: () => void discarded++,
    },
    options,
  );
  return {
    task: author.task,
    selected: plan.items.length + plan.skipped.length,
    discarded,
    skipped: [...plan.skipped, ...skipped],
    ...(signal?.aborted ? { interrupted: true } : {}),
  };
}
