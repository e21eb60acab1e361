import { describe, expect, test } from 'vitest';
import { problemsOf, validConfig, withExternal, withMailer } from '../../valid-config.js';

const named = (name: string): Record<string, unknown> => ({
  ...validConfig(),
  consumers: { [name]: { events: ['totp.requested'], handler: './handler.mjs' } },
});
const nameShape = 'a name of letters, digits, - and _, at most 128 long';

describe('consumers', () => {
  test.each<[string, unknown, string[]]>([
    ['a name', named('a.b'), [`consumers["a.b"]: expected ${nameShape}, found "a.b": it has a dot`]],
    [
      'a reserved ending',
      named('mailer-retry'),
      [
        'consumers.mailer-retry: reserved: names that end in -retry or -dlq belong to the stages of another consumer',
      ],
    ],
    [
      'another reserved ending',
      named('mailer-dlq'),
      [
        'consumers.mailer-dlq: reserved: names that end in -retry or -dlq belong to the stages of another consumer',
      ],
    ],
    [
      'a reserved beginning',
      named('meta-consumer-x'),
      [
        'consumers.meta-consumer-x: reserved: names that start with meta-consumer belong to the consumers that route',
      ],
    ],
    [
      'an unknown event type',
      withMailer({ events: ['totp.reqested'] }),
      [
        'consumers.mailer.events[0]: expected an event type of this config, found "totp.reqested"; did you mean totp.requested?',
      ],
    ],
    [
      'an unknown event type, nothing near',
      withMailer({ events: ['x'] }),
      [
        'consumers.mailer.events[0]: expected an event type of this config, found "x"; defined: totp.requested, user.created',
      ],
    ],
    [
      'a type twice',
      withMailer({ events: ['user.created', 'user.created'] }),
      ['consumers.mailer.events[1]: expected each type once, found "user.created" again'],
    ],
    [
      'events and subjects',
      withMailer({ subjects: ['events.>'] }),
      ['consumers.mailer: expected either events or subjects, found both'],
    ],
    [
      'neither events nor subjects',
      withMailer({ events: undefined }),
      ['consumers.mailer: expected events or subjects, found neither'],
    ],
    [
      'a subject outside the stream',
      withMailer({ events: undefined, subjects: ['other.>'] }),
      [
        'consumers.mailer.subjects[0]: expected a subject within "events.>" (streams.events), found "other.>"',
      ],
    ],
    [
      'a subject that is none',
      withMailer({ events: undefined, subjects: ['events..a'] }),
      [
        'consumers.mailer.subjects[0]: expected a subject like "events.order.*", found "events..a": a part of it is empty',
      ],
    ],
    [
      'overlapping subjects',
      withMailer({ events: undefined, subjects: ['events.a.*', 'events.*.b'] }),
      [
        'consumers.mailer.subjects[1]: expected subjects that don\'t overlap, found "events.*.b" and "events.a.*"',
      ],
    ],
    ['subjects side by side', withMailer({ events: undefined, subjects: ['events.a.>', 'events.b.>'] }), []],
    [
      'ordered with concurrency',
      withMailer({ ordered: true, concurrency: 2 }),
      ['consumers.mailer.concurrency: expected 1 with ordered: true (one event after another), found 2'],
    ],
    ['ordered with concurrency 1', withMailer({ ordered: true, concurrency: 1 }), []],
    ['ordered alone', withMailer({ ordered: true }), []],
    [
      'a backoff entry without effect',
      withMailer({ attempts: 2, backoff: ['1s', '2s'] }),
      ['consumers.mailer.backoff: expected at most 1 entry, one for each wait between 2 attempts, found 2'],
    ],
    [
      'a backoff entry without effect in retry',
      withMailer({ retry: { attempts: 1, backoff: ['1s'] } }),
      [
        'consumers.mailer.retry.backoff: expected no entry, since a single attempt has nothing to wait for, found 1',
      ],
    ],
    [
      'fewer attempts than the default backoff has entries',
      withMailer({ attempts: 1, retry: { attempts: 1 } }),
      [],
    ],
    ['an empty backoff', withMailer({ backoff: [] }), []],
    [
      'a backoff entry of meta without effect',
      { ...validConfig(), meta: { attempts: 1, backoff: ['1s'] } },
      ['meta.backoff: expected no entry, since a single attempt has nothing to wait for, found 1'],
    ],
  ])('%s', async (_, raw, problems) => {
    expect(await problemsOf(raw)).toEqual(problems);
  });
});

describe('an external consumer', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['alone', {}, []],
    ['as many waits as deliveries', { attempts: 2, backoff: ['1s', '5s'] }, []],
    [
      'more waits than deliveries',
      { attempts: 1, backoff: ['1s', '5s'] },
      ['consumers.rust.backoff: expected at most 1 entry, one for each of 1 deliveries, found 2'],
    ],
    [
      'an ack wait beside the waits',
      { ackWait: '1s', backoff: ['1s'] },
      [
        "consumers.rust.ackWait: expected either ackWait or backoff, found both: the waits of the server's backoff take its place",
      ],
    ],
    [
      'a wait that the server refuses',
      { backoff: ['0s'] },
      ['consumers.rust.backoff[0]: expected a duration like 5m, at least 100ms and at most 24d, found "0s"'],
    ],
    [
      'waits that outlast the event',
      { attempts: 3, backoff: ['1d', '3d'] },
      [
        'consumers.rust: expected waits that add up to less than streams.events.maxAge (7d), found 7d (3 deliveries): the event would be gone before the server gives up on it',
      ],
    ],
    [
      'an event type that nobody knows',
      { events: ['totp.reqested'] },
      [
        'consumers.rust.events[0]: expected an event type of this config, found "totp.reqested"; did you mean totp.requested?',
      ],
    ],
    [
      'a handler of dead letters that is not there',
      { onDeadLetter: { handler: './gone.mjs' } },
      [
        'consumers.rust.onDeadLetter.handler: expected a module, found no file for "./gone.mjs" (looked at <folder>/gone.mjs)',
      ],
    ],
  ])('%s', async (_, changes, problems) => {
    expect(await problemsOf(withExternal(changes))).toEqual(problems);
  });
});

test('a buffer holds what the handlers take at once', async () => {
  expect(await problemsOf(withMailer({ buffer: 10 }))).toEqual([]);
  expect(await problemsOf(withMailer({ buffer: 9 }))).toEqual([
    'consumers.mailer.buffer: expected at least 10, as many events as its handlers take at once, found 9',
  ]);
  expect(await problemsOf(withMailer({ buffer: 999, concurrency: 2, batch: { size: 500 } }))).toEqual([
    'consumers.mailer.buffer: expected at least 1000, as many events as its handlers take at once, found 999',
  ]);
  expect(await problemsOf(withMailer({ buffer: 2, ordered: true }))).toEqual([
    'consumers.mailer.buffer: expected none with ordered: true (one event after another), found 2',
  ]);
});

test('a batch has its limits', async () => {
  expect(await problemsOf(withMailer({ batch: { size: 500, wait: '1s' } }))).toEqual([]);
  expect(await problemsOf(withMailer({ batch: {} }))).toEqual([
    'consumers.mailer.batch.size: required: a whole number from 1 to 10000',
  ]);
  expect(await problemsOf(withMailer({ batch: { size: 5 }, ordered: true }))).toEqual([
    'consumers.mailer.batch: expected none with ordered: true (one event after another), found a batch',
  ]);
  expect(await problemsOf(withMailer({ batch: { size: 5000 }, concurrency: 3 }))).toEqual([
    'consumers.mailer.batch.size: expected size × concurrency of at most 10000, found 5000 × 3',
  ]);
});
