import { expect, test } from 'vitest';
import type { EditPlan } from '../../../src/lib/dlq/edit/edit.js';
import { renderEditPlan } from '../../../src/lib/render/edit-plan.js';
import { makeView } from './dead-letter-items.js';

const eventOf = (n: number) => ({ headers: {}, payload: new TextEncoder().encode(`{"n":${n}}`) });
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `a/${i + 1}`);

test('a plan says how many are changed and refused beyond those that it shows', () => {
  const plan = {
    pipeline: 'plutomi',
    server: '127.0.0.1:4222',
    items: ids(75).map((id, i) => ({ id, dlqSeq: i + 1, cycle: 0 })),
    differences: ids(10).map((id) => ({ id, before: eventOf(1), after: eventOf(2) })),
    unchanged: 0,
    invalid: ids(13).map((id) => ({ id, reason: 'no' })),
  } as unknown as EditPlan;
  const text = renderEditPlan(plan, makeView());
  expect(text).toContain('a/1 and 9 more, with the same difference\n');
  expect(text).toContain('and 65 more are changed: their differences are not shown here');
  expect(text).toContain('refused  a/10: no\nrefused  3 more: --json shows all\n');
  expect(text).toContain('75 changed, 0 unchanged, 13 refused');
});

test.each([
  [80, 16],
  [60, 8],
  [40, 4],
])('bytes that differ fit into %d columns', (width, perLine) => {
  const payload = Uint8Array.from({ length: 256 }, (_, n) => 255 - n);
  const after = Uint8Array.from(payload, (byte, at) => (at === 100 ? 0x1b : byte));
  const plan = {
    pipeline: 'p',
    server: 's',
    items: [{ id: 'a/1', dlqSeq: 1, cycle: 0 }],
    differences: [{ id: 'a/1', before: { headers: {}, payload }, after: { headers: {}, payload: after } }],
    unchanged: 0,
    invalid: [],
  } as unknown as EditPlan;
  const lines = renderEditPlan(plan, makeView(width)).split('\n');
  expect(lines.filter((line) => line.length > width)).toEqual([]);
  expect(lines.filter((line) => /00006\d  /.test(line))).toHaveLength(2);
  const bytes = (line = ''): number => line.split(/ {2,}/)[2]?.split(' ').length ?? 0;
  expect(bytes(lines.find((line) => /\+ 00006/.test(line)))).toBe(perLine);
});
