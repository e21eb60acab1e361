import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { validateConfig } from '../../../../src/lib/config/validation/validate.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import {
  problemsOf,
  validConfig,
  validated,
  withExternal,
  withMailer,
  withStreams,
} from '../valid-config.js';

const named = (name: string): Record<string, unknown> => ({
  ...validConfig(),
  consumers: { [name]: { events: ['totp.requested'], handler: './handler.mjs' } },
});
const nameShape = 'a name of letters, digits, - and _, at most 128 long';

describe('alerts', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'a subject without wildcards',
      { subject: 'alerts.*' },
      ['alerts.subject: expected a subject without wildcards like "alerts.orders", found "alerts.*"'],
    ],
    [
      "a subject of the server's own",
      { subject: '$SYS.alerts' },
      ['alerts.subject: expected a subject that is not the server\'s own ($…, _INBOX), found "$SYS.alerts"'],
    ],
    [
      'a subject that a stream of the pipeline stores',
      { subject: 'events-dlq.alerts' },
      [
        'alerts.subject: expected a subject outside of the pipeline\'s streams, found "events-dlq.alerts" of streams.dlq',
      ],
    ],
    [
      'a life that is shorter',
      { expiring: '7d' },
      [
        'alerts.expiring: expected less than streams.events.maxAge (7d), found "7d": every dead letter would be expiring',
      ],
    ],
    [
      'more that is degraded than critical',
      { lag: 10, lagCritical: 9, storage: 90, storageCritical: 90, countCritical: 0 },
      [
        'alerts.countCritical: expected at least alerts.count (1), found 0: it would be critical before it is degraded',
        'alerts.lagCritical: expected at least alerts.lag (10), found 9: it would be critical before it is degraded',
      ],
    ],
  ])('%s', async (_, alerts, problems) => {
    expect(await problemsOf({ ...validConfig(), alerts: { count: 1, ...alerts } })).toEqual(problems);
  });

  test('somewhere to tell, and nothing that could be told', async () => {
    expect(await problemsOf({ ...validConfig(), alerts: { newGroup: false, subject: 'alerts' } })).toEqual([
      'alerts: expected a condition (newGroup, groupBack, rate, count, oldest, expiring, lag, storage, nobodyRuns), found subject and none: nothing would be told',
    ]);
    expect(
      await problemsOf({ ...validConfig(), alerts: { count: 0, expiring: '6d', subject: 'alerts' } }),
    ).toEqual([]);
  });
});

describe('the subject of dead letters', () => {
  const at = 'consumers.mailer.onDeadLetter.subject';
  test.each<[string, string, string[]]>([
    ['one of its own', 'failed.orders.events', []],
    ['the name in it', 'DLQ.{consumer}.of-{consumer}', []],
    [
      'with wildcards',
      'DLQ.>',
      [`${at}: expected a subject without wildcards like "failed.{consumer}", found "DLQ.>"`],
    ],
    [
      "the server's own",
      '$JS.{consumer}',
      [`${at}: expected a subject that is not the server's own ($…, _INBOX), found "$JS.mailer"`],
    ],
    [
      'of an event',
      'events.totp.requested',
      [
        `${at}: expected a subject outside of the pipeline's streams, found "events.totp.requested" of streams.events`,
      ],
    ],
    [
      'of the DLQ, with the name of the consumer',
      'events-dlq.{consumer}',
      [
        `${at}: expected a subject outside of the pipeline's streams, found "events-dlq.mailer" of streams.dlq`,
      ],
    ],
    [
      'a placeholder that is none',
      'DLQ.{type}',
      [`${at}: expected no placeholder but {consumer}, found "{type}"`],
    ],
    [
      'half a placeholder',
      'DLQ.{consumer',
      [`${at}: expected no placeholder but {consumer}, found "{consumer"`],
    ],
  ])('%s', async (_, subject, problems) => {
    expect(await problemsOf(withMailer({ onDeadLetter: { subject } }))).toEqual(problems);
  });

  test('of an external consumer too', async () => {
    expect(await problemsOf(withExternal({ onDeadLetter: { subject: 'events-kept.x' } }))).toEqual([
      `consumers.rust.onDeadLetter.subject: expected a subject outside of the pipeline's streams, found "events-kept.x" of streams.kept`,
    ]);
  });
});

describe('streams', () => {
  test.each<[string, unknown, string[]]>([
    [
      'a name that NATS refuses',
      withStreams({ dlq: { name: 'events.dlq' } }),
      [`streams.dlq.name: expected ${nameShape}, found "events.dlq"`],
    ],
    ['the name of the pipeline', { name: 'a b' }, [`name: expected ${nameShape}, found "a b"`]],
    [
      'two streams with one name',
      withStreams({ retry: { name: 'x', subjects: ['a.>'] }, dlq: { name: 'x', subjects: ['b.>'] } }),
      ['streams.dlq.name: expected a name of its own, found that of streams.retry: "x"'],
    ],
    [
      'overlapping subjects',
      withStreams({ events: { subjects: ['events.>', 'events-dlq.a.*'] } }),
      [
        'streams.dlq.name: expected subjects that don\'t overlap, found "events-dlq.>" and "events-dlq.a.*" of streams.events',
      ],
    ],
    [
      'overlapping subjects that are written out',
      withStreams({ retry: { subjects: ['events.retry.>'] } }),
      [
        'streams.retry.subjects[0]: expected subjects that don\'t overlap, found "events.retry.>" and "events.>" of streams.events',
      ],
    ],
    [
      'overlap within the events stream',
      withStreams({ events: { subjects: ['events.>', 'events.a'] } }),
      [
        'streams.events.subjects[1]: expected subjects that don\'t overlap, found "events.a" and "events.>" of the same stream',
      ],
    ],
    [
      'several subjects of a stream that is ours',
      withStreams({ dlq: { subjects: ['a.>', 'b.>'] } }),
      ['streams.dlq.subjects: expected exactly one subject like "events-dlq.>", found 2'],
    ],
    [
      'another shape of subject',
      withStreams({ advisories: { subjects: ['a.*.>'] } }),
      ['streams.advisories.subjects[0]: expected one subject like "events-advisories.>", found "a.*.>"'],
    ],
    [
      "the server's own subjects",
      withStreams({ events: { subjects: ['events.>', '$JS.EVENT.>'] } }),
      [
        'streams.events.subjects[1]: expected a subject that is not the server\'s own ($…, _INBOX), found "$JS.EVENT.>"',
      ],
    ],
    [
      'all subjects',
      withStreams({ events: { subjects: ['events.>', '>'] } }),
      [
        'streams.events.subjects[1]: expected a subject whose first token is not a wildcard (it would capture the server\'s own subjects too), found ">"',
      ],
    ],
    [
      'a malformed subject',
      withStreams({ events: { subjects: ['events.>', 'a..b'] } }),
      ['streams.events.subjects[1]: expected a subject like "events.>", found "a..b"'],
    ],
    [
      'discard old with a limit on retry',
      withStreams({ retry: { discard: 'old', maxMsgs: 10 } }),
      [
        'streams.retry.discard: expected "new" with maxBytes or maxMsgs, found "old": it would evict pointers to events that wait',
      ],
    ],
    [
      'discard old with a limit on dlq',
      withStreams({ dlq: { discard: 'old', maxBytes: '1GB' } }),
      [
        'streams.dlq.discard: expected "new" with maxBytes or maxMsgs, found "old": it would evict dead letters',
      ],
    ],
    ['discard new with a limit on dlq', withStreams({ dlq: { maxBytes: '1GB' } }), []],
    [
      'a duplicate window longer than maxAge',
      withStreams({ events: { maxAge: '1h', duplicateWindow: '2h' } }),
      ['streams.events.duplicateWindow: expected at most maxAge (1h), found "2h"'],
    ],
    [
      'a limit below one record',
      withStreams({ dlq: { maxBytes: 1000 }, advisories: { maxBytes: '1KiB', discard: 'new' } }),
      [
        'streams.dlq.maxBytes: expected at least 64KiB, room for one record, found 1000',
        'streams.advisories.maxBytes: expected at least 64KiB, room for one record, found "1KiB"',
      ],
    ],
    [
      'a duplicate window without maxAge',
      withStreams({ events: { maxAge: '0s', duplicateWindow: '2h' } }),
      [],
    ],
  ])('%s', async (_, raw, problems) => {
    expect(await problemsOf(raw)).toEqual(problems);
  });
});

describe('events', () => {
  test.each<[string, unknown, string[]]>([
    [
      'a type that is no subject',
      { name: 'p', events: { 'order placed': {} } },
      ['events["order placed"]: expected an event type like "order.placed", found "order placed"'],
    ],
    [
      'a subject with wildcards',
      { name: 'p', events: { a: { subject: 'events.*' } } },
      [
        'events.a.subject: expected a subject without wildcards, found "events.*"; a part that changes has a name: "events.{id}"',
      ],
    ],
    [
      'a subject outside the stream',
      { name: 'p', events: { a: { subject: 'other.a' } } },
      ['events.a.subject: expected a subject within "events.>" (streams.events), found "other.a"'],
    ],
    [
      'a type whose subject is outside the stream',
      { name: 'p', streams: { events: { subjects: ['orders.*'] } }, events: { a: null, 'a.b': null } },
      [
        'events["a.b"]: expected a subject within "orders.*" (streams.events), found the subject "orders.a.b" that follows from the type',
      ],
    ],
    [
      'two types with one subject',
      { name: 'p', events: { a: {}, b: { subject: 'events.a' } } },
      ['events.b.subject: expected a subject of its own, found that of "a": "events.a"'],
    ],
  ])('%s', async (_, raw, problems) => {
    expect(await problemsOf(raw)).toEqual(problems);
  });
});

describe('consumers', () => {
  test.each<[string, unknown, string[]]>([
    ['a name', named('a.b'), [`consumers["a.b"]: expected ${nameShape}, found "a.b"`]],
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
      ['consumers.mailer.subjects[0]: expected a subject like "events.order.*", found "events..a"'],
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

describe('handler files', () => {
  test('missing: as written, and where it was looked for', async () => {
    expect(
      await problemsOf(withMailer({ handler: 'handlers/x.mjs', onDeadLetter: { handler: '../y.mjs' } })),
    ).toEqual([
      'consumers.mailer.handler: expected a module, found no file for "handlers/x.mjs" (looked at <folder>/handlers/x.mjs)',
      expect.stringMatching(
        /^consumers\.mailer\.onDeadLetter\.handler: expected a module, found no file for "\.\.\/y\.mjs" \(looked at .*\/y\.mjs\)$/,
      ),
    ]);
  });

  test('a folder is none; an absolute path is taken as it is', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'handlers'));
    const file = join(folder, 'there.mjs');
    await writeFile(file, '');
    const { problems } = await validateConfig(withMailer({ handler: 'handlers' }), folder, {
      handlerFiles: true,
    });
    expect(problems[0]?.message).toContain('found a folder');
    expect(await problemsOf(withMailer({ handler: file }))).toEqual([]);
  });
});

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
      `streams.dlq.name: expected ${nameShape}, found "a b"`,
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

describe('warnings', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['a limit that evicts events', { events: { maxBytes: '1GB' } }, ['streams.events.maxBytes']],
    ['a count that evicts events', { events: { maxMsgs: 5 } }, ['streams.events.maxMsgs']],
    ['a limit that refuses instead', { events: { maxBytes: '1GB', discard: 'new' } }, []],
    ['a limit that evicts records', { advisories: { maxBytes: '1GB' } }, ['streams.advisories.maxBytes']],
    ['memory', { dlq: { storage: 'memory' } }, ['streams.dlq.storage']],
    ['limits on retry and dlq', { dlq: { maxBytes: '1GB' }, retry: { maxMsgs: 9 } }, []],
    ['events that outlive the journal', { events: { maxAge: '31d' } }, ['streams.advisories.maxAge']],
    ['events for ever', { events: { maxAge: '0s' } }, ['streams.advisories.maxAge']],
    ['both for ever', { events: { maxAge: '0s' }, advisories: { maxAge: '0s' } }, []],
    ['dead letters that end', { dlq: { maxAge: '30d' } }, ['streams.dlq.maxAge']],
    ['a number of replicas that is even', { dlq: { replicas: 2 } }, ['streams.dlq.replicas']],
  ])('%s', async (_, streams, paths) => {
    const { problems, warnings } = await validated(withStreams(streams));
    expect(problems).toEqual([]);
    expect(warnings.map((warning) => warning.path)).toEqual(paths);
  });

  test('of the retry stage, whose ack wait is not for the config to say', async () => {
    const mailer = { timeout: '1s', ackWait: '1s', backoff: [], retry: { delay: '1s', backoff: [] } };
    const streams = { events: { maxAge: '9s' }, advisories: { maxAge: '30s' } };
    const meta = { backoff: [], ackWait: '1s' };
    const { warnings } = await validated({ ...withMailer(mailer), streams, meta, replicas: 4 });
    expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'streams.events.maxAge: a retry whose worker died is delivered again after 30s: by then its event is gone',
      'streams.advisories.maxAge: a retry whose worker died is delivered again after 30s: by then the journal has forgotten that it was tried',
      'replicas: 4 replicas survive the loss of no more nodes than 3 would, but need one more to be up; use 5 or 3',
    ]);
  });
});

describe('the prefix of subjects', () => {
  test.each([
    ['a.*', {}, ['expected a subject without wildcards like "shop", found "a.*"']],
    ['a..b', {}, ['expected a subject without wildcards like "shop", found "a..b"']],
    ['$SYS', {}, ['expected a subject that is not the server\'s own ($…, _INBOX), found "$SYS"']],
    [
      'c',
      { events: { subjects: ['a.>', 'b.>'] } },
      ['expected a prefix whose subjects the events stream stores ("a.>", "b.>"), found "c"'],
    ],
  ])('%s', async (subjectPrefix, streams, problems) => {
    expect(await problemsOf({ ...validConfig(), subjectPrefix, streams })).toEqual(
      problems.map((one) => `subjectPrefix: ${one}`),
    );
  });

  test('one that another stream has', async () => {
    expect(await problemsOf({ ...validConfig(), subjectPrefix: 'events-dlq' })).toEqual([
      'streams.dlq.name: expected subjects that don\'t overlap, found "events-dlq.>" and "events-dlq.>" of streams.events',
    ]);
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

describe('subjects with parts of the event', () => {
  const events = (one: string, two: string) => ({
    name: 'p',
    events: { a: { subject: one }, b: { subject: two } },
  });
  test.each([
    ['events.{t}.a', 'events.{t}.b', []],
    [
      'events.{t}.a',
      'events.x.a',
      ['events.b.subject: expected a subject of its own, found that of "a" "events.{t}.a": "events.x.a"'],
    ],
    [
      'events.{t}.a',
      'events.x.{u}',
      ['events.b.subject: expected a subject of its own, found that of "a" "events.{t}.a": "events.x.{u}"'],
    ],
    [
      '{t}.a',
      'events.b',
      ['events.a.subject: expected a subject within "events.>" (streams.events), found "{t}.a"'],
    ],
    [
      'events.x{t}',
      'events.b',
      ['events.a.subject: expected a part like {tenant} between two dots, found "events.x{t}"'],
    ],
  ])('%s and %s', async (one, two, problems) => {
    expect(await problemsOf(events(one, two))).toEqual(problems);
  });
});
