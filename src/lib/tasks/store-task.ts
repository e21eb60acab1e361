import { type Checks, oneOf } from '../domain/options.js';
import { refuseNoRate, refuseNoText, refuseTexts } from '../domain/given.js';
import type { Kind } from '../domain/fingerprint-similar.js';
import { operationsSubject } from '../domain/operations-subjects.js';
import {
  decodeTask,
  endedStates,
  type Task,
  taskNameForm,
  type TaskPlan,
  isTaskName,
} from '../domain/task.js';
import { isoOfMs } from '../domain/time.js';
import { OperationError, UsageError } from '../errors.js';
import { createDocument, readDocument } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { listHeads } from './find-task.js';
import { type Frozen, inParts, letterParts, storeParts } from './parts.js';

/** How a task is to be carried out. */
export interface TaskTerms {
  /** As people call it, see `isTaskName`. Default: its id. */
  readonly name?: string;
  /** Most per second. Default: no limit. */
  readonly rate?: number;
  /** In which steps, see `readCanary`. Default: all at once. */
  readonly canary?: string;
  /** What stops it, see `readStopOn`. */
  readonly stopOn?: readonly string[];
  /** What is done with stale dead letters. Default: `skip`. */
  readonly ifSuperseded?: 'skip' | 'replay' | undefined;
  /** Why. */
  readonly note?: string;
}

/** Of `TaskTerms`. */
export const taskTermChecks = {
  name: refuseNoText,
  rate: refuseNoRate,
  canary: refuseNoText,
  stopOn: refuseTexts,
  ifSuperseded: oneOf('skip', 'replay'),
  note: refuseNoText,
} as const satisfies Checks<TaskTerms>;

/** A task that is to be stored. */
export interface TaskDraft extends TaskTerms, Frozen {
  /** What is done, e.g. `replay`. */
  readonly kind: string;
  /** See `newTaskId`: the same after a failure, so that it is stored once. */
  readonly id: string;
  readonly selection: string | null;
  readonly plan: TaskPlan;
  /** The causes that it has. */
  readonly kinds: readonly Kind[];
}

export interface StoredTask {
  readonly task: Task;
  /** How many letters each part has. */
  readonly sizes: readonly number[];
}

/** An id that no other task has. */
export function newTaskId({ clock }: Pipeline, kind: string): string {
  const idDigits = 12;
  return `${kind}-${clock.uuid().replaceAll('-', '').slice(0, idDigits)}`;
}

export function taskSubject({ places }: Pipeline, id: string): string {
  return operationsSubject(places.operations.root, 'task', id);
}

/**
 * Stores a task in state `planned`: its parts, then its head, without which there is no task. Safe to repeat with the
 * same draft. A name that an unfinished task has gets the id behind it.
 *
 * Throws UsageError for a name that is none, OperationError `NO_STREAM` where `pipeline apply` was not run since the
 * pipeline has tasks.
 */
export async function storeTask(pipeline: Pipeline, draft: TaskDraft): Promise<StoredTask> {
  const { id, kind, selection, plan, letters, skipped, kinds } = draft;
  const { name, rate = null, canary = null, stopOn = [], note = null } = draft;
  if (name !== undefined && !isTaskName(name)) {
    throw new UsageError(`name: expected ${taskNameForm}, found ${JSON.stringify(name)}`);
  }
  const parts = letterParts(pipeline.link, { letters, skipped });
  const kindParts = stopOn.includes('new-group')
    ? inParts(pipeline.link, kinds).map((part) => ({ v: 1, kinds: part }))
    : [];
  const taken = name !== undefined && (await isTaken(pipeline, name, id));
  await storeParts(pipeline, id, 'letters', parts);
  await storeParts(pipeline, id, 'kinds', kindParts);
  const task: Task = {
    v: 1,
    id,
    name: name === undefined ? id : taken ? `${name}-${id}` : name,
    kind,
    state: 'planned',
    operator: pipeline.identity.operator,
    worker: null,
    createdAt: isoOfMs(pipeline.clock.now()),
    selection,
    rate,
    canary,
    stopOn,
    ...(draft.ifSuperseded === 'replay' ? { ifSuperseded: 'replay' as const } : {}),
    note,
    selected: letters.length + skipped.length,
    skipped: skipped.length,
    parts: parts.length,
    kindParts: kindParts.length,
    plan,
    counters: { done: 0, skipped: skipped.length, resolved: 0, deadAgain: 0 },
    steps: [],
    stopped: null,
    judgedFrom: 0,
  };
  const sizes = parts.map((part) => part.letters.length);
  if (await createDocument(pipeline, taskSubject(pipeline, id), task)) return { task, sizes };
  // After an answer that was lost it is ours: nobody else has this id.
  const stored = await readDocument(pipeline, taskSubject(pipeline, id), decodeTask);
  if (stored) return { task: stored.value, sizes };
  throw new OperationError(`task ${id} was removed while it was stored`);
}

async function isTaken(pipeline: Pipeline, name: string, id: string): Promise<boolean> {
  for await (const { task } of listHeads(pipeline)) {
    if (task.name === name && task.id !== id && !endedStates.includes(task.state)) return true;
  }
  return false;
}
