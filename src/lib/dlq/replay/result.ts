import type { ExitCode } from '../../errors.js';
import type { Task, TaskState, TaskStep, TaskStopped } from '../../domain/task.js';
import type { Count, GroupCount, SkippedLetter } from '../plan/plan-letters.js';
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
  /** As people call the task; null: nothing was written, or the server keeps no tasks. */
  readonly name: string | null;
  /** What is happening to the task; null: there is none. */
  readonly state: TaskState | null;
  /** The steps that were begun: one, without a canary. */
  readonly steps: readonly TaskStep[];
  /** Why it was stopped; null: it was not. */
  readonly stopped: TaskStopped | null;
  /** Ctrl-C: some may not have been begun. */
  readonly interrupted?: true;
  /** `--dry-run`: what would be done, and nothing was. */
  readonly plan?: ReplayPlanSummary;
}

/** A plan in numbers, without its dead letters. */
export type ReplayPlanSummary = Omit<ReplayPlan, 'items' | 'skipped' | 'kinds'> & {
  /** How many would be replayed. */
  readonly replayable: number;
};

/** Nothing was done: a dry run, or nothing was selected. */
export function untouched(plan: ReplayPlan, options: { readonly dryRun: boolean }): ReplayResult {
  const { items, skipped, kinds: _, ...summary } = plan;
  return {
    task: null,
    selected: items.length + skipped.length,
    replayed: 0,
    skipped,
    resolved: 0,
    deadAgain: 0,
    pending: 0,
    name: null,
    state: null,
    steps: [],
    stopped: null,
    ...(options.dryRun ? { plan: { ...summary, replayable: items.length } } : {}),
  };
}

/** What `dlq replay --plan --json` prints. */
export interface PlannedReplay {
  /** The id of the stored task; null: there was nothing to replay, and nothing was stored. */
  readonly task: string | null;
  /** As people call it. */
  readonly name: string | null;
  /** Dead letters that the selection found. */
  readonly selected: number;
  /** Those that will be left, each with the reason. */
  readonly skipped: readonly SkippedLetter[];
  /** Of all that were found, the most frequent first. */
  readonly consumers: readonly Count[];
  /** The causes of all that were found, the most frequent first. */
  readonly groups: readonly GroupCount[];
  /** When the oldest died, ISO; null: none was found. */
  readonly oldestDeadAt: string | null;
  /** When the newest died, ISO; null: none was found. */
  readonly newestDeadAt: string | null;
  /** Of all that were found, how many have no original any more. */
  readonly missing: number;
  /** Of all that could be replayed: stale, see `latestOnly` of the config. */
  readonly superseded: number;
}

/** A plan as it was stored. */
export function plannedOf(plan: ReplayPlan, task: Task | undefined): PlannedReplay {
  const { items, skipped, consumers, groups, oldestDeadAt, newestDeadAt, missing, superseded } = plan;
  return {
    task: task?.id ?? null,
    name: task?.name ?? null,
    selected: items.length + skipped.length,
    skipped,
    consumers,
    groups,
    oldestDeadAt,
    newestDeadAt,
    missing,
    superseded,
  };
}

/** Adds up what was done and, where it was waited for, what came of it. */
export function resultOf(
  plan: ReplayPlan,
  report: ReplayReport,
  wait: WaitResult | undefined,
  interrupted: boolean,
): ReplayResult {
  const outcomes = {
    resolved: report.routed.resolved + (wait?.resolved.length ?? 0),
    deadAgain: report.routed.deadAgain + (wait?.deadAgain.length ?? 0),
    pending: wait?.pending.length ?? report.replayed - report.routed.resolved - report.routed.deadAgain,
  };
  return {
    task: report.task,
    selected: plan.items.length + plan.skipped.length,
    replayed: report.replayed,
    skipped: report.skipped,
    ...outcomes,
    name: null,
    state: null,
    steps: plan.items.length === 0 ? [] : [{ size: plan.items.length, ...outcomes }],
    stopped: null,
    ...(interrupted ? { interrupted } : {}),
  };
}

/** 130 interrupted; 5 when it was stopped or cancelled, some were skipped, or, where it was waited for, are dead again or pending; else 0. */
export function exitCodeOf(result: ReplayResult, waited: boolean): ExitCode | 0 {
  if (result.interrupted) return 130;
  if (result.skipped.length > 0 || result.stopped || result.state === 'cancelled') return 5;
  return waited && result.deadAgain + result.pending > 0 ? 5 : 0;
}
