import { refuseNoPipeline, refuseNoText } from '../domain/given.js';
import { decodeTask, endedStates, type Task } from '../domain/task.js';
import { OperationError } from '../errors.js';
import { updateDocument } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { requireOwn } from '../pipeline/require-own.js';
import { taskEnded } from './keeper.js';
import { taskSubject } from './store-task.js';

/**
 * Ends a task for good: whoever carries it out starts nothing more, within a second or two. One that is cancelled already
 * stays so.
 *
 * @throws OperationError `NO_TASK`, `TASK_ENDED` for one that is done, or `OTHER_PIPELINE`
 */
export async function cancelTask(pipeline: Pipeline, id: string): Promise<Task> {
  refuseNoPipeline(pipeline);
  refuseNoText('id', id);
  await requireOwn(pipeline);
  const stored = await updateDocument(pipeline, taskSubject(pipeline, id), decodeTask, (task) =>
    !task || endedStates.includes(task.state) ? undefined : { ...task, state: 'cancelled' as const },
  );
  if (!stored) throw new OperationError(`no task ${id}`, { code: 'NO_TASK' });
  if (stored.value.state !== 'cancelled') throw taskEnded(stored.value);
  return stored.value;
}
