import { checkOptions } from '../../domain/options.js';
import { refuseNoPipeline, refuseNoPlan } from '../../domain/given.js';
import { statusesNamed } from '../../domain/selection/narrow.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { selectionOfFilters } from '../filters.js';
import { statesInStream } from '../originals.js';
import { authorOf, carryOutChecks, carryOutPlan, type CarryOutOptions } from '../plan/carry-out.js';
import {
  type LetterPlan,
  type LetterSelection,
  planLetters,
  refuseUnselected,
  type SkippedLetter,
} from '../plan/plan-letters.js';
import { requireOperations } from './archive.js';
import { decideRestores, restoreOne } from './restore-one.js';

/** What `dlq restore --json` prints. */
export interface RestoreResult {
  /** The name under which the journal keeps this; null: nothing was written. */
  readonly task: string | null;
  /** Archived dead letters that the selection found. */
  readonly selected: number;
  /** Those that are back in the DLQ. */
  readonly restored: number;
  /** Those that were left, each with the reason. */
  readonly skipped: readonly SkippedLetter[];
  /** Ctrl-C: some may not have been begun. */
  readonly interrupted?: true;
  /** `--dry-run`: what would be done, and nothing was. */
  readonly plan?: Omit<LetterPlan, 'items' | 'skipped'> & {
    /** How many would be restored. */
    readonly restorable: number;
  };
}

/**
 * Finds what is selected among the archived dead letters and what restoring it would mean. Writes nothing.
 *
 * Throws OperationError `NOT_FOUND` (exit code 1) when the only id that was asked for has no archived dead letter, and
 * `NO_STREAM` where the pipeline was applied before there were any.
 */
export async function planRestore(pipeline: Pipeline, selection: LetterSelection): Promise<LetterPlan> {
  refuseUnselected(selection);
  await requireOperations(pipeline);
  const statesOf = statesInStream(pipeline);
  return planLetters(pipeline, amongArchived(selection), (entries) =>
    decideRestores(pipeline, entries, statesOf),
  );
}

/** Who names a status says which are meant. */
function amongArchived(selection: LetterSelection): LetterSelection {
  if ('ids' in selection) return { ...selection, status: 'archived' };
  const { filters } = selection;
  const isNamed = statusesNamed(selectionOfFilters(filters).terms);
  return isNamed ? selection : { ...selection, filters: { ...filters, status: 'archived' } };
}

/** Nothing was done: a dry run, or nothing was selected. */
export function unrestored(plan: LetterPlan, { dryRun }: { readonly dryRun: boolean }): RestoreResult {
  const { items, skipped, ...summary } = plan;
  return {
    task: null,
    selected: items.length + skipped.length,
    restored: 0,
    skipped,
    ...(dryRun ? { plan: { ...summary, restorable: items.length } } : {}),
  };
}

/**
 * Restores the dead letters of a plan, one by one, as `carryOutPlan` says: they are in the DLQ again as they were. Safe
 * to interrupt at any point and to run again.
 */
export async function restoreDeadLetters(
  pipeline: Pipeline,
  plan: LetterPlan,
  options: CarryOutOptions = {},
): Promise<RestoreResult> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planRestore');
  checkOptions(carryOutChecks, options);
  const { signal } = options;
  const author = authorOf(pipeline, 'restore', options);
  let restored = 0;
  const skipped = await carryOutPlan(
    pipeline,
    plan,
    {
      decide: (entries) => decideRestores(pipeline, entries),
      carryOut: (entry, decision) => restoreOne(pipeline, author, entry, decision, signal),
      done: () => void restored++,
    },
    options,
  );
  return {
    task: author.task,
    selected: plan.items.length + plan.skipped.length,
    restored,
    skipped: [...plan.skipped, ...skipped],
    ...(signal?.aborted ? { interrupted: true } : {}),
  };
}
