import type { ExitCode } from '../../errors.js';
import type { SkippedLetter } from '../plan/plan-letters.js';
import type { ReplayPlan } from './plan-replay.js';
import type { ReplayReport } from './replay-letters.js';
import type { WaitResult } from './wait.js';

/** What `dlq replay --json` prints. */
export interface ReplayResult {
  /** The name under which the journal keeps this replay; null: nothing was written. */
  readonly task: string | null;
  /** Dead letters that the selection found. */
  readonly selected: number;
  /** How many are on their way again. */
  readonly replayed: number;
  /** Those that were left, each with the reason. */
  readonly skipped: readonly SkippedLetter[];
  /** How many have succeeded since, as far as was waited. */
  readonly resolved: number;
  /** How many are dead letters again, as far as was waited. */
  readonly deadAgain: number;
  /** Replayed, and neither resolved nor dead again as far as was waited; without `--wait` all that were replayed. */
  readonly pending: number;
  /** Ctrl-C: some may not have been begun. */
  readonly interrupted?: true;
  /** `--dry-run`: what would be done, and nothing was. */
  readonly plan?: ReplayPlanSummary;
}

/** A plan in numbers, without its dead letters. */
export type ReplayPlanSummary = Omit<ReplayPlan, 'items' | 'skipped'> & {
  /** How many would be replayed. */
  readonly replayable: number;
};

/** Nothing was done: a dry run, or nothing was selected. */
export function untouched(plan: ReplayPlan, options: { readonly dryRun: boolean }): ReplayResult {
  const { items, skipped, ...summary } = plan;
  return {
    task: null,
    selected: items.length + skipped.length,
    replayed: 0,
    skipped,
    resolved: 0,
    deadAgain: 0,
    pending: 0,
    ...(options.dryRun ? { plan: { ...summary, replayable: items.length } } : {}),
  };
}

/** Adds up what was done and, where it was waited for, what came of it. */
export function resultOf(
  plan: ReplayPlan,
  report: ReplayReport,
  wait: WaitResult | undefined,
  interrupted: boolean,
): ReplayResult {
  return {
    task: report.task,
    selected: plan.items.length + plan.skipped.length,
    replayed: report.replayed,
    skipped: report.skipped,
    resolved: report.routed.resolved + (wait?.resolved.length ?? 0),
    deadAgain: report.routed.deadAgain + (wait?.deadAgain.length ?? 0),
    pending: wait?.pending.length ?? report.replayed - report.routed.resolved - report.routed.deadAgain,
    ...(interrupted ? { interrupted } : {}),
  };
}

/** 130 interrupted; 5 when some were skipped, or, where it was waited for, are dead again or pending; else 0. */
export function exitCodeOf(result: ReplayResult, waited: boolean): ExitCode | 0 {
  if (result.interrupted) return 130;
  if (result.skipped.length > 0) return 5;
  return waited && result.deadAgain + result.pending > 0 ? 5 : 0;
}
