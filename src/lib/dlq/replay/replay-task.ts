import { checkOptions } from '../../domain/options.js';
import { refuseNoPipeline, refuseNoPlan, refuseNoText } from '../../domain/given.js';
import type { Kind } from '../../domain/fingerprint-similar.js';
import type { FrozenLetter, Task } from '../../domain/task.js';
import { OperationError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { requireOwn } from '../../pipeline/require-own.js';
import { findTask } from '../../tasks/find-task.js';
import { taskEnded } from '../../tasks/keeper.js';
import { readKinds, readLetterParts } from '../../tasks/parts.js';
import { Progress } from '../../tasks/progress.js';
import { newTaskId, storeTask, taskTermChecks, type TaskTerms } from '../../tasks/store-task.js';
import { persistently } from '../plan/persistently.js';
import type { SkippedLetter } from '../plan/plan-letters.js';
import type { ReplayPlan } from './plan-replay.js';

/** A replay whose plan is stored, and what is known of its letters. */
export interface ReplayTask {
  /** As it was when it was read. */
  readonly task: Task;
  /** In the order in which they are replayed. */
  readonly letters: readonly FrozenLetter[];
  /** Left by the plan. */
  readonly skipped: readonly SkippedLetter[];
  /** Which were dealt with. */
  readonly progress: Progress;
  /** The causes that its plan had; empty where it does not stop on a new one. */
  readonly kinds: readonly Kind[];
}

const mostReasons = 20;

/**
 * Stores a plan as a task: the very dead letters that it found, and how they are to be replayed. Nothing is replayed yet.
 *
 * @throws UsageError for a name that is none; OperationError `NO_STREAM` where the server keeps no tasks
 */
export async function storeReplay(
  pipeline: Pipeline,
  plan: ReplayPlan,
  terms: TaskTerms = {},
): Promise<ReplayTask> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planReplay');
  checkOptions(taskTermChecks, terms, 'terms');
  const { items, skipped, consumers, reasons, groups, kinds } = plan;
  const { oldestDeadAt, newestDeadAt, missing, selection = null } = plan;
  const id = newTaskId(pipeline, 'replay');
  const summary = {
    consumers: consumers.slice(0, mostReasons),
    reasons: reasons.slice(0, mostReasons),
    groups: groups.length,
    oldestDeadAt,
    newestDeadAt,
    missing,
  };
  const draft = { ...terms, kind: 'replay', id, selection, plan: summary, letters: items, skipped, kinds };
  const { task, sizes } = await persistently(() => storeTask(pipeline, draft));
  return { task, letters: items, skipped, progress: new Progress(pipeline, task, sizes), kinds };
}

/**
 * The replay that a word names: by id, name, or how its id begins; to carry it on.
 *
 * @throws OperationError `NO_TASK`, `AMBIGUOUS_TASK`, `TASK_INCOMPLETE`, or `TASK_ENDED` for one that was cancelled or is
 *   of another kind
 */
export async function openReplay(pipeline: Pipeline, word: string): Promise<ReplayTask> {
  refuseNoPipeline(pipeline);
  refuseNoText('word', word);
  await requireOwn(pipeline);
  const { task } = await findTask(pipeline, word);
  if (task.kind !== 'replay') {
    throw new OperationError(`task ${task.id} is no replay, but: ${task.kind}`, { code: 'NO_TASK' });
  }
  if (task.state === 'cancelled') throw taskEnded(task);
  const [parts, kinds] = await Promise.all([readLetterParts(pipeline, task), readKinds(pipeline, task)]);
  return {
    task,
    letters: parts.flatMap(({ letters }) => letters),
    skipped: parts.flatMap(({ skipped }) => skipped),
    progress: await Progress.read(pipeline, task, parts),
    kinds,
  };
}

/** The plan of a task, as far as it is still to be carried out. */
export function planOf({ link, config }: Pipeline, { task, letters, skipped }: ReplayTask): ReplayPlan {
  const { plan, selection } = task;
  return {
    pipeline: config.name,
    server: link.server,
    items: letters,
    skipped,
    consumers: plan.consumers,
    reasons: plan.reasons,
    groups: [],
    oldestDeadAt: plan.oldestDeadAt,
    newestDeadAt: plan.newestDeadAt,
    missing: plan.missing,
    replaced: 0,
    superseded: 0,
    unknown: [],
    notRunning: [],
    heldUp: [],
    kinds: [],
    ...(selection === null ? {} : { selection }),
  };
}
