import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slots } from '../../../src/lib/flow/slots.js';
import { property } from '../../support/property.js';

test('there are as many places as its size', () => {
  const slots = new Slots(2);
  expect([slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([true, true, false]);
  slots.give();
  expect([slots.tryTake(), slots.tryTake()]).toEqual([true, false]);
});

test('who finds none free waits in line, and nobody passes them', async () => {
  const slots = new Slots(1);
  await slots.take();
  const order: string[] = [];
  const first = slots.take().then(() => order.push('first'));
  const second = slots.take().then(() => order.push('second'));
  slots.give();
  expect(slots.tryTake()).toBe(false);
  await first;
  expect(order).toEqual(['first']);
  slots.give();
  await second;
  expect(order).toEqual(['first', 'second']);
});

property('never more than its size are inside, and everybody gets in', () => {
  const tasks = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 30 });
  return fc.asyncProperty(fc.integer({ min: 1, max: 4 }), tasks, async (size, tasks) => {
    const slots = new Slots(size);
    let inside = 0;
    let most = 0;
    const enter = async (turns: number): Promise<void> => {
      if (!slots.tryTake()) await slots.take();
      most = Math.max(most, ++inside);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      inside--;
      slots.give();
    };
    await Promise.all(tasks.map(enter));
    expect(inside).toBe(0);
    expect(most).toBe(Math.min(size, tasks.length));
    for (let place = 0; place < size; place++) expect(slots.tryTake()).toBe(true);
    expect(slots.tryTake()).toBe(false);
  });
});
