import { describe, expect, test } from 'vitest';
import { Reject, Snooze } from '../../../src/lib/domain/outcome.js';
import { invokeBatch } from '../../../src/lib/handlers/batch.js';
import type { BatchContext, BatchHandler, PlutomiEvent } from '../../../src/lib/handlers/contract.js';
import { EventRegistry, makeEvent } from '../../../src/lib/handlers/event.js';
import { silentLogger } from '../../../src/lib/observe/log.js';

const registry = new EventRegistry({ eventsRoot: 'events', events: [] });

function eventOf(seq: number, text = `{"n":${seq}}`): PlutomiEvent {
  const message = {
    stream: 'events',
    subject: 'events.n',
    seq,
    time: '17',
    data: new TextEncoder().encode(text),
    headers: {},
    msgId: undefined,
  };
  return makeEvent(message, registry) as PlutomiEvent;
}

const batchOf = (...events: PlutomiEvent[]) =>
  events.map((event) => ({
    event,
    facts: { attempt: event.seq, cycle: 0, idempotencyKey: `c/${event.seq}` },
  }));

const facts = { consumer: 'c', stage: 'main', log: () => silentLogger() } as const;

/** How it ended for each of three events: `ok`, the kind of failure with its message, or the delay. */
async function outcomesOf(handler: unknown, events = [eventOf(1), eventOf(2), eventOf(3)], timeoutMs = 5000) {
  const { outcomes } = invokeBatch(handler as BatchHandler, batchOf(...events), facts, timeoutMs);
  return (await outcomes).map((one) => {
    if (one.kind === 'ok') return 'ok';
    return one.kind === 'snoozed' ? one.delayMs : `${one.failure.kind}: ${one.failure.message}`;
  });
}

const all = <T>(outcome: T): T[] => [outcome, outcome, outcome];

describe('a batch handler', () => {
  test('gets all events, and learns of each what is its own', async () => {
    const seen: unknown[] = [];
    const handler: BatchHandler = (events, context) => {
      for (const event of events) seen.push(event.data, context.attemptOf(event));
      seen.push(context.consumer, context.stage, context.dryRun, context.signal.aborted);
      expect(() => context.attemptOf(eventOf(1))).toThrow('expected an event of this batch');
    };
    expect(await outcomesOf(handler, [eventOf(7), eventOf(8)])).toEqual(['ok', 'ok']);
    expect(seen).toEqual([
      { n: 7 },
      expect.objectContaining({ attempt: 7, cycle: 0, idempotencyKey: 'c/7' }),
      { n: 8 },
      expect.objectContaining({ attempt: 8, idempotencyKey: 'c/8' }),
      'c',
      'main',
      false,
      false,
    ]);
  });

  test.each<[string, unknown, unknown[]]>([
    ['returns nothing', () => {}, all('ok')],
    ['returns null', async () => null, all('ok')],
    [
      'throws',
      () => {
        throw new Error('down');
      },
      all('error: down'),
    ],
    [
      'rejects',
      async () => {
        throw new Error('down');
      },
      all('error: down'),
    ],
    [
      'throws Snooze',
      () => {
        throw new Snooze('2s');
      },
      all(2000),
    ],
    [
      'returns an outcome for each',
      () => [undefined, new Reject('never'), new Snooze(100)],
      ['ok', 'rejected: never', 100],
    ],
    [
      'returns errors',
      async () => [new Error('a'), null, new TypeError('b')],
      ['error: a', 'ok', 'error: b'],
    ],
    [
      'returns what Promise.allSettled gives',
      (events: readonly PlutomiEvent[]) =>
        Promise.allSettled(
          events.map(async ({ seq }) => {
            if (seq === 2) throw new Reject('not this one');
          }),
        ),
      ['ok', 'rejected: not this one', 'ok'],
    ],
    [
      'returns a map of some',
      (events: readonly PlutomiEvent[]) => new Map([[events[1], new Error('two')]]),
      ['ok', 'error: two', 'ok'],
    ],
    [
      'takes the events out of its list',
      (events: readonly PlutomiEvent[]) => void (events as PlutomiEvent[]).splice(0),
      all('ok'),
    ],
    [
      'sorts its list and returns an outcome for each, in the order of the events',
      (events: readonly PlutomiEvent[]) => {
        (events as PlutomiEvent[]).reverse();
        return [undefined, undefined, new Error('three')];
      },
      ['ok', 'ok', 'error: three'],
    ],
    ['returns too few', () => [undefined], all('error: expected 3 outcomes, one for each event, found 1')],
    [
      'returns what is no outcome',
      () => [undefined, true, undefined],
      all('error: outcome 1: expected nothing, a Reject, a Snooze or an error, found a boolean'),
    ],
    [
      'returns promises that nobody waits for',
      (events: readonly PlutomiEvent[]) => events.map(async () => {}),
      all(
        'error: outcome 0: expected nothing, a Reject, a Snooze or an error, found a promise (Promise.allSettled waits for several)',
      ),
    ],
    [
      'returns an object',
      () => ({ inserted: 3 }),
      all('error: expected nothing, a list with an outcome for each event, or a map, found an object'),
    ],
    [
      'returns a map with other keys',
      () => new Map([['events/1', undefined]]),
      all('error: expected the events of the batch as keys of the map, found a string'),
    ],
    [
      'is a generator',
      function* () {},
      all('error: the handler returned a generator, and none of it has run'),
    ],
    [
      'returns what fights back',
      async () => [
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('a trap');
            },
          },
        ),
        1,
        2,
      ],
      all(expect.stringContaining('a trap')),
    ],
  ])('that %s', async (_what, handler, expected) => {
    expect(await outcomesOf(handler)).toEqual(expected);
  });

  test('that throws Reject for several events rejects none: nobody knows which one', async () => {
    const reject = (): never => {
      throw new Reject('never');
    };
    expect(await outcomesOf(reject)).toEqual(
      all('error: Reject was thrown for 3 events: return it in the place of the one that it is about: never'),
    );
    expect(await outcomesOf(reject, [eventOf(1)])).toEqual(['rejected: never']);
  });

  test('rejects the one event whose payload is not JSON, when it reads that', async () => {
    const handler: BatchHandler = (events) => events.forEach(({ data }) => void data);
    const why = 'the payload is not JSON: 4 bytes, not valid JSON';
    const others = `error: not handled: event 2 of the same batch was rejected: ${why}`;
    expect(await outcomesOf(handler, [eventOf(1), eventOf(2, 'oops'), eventOf(3)])).toEqual([
      others,
      `rejected: ${why}`,
      others,
    ]);
  });

  test('that never ends times out for all, and its signal aborts', async () => {
    let context: BatchContext | undefined;
    const handler: BatchHandler = (_events, given) => {
      context = given;
      return new Promise<void>(() => {});
    };
    expect(await outcomesOf(handler, undefined, 20)).toEqual(all('timeout: no result within 20 ms'));
    expect(context?.signal.aborted).toBe(true);
  });
});
