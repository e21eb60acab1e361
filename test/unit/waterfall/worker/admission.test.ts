import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Company, type Member } from '../../../../src/lib/waterfall/worker/admission.js';
import { property } from '../../../support/property.js';

test('whoever wants to be alone waits for those inside, and nobody passes them', async () => {
  const company = new Company();
  const [one, two, lone, ...others] = Array.from({ length: 5 }, (): Member => ({ inside: false }));
  if (!one || !two || !lone) throw new Error('too few');
  expect([company.tryEnter(one, false), company.tryEnter(two, false)]).toEqual([true, true]);
  expect(company.tryEnter(lone, true)).toBe(false);
  const order: string[] = [];
  const alone = company.enter(lone, true).then(() => order.push('alone'));
  expect(company.tryEnter({ inside: false }, false)).toBe(false);
  const later = others.map((other) => company.enter(other, false).then(() => order.push('later')));
  company.leave(one);
  // Twice is once.
  company.leave(one);
  await Promise.resolve();
  expect(order).toEqual([]);
  company.leave(two);
  await alone;
  expect(order).toEqual(['alone']);
  expect(company.tryEnter({ inside: false }, true)).toBe(false);
  company.leave(lone);
  await Promise.all(later);
  expect(order).toEqual(['alone', 'later', 'later']);
});

property('nobody is beside one who is alone, the others are side by side, and everybody gets in', () => {
  const tasks = fc.array(fc.record({ alone: fc.boolean(), turns: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 30,
  });
  return fc.asyncProperty(tasks, async (tasks) => {
    const company = new Company();
    const inside = new Set<{ readonly alone: boolean }>();
    let most = 0;
    await Promise.all(
      tasks.map(async (task) => {
        const member = { inside: false };
        if (!company.tryEnter(member, task.alone)) await company.enter(member, task.alone);
        inside.add(task);
        most = Math.max(most, inside.size);
        if ([...inside].some(({ alone }) => alone)) expect(inside.size).toBe(1);
        for (let turn = 0; turn < task.turns; turn++) await Promise.resolve();
        inside.delete(task);
        company.leave(member);
      }),
    );
    if (tasks.every(({ alone }) => !alone)) expect(most).toBe(tasks.length);
    expect(company.tryEnter({ inside: false }, true)).toBe(true);
  });
});
