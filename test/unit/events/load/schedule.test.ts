import { expect, test } from 'vitest';
import { keepSchedule, type Schedule } from '../../../../src/lib/events/load/schedule.js';
import { systemClock } from '../../../../src/lib/flow/clock.js';

/** A clock that goes on by itself, a millisecond at each look; `skip` holds the process up. */
function steppingClock() {
  let nowMs = 0;
  return {
    clock: { ...systemClock, monotonic: () => nowMs++ },
    skip: (ms: number) => {
      nowMs += ms;
    },
    now: () => nowMs,
  };
}

const schedule: Schedule = { startMs: 0, rate: 1000, events: 100, durationMs: 100 };
const never = new AbortController().signal;

test('each event has its own time, evenly spread, also those that are sent late', async () => {
  const { clock, skip } = steppingClock();
  const due: number[] = [];
  const send = (dueMs: number): boolean => {
    due.push(dueMs);
    if (due.length === 20) skip(50);
    return true;
  };
  await keepSchedule(schedule, send, clock, never);
  expect(due).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('what has no room waits, and is sent once', async () => {
  const { clock } = steppingClock();
  const due: number[] = [];
  let asked = 0;
  const send = (dueMs: number): boolean => {
    if (++asked % 3 === 0) return false;
    due.push(dueMs);
    return true;
  };
  await keepSchedule(schedule, send, clock, never);
  expect(due).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('it ends a second after its time where there is no room, and with the signal', async () => {
  const { clock, skip, now } = steppingClock();
  let asked = 0;
  const full = (): boolean => {
    asked++;
    skip(100);
    return false;
  };
  await keepSchedule(schedule, full, clock, never);
  expect(asked).toBeGreaterThan(5);
  expect(now()).toBeLessThan(1500);

  const stop = new AbortController();
  const due: number[] = [];
  const send = (dueMs: number): boolean => {
    due.push(dueMs);
    if (due.length === 3) stop.abort();
    return true;
  };
  await keepSchedule(
    { ...schedule, rate: 0.001, events: 2, durationMs: 1_000_000 },
    send,
    steppingClock().clock,
    AbortSignal.abort(),
  );
  expect(due).toEqual([]);
  await keepSchedule(schedule, send, steppingClock().clock, stop.signal);
  expect(due.length).toBeLessThan(100);
});
