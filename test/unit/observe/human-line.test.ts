import { expect, it } from 'vitest';
import { humanLine } from '../../../src/lib/observe/human-line.js';

const event = {
  level: 'warn',
  time: 'now',
  consumer: 'mailer',
  stage: 'main',
  origin: 'events/2',
  subject: 'events.totp.requested',
  eventId: 'login-1',
};

it.each<[Record<string, unknown>, string]>([
  [
    { ...event, attempt: 1, of: 3, reason: 'SMTP is down', retryInMs: 1000, msg: 'attempt failed' },
    'mailer/2 main #1 failed: SMTP is down (of 3, retry in 1s)',
  ],
  [
    {
      ...event,
      cycle: 2,
      attempts: 3,
      kind: 'MAX_DELIVERIES',
      reason: 'SMTP is down',
      msg: 'stage exhausted',
    },
    'mailer/2 main/2 stage exhausted: SMTP is down (attempts 3)',
  ],
  [
    { ...event, to: 'retry', due: '2026-01-31T12:00:00.000Z', msg: 'routed to retry' },
    'mailer/2 main routed to retry (due 2026-01-31T12:00:00.000Z)',
  ],
  [{ ...event, attempt: 2, durationMs: 4032, msg: 'succeeded' }, 'mailer/2 main #2 succeeded (duration 4s)'],
  [{ ...event, attempt: 2, durationMs: 12, msg: 'succeeded' }, 'mailer/2 main #2 succeeded (duration 12ms)'],
  [
    { level: 'error', id: 'mailer/2', consumer: 'mailer', cycle: 1, reason: 'gone', msg: 'dead letter' },
    'mailer/2 dead letter: gone',
  ],
  [
    {
      pipeline: 'p',
      server: '127.0.0.1:4222',
      serverVersion: '2.15.1',
      consumers: ['a', 'b'],
      msg: 'pipeline runs',
    },
    'pipeline runs (pipeline p, server 127.0.0.1:4222, server version 2.15.1, consumers a, b)',
  ],
  [
    { stream: 'events', consumer: 'mailer', why: 'no leader', msg: 'no messages now' },
    'mailer no messages now: no leader (stream events)',
  ],
  [{ err: 'it broke', msg: 'the pipeline ends' }, 'the pipeline ends: it broke'],
  [
    { err: { message: 'x', stack: 'Error: x\n    at y' }, msg: 'uncaught' },
    'uncaught\n    Error: x\n        at y',
  ],
  [{ err: { message: 'x' }, msg: 'failed' }, 'failed: x'],
  [{ err: null, deep: { a: [1] }, gone: null, msg: '' }, ' (deep {"a":[1]}, gone null)'],
])('%j', (fields, line) => {
  expect(humanLine(fields)).toBe(line);
});
