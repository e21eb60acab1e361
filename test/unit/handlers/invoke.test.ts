import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import { Reject, Snooze } from '../../../src/lib/domain/outcome.js';
import type { Handler, HandlerContext, PlutomiEvent } from '../../../src/lib/handlers/contract.js';
import { SchemaMismatch } from '../../../src/lib/handlers/event.js';
import { invoke, outcomeOf } from '../../../src/lib/handlers/invoke.js';
import { silentLogger } from '../../../src/lib/observe/log.js';

const event: PlutomiEvent = {
  type: 'totp.requested',
  subject: 'events.totp.requested',
  data: {},
  text: '',
  raw: new Uint8Array(),
  headers: {},
  id: undefined,
  stream: 'events',
  seq: 42,
  time: new Date(0),
  edited: false,
  replayed: false,
};
const facts = {
  consumer: 'notifications-consumer',
  stage: 'retry',
  attempt: 2,
  cycle: 1,
  idempotencyKey: 'notifications-consumer/events/42/17',
  log: () => silentLogger(),
} as const;

const run = (handler: Handler, timeoutMs = 1000) => invoke(handler, () => event, facts, timeoutMs);

const throwing = (): never => {
  throw new Error('a trap of the value itself');
};
const hostile: object = new Proxy({}, { get: throwing, getPrototypeOf: throwing, has: throwing });
const brandOf = (name: string): symbol => Symbol.for(`plutomi-events.${name}`);

/** Values that a handler may throw and that fight back when they are looked at. */
const fighters: readonly (readonly [string, unknown])[] = [
  ['a proxy that throws', hostile],
  [
    'a Snooze whose delay throws',
    {
      [brandOf('Snooze')]: true,
      get delay(): never {
        return throwing();
      },
    },
  ],
  [
    'a Snooze whose delay can be no text',
    { [brandOf('Snooze')]: true, delay: Object.create(null) as unknown },
  ],
  ['a Snooze whose delay is a symbol', { [brandOf('Snooze')]: true, delay: Symbol('s') }],
  [
    'a Reject whose message throws',
    {
      [brandOf('Reject')]: true,
      get message(): never {
        return throwing();
      },
    },
  ],
];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('how an attempt ends', () => {
  test('the handler gets the event and all facts of the attempt', async () => {
    const seen: unknown[] = [];
    await run((event, { consumer, stage, attempt, cycle, idempotencyKey }) =>
      seen.push(event, { consumer, stage, attempt, cycle, idempotencyKey }),
    ).outcome;
    const { log: _, ...rest } = facts;
    expect(seen).toEqual([event, rest]);
  });

  test('the handler is called from an empty stack: what an error keeps is its own code', async () => {
    const stacks: string[] = [];
    const keepsStack = (): void => void stacks.push(String(new Error('here').stack));
    await run(keepsStack).outcome;
    await invoke(keepsStack, async () => event, facts, 1000).outcome;
    for (const stack of stacks) {
      const below = stack
        .split('\n')
        .filter((line) => line.startsWith('    at ') && !/keepsStack/.test(line));
      expect(below[0]).toMatch(/callPlutomiHandler/);
      expect(below.length, stack).toBeLessThanOrEqual(4);
    }
    expect(stacks).toHaveLength(2);
  });

  test('the logger of an attempt is made when the handler first asks for it, and once', async () => {
    const log = vi.fn(() => silentLogger());
    const seen: unknown[] = [];
    const asking: Handler = (_event, context) => seen.push(log.mock.calls.length, context.log, context.log);
    await invoke(asking, () => event, { ...facts, log }, 1000).outcome;
    expect(seen).toEqual([0, log.mock.results[0]?.value, log.mock.results[0]?.value]);
    expect(log).toHaveBeenCalledTimes(1);
  });

  test.each<[string, Handler]>([
    ['returns', () => undefined],
    ['returns anything', () => 'ignored'],
    ['resolves', async () => {}],
    ['returns an error without throwing it', () => new Error('returned')],
  ])('a handler that %s has succeeded', async (_what, handler) => {
    expect(await run(handler).outcome).toEqual({ kind: 'ok' });
  });

  test.each<[string, Handler, object]>([
    ['throws', () => throwing(), { kind: 'error', name: 'Error' }],
    ['rejects', () => Promise.reject(new TypeError('t')), { kind: 'error', name: 'TypeError', message: 't' }],
    ['rejects with nothing', () => Promise.reject(), { kind: 'error', message: 'undefined' }],
    ['throws Reject', () => Promise.reject(new Reject('no')), { kind: 'rejected', message: 'no' }],
    ['finds a mismatch', () => Promise.reject(new SchemaMismatch('s')), { kind: 'schema', message: 's' }],
    [
      'returns a promise of its own that throws',
      // oxlint-disable-next-line unicorn/no-thenable
      () => ({ then: throwing }),
      { kind: 'error', message: 'a trap of the value itself' },
    ],
    ['is no function', 'text' as unknown as Handler, { kind: 'error', name: 'TypeError' }],
  ])('a handler that %s has failed', async (_what, handler, failure) => {
    expect(await run(handler).outcome).toMatchObject({ kind: 'failed', failure });
  });

  test.each(fighters)(
    'a handler that throws %s has failed, and nothing else happens',
    async (_what, thrown) => {
      expect(await run(() => Promise.reject(thrown)).outcome).toMatchObject({ kind: 'failed' });
    },
  );

  test('an event that cannot be made fails the attempt, without a call of the handler', async () => {
    const handler = vi.fn();
    const broken = async (): Promise<never> => {
      throw new SchemaMismatch('amount: too small');
    };
    const { outcome } = invoke(handler, broken, facts, 1000);
    expect(await outcome).toMatchObject({ kind: 'failed', failure: { kind: 'schema' } });
    expect(handler).not.toHaveBeenCalled();
  });

  test('the outcome leaves no timer behind', async () => {
    await run(() => undefined).outcome;
    await run(() => throwing()).outcome;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a handler that takes too long', () => {
  test('has failed with a timeout, and its late result changes nothing', async () => {
    let finish = (): void => {};
    const { outcome, settled } = run(() => new Promise<void>((resolve) => (finish = resolve)), 5000);
    let done = false;
    void settled.then(() => (done = true));
    await vi.advanceTimersByTimeAsync(4999);
    await vi.advanceTimersByTimeAsync(1);
    const failure = makeFailure('timeout', 'Timeout', 'no result within 5000 ms');
    expect(await outcome).toEqual({ kind: 'failed', failure });
    expect(done).toBe(false);
    finish();
    await settled;
    expect(await outcome).toEqual({ kind: 'failed', failure });
  });

  test('has settled also when it fails late', async () => {
    let fail = (_error: Error): void => {};
    const { outcome, settled } = run(() => new Promise((_resolve, reject) => (fail = reject)), 10);
    await vi.advanceTimersByTimeAsync(10);
    fail(new Error('too late'));
    await expect(settled).resolves.toBeUndefined();
    expect(await outcome).toMatchObject({ failure: { kind: 'timeout' } });
  });

  test('finds its signal aborted, whether it read that before or reads it after', async () => {
    const contexts: HandlerContext[] = [];
    const early: AbortSignal[] = [];
    const endless: Handler = (_event, context) => {
      if (contexts.push(context) === 1) early.push(context.signal);
      return new Promise(() => {});
    };
    run(endless, 10);
    run(endless, 10);
    await vi.advanceTimersByTimeAsync(9);
    expect(early[0]?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    for (const { signal } of contexts) {
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'no result within 10 ms' });
    }
    expect(contexts[0]?.signal).toBe(early[0]);
  });

  test('counts the time of the schema too', async () => {
    const { outcome } = invoke(
      () => {},
      () => new Promise(() => {}),
      facts,
      20,
    );
    await vi.advanceTimersByTimeAsync(20);
    expect(await outcome).toMatchObject({ failure: { kind: 'timeout' } });
  });
});

test('abort tells a running handler why', async () => {
  let reason: unknown;
  const running = run(
    (_event, { signal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve();
        });
      }),
  );
  await vi.advanceTimersByTimeAsync(0);
  const why = new Error('the process is stopping');
  running.abort(why);
  expect(await running.outcome).toEqual({ kind: 'ok' });
  expect(reason).toBe(why);
});

describe('outcomeOf', () => {
  test.each([
    [new Snooze('10m'), 600_000],
    [new Snooze(250), 250],
    [new Snooze(0), 0],
    [new Snooze('0s'), 0],
    [{ [brandOf('Snooze')]: true, delay: '1s' }, 1000],
  ])('%o comes back later', (thrown, delayMs) => {
    expect(outcomeOf(thrown)).toEqual({ kind: 'snoozed', delayMs });
  });

  test.each([
    ['tomorrow'],
    [''],
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [Number.MAX_VALUE],
    ['36501d'],
    [undefined],
  ])('a snooze for %o is a failed attempt that says so', (delay: string | number | undefined) => {
    expect(outcomeOf(new Snooze(delay as string))).toMatchObject({
      kind: 'failed',
      failure: { kind: 'error', name: 'Snooze', message: `not a duration: ${String(delay)}` },
    });
  });

  test.each(fighters)('%s is a failure', (_what, thrown) => {
    expect(outcomeOf(thrown)).toMatchObject({ kind: 'failed' });
  });

  test('a failed attempt keeps its stack', () => {
    const outcome = outcomeOf(new Error('x'));
    expect(outcome.kind === 'failed' && outcome.failure.stack).toContain('invoke.test');
  });

  test.each<readonly [string, Handler]>([
    [
      'throws at once',
      function failing() {
        return throwing();
      },
    ],
    [
      'is asynchronous',
      async function failing() {
        throwing();
      },
    ],
    [
      'throws later',
      async function failing() {
        await Promise.resolve();
        throwing();
      },
    ],
  ])(
    'the stack of a handler that %s has its own frames, and none of what called it',
    async (_what, handler) => {
      const outcome = await run(handler).outcome;
      const stack = (outcome.kind === 'failed' && outcome.failure.stack) || '';
      expect(stack).toMatch(
        /^Error: a trap of the value itself\n {4}at throwing .*\n {4}at (?:async )?failing .*/,
      );
      expect(stack).not.toMatch(/callPlutomiHandler|Invocation/);
    },
  );

  test('a Reject with a brand only is for good', () => {
    expect(outcomeOf({ [brandOf('Reject')]: true, message: 'no' })).toMatchObject({
      failure: { kind: 'rejected', message: 'no' },
    });
  });
});

test.each<[string, Handler]>([
  [
    'a generator',
    () =>
      (function* () {
        yield 1;
      })(),
  ],
  [
    'an async generator',
    async () =>
      (async function* () {
        yield 1;
      })(),
  ],
  ['a stream that nobody reads', () => Readable.from(['a'])],
  ['a stream that nobody reads', () => new ReadableStream()],
  ['a function', () => () => {}],
  ['a function', async () => async () => {}],
])('a handler that returns %s has handled nothing', async (what, handler) => {
  const message = `the handler returned ${what}, and none of it has run`;
  expect(await run(handler).outcome).toMatchObject({ kind: 'failed', failure: { message } });
});

test('a handler that returns a list of promises has not ended, and fails', async () => {
  const returned = await run(() => [Promise.resolve(1)]).outcome;
  expect(returned).toMatchObject({ kind: 'failed', failure: { name: 'NothingAwaited' } });
  const all = [Promise.resolve(1), Promise.resolve(2)];
  expect(await run(() => Promise.all(all)).outcome).toEqual({ kind: 'ok' });
});

test('a stream that is read is no stream that nobody reads', async () => {
  const piped = (): unknown => Readable.from(['a']).resume();
  expect(await run(piped).outcome).toEqual({ kind: 'ok' });
});

test.each<[string, unknown]>([
  ['a list', [1]],
  ['an object', {}],
  ['a proxy that throws', hostile],
])('what else it returns is success: %s', async (_what, value) => {
  expect(await run(async () => ({ value })).outcome).toEqual({ kind: 'ok' });
});
