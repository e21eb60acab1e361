import type { Task } from '../../domain/task.js';
import { PlutomiError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { TaskTerms } from '../../tasks/store-task.js';
import type { ReplayPlan } from './plan-replay.js';
import { type ReplayTask, storeReplay } from './replay-task.js';
import { type ReplayResult, untouched } from './result.js';
import { runReplay } from './run-replay.js';
import { runTask, type RunTaskOptions } from './run-task.js';

/** What a replay is called, how it is carried out, and who hears of it. */
export interface ReplayAsTaskOptions extends TaskTerms, RunTaskOptions {
  /** Called when its task is stored, before anything is replayed. */
  readonly onStored?: (task: Task) => void;
  /** Called where there can be no task, with the reason: it is replayed all the same. */
  readonly onWithoutTask?: (why: PlutomiError) => void;
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
  // There would be nothing to carry on, and nothing to watch.
  if (plan.items.length === 0) return untouched(plan, { dryRun: false });
  const { canary, stopOn = [] } = options;
  let replay: ReplayTask;
  try {
    replay = await storeReplay(pipeline, plan, options);
  } catch (error) {
    const isOld =
      error instanceof PlutomiError && (error.code === 'NO_STREAM' || error.code === 'NOT_ALLOWED');
    if (!isOld || canary !== undefined || stopOn.length > 0) throw error;
    options.onWithoutTask?.(error);
    return runReplay(pipeline, plan, options);
  }
  options.onStored?.(replay.task);
  return runTask(pipeline, replay, options);
}
