import { expect, test } from 'vitest';
import { StageCounter } from '../../../../src/lib/waterfall/worker/stage-counter.js';

test('tells failures that a later attempt may help from those that none can', () => {
  const counter = new StageCounter();
  for (const kind of ['error', 'timeout', 'no-report', 'rejected', 'schema', 'missing'] as const)
    counter.fail(5, kind);
  expect(counter.counts).toMatchObject({ failed: 3, rejected: 3, succeeded: 0 });
});

test('keeps when an attempt last succeeded and failed, and rounds what attempts took together', () => {
  const counter = new StageCounter();
  expect([counter.lastSucceededAt, counter.lastFailedAt]).toEqual([Number.NaN, Number.NaN]);
  counter.succeed(10.5);
  counter.succeed(20.5);
  counter.fail(30);
  counter.attemptMs += 0.4;
  counter.attemptMs += 0.4;
  expect([counter.lastSucceededAt, counter.lastFailedAt]).toEqual([20.5, 30]);
  expect(counter.counts).toMatchObject({ succeeded: 2, failed: 1, attemptMs: 1 });
});
