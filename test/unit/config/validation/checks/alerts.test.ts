import { describe, expect, test } from 'vitest';
import { problemsOf, validConfig, withExternal, withMailer } from '../../valid-config.js';

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
