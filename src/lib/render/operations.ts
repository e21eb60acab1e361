import type { Operation } from '../report/operation.js';
import type { View } from './dead-letters.js';
import { type Column, renderTable } from './table.js';
import { renderWhen } from './time.js';

/** One operation a line, the oldest first. */
export function renderOperations(operations: readonly Operation[], { width, colors, nowMs }: View): string {
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
    one.task ?? (one.group === null ? '' : `group:${one.group}`),
    consumersOf(one),
    one.note ?? '',
  ]);
  return renderTable(columns, rows, { width, colors });
}

/** `mail`; `mail 590, analytics 10` where there are several. */
export function consumersOf({ consumers }: Pick<Operation, 'consumers'>): string {
  const [first, ...others] = consumers;
  if (first && others.length === 0) return first.name;
  return consumers.map(({ name, count }) => (count === null ? name : `${name} ${count}`)).join(', ');
}
