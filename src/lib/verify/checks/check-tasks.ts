import { endedStates, type Task } from '../../domain/task.js';
import { OperationError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { suggestCommand } from '../../suggestion.js';
import { listHeads, readTask } from '../../tasks/find-task.js';
import { readKinds, readLetterParts } from '../../tasks/parts.js';
import type { Problem } from '../verification.js';

export interface TasksCheck {
  readonly problems: readonly Problem[];
  /** Documents among the tasks that can't be read. */
  readonly malformed: number;
}

/** Each task that somebody may carry on still has what it is about. What has ended needs it no more. */
export async function checkTasks(pipeline: Pipeline): Promise<TasksCheck> {
  const problems: Problem[] = [];
  let malformed = 0;
  for await (const { task } of listHeads(pipeline, () => malformed++)) {
    if (isOver(task)) continue;
    const lost = await whatIsLost(pipeline, task);
    if (lost === undefined) continue;
    const now = await readTask(pipeline, task.id);
    if (now && !isOver(now.task)) problems.push(problemOf(pipeline, now.task, lost));
  }
  return { problems, malformed };
}

function isOver({ state }: Task): boolean {
  return endedStates.includes(state);
}

/** What and how much, in words; undefined: all is there. */
async function whatIsLost(pipeline: Pipeline, task: Task): Promise<string | undefined> {
  const { id, name, selected } = task;
  const called = name === id ? id : `${name} (${id})`;
  try {
    const parts = await readLetterParts(pipeline, task);
    await readKinds(pipeline, task);
    const found = parts.reduce((sum, { letters, skipped }) => sum + letters.length + skipped.length, 0);
    if (found === selected) return undefined;
    return `task ${called}: it is about ${selected} dead letters, and ${found} are left in its parts`;
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    if (error.code === 'TASK_INCOMPLETE') return error.message;
    if (error.code === 'UNREADABLE') return `task ${called}: ${error.message}`;
    throw error;
  }
}

function problemOf({ places }: Pipeline, { id, state }: Task, lost: string): Problem {
  return {
    kind: 'task-incomplete',
    stream: places.operations.stream,
    detail: `${lost}; it is ${state}, and can't be carried on`,
    suggestions: [
      suggestCommand('tasks cancel', { args: [id], why: 'end it; its dead letters are where they were' }),
    ],
    repairable: false,
  };
}
