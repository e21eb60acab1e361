import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { countSuccesses } from '../../../../src/lib/cli/run/count-successes.js';
import type { WaterfallEventOf } from '../../../../src/lib/observe/waterfall-event.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const origin = { stream: 'events', seq: 1, subject: 'events.a', time: '1' };
const succeeded = (
  consumer: string,
  tier: 'business' | 'meta' = 'business',
): WaterfallEventOf<'succeeded'> => ({
  type: 'succeeded',
  key: { tier, consumer, origin, stage: 'main', cycle: 0 },
  attempt: 1,
  durationMs: 1,
  late: false,
});

it('tells soon after the first, then now and then, how many were processed; routing is not counted', () => {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const listen = countSuccesses(log);
  expect(listen.wantsSuccess?.()).toBe(true);
  listen(succeeded('a'));
  listen(succeeded('meta-consumer', 'meta'));
  vi.advanceTimersByTime(999);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lines).toEqual(['processed 1 event: a 1']);
  for (const consumer of ['a', 'b', 'a']) listen(succeeded(consumer));
  vi.advanceTimersByTime(9999);
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(lines.slice(1)).toEqual(['processed 3 events: a 2, b 1']);
  vi.advanceTimersByTime(100_000);
  expect(lines).toHaveLength(2);
  listen(succeeded('b'));
  vi.advanceTimersByTime(1000);
  expect(lines.slice(2)).toEqual(['processed 1 event: b 1']);
});

it('asks for no successes where nobody would read of them', () => {
  expect(countSuccesses(pino({ level: 'warn' })).wantsSuccess?.()).toBe(false);
});
