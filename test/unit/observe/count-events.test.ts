import { expect, test } from 'vitest';
import { countEvents } from '../../../src/lib/observe/count-events.js';
import { EventBus } from '../../../src/lib/observe/event-bus.js';
import { logLines } from '../../../src/lib/observe/log-lines.js';

test('counts every type but successes, which it keeps from being made', () => {
  const bus = new EventBus(() => {});
  const counts = countEvents(bus.subscribe);
  expect(bus.emit.wantsSuccess?.()).toBe(false);
  expect(Object.keys(counts()).toSorted()).toEqual(
    Object.keys(logLines)
      .filter((type) => type !== 'succeeded')
      .toSorted(),
  );
  const before = counts();
  bus.emit({ type: 'holding', what: 'route', error: 'full' });
  bus.emit({ type: 'holding', what: 'route', error: 'full' });
  expect(counts()).toMatchObject({ holding: 2, 'holding-ended': 0 });
  expect(before.holding).toBe(0);
});
