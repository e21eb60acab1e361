import { requireOptions } from '../../domain/options.js';
import { refuseNoPipeline, refuseNoPlan } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { noStream } from '../../nats/read/read-stream.js';
import { statesInStream } from '../originals.js';
import { authorOf, carryOutChecks, carryOutPlan, type CarryOutOptions } from '../plan/carry-out.js';
import {
  type LetterPlan,
  type LetterSelection,
  planLetters,
  refuseUnselected,
  type SkippedLetter,
} from '../plan/plan-letters.js';
import { archiveOne, decideArchives } from './archive-one.js';

/** How to archive. */
export interface ArchiveOptions extends CarryOutOptions {
  /** Why; kept with each dead letter and in the journal. */
  readonly note: string;
}

/** What `dlq archive --json` prints. */
export interface ArchiveResult {
  /** The name under which the journal keeps this; null: nothing was written. */
  readonly task: string | null;
  /** Dead letters that the selection found. */
  readonly selected: number;
  /** Those that are archived now, and no longer in the DLQ. */
  readonly archived: number;
  /** Those that were left, each with the reason. */
  readonly skipped: readonly SkippedLetter[];
  /** Ctrl-C: some may not have been begun. */
  readonly interrupted?: true;
  /** `--dry-run`: what would be done, and nothing was. */
  readonly plan?: Omit<LetterPlan, 'items' | 'skipped'> & {
    /** How many would be archived. */
    readonly archivable: number;
  };
}

/**
 * Finds what is selected and what archiving it would mean. Writes nothing.
 *
 * Throws OperationError `NOT_FOUND` (exit code 1) when the only id that was asked for has no dead letter, and
 * `NO_STREAM` where the pipeline was applied before there were archived ones.
 */
export async function planArchive(pipeline: Pipeline, selection: LetterSelection): Promise<LetterPlan> {
  refuseUnselected(selection);
  await requireOperations(pipeline);
  const statesOf = statesInStream(pipeline);
  return planLetters(pipeline, selection, (entries) => decideArchives(pipeline, entries, statesOf));
}

/** Throws OperationError `NO_STREAM`, which names `pipeline apply`. */
export async function requireOperations(pipeline: Pipeline): Promise<void> {
  refuseNoPipeline(pipeline);
  const { link, places } = pipeline;
  const { stream } = places.operations;
  if (!(await link.streamInfo(stream))) throw noStream(link, stream);
}

/** Nothing was done: a dry run, or nothing was selected. */
export function unarchived(plan: LetterPlan, { dryRun }: { readonly dryRun: boolean }): ArchiveResult {
  const { items, skipped, ...summary } = plan;
  return {
    task: null,
    selected: items.length + skipped.length,
    archived: 0,
    skipped,
    ...(dryRun ? { plan: { ...summary, archivable: items.length } } : {}),
  };
}

/**
 * Archives the dead letters of a plan, one by one, as `carryOutPlan` says: they leave the DLQ and are kept, until they
 * are restored or discarded. Safe to interrupt at any point and to run again.
 */
export async function archiveDeadLetters(
  pipeline: Pipeline,
  plan: LetterPlan,
  options: ArchiveOptions,
): Promise<ArchiveResult> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planArchive');
  requireOptions(carryOutChecks, options, ['note']);
  const { signal } = options;
  const author = authorOf(pipeline, 'archive', options);
  let archived = 0;
  const skipped = await carryOutPlan(
    pipeline,
    plan,
    {
      decide: (entries) => decideArchives(pipeline, entries),
      carryOut: (entry, decision) => archiveOne(pipeline, author, entry, decision, signal),
      done: () => void archived++,
    },
    options,
  );
  return {
    task: author.task,
    selected: plan.items.length + plan.skipped.length,
    archived,
    skipped: [...plan.skipped, ...skipped],
    ...(signal?.aborted ? { interrupted: true } : {}),
  };
}
