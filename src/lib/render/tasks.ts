import { escapeLine } from '../domain/escape.js';
import type { Task, TaskState } from '../domain/task.js';
import type { TaskDetails, TaskItem, TaskSummary } from '../tasks/task-outcomes.js';
import type { Colors } from './colors.js';
import type { View } from './dead-letters.js';
import { hanging } from './hanging.js';
import { type Column, renderTable } from './table.js';
import { renderTime, renderWhen } from './time.js';

/** What a task is called. `wanted`: a name that was asked for, and that an unfinished one may have. */
export function renderTaskName({ id, name }: Pick<Task, 'id' | 'name'>, wanted?: string): string {
  const called = name === id ? `task ${id}` : `task ${escapeLine(name)} (${id})`;
  if (wanted === undefined || wanted === name) return called;
  return `${called}: another unfinished task is called ${escapeLine(wanted)}`;
}

/** What was stored. */
export function renderPlanned({ selected, skipped }: Task): string {
  return `${selected - skipped} of ${selected} planned; nothing was replayed`;
}

/** There can be no task. */
export function renderWithoutTask(why: string): string {
  return `replayed without a task, so it can't be watched or cancelled from elsewhere: ${escapeLine(why)}; after pipeline apply, and with new permissions, there are tasks`;
}

/** One task a line, the newest first. */
export function renderTasks(tasks: readonly TaskSummary[], view: View): string {
  const { colors, width, nowMs } = view;
  const columns: Column[] = [
    { title: 'TASK', flexible: true, paint: (text) => colors.bold(text) },
    { title: 'STATE', paint: (text, row) => paintState(tasks[row]?.state, text, colors) },
    { title: 'PLANNED', align: 'right' },
    { title: 'OF', align: 'right' },
    { title: 'RESOLVED', align: 'right' },
    { title: 'AGAIN', align: 'right' },
    { title: 'PENDING', align: 'right' },
    { title: 'SKIPPED', align: 'right' },
  ];
  const rows = tasks.map((task) => [
    task.name,
    task.state,
    renderWhen(task.createdAt, nowMs),
    String(task.selected),
    String(task.resolved),
    String(task.deadAgain),
    String(task.pending),
    String(task.skipped),
  ]);
  return renderTable(columns, rows, { width, colors });
}

function paintState(state: TaskState | undefined, text: string, colors: Colors): string {
  if (state === 'stopped') return colors.red(text);
  if (state === 'interrupted' || state === 'cancelled') return colors.yellow(text);
  return state === 'done' ? colors.green(text) : text;
}

/** Where values begin: two columns, a name, two columns. */
const indent = 13;
const mostItems = 20;

/** A task as a block: who, what, how far; and those that did not succeed. */
export function renderTask(task: TaskDetails, view: View): string {
  const { colors, width } = view;
  const text = (value: string): string => hanging(indent, escapeLine(value), width);
  const rows: [string, string][] = [
    ['state', paintState(task.state, task.state, colors)],
    ['planned', `${renderTime(task.createdAt)} UTC by ${text(task.operator)}`],
    ...(task.selection === null ? [] : [['selection', text(task.selection)] as [string, string]]),
    ...(task.note === null ? [] : [['note', text(task.note)] as [string, string]]),
    ['progress', renderCounts(task, colors)],
    ...(task.worker === null
      ? []
      : [
          ['worker', `${text(task.worker)}, last seen ${renderWhen(task.at, view.nowMs)}`] as [
            string,
            string,
          ],
        ]),
    ['rate', task.rate === null ? 'no limit' : `at most ${task.rate}/s`],
    ...(task.canary === null ? [] : [['steps', text(task.canary)] as [string, string]]),
    ...(task.stopOn.length === 0 ? [] : [['stops on', text(task.stopOn.join(', '))] as [string, string]]),
    ...(task.stopped === null
      ? []
      : [
          ['stopped', colors.red(text(`in step ${task.stopped.step}: ${task.stopped.reason}`))] as [
            string,
            string,
          ],
        ]),
  ];
  const lines = rows.map(([name, value]) => `  ${colors.dim(name.padEnd(9))}  ${value}`);
  const title = task.name === task.id ? task.id : `${task.name} (${task.id})`;
  return [colors.bold(escapeLine(title)), ...lines, ...renderItems(task.items, view)].join('\n');
}

/** How far a task is, on one line. */
export function renderCounts(task: TaskSummary, colors: Colors): string {
  const { selected, done, resolved, deadAgain, pending, skipped } = task;
  const notBegun = Math.max(0, selected - done - skipped);
  const parts = [`${done} of ${selected} done`, colors.green(`${resolved} resolved`)];
  if (deadAgain > 0) parts.push(colors.red(`${deadAgain} dead again`));
  if (pending > 0) parts.push(colors.yellow(`${pending} pending`));
  if (skipped > 0) parts.push(colors.yellow(`${skipped} skipped`));
  if (notBegun > 0) parts.push(`${notBegun} not begun`);
  return parts.join(', ');
}

function renderItems(items: readonly TaskItem[], { colors }: View): string[] {
  const others = items.filter(({ outcome }) => outcome !== 'resolved');
  if (others.length === 0) return [];
  const lines = others.slice(0, mostItems).map(({ id, outcome, reason }) => {
    const why = reason === null ? '' : `: ${escapeLine(reason)}`;
    const text = `  ${outcome === 'deadAgain' ? 'dead again' : outcome} ${escapeLine(id)}${why}`;
    return outcome === 'deadAgain' ? colors.red(text) : colors.yellow(text);
  });
  const more = others.length - lines.length;
  return ['', ...lines, ...(more > 0 ? [`  and ${more} more: --json shows all`] : [])];
}
