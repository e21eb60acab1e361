import { expect, test } from 'vitest';
import type { EditPlan } from '../../../src/lib/dlq/edit/edit.js';
import { renderEditPlan } from '../../../src/lib/render/edit-plan.js';
import { plainColors } from './dead-letter-items.js';

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
  const text = renderEditPlan(plan, plainColors);
  expect(text).toContain('a/1 and 9 more, with the same difference\n');
  expect(text).toContain('and 65 more are changed: their differences are not shown here');
  expect(text).toContain('refused  a/10: no\nrefused  3 more: --json shows all\n');
  expect(text).toContain('75 changed, 0 unchanged, 13 refused');
});
