import type { TestResult } from '../dlq/trial/test-letters.js';
import { escapeLine } from '../domain/escape.js';
import type { View } from './dead-letters.js';
import { type Column, renderTable } from './table.js';

/** One group and reason a line, then what was not run, and how many passed. */
export function renderTrial({ selected, groups, refused }: TestResult, { width, colors }: View): string {
  const columns: Column[] = [
    { title: 'GROUP' },
    { title: 'CONSUMER', flexible: true },
    { title: 'PASS', align: 'right', paint: (text) => colors.green(text) },
    { title: 'FAIL', align: 'right', paint: (text) => colors.red(text) },
    { title: 'WHY', flexible: true },
  ];
  const rows = groups.flatMap(({ id, consumer, pass, fail, reasons }) => {
    const [first, ...others] = reasons.map(({ reason, count }) => `${count} × ${reason}`);
    return [
      [id, consumer, String(pass), String(fail), first ?? ''],
      ...others.map((why) => ['', '', '', '', why]),
    ];
  });
  const sum = (of: 'pass' | 'fail'): number => groups.reduce((all, group) => all + group[of], 0);
  const lines = refused.map(({ consumer, reason }) =>
    colors.yellow(`not run: ${escapeLine(consumer)}: ${escapeLine(reason)}`),
  );
  const total = `${sum('pass')} of ${selected} would pass, ${sum('fail')} would fail`;
  return [
    ...(rows.length > 0 ? [renderTable(columns, rows, { width, colors }), ''] : []),
    ...lines,
    total,
  ].join('\n');
}
