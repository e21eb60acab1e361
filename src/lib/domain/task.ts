import { readCanary, readStopOn } from './canary.js';
import { type Decoded, isCount, isText, type JsonObject, malformed } from './decode.js';

/**
 * `planned`: stored, and nothing was written to a dead letter. `running`: somebody carries it out. `interrupted`: nobody
 * does now, and some are left. `stopped`: by what it was to stop on. `cancelled`: by a person, and it stays so. `done`:
 * each was dealt with.
 */
export const taskStates = ['planned', 'running', 'interrupted', 'stopped', 'cancelled', 'done'] as const;
/** What is happening to a task. */
export type TaskState = (typeof taskStates)[number];

/** How many have this name or text. */
export interface TaskCount {
  /** The consumer, or the reason. */
  readonly name: string;
  /** How many dead letters. */
  readonly count: number;
}

/** What a plan was, in numbers. */
export interface TaskPlan {
  /** The most frequent first. */
  readonly consumers: readonly TaskCount[];
  /** The most frequent first, at most 20. */
  readonly reasons: readonly TaskCount[];
  /** How many causes, see groups. */
  readonly groups: number;
  /** ISO; null: none was selected. */
  readonly oldestDeadAt: string | null;
  /** ISO; null: none was selected. */
  readonly newestDeadAt: string | null;
  /** Of all that were selected, how many have no original any more. */
  readonly missing: number;
}

/** What has become of a task's dead letters, as far as it is known. */
export interface TaskCounters {
  /** Carried out. */
  readonly done: number;
  /** Left as they were, those that the plan left included. */
  readonly skipped: number;
  /** Of the done: succeeded since. */
  readonly resolved: number;
  /** Of the done: dead letters again. */
  readonly deadAgain: number;
}

/** A step of a canary. */
export interface TaskStep {
  /** How many dead letters. */
  readonly size: number;
  /** Of them: succeeded since. */
  readonly resolved: number;
  /** Of them: dead letters again. */
  readonly deadAgain: number;
  /** Of them: carried out, and neither yet. */
  readonly pending: number;
}

/** Why a task was stopped. */
export interface TaskStopped {
  /** From 1. */
  readonly step: number;
  /** The condition, and what was found. */
  readonly reason: string;
}

/** Long work on dead letters that somebody planned: its head. What it is about is frozen, in parts of its own. */
export interface Task {
  /** The form of this document. */
  readonly v: 1;
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
  /** What was selected, in words; null: ids, or every one. */
  readonly selection: string | null;
  /** Most per second; null: no limit. */
  readonly rate: number | null;
  /** In which steps, see `readCanary`; null: all at once. */
  readonly canary: string | null;
  /** What stops it, see `readStopOn`. */
  readonly stopOn: readonly string[];
  /** Stale dead letters are replayed too; left out: they are skipped. */
  readonly ifSuperseded?: 'replay';
  /** Why; null: nobody said. */
  readonly note: string | null;
  /** All that were selected. */
  readonly selected: number;
  /** Of them: left by the plan. */
  readonly skipped: number;
  /** In how many parts the letters are frozen. */
  readonly parts: number;
  /** The causes that it had, for `new-group`: in how many parts. */
  readonly kindParts: number;
  /** The plan in numbers. */
  readonly plan: TaskPlan;
  /** How far it is. */
  readonly counters: TaskCounters;
  /** The steps that were begun. */
  readonly steps: readonly TaskStep[];
  /** Why it was stopped; null: it was not. */
  readonly stopped: TaskStopped | null;
  /** What came of those before this place was seen by the person who carried on: it stops nothing any more. */
  readonly judgedFrom: number;
}

/** A dead letter of a task: this very one, not a newer one of the same event. */
export interface FrozenLetter {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** Its sequence in the DLQ. */
  readonly dlqSeq: number;
  /** How many times it had been replayed. */
  readonly cycle: number;
}

/** The states in which there is nothing left to carry out. */
export const endedStates: readonly TaskState[] = ['cancelled', 'done'];

/** So long may a process that carries a task out be silent, ms: a cluster takes its time to elect a leader. */
export const longestSilenceMs = 15_000;

/** What is happening to a task, by how old its last sign of life is on the server's clock. */
export function stateAt(state: TaskState, silentMs: number): TaskState {
  return state === 'running' && silentMs > longestSilenceMs ? 'interrupted' : state;
}

const nameForm = /^[^\s\p{C}-][^\p{C}]{0,63}$/u;

/** The form that `isTaskName` takes, in words. */
export const taskNameForm = 'a name like INC-4711: at most 64 printable characters, not a blank or - first';

export function isTaskName(text: string): boolean {
  return nameForm.test(text) && text.trimEnd() === text;
}

const idForm = /^[a-z]{1,20}-[0-9a-z-]{1,64}$/;

/** Ids are a part of subjects. */
export function isTaskId(text: string): boolean {
  return idForm.test(text);
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isNull = (value: unknown): value is null => value === null;
const orNull =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): value is T | null =>
    isNull(value) || is(value);
const isString = (value: unknown): value is string => typeof value === 'string';

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasCounts(value: unknown, ...keys: readonly string[]): boolean {
  return isRecord(value) && keys.every((key) => isCount(value[key]));
}

function isListOf(value: unknown, is: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

const isCountOfName = (one: unknown): boolean => hasCounts(one, 'count') && isString((one as TaskCount).name);

function isPlan(value: unknown): boolean {
  return (
    hasCounts(value, 'groups', 'missing') &&
    isListOf((value as TaskPlan).consumers, isCountOfName) &&
    isListOf((value as TaskPlan).reasons, isCountOfName) &&
    orNull(isString)((value as TaskPlan).oldestDeadAt) &&
    orNull(isString)((value as TaskPlan).newestDeadAt)
  );
}

const isStep = (one: unknown): boolean => hasCounts(one, 'size', 'resolved', 'deadAgain', 'pending');

const checks: Readonly<Record<Exclude<keyof Task, 'v'>, (value: unknown) => boolean>> = {
  id: (value) => isString(value) && isTaskId(value),
  name: isText,
  kind: isText,
  state: (value) => taskStates.includes(value as TaskState),
  operator: isString,
  worker: orNull(isString),
  createdAt: (value) => isString(value) && !Number.isNaN(Date.parse(value)),
  selection: orNull(isString),
  rate: (value) => isNull(value) || (isNumber(value) && value > 0),
  canary: (value) => isNull(value) || (isString(value) && readCanary(value) === value),
  stopOn: (value) => isListOf(value, (one) => isString(one) && readStopOn(one) === one),
  ifSuperseded: (value) => value === undefined || value === 'replay',
  note: orNull(isString),
  selected: isCount,
  skipped: isCount,
  parts: isCount,
  kindParts: isCount,
  plan: isPlan,
  counters: (value) => hasCounts(value, 'done', 'skipped', 'resolved', 'deadAgain'),
  steps: (value) => isListOf(value, isStep),
  stopped: (value) => isNull(value) || (hasCounts(value, 'step') && isString((value as TaskStopped).reason)),
  judgedFrom: isCount,
};

/** The head of a task, as it was stored. */
export function decodeTask(object: JsonObject): Decoded<Task> {
  if (object['v'] !== 1) return malformed('v: expected 1');
  for (const [key, check] of Object.entries(checks)) {
    if (!check(object[key])) return malformed(`${key}: not what a task has`);
  }
  return { ok: true, value: object as unknown as Task };
}
