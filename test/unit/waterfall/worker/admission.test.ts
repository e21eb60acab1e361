import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Admission, type Member } from '../../../../src/lib/waterfall/worker/admission.js';
import { property } from '../../../support/property.js';

test('whoever wants to be alone waits for those inside, and nobody passes them', async () => {
  const admission = new Admission();
  const [one, two, lone, ...others] = Array.from({ length: 5 }, (): Member => ({ inside: false }));
  if (!one || !two || !lone) throw new Error('too few');
  expect([admission.tryEnter(one, false), admission.tryEnter(two, false)]).toEqual([true, true]);
  expect(admission.tryEnter(lone, true)).toBe(false);
  const order: string[] = [];
  const alone = admission.enter(lone, true).then(() => order.push('alone'));
  expect(admission.tryEnter({ inside: false }, false)).toBe(false);
  const later = others.map((other) => admission.enter(other, false).then(() => order.push('later')));
  admission.leave(one);
  // Twice is once.
  admission.leave(one);
  await Promise.resolve();
  expect(order).toEqual([]);
  admission.leave(two);
  await alone;
  expect(order).toEqual(['alone']);
  expect(admission.tryEnter({ inside: false }, true)).toBe(false);
  admission.leave(lone);
  await Promise.all(later);
  expect(order).toEqual(['alone', 'later', 'later']);
});

property('nobody is beside one who is alone, the others are side by side, and everybody gets in', () => {
  const tasks = fc.array(fc.record({ alone: fc.boolean(), turns: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 30,
  });
  return fc.asyncProperty(tasks, async (tasks) => {
    const admission = new Admission();
    const inside = new Set<{ readonly alone: boolean }>();
    let most = 0;
    await Promise.all(
      tasks.map(async (task) => {
        const member = { inside: false };
        if (!admission.tryEnter(member, task.alone)) await admission.enter(member, task.alone);
        inside.add(task);
        most = Math.max(most, inside.size);
        if ([...inside].some(({ alone }) => alone)) expect(inside.size).toBe(1);
        for (let turn = 0; turn < task.turns; turn++) await Promise.resolve();
        inside.delete(task);
        admission.leave(member);
      }),
    );
    if (tasks.every(({ alone }) => !alone)) expect(most).toBe(tasks.length);
    expect(admission.tryEnter({ inside: false }, true)).toBe(true);
  });
});

test('it says who runs and how many wait', () => {
  const admission = new Admission();
  expect(admission.now).toEqual({ running: 0, alone: false, waiting: 0 });
  const [one, lone] = [{ inside: false }, { inside: false }];
  admission.tryEnter(one, false);
  void admission.enter(lone, true);
  void admission.enter({ inside: false }, false);
  expect(admission.now).toEqual({ running: 1, alone: false, waiting: 2 });
  admission.leave(one);
  expect(admission.now).toEqual({ running: 1, alone: true, waiting: 1 });
  admission.leave(lone);
  expect(admission.now).toEqual({ running: 1, alone: false, waiting: 0 });
});
