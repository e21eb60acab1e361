import { describe, expect, test } from 'vitest';
import { problemsOf, withExternal, withMailer } from '../../valid-config.js';

describe('waits that add up', () => {
  test('to more than events live are refused, with the sums', async () => {
    const raw = {
      ...withMailer({ backoff: ['2h'], retry: { delay: '20h', backoff: ['1h'] } }),
      streams: { events: { maxAge: '1d' } },
    };
    expect(await problemsOf(raw)).toEqual([
      'consumers.mailer: expected waits that add up to less than streams.events.maxAge (1d), found 1d4h36m (main 4h24m, retry.delay 22h, retry 2h12m, each with 10 % jitter): the event would be gone before its last attempt',
    ]);
  });

  test('without a retry stage only main counts', async () => {
    const raw = { ...withMailer({ backoff: ['1h'], retry: false }), streams: { events: { maxAge: '2h' } } };
    expect(await problemsOf(raw)).toEqual([
      'consumers.mailer: expected waits that add up to less than streams.events.maxAge (2h), found 2h12m (main 2h12m, each with 10 % jitter): the event would be gone before its last attempt',
    ]);
  });

  test('the last entry serves all later attempts', async () => {
    const raw = {
      ...withMailer({ attempts: 100, backoff: ['1h'], retry: false }),
      streams: { events: { maxAge: '4d' } },
    };
    expect(await problemsOf(raw)).toHaveLength(1);
  });

  test('to less, or in a stream that keeps events for ever, are fine', async () => {
    const slow = { backoff: ['10d'], retry: { delay: '90d' } };
    const lives = async (events: string, advisories: string): Promise<string[]> =>
      problemsOf({
        ...withMailer(slow),
        streams: { events: { maxAge: events }, advisories: { maxAge: advisories } },
      });
    expect(await lives('0s', '0s')).toEqual([]);
    expect(await lives('365d', '365d')).toEqual([]);
  });
});

describe('waits and lives', () => {
  const lives = (events: string, advisories: string): Record<string, unknown> => ({
    events: { maxAge: events },
    advisories: { maxAge: advisories },
  });
  const quick = { timeout: '1s', ackWait: '1s', backoff: [], retry: false } as const;
  const meta = { backoff: ['100ms'], ackWait: '1s' };

  test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    [
      'waits that outlast the journal',
      { backoff: ['1h'], retry: { delay: '30d' } },
      lives('0s', '30d'),
      [
        'consumers.mailer: expected waits that add up to less than streams.advisories.maxAge (30d), found 33d2h14m45s (main 2h12m, retry.delay 33d, retry 2m45s, each with 10 % jitter): the journal would forget the first attempts before the last one',
      ],
    ],
    [
      'what outlasts both is told of the shorter one',
      { backoff: ['3h'], retry: false },
      lives('2h', '1h'),
      [
        'consumers.mailer: expected waits that add up to less than streams.advisories.maxAge (1h), found 6h36m (main 6h36m, each with 10 % jitter): the journal would forget the first attempts before the last one',
      ],
    ],
    [
      'an attempt and a lease as long as the journal',
      { ...quick, timeout: '20s', ackWait: '10s' },
      lives('0s', '10s'),
      [
        'consumers.mailer.timeout: expected less than streams.advisories.maxAge (10s), found "20s": the journal could forget an attempt that still runs',
        'consumers.mailer.ackWait: expected less than streams.advisories.maxAge (10s), found "10s": the journal would forget the attempt of a worker that died before the next one',
      ],
    ],
    [
      'an attempt and a lease as long as the event',
      { backoff: [], retry: false },
      lives('30s', '0s'),
      [
        'consumers.mailer.timeout: expected less than streams.events.maxAge (30s), found "30s": the event could be gone before its second attempt',
        'consumers.mailer.ackWait: expected less than streams.events.maxAge (30s), found "30s": the event of a worker that died would be gone before it is delivered again',
      ],
    ],
    ['seconds of everything, with waits to match', quick, lives('9s', '9s'), []],
  ])('%s', async (_, mailer, streams, problems) => {
    expect(await problemsOf({ ...withMailer(mailer), streams, meta })).toEqual(problems);
  });

  test('of the consumers that route: an exhaustion must outlast both', async () => {
    const raw = { ...withMailer(quick), streams: lives('30s', '30s') };
    expect(await problemsOf(raw)).toEqual([
      'meta.ackWait: expected less than streams.advisories.maxAge (30s), found "30s": the record of a worker that died would be gone before it is delivered again',
      'meta: expected waits that add up to less than streams.advisories.maxAge (30s), found 1m52s (56s100ms of meta-consumer and again of meta-consumer-retry, with 10 % jitter): an exhaustion would be gone before it is routed',
    ]);
    expect(await problemsOf({ name: 'publishes-only', streams: lives('30s', '30s') })).toEqual([]);
  });

  test('of an external consumer: its events, not the journal', async () => {
    const raw = withExternal({ backoff: ['10s'] });
    expect(await problemsOf({ ...raw, streams: lives('0s', '9s'), meta })).toEqual([]);
  });
});
