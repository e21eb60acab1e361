import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Company } from '../../../src/lib/waterfall/company.js';
import { property } from '../../support/property.js';

test('whoever wants to be alone waits for those inside, and nobody passes them', async () => {
  const company = new Company();
  expect([company.tryEnter(false), company.tryEnter(false), company.tryEnter(true)]).toEqual([
    true,
    true,
    false,
  ]);
  const order: string[] = [];
  const alone = company.enter(true).then(() => order.push('alone'));
  expect(company.tryEnter(false)).toBe(false);
  const later = [company.enter(false), company.enter(false)].map((entered) =>
    entered.then(() => order.push('later')),
  );
  company.leave();
  await Promise.resolve();
  expect(order).toEqual([]);
  company.leave();
  await alone;
  expect(order).toEqual(['alone']);
  expect(company.tryEnter(true)).toBe(false);
  company.leave();
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
        if (!company.tryEnter(task.alone)) await company.enter(task.alone);
        inside.add(task);
        most = Math.max(most, inside.size);
        if ([...inside].some(({ alone }) => alone)) expect(inside.size).toBe(1);
        for (let turn = 0; turn < task.turns; turn++) await Promise.resolve();
        inside.delete(task);
        company.leave();
      }),
    );
    if (tasks.every(({ alone }) => !alone)) expect(most).toBe(tasks.length);
    expect(company.tryEnter(true)).toBe(true);
  });
});
