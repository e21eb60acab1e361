import { describe, expect, test } from 'vitest';
import { problemsOf, withMailer } from '../valid-config.js';

const nameShape = 'a name of letters, digits, - and _, at most 128 long';

describe('all problems at once', () => {
  test('those of single values and those of their relations, without consequences of the former', async () => {
    const problems = await problemsOf({
      streams: { dlq: { name: 'a b' }, retry: { maxMsgs: 1, discard: 'old' } },
      events: { 'a.b': 7 },
      consumers: {
        one: { events: ['a.b', 'zzz'], attempts: 'many', backoff: ['1s', '1s', '1s'] },
        'two-dlq': { subjects: ['nope.>'], handler: './handler.mjs', typo: 1 },
      },
    });
    expect(problems).toEqual([
      'name: required: a string',
      'events["a.b"]: expected {schema, subject, …}, {} or null, found 7',
      'consumers.one.handler: required: a string',
      'consumers.one.attempts: expected a whole number from 1 to 1000, found "many"',
      'consumers.two-dlq.typo: unknown key; expected one of external, events, subjects, start, onDeadLetter, handler, concurrency, buffer, timeout, ackWait, attempts, backoff, retry, ordered, batch, confirmAcks, numbers',
      `streams.retry.discard: expected "new" with maxBytes or maxMsgs, found "old": it would evict pointers to events that wait`,
      `streams.dlq.name: expected ${nameShape}, found "a b": it has white space`,
      'consumers.one.events[1]: expected an event type of this config, found "zzz"; none are defined',
      'consumers.two-dlq: reserved: names that end in -retry or -dlq belong to the stages of another consumer',
      'consumers.two-dlq.subjects[0]: expected a subject within "events.>" (streams.events), found "nope.>"',
    ]);
  });

  test('a broken list entry does not hide what is wrong elsewhere', async () => {
    expect(
      await problemsOf(withMailer({ events: ['totp.requested', 5], retry: { backoff: [1] }, queue: 1 })),
    ).toEqual([
      'consumers.mailer.events[1]: expected a string, found 5',
      'consumers.mailer.retry.backoff[0]: expected a duration like 5m, found 1',
      'consumers.mailer.queue: unknown key; expected one of external, events, subjects, start, onDeadLetter, handler, concurrency, buffer, timeout, ackWait, attempts, backoff, retry, ordered, batch, confirmAcks, numbers',
    ]);
  });
});
