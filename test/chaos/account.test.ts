import { expect, test } from 'vitest';

interface Run {
  readonly [field: string]: unknown;
}

interface Account {
  readonly [count: string]: unknown;
}

type AccountFor = (facts: Readonly<Record<string, unknown>>) => Account;

const { account } = (await import(new URL('account.mjs', import.meta.url).href)) as { account: AccountFor };

type Described = (event: Readonly<Record<string, unknown>>) => unknown;

const { digestOf, headersOf, payloadOf } = (await import(
  new URL('processes/contents.mjs', import.meta.url).href
)) as { digestOf: (bytes: unknown, headers: unknown) => string; headersOf: Described; payloadOf: Described };

const wanted = { mail: ['order'] };
const events = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, type: 'order', fate: 'ok' }));
const stored = events.map(({ id }, index) => ({ id, seq: index + 1 }));

function runOf(id: string, seq: number, changes: Run = {}): Run {
  const digest = digestOf(payloadOf({ id, fate: 'ok' }), headersOf({ id }));
  return { payloadId: id, msgId: id, seq, keySeq: seq, consumer: 'mail', outcome: 'ok', digest, ...changes };
}

test('what succeeded is processed, what is in the DLQ is dead or evicted, the rest is lost', () => {
  const runs = [
    runOf('a', 1),
    runOf('a', 1),
    runOf('b', 2, { outcome: 'failed' }),
    runOf('d', 4),
    runOf('e', 5),
  ];
  const dead = [
    { consumer: 'mail', id: 'b', reason: 'error' },
    { consumer: 'other', id: 'c', reason: 'error' },
    { consumer: 'mail', id: 'e', reason: 'missing' },
  ];
  const result = account({ wanted, events, runs, stored, dead });
  expect(result).toMatchObject({
    pairs: 5,
    processed: 3,
    dead: 1,
    evicted: 0,
    lost: 1,
    twice: 1,
    both: 1,
    wrong: 0,
  });
  expect(result['lostPairs']).toMatchObject([{ id: 'c', consumer: 'mail', runs: 0 }]);
  const evicted = account({ wanted, events, runs: [], stored, dead });
  expect(evicted).toMatchObject({ processed: 0, dead: 1, evicted: 1, lost: 3 });
});

test('what people put away is not lost, and a mended event is not altered', () => {
  const putAway = [
    { consumer: 'mail', id: 'b', as: 'archived' },
    { consumer: 'mail', id: 'c', as: 'discarded' },
    { consumer: 'other', id: 'd', as: 'archived' },
  ];
  const mended = digestOf('mended', headersOf({ id: 'a' }));
  const edited = [{ consumer: 'mail', id: 'a', digest: mended }];
  const runs = [runOf('a', 1, { digest: mended, cycle: 1 }), runOf('e', 5, { cycle: 0 })];
  const result = account({ wanted, events, runs, stored, dead: [], putAway, edited });
  expect(result).toMatchObject({ processed: 2, archived: 1, discarded: 1, lost: 1, altered: 0 });
  // Before the edit the original is what counts.
  const early = [runOf('a', 1, { digest: mended, cycle: 0 })];
  expect(account({ wanted, events, runs: early, stored, dead: [], edited })['altered']).toBe(1);
});

test('what succeeded in two cycles was replayed twice', () => {
  const runs = [runOf('a', 1, { cycle: 1 }), runOf('a', 1, { cycle: 2 }), runOf('b', 2, { cycle: 1 })];
  expect(account({ wanted, events, runs, stored, dead: [] })['replayedTwice']).toBe(1);
});

test.each([
  ['another message id than its payload', { msgId: 'b' }],
  ['another sequence than its key', { keySeq: 2 }],
  ['the sequence of another event', { seq: 2, keySeq: 2 }],
  ['a consumer that does not read its type', { consumer: 'stranger' }],
  ['an event that nobody published', { payloadId: 'z', msgId: 'z', seq: 9, keySeq: 9 }],
])('a run with %s is wrong', (_, changes) => {
  const result = account({ wanted, events, runs: [runOf('a', 1, changes)], stored, dead: [] });
  expect(result['wrong']).toBe(1);
});

test.each([
  ['other bytes', digestOf('{}', headersOf({ id: 'a' }))],
  ['other headers', digestOf(payloadOf({ id: 'a', fate: 'ok' }), { 'Nats-Msg-Id': ['a'] })],
])('a run that got %s than were published is altered', (_, digest) => {
  const runs = [runOf('a', 1), runOf('a', 1, { digest })];
  const result = account({ wanted, events, runs, stored, dead: [] });
  expect(result).toMatchObject({ wrong: 0, altered: 1 });
});
