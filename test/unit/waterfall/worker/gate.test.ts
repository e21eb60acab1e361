import { expect, test } from 'vitest';
import type { WaterfallEvent } from '../../../../src/lib/observe/waterfall-event.js';
import { OperationError } from '../../../../src/lib/errors.js';
import { Gate } from '../../../../src/lib/waterfall/worker/gate.js';

function setUp() {
  const told: WaterfallEvent[] = [];
  const seen: boolean[] = [];
  const clock = { now: 1000 };
  const gate = new Gate(
    (event) => told.push(event),
    () => clock.now,
  );
  const unwatch = gate.watch((open) => seen.push(open));
  return { gate, told, seen, clock, unwatch };
}

const [one, two] = [{}, {}];

test('it is open until the server refuses something', () => {
  const { gate, seen } = setUp();
  expect(gate.open).toBe(true);
  gate.refused('write the journal', one, 'full');
  expect(gate.open).toBe(false);
  expect(seen).toEqual([false]);
});

test('a refusal is told once when it begins and once when it ends, however many wait', () => {
  const { gate, told, seen, clock } = setUp();
  for (const who of [one, two, one]) gate.refused('write the journal', who, 'full');
  clock.now = 1900.4;
  gate.taken('write the journal');
  gate.taken('write the journal');
  expect(told).toEqual([
    { type: 'holding', what: 'write the journal', error: 'full' },
    { type: 'holding-ended', what: 'write the journal', heldMs: 900 },
  ]);
  expect(seen).toEqual([false, true]);
});

test('it opens when the last of several refusals has ended', () => {
  const { gate, told, seen } = setUp();
  gate.refused('write the journal', one, 'full');
  gate.refused('fetch the original', two, 'no answer');
  gate.taken('write the journal');
  expect(gate.open).toBe(false);
  gate.taken('fetch the original');
  expect(gate.open).toBe(true);
  expect(seen).toEqual([false, true]);
  expect(told.map(({ type }) => type)).toEqual(['holding', 'holding', 'holding-ended', 'holding-ended']);
});

test('it opens when nobody waits any more: else nobody would ask again', () => {
  const { gate, seen } = setUp();
  gate.refused('write the journal', one, 'full');
  gate.refused('write the journal', two, 'full');
  gate.gaveUp('write the journal', one);
  expect(gate.open).toBe(false);
  gate.gaveUp('write the journal', two);
  expect(gate.open).toBe(true);
  expect(seen).toEqual([false, true]);
});

test('a refusal that goes on with somebody else closes it again, and is not told twice', () => {
  const { gate, told, seen } = setUp();
  gate.refused('write the journal', one, 'full');
  gate.gaveUp('write the journal', one);
  gate.refused('write the journal', two, 'full');
  expect(gate.open).toBe(false);
  expect(seen).toEqual([false, true, false]);
  gate.taken('write the journal');
  expect(told.map(({ type }) => type)).toEqual(['holding', 'holding-ended']);
  expect(seen.at(-1)).toBe(true);
});

test('what was taken or given up without a refusal is nothing', () => {
  const { gate, told, seen } = setUp();
  gate.taken('write the journal');
  gate.gaveUp('write the journal', one);
  expect([told, seen]).toEqual([[], []]);
});

test('who watches no longer hears nothing', () => {
  const { gate, seen, unwatch } = setUp();
  unwatch();
  gate.refused('write the journal', one, 'full');
  expect(seen).toEqual([]);
});

test('a refusal for good closes nothing, and is told once for each consumer until it was quiet for ten minutes', () => {
  const { gate, told, seen, clock } = setUp();
  const error = new OperationError('too large', { code: 'TOO_LARGE', suggestions: ['raise it'] });
  const of = (consumer: string, seq: number) => ({ consumer, stream: 'events', seq });
  for (const seq of [1, 2, 1]) gate.refusedForGood('write the journal', of('a', seq), error);
  gate.refusedForGood('write the journal', of('b', 3), error);
  clock.now += 599_000;
  gate.refusedForGood('write the journal', of('a', 1), error);
  const { message, suggestions } = error;
  const refused = { type: 'refused', what: 'write the journal', error: message, suggestions };
  expect(told).toEqual([
    { ...refused, ...of('a', 1) },
    { ...refused, ...of('b', 3) },
  ]);
  clock.now += 600_000;
  gate.refusedForGood('write the journal', of('a', 2), error);
  expect(told.at(-1)).toEqual({ ...refused, ...of('a', 2) });
  expect([gate.open, seen]).toEqual([true, []]);
});

test('it says what it is closed for: the last answer, since when, and how many wait', () => {
  const { gate, clock } = setUp();
  gate.refused('write the journal', one, 'full');
  clock.now = 1500;
  gate.refused('write the journal', two, 'no leader');
  gate.refused('route', one, 'timeout');
  gate.gaveUp('route', one);
  expect(gate.holding).toEqual([{ what: 'write the journal', error: 'no leader', since: 1000, messages: 2 }]);
  gate.taken('write the journal');
  expect(gate.holding).toEqual([]);
});
