import { checkOptions, type Checks } from '../domain/options.js';
import { refuseLimit, refuseNoFunction, refuseNoObject, refuseNoPipeline } from '../domain/given.js';
import {
  endedStates,
  type Task,
  type TaskCounters,
  type TaskState,
  type TaskStep,
  type TaskStopped,
} from '../domain/task.js';
import { OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { listHeads, type TaskHead } from './find-task.js';
import { readLetterRecords } from './letter-records.js';
import { readLetterParts } from './parts.js';
import { Progress } from './progress.js';

/** A task in numbers: one item of `tasks list --json`. */
export interface TaskSummary {
  /** E.g. `replay-6c0fb9118045`. */
  readonly id: string;
  /** As people call it; the id where nobody gave a name. */
  readonly name: string;
  /** What is done, e.g. `replay`. */
  readonly kind: string;
  /** What is happening to it. */
  readonly state: TaskState;
  /** Who planned it, as `user@host`. */
  readonly operator: string;
  /** The process that carries it out, or did last; null: none yet. */
  readonly worker: string | null;
  /** ISO. */
  readonly createdAt: string;
  /** When it was last written, ISO, on the server's clock. */
  readonly at: string;
  /** What was selected, in words; null: ids, or every one. */
  readonly selection: string | null;
  /** Most per second; null: no limit. */
  readonly rate: number | null;
  /** In which steps; null: all at once. */
  readonly canary: string | null;
  /** What stops it. */
  readonly stopOn: readonly string[];
  /** Why; null: nobody said. */
  readonly note: string | null;
  /** All that were selected. */
  readonly selected: number;
  /** Carried out. */
  readonly done: number;
  /** Of the done: succeeded since. */
  readonly resolved: number;
  /** Of the done: dead letters again. */
  readonly deadAgain: number;
  /** Of the done: neither yet. */
  readonly pending: number;
  /** Left as they were. What was not begun is selected - done - skipped. */
  readonly skipped: number;
  /** The steps that were begun. */
  readonly steps: readonly TaskStep[];
  /** Why it was stopped; null: it was not. */
  readonly stopped: TaskStopped | null;
}

/** What became of one dead letter. */
export interface TaskItem {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** What became of it. */
  readonly outcome: 'resolved' | 'deadAgain' | 'pending' | 'skipped';
  /** Why, where there is something to say. */
  readonly reason: string | null;
}

/** A task, and what became of each of its dead letters: `tasks show --json`. */
export interface TaskDetails extends TaskSummary {
  /** Those that were dealt with; what was not begun is not among them. */
  readonly items: readonly TaskItem[];
}

/** How many, and what can't be read. */
export interface ListTasksOptions {
  /** Most tasks, the newest first. Default: 20. */
  readonly limit?: number;
  /** Is told of what stands among the tasks and can't be read. */
  readonly onMalformed?: (subject: string, reason: string) => void;
}

/** Tasks, the newest first. */
export interface TaskList {
  /** How many there are, also beyond the limit. */
  readonly total: number;
  /** The newest first. */
  readonly tasks: readonly TaskSummary[];
}

export const defaultTaskLimit = 20;

const listChecks = {
  limit: refuseLimit,
  onMalformed: refuseNoFunction,
} as const satisfies Checks<ListTasksOptions>;

/** The newest tasks, with what the journal knows of their outcomes. None where the server keeps no tasks. */
export async function listTasks(pipeline: Pipeline, options: ListTasksOptions = {}): Promise<TaskList> {
  refuseNoPipeline(pipeline);
  checkOptions(listChecks, options);
  const { limit = defaultTaskLimit, onMalformed } = options;
  const heads: TaskHead[] = [];
  for await (const head of listHeads(pipeline, onMalformed)) heads.push(head);
  const newest = heads.toSorted((a, b) => b.task.createdAt.localeCompare(a.task.createdAt)).slice(0, limit);
  const tasks: TaskSummary[] = [];
  for (const head of newest) {
    if (isSettled(head.task)) tasks.push(summaryOf(head, head.task.counters));
    else {
      const { items: _, ...summary } = await describe(pipeline, head);
      tasks.push(summary);
    }
  }
  return { total: heads.length, tasks };
}

/** Nothing about it changes any more. */
function isSettled({ state, counters, selected }: Task): boolean {
  const { done, skipped, resolved, deadAgain } = counters;
  return (
    endedStates.includes(state) &&
    done === resolved + deadAgain &&
    (state === 'cancelled' || done + skipped === selected)
  );
}

/** A task, and what became of each of its dead letters, as long as the journal knows. */
export async function showTask(pipeline: Pipeline, head: TaskHead): Promise<TaskDetails> {
  refuseNoPipeline(pipeline);
  refuseNoObject('head', head ?? null);
  refuseNoObject('head.task', head.task ?? null);
  return describe(pipeline, head);
}

/** One whose letters can't be read is told by its counters. */
async function describe(pipeline: Pipeline, head: TaskHead): Promise<TaskDetails> {
  try {
    const { task } = head;
    const { left, letters } = await itemsOf(pipeline, task);
    const items = [...left, ...letters.filter((item) => item !== undefined)];
    return { ...summaryOf(head, counted(items, task.counters)), steps: stepsOf(task, letters), items };
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'TASK_INCOMPLETE') throw error;
    return { ...summaryOf(head, head.task.counters), items: [] };
  }
}

/** Those that the plan left, and by place in the task those that it did not; undefined: it was not dealt with. */
interface TaskItems {
  readonly left: readonly TaskItem[];
  readonly letters: readonly (TaskItem | undefined)[];
}

async function itemsOf(pipeline: Pipeline, task: Task): Promise<TaskItems> {
  const parts = await readLetterParts(pipeline, task);
  const letters = parts.flatMap((part) => part.letters);
  const [progress, records] = await Promise.all([
    Progress.read(pipeline, task, parts),
    readLetterRecords(pipeline, letters),
  ]);
  const left: TaskItem[] = parts
    .flatMap((part) => part.skipped)
    .map(({ id, reason }) => ({ id, outcome: 'skipped', reason }));
  const itemAt = (at: number, id: string): TaskItem | undefined => {
    const found = records[at];
    if (found?.replayed.task === task.id) return { id, outcome: found.outcome ?? 'pending', reason: null };
    const skipped = progress.reasonOf(at);
    if (skipped !== undefined) return { id, outcome: 'skipped', reason: skipped };
    if (!progress.isDealt(at)) return undefined;
    // Another task may have begun what this one has finished.
    return { id, outcome: found?.outcome ?? 'pending', reason: found ? null : forgotten };
  };
  return { left, letters: letters.map(({ id }, at) => itemAt(at, id)) };
}

const forgotten = 'it was carried out; the journal no longer tells what became of it';

/** What the journal has forgotten is known by the counters, as far as somebody waited for it. */
function counted(
  items: readonly (TaskItem | undefined)[],
  known: Pick<TaskCounters, 'resolved' | 'deadAgain'>,
): TaskCounters {
  const found = { resolved: 0, deadAgain: 0, pending: 0, skipped: 0 };
  for (const item of items) if (item) found[item.outcome]++;
  const { resolved, deadAgain, pending, skipped } = found;
  return {
    done: resolved + deadAgain + pending,
    skipped,
    resolved: Math.max(resolved, known.resolved),
    deadAgain: Math.max(deadAgain, known.deadAgain),
  };
}

/** The steps that were begun, with what is known of them by now. */
function stepsOf({ steps }: Task, letters: readonly (TaskItem | undefined)[]): TaskStep[] {
  let from = 0;
  return steps.map((step) => {
    const { size } = step;
    const found = counted(letters.slice(from, (from += size)), step);
    const { resolved, deadAgain } = found;
    return { size, resolved, deadAgain, pending: pendingOf(found) };
  });
}

function pendingOf({ done, resolved, deadAgain }: TaskCounters): number {
  return Math.max(0, done - resolved - deadAgain);
}

function summaryOf({ task, at }: TaskHead, counters: TaskCounters): TaskSummary {
  const { id, name, kind, state, operator, worker, createdAt, selection } = task;
  const { rate, canary, stopOn, note, selected, steps, stopped } = task;
  const { done, skipped, resolved, deadAgain } = counters;
  return {
    id,
    name,
    kind,
    state,
    operator,
    worker,
    createdAt,
    at,
    selection,
    rate,
    canary,
    stopOn,
    note,
    selected,
    done,
    resolved,
    deadAgain,
    pending: pendingOf(counters),
    skipped,
    steps,
    stopped,
  };
}
