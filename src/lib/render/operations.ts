import type { Operation } from '../report/operation.js';
import { escapeLine } from '../domain/escape.js';
import type { View } from './dead-letters.js';
import { hanging } from './hanging.js';
import { type Column, renderTable } from './table.js';
import { renderWhen } from './time.js';

/** A narrower table would cut what matters: to whom something was done, and why. */
const narrow = 110;
const indent = 4;

/** One operation a line, or on a narrow terminal a few, the oldest first. */
export function renderOperations(operations: readonly Operation[], view: View): string {
  if (view.width < narrow) return operations.map((one) => renderOperation(one, view)).join('\n');
  const { width, colors, nowMs } = view;
  const columns: Column[] = [
    { title: 'WHEN', align: 'right' },
    { title: 'WHO', flexible: true },
    { title: 'DID', paint: (text) => colors.cyan(text) },
    { title: 'COUNT', align: 'right', paint: (text) => colors.bold(text) },
    { title: 'TASK', flexible: true },
    { title: 'CONSUMERS', flexible: true },
    { title: 'WHY', flexible: true },
  ];
  const rows = operations.map((one) => [
    renderWhen(one.at, nowMs),
    one.operator ?? '?',
    one.did,
    one.count === null ? '' : String(one.count),
    taskOf(one),
    consumersOf(one),
    one.note ?? '',
  ]);
  return renderTable(columns, rows, { width, colors });
}

/** What was done, by whom and to whom; below it why, and by which task. */
function renderOperation(one: Operation, { width, colors, nowMs }: View): string {
  const count = one.count === null ? '' : ` ${one.count}`;
  const to = consumersOf(one);
  const what = `${one.operator ?? '?'} ${one.did}${count}${to === '' ? '' : `: ${to}`}`;
  const first = colors.cyan(hanging(0, escapeLine(`${renderWhen(one.at, nowMs)}  ${what}`), width));
  const further = [one.note, taskOf(one)].filter((text) => text !== null && text !== '');
  return [
    first,
    ...further.map((text) => ' '.repeat(indent) + hanging(indent, escapeLine(text ?? ''), width)),
  ].join('\n');
}

function taskOf({ task, group }: Operation): string {
  return task ?? (group === null ? '' : `group:${group}`);
}

/** `mail`; `mail 590, analytics 10` where there are several. */
export function consumersOf({ consumers }: Pick<Operation, 'consumers'>): string {
  const [first, ...others] = consumers;
  if (first && others.length === 0) return first.name;
  return consumers.map(({ name, count }) => (count === null ? name : `${name} ${count}`)).join(', ');
}
