import { refuseNoPipeline, refuseNoText } from '../domain/given.js';
import { closest } from '../domain/closest.js';
import { escapeLine } from '../domain/escape.js';
import { decodeTask, endedStates, isTaskId, stateAt, type Task } from '../domain/task.js';
import { msOfNanos, nanosOfRfc3339 } from '../domain/time.js';
import { OperationError } from '../errors.js';
import { listDocuments, readDocument } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { suggestCommand } from '../suggestion.js';
import { operationsSubject } from '../domain/operations-subjects.js';

/** A task as it stands. */
export interface TaskHead {
  /** Its state says `interrupted` where it is stored as running, and nobody gives a sign of life. */
  readonly task: Task;
  /** When its head was last written, ISO, on the server's clock: its last sign of life. */
  readonly at: string;
}

/** What the server's clock says, ms since 1970; undefined: there is no stream of what people decided. */
async function serverNow({ link, places }: Pipeline): Promise<number | undefined> {
  const info = await link.streamInfo(places.operations.stream);
  const nanos = nanosOfRfc3339((info as { readonly ts?: string } | undefined)?.ts ?? '');
  return nanos === undefined ? undefined : msOfNanos(nanos);
}

function headOf(task: Task, at: string, nowMs: number | undefined): TaskHead {
  const silentMs = nowMs === undefined ? 0 : nowMs - Date.parse(at);
  return { task: { ...task, state: stateAt(task.state, silentMs) }, at };
}

/** All tasks, those that were written last at the end. What can't be read is told to `onMalformed`. */
export async function* listHeads(
  pipeline: Pipeline,
  onMalformed?: (subject: string, reason: string) => void,
): AsyncGenerator<TaskHead> {
  const nowMs = await serverNow(pipeline);
  if (nowMs === undefined && !(await pipeline.link.streamInfo(pipeline.places.operations.stream))) return;
  const filter = operationsSubject(pipeline.places.operations.root, 'task', '*');
  for await (const { value, at } of listDocuments(pipeline, filter, decodeTask, onMalformed)) {
    yield headOf(value, at, nowMs);
  }
}

/** The task of an id, as it stands now. Undefined: there is none. */
export async function readTask(pipeline: Pipeline, id: string): Promise<TaskHead | undefined> {
  const subject = operationsSubject(pipeline.places.operations.root, 'task', id);
  const found = await readDocument(pipeline, subject, decodeTask);
  return found && headOf(found.value, found.at, await serverNow(pipeline));
}

/**
 * The task that a word names: an id, a name, or how one of the ids begins. Of several that have a name the one that is
 * not finished, else the newest.
 *
 * @throws OperationError `NO_TASK`, or `AMBIGUOUS_TASK` where several are meant
 */
export async function findTask(pipeline: Pipeline, word: string): Promise<TaskHead> {
  refuseNoPipeline(pipeline);
  refuseNoText('word', word);
  const exact = isTaskId(word) ? await readTask(pipeline, word) : undefined;
  if (exact) return exact;
  const all: TaskHead[] = [];
  for await (const head of listHeads(pipeline)) all.push(head);
  const named = all.filter(({ task }) => task.name === word);
  const open = named.filter(({ task }) => !endedStates.includes(task.state));
  const newest = named.toSorted((a, b) => b.task.createdAt.localeCompare(a.task.createdAt));
  const begun = word.length >= shortestPrefix ? all.filter(({ task }) => task.id.startsWith(word)) : [];
  const meant = open.length > 0 ? open : newest.length > 0 ? newest.slice(0, 1) : begun;
  const [only, ...others] = meant;
  if (only && others.length === 0) return only;
  if (only) throw ambiguous(word, meant);
  throw noTask(word, all);
}

const shortestPrefix = 4;
const mostShown = 5;

function ambiguous(word: string, meant: readonly TaskHead[]): OperationError {
  return new OperationError(`${meant.length} tasks are meant by ${escapeLine(word)}: name one by its id`, {
    code: 'AMBIGUOUS_TASK',
    suggestions: meant
      .slice(0, mostShown)
      .map(({ task }) =>
        suggestCommand('tasks show', { args: [task.id], why: `${task.name}, ${task.state}` }),
      ),
  });
}

function noTask(word: string, all: readonly TaskHead[]): OperationError {
  const near = closest(
    word,
    all.flatMap(({ task: { id, name } }) => [id, name]),
  );
  return new OperationError(`no task has the id or name ${escapeLine(word)}`, {
    code: 'NO_TASK',
    suggestions: [
      ...(near === undefined ? [] : [suggestCommand('tasks show', { args: [near], why: 'did you mean' })]),
      suggestCommand('tasks list'),
    ],
  });
}
