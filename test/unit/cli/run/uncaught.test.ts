import { expect, test } from 'vitest';
import { logUncaught } from '../../../../src/lib/cli/run/uncaught.js';
import { silentLogger } from '../../../../src/lib/observe/log.js';

test('leaves no listener behind', () => {
  const names = ['uncaughtException', 'unhandledRejection'] as const;
  const counts = (): number[] => names.map((name) => process.listenerCount(name));
  const before = counts();
  const stop = logUncaught(silentLogger(), []);
  expect(counts()).toEqual(before.map((count) => count + 1));
  stop();
  expect(counts()).toEqual(before);
});
