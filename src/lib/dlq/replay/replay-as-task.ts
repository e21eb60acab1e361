import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoFunction, refuseNoPipeline, refuseNoPlan } from '../../domain/given.js';
import type { Task } from '../../domain/task.js';
import { PlutomiError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type TaskTerms, taskTermChecks } from '../../tasks/store-task.js';
import type { ReplayPlan } from './plan-replay.js';
import { type ReplayTask, storeReplay } from './replay-task.js';
import { type ReplayResult, untouched } from './result.js';
import { runReplay } from './run-replay.js';
import { runTask, runTaskChecks, type RunTaskOptions } from './run-task.js';

/** What a replay is called, how it is carried out, and who hears of it. */
export interface ReplayAsTaskOptions extends TaskTerms, RunTaskOptions {
  /** Called when its task is stored, before anything is replayed. */
  readonly onStored?: (task: Task) => void;
  /** Called where there can be no task, with the reason: it is replayed all the same. */
  readonly onWithoutTask?: (why: PlutomiError) => void;
}

const replayChecks = {
  ...taskTermChecks,
  ...runTaskChecks,
  onStored: refuseNoFunction,
  onWithoutTask: refuseNoFunction,
} as const satisfies Checks<ReplayAsTaskOptions>;

/** @throws UsageError for options that can't be meant */
export function checkedReplay(options: ReplayAsTaskOptions): {
  readonly terms: TaskTerms;
  readonly running: RunTaskOptions;
} {
  checkOptions(replayChecks, options);
  const { onStored: _stored, onWithoutTask: _without, ...both } = options;
  const { name, rate, canary, stopOn, ifSuperseded, note, ...running } = both;
  const terms = Object.entries({ name, rate, canary, stopOn, ifSuperseded, note });
  return { terms: Object.fromEntries(terms.filter(([, one]) => one !== undefined)), running };
}

/**
 * Stores a plan as a task and carries it out. A replay is not lost to an upgrade: where `pipeline apply` was not run since
 * pipelines have tasks, or the user has the permissions of before, it is carried out without one, unless it goes in steps
 * or stops by itself.
 *
 * @throws UsageError for a name that is none; ConnectionError when nothing was replayed; OperationError `NO_STREAM`
 */
export async function replayAsTask(
  pipeline: Pipeline,
  plan: ReplayPlan,
  options: ReplayAsTaskOptions = {},
): Promise<ReplayResult> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planReplay');
  const { terms, running } = checkedReplay(options);
  // There would be nothing to carry on, and nothing to watch.
  if (plan.items.length === 0) return untouched(plan, { dryRun: false });
  const { canary, stopOn = [] } = options;
  let replay: ReplayTask;
  try {
    replay = await storeReplay(pipeline, plan, terms);
  } catch (error) {
    const isOld =
      error instanceof PlutomiError && (error.code === 'NO_STREAM' || error.code === 'NOT_ALLOWED');
    if (!isOld || canary !== undefined || stopOn.length > 0) throw error;
    options.onWithoutTask?.(error);
    const { note, rate, ifSuperseded } = terms;
    const kept = Object.entries({ note, rate, ifSuperseded }).filter(([, one]) => one !== undefined);
    return runReplay(pipeline, plan, { ...running, ...Object.fromEntries(kept) });
  }
  options.onStored?.(replay.task);
  return runTask(pipeline, replay, running);
}
