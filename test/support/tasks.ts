import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { openReplay, type ReplayTask, storeReplay } from '../../src/lib/dlq/replay/replay-task.js';
import type { ReplayResult } from '../../src/lib/dlq/replay/result.js';
import { runTask, type RunTaskOptions } from '../../src/lib/dlq/replay/run-task.js';
import type { Link } from '../../src/lib/nats/link.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { findTask } from '../../src/lib/tasks/find-task.js';
import type { TaskTerms } from '../../src/lib/tasks/store-task.js';
import { showTask, type TaskDetails } from '../../src/lib/tasks/task-outcomes.js';
import type { Ground } from './dead-letters.js';
import { pipelineOf } from './pipeline-of.js';

/** A process of its own, as far as a task is concerned. */
export function machine(bed: Ground, worker = 'ada', link: Link = bed.link): Pipeline {
  return pipelineOf(link, bed.config, { identity: { worker: `${worker}:1:x`, operator: `${worker}@test` } });
}

/** Plans a replay of all that is in the DLQ, and stores it. */
export async function storeAll(bed: Ground, terms: TaskTerms = {}): Promise<ReplayTask> {
  const pipeline = machine(bed);
  return storeReplay(pipeline, await planReplay(pipeline, { filters: {} }), terms);
}

/** Carries a task out, or on, as another process does that knows only its id. */
export async function carryOn(
  pipeline: Pipeline,
  id: string,
  options: RunTaskOptions = {},
): Promise<ReplayResult> {
  return runTask(pipeline, await openReplay(pipeline, id), options);
}

export async function shown(bed: Ground, id: string): Promise<TaskDetails> {
  const pipeline = machine(bed, 'viewer');
  return showTask(pipeline, await findTask(pipeline, id));
}
