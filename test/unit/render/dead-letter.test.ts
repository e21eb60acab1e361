import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../../../src/lib/dlq/show.js';
import { renderDeadLetter } from '../../../src/lib/render/dead-letter.js';
import { makeItem, makeView } from './dead-letter-items.js';

const record = (facts: Partial<HistoryRecord>): HistoryRecord => ({
  v: 1,
  kind: 'ATTEMPT_FAILED',
  at: '2026-01-31T11:56:00.000Z',
  tier: 'business',
  consumer: 'notifications-consumer',
  stage: 'main',
  cycle: 0,
  origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '5' },
  journalSeq: 1,
  ...facts,
});

const error = { name: 'SmtpError', message: 'connection refused', fingerprint: '0123456789ab' };
const event = {
  subject: 'events.totp.requested',
  headers: { 'Nats-Msg-Id': ['login-1'], 'X-Trace': ['one', 'two'] },
  data: { email: 'a@b.c' },
  text: '{"email":"a@b.c"}',
  encoding: 'json',
  time: '2026-01-31T11:55:00.000Z',
} as const;

describe('renderDeadLetter', () => {
  it('shows what it is, its event, its history and the last error', () => {
    const history = [
      record({ attempt: 1, error: { ...error, stack: 'SmtpError: first\n    at send' } }),
      record({ kind: 'ROUTED', to: 'retry' }),
      record({
        attempt: 1,
        stage: 'retry',
        cycle: 1,
        error: { ...error, stack: 'SmtpError: second\n    at send' },
      }),
      record({ kind: 'REPLAYED', stage: 'dlq', cycle: 2, operator: 'ada@desk', note: 'it is back' }),
    ];
    const text = renderDeadLetter({ ...makeItem({ cycle: 1 }), event, history }, makeView());
    expect(text).toMatchInlineSnapshot(`
      "notifications-consumer/42
        reason       SmtpError: connection refused
        died         2026-01-31 11:57:00 UTC, 3m ago
        attempts     3 main, 2 retry, after 1 replay
        subject      events.totp.requested
        original     events 42, present, expires in 6d
        fingerprint  0123456789ab
        group        3f9a1c2b4d5e

      event, stored 2026-01-31 11:55:00 UTC
        Nats-Msg-Id: login-1
        X-Trace: one
        X-Trace: two
        {
          "email": "a@b.c"
        }

      history (UTC)
        2026-01-31 11:56:00  main     ATTEMPT_FAILED   1  SmtpError: connection
                                                          refused
        2026-01-31 11:56:00  main     ROUTED              to retry
        2026-01-31 11:56:00  retry/1  ATTEMPT_FAILED   1  SmtpError: connection
                                                          refused
        2026-01-31 11:56:00  dlq/2    REPLAYED            by ada@desk: it is back

      last error
        SmtpError: second
            at send"
    `);
  });

  it('shows number and stack of a last attempt that its exhaustion tells of', () => {
    const history = [
      record({ attempt: 1, error: { ...error, stack: 'SmtpError: first\n    at send' } }),
      record({
        kind: 'MAX_DELIVERIES',
        attempt: 2,
        error: { ...error, stack: 'SmtpError: last\n    at send' },
        failure: { kind: 'error', ...error },
      }),
    ];
    const text = renderDeadLetter({ ...makeItem(), event, history }, makeView());
    expect(text).toContain('MAX_DELIVERIES   2  ');
    expect(text).toContain('last error\n  SmtpError: last\n      at send');
  });

  it('says why there is no event', () => {
    const gone = { event: null, history: [], originalExpiresAt: null } as const;
    const missing = renderDeadLetter({ ...makeItem({ original: 'missing' }), ...gone }, makeView());
    expect(missing).toContain('missing: it aged out or was deleted');
    const replaced = renderDeadLetter({ ...makeItem({ original: 'replaced' }), ...gone }, makeView());
    expect(replaced).toContain('replaced: its stream was recreated');
    expect(replaced).not.toContain('event, stored');
  });

  it('says that it was resolved late, and shows what could not be routed', () => {
    const details = {
      ...makeItem({ resolvedLate: true }),
      event: null,
      history: [],
      embedded: { subject: 's', record: { kind: 'MAX_DELIVERIES' } },
    };
    const text = renderDeadLetter(details, makeView());
    expect(text).toContain('resolved     late: its handler succeeded');
    expect(text).toContain('could not be routed\n  {\n    "subject": "s"');
  });

  it('cuts long payloads, tells bytes from text, and escapes all of it', () => {
    const long = { ...event, data: 'x'.repeat(5000), text: 'x'.repeat(5000), encoding: 'utf8' } as const;
    expect(renderDeadLetter({ ...makeItem(), event: long, history: [] }, makeView())).toContain(
      '(904 more characters: --json shows all)',
    );
    const bytes = { ...event, data: '/wA=', text: null, encoding: 'base64' } as const;
    expect(renderDeadLetter({ ...makeItem(), event: bytes, history: [] }, makeView())).toContain(
      'UTC, base64',
    );
    const nasty = '\u001b[2J\u202e';
    const odd = record({ error: { ...error, message: nasty, stack: nasty }, at: nasty });
    const text = renderDeadLetter(
      {
        ...makeItem({ id: nasty, subject: nasty, reason: nasty, stream: nasty, fingerprint: nasty }),
        event: { ...event, headers: { [nasty]: [nasty] }, text: JSON.stringify({ [nasty]: nasty }) },
        history: [odd],
        embedded: { nasty },
      },
      makeView(),
    );
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });
});
