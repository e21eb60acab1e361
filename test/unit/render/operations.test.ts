import { expect, test } from 'vitest';
import type { Operation } from '../../../src/lib/report/operation.js';
import { colorsFor } from '../../../src/lib/render/colors.js';
import { renderOperations } from '../../../src/lib/render/operations.js';

const one: Operation = {
  at: '2026-11-30T02:57:19.000Z',
  lastAt: '2026-11-30T02:57:19.000Z',
  operator: 'ada@desk',
  did: 'replayed',
  task: 'replay-7b0bcdd5',
  group: null,
  count: 60,
  consumers: [{ name: 'notifications-consumer', count: 60 }],
  note: 'the mail server took no connections from 02:10 until its certificate was renewed at 02:50',
};
const paused: Operation = {
  ...one,
  did: 'paused',
  task: null,
  count: null,
  consumers: [],
  note: 'until 03:30',
};
const view = { colors: colorsFor({ isTty: false, off: true }), nowMs: Date.parse('2026-11-30T03:00:00Z') };

test('a narrow terminal shows whole who did what, to whom and why', () => {
  const text = renderOperations([one, paused], { ...view, width: 80 });
  expect(text).toBe(
    [
      '2m ago  ada@desk replayed 60: notifications-consumer',
      '    the mail server took no connections from 02:10 until its certificate was',
      '    renewed at 02:50',
      '    replay-7b0bcdd5',
      '2m ago  ada@desk paused',
      '    until 03:30',
    ].join('\n'),
  );
});

test.each([20, 40, 60, 109])('no line is wider than %i columns', (width) => {
  const lines = renderOperations([one, paused], { ...view, width }).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
});

test('a wide one, and a pipe, have a line for each', () => {
  for (const width of [200, Number.POSITIVE_INFINITY]) {
    const lines = renderOperations([one, paused], { ...view, width }).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^ *WHEN +WHO +DID +COUNT +TASK +CONSUMERS +WHY$/);
  }
});
