import { formatDuration } from '../domain/duration.js';
import { escapeLine } from '../domain/escape.js';
import { hanging } from './hanging.js';
import { clipColumns } from './columns.js';
import type { Count, LetterPlan, SkippedLetter } from '../dlq/plan/plan-letters.js';
import type { EventsRead } from '../dlq/sift.js';
import type { Task } from '../domain/task.js';
import type { ReplayPlan } from '../dlq/replay/plan-replay.js';
import type { ReplayResult } from '../dlq/replay/result.js';
import type { Colors } from './colors.js';
import type { View } from './dead-letters.js';
import { renderTime, renderWhen } from './time.js';

/** What results of the verbs have in common. */
export interface LetterResult {
  readonly selected: number;
  readonly skipped: readonly SkippedLetter[];
  readonly interrupted?: true;
}

const maxRows = 5;
const maxSkipped = 20;

/** What a replay would do, and where; shown before it is confirmed. `rate`: most per second, where there is a limit. */
export function renderReplayPlan(plan: ReplayPlan, view: View, rate?: number, shown: PlanTerms = {}): string {
  const { colors } = view;
  const { items, notRunning } = plan;
  const rows = planRows('replay', plan, view);
  const { task, left = items.length } = shown;
  if (task) rows.push(...taskRows(task, left));
  rows.push(...termRows(task ?? shown));
  if (rate !== undefined) {
    const change = task ? '' : '; change it with --rate';
    rows.push(['rate', `at most ${rate}/s${lasting(left, rate)}${change}`]);
  }
  const lines = renderRows(rows, colors);
  if (notRunning.length > 0) {
    const names = escapeLine(notRunning.join(', '));
    const text = `no process is waiting for events of ${names}; is pipeline run running?`;
    lines.push(colors.yellow(`  ${hanging(2, text, view.width)}`));
  }
  for (const { consumer, why } of plan.heldUp) {
    const text = `the server delivers nothing to ${escapeLine(consumer)} now: ${escapeLine(why)}`;
    lines.push(colors.yellow(`  ${hanging(2, text, view.width)}`));
  }
  return [...lines, ...renderSkipped(plan.skipped, view, fewSkipped(view))].join('\n');
}

/** How it is carried out; of one that was planned before, its task. */
export interface PlanTerms {
  readonly canary?: string | null | undefined;
  readonly stopOn?: readonly string[] | undefined;
  readonly task?: Task;
  /** Of a task: how many were not dealt with. */
  readonly left?: number;
}

type Rows = [string, string][];

function taskRows({ state, worker, operator, createdAt, stopped }: Task, left: number): Rows {
  return [
    ['planned', `${renderTime(createdAt)} UTC by ${escapeLine(operator)}`],
    ['left', `${left}${state === 'running' ? `; ${escapeLine(worker ?? '')} carries it out too` : ''}`],
    ...row('stopped', stopped && `in step ${stopped.step}: ${escapeLine(stopped.reason)}`),
  ];
}

function termRows({ canary, stopOn = [] }: PlanTerms): Rows {
  return [...row('steps', canary), ...row('stops on', stopOn.join(', '))];
}

function row(name: string, value: string | null | undefined): Rows {
  return value === null || value === undefined || value === '' ? [] : [[name, value]];
}

/** What a verb would do, and where; shown before it is confirmed. */
export function renderLetterPlan(verb: string, plan: LetterPlan, view: View): string {
  const lines = renderRows(planRows(verb, plan, view), view.colors);
  return [...lines, ...renderSkipped(plan.skipped, view, fewSkipped(view))].join('\n');
}

function planRows(verb: string, plan: LetterPlan, view: View): [string, string][] {
  const { items, skipped, oldestDeadAt, missing, replaced, superseded = 0, selection, eventsRead } = plan;
  const rows: [string, string][] = [
    ['server', escapeLine(plan.server)],
    ['pipeline', escapeLine(plan.pipeline)],
    ...(selection === undefined ? [] : [['selection', escapeLine(selection)] as [string, string]]),
    [verb, `${items.length} of ${items.length + skipped.length} selected`],
    ...counted('consumers', plan.consumers, view),
    ...counted('reasons', plan.reasons, view),
  ];
  if (oldestDeadAt !== null) {
    rows.push(['oldest', `${renderTime(oldestDeadAt)} UTC, ${renderWhen(oldestDeadAt, view.nowMs)}`]);
  }
  rows.push(['originals', originals(missing, replaced, view.colors)]);
  if (superseded > 0) rows.push(['stale', view.colors.yellow(`${superseded} superseded by newer events`)]);
  if (eventsRead !== undefined) rows.push(['read', whatWasRead(eventsRead)]);
  return rows;
}

function whatWasRead({ keys, read, gone, encrypted = 0 }: EventsRead): string {
  const events = `${read} event${read === 1 ? '' : 's'}, for ${escapeLine(keys.join(', '))}`;
  const unread = [
    ...(gone > 0 ? [`${gone} of them gone`] : []),
    ...(encrypted > 0 ? [`${encrypted} of them encrypted, without a key here`] : []),
  ];
  return unread.length === 0 ? events : `${events}; ${unread.join(', ')}, and so not selected`;
}

function renderRows(rows: readonly [string, string][], colors: Colors): string[] {
  return rows.map(([name, value]) => `  ${colors.dim(name.padEnd(9))}  ${value}`);
}

/** How long it takes at least, where one would wonder. */
function lasting(count: number, rate: number): string {
  const seconds = Math.ceil(count / rate);
  return seconds < 10 ? '' : `, at least ${formatDuration(seconds * 1000)} in all`;
}

function counted(title: string, counts: readonly Count[], { width }: View): [string, string][] {
  const shown = counts
    .slice(0, maxRows)
    .map(({ name, count }) => clipColumns(`${count} × ${escapeLine(name)}`, Math.max(21, width - 14)));
  if (counts.length > maxRows) shown.push(`and ${counts.length - maxRows} more`);
  return shown.map((text, i) => [i === 0 ? title : '', text]);
}

function originals(missing: number, replaced: number, colors: Colors): string {
  const gone = [
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(replaced > 0 ? [`${replaced} replaced`] : []),
  ];
  return gone.length === 0 ? 'none missing' : colors.red(gone.join(', '));
}

/** Before a question: on a terminal the plan must stay in sight. */
function fewSkipped({ width }: View): number {
  return Number.isFinite(width) ? maxRows : maxSkipped;
}

/** The skipped ones, each with its reason; at most so many of them. */
export function renderSkipped(
  skipped: readonly SkippedLetter[],
  { colors, width }: View,
  most = maxSkipped,
): string[] {
  const lead = '  skipped ';
  const lines = skipped
    .slice(0, most)
    .map(({ id, reason }) => lead + hanging(lead.length, `${escapeLine(id)}: ${escapeLine(reason)}`, width));
  if (skipped.length > most) lines.push(`${lead}${skipped.length - most} more: --json shows all`);
  return lines.map((line) => colors.yellow(line));
}

/** How a replay ended. */
export function renderReplayResult(result: ReplayResult, waited: boolean, colors: Colors): string {
  const { selected, replayed, skipped, resolved, deadAgain, pending, interrupted } = result;
  const parts = [`${replayed} of ${selected} replayed`];
  if (waited) {
    parts.push(colors.green(`${resolved} resolved`));
    if (deadAgain > 0) parts.push(colors.red(`${deadAgain} dead again`));
    if (pending > 0) parts.push(colors.yellow(`${pending} still pending`));
  }
  if (skipped.length > 0) parts.push(colors.yellow(`${skipped.length} skipped`));
  const { state, stopped } = result;
  const why =
    stopped === null
      ? ''
      : `\n${colors.red(`Stopped in step ${stopped.step}: ${escapeLine(stopped.reason)}`)}`;
  const begun = interrupted ? 'Interrupted: ' : state === 'cancelled' ? 'Cancelled: ' : '';
  const notBegun = selected - replayed - skipped.length;
  if (notBegun > 0) parts.push(`${notBegun} not begun`);
  return `${begun}${parts.join(', ')}${why}`;
}

/** How a verb ended; `done`: how many are, in which word. */
export function renderLetterResult(
  { selected, skipped, interrupted }: LetterResult,
  [count, word]: readonly [number, string],
  colors: Colors,
): string {
  const parts = [`${count} of ${selected} ${word}`];
  if (skipped.length > 0) parts.push(colors.yellow(`${skipped.length} skipped`));
  return `${interrupted ? 'Interrupted: ' : ''}${parts.join(', ')}`;
}
