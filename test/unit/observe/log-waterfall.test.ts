import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import type { Alert } from '../../../src/lib/domain/alert.js';
import type { Key } from '../../../src/lib/domain/key.js';
import { keyFields, logLines } from '../../../src/lib/observe/log-lines.js';
import { logWaterfall } from '../../../src/lib/observe/log-waterfall.js';
import { renderSuggestion } from '../../../src/lib/render/suggestion.js';
import { suggestCommand } from '../../../src/lib/suggestion.js';
import type { WaterfallEvent } from '../../../src/lib/observe/waterfall-event.js';

const key: Key = {
  tier: 'business',
  consumer: 'notifications-consumer',
  origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', msgId: 'id-1', time: '17' },
  stage: 'retry',
  cycle: 1,
};
const failure = makeFailure('error', 'SmtpError', 'refused');

/** What a line says about the event, whatever happened to it. */
const about = {
  consumer: 'notifications-consumer',
  stage: 'retry',
  cycle: 1,
  origin: 'events/42',
  subject: 'events.totp.requested',
  eventId: 'id-1',
};

const advisory = {
  id: 'x',
  timestamp: '2026-01-31T12:00:00Z',
  stream: 'events',
  consumer: 'c',
  streamSeq: 7,
  deliveries: 2,
} as const;
const where = { stream: 'events', consumer: 'c', seq: 7, deliveries: 2 };

/** The lines that these events are logged as. */
function linesOf(...events: readonly WaterfallEvent[]): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'trace', base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const listen = logWaterfall(log, (next) => renderSuggestion(next));
  for (const event of events) listen(event);
  return lines;
}

const alert: Alert = {
  id: 'p-count-1',
  pipeline: 'p',
  condition: 'count',
  state: 'firing',
  since: '2026-01-31T12:00:00.000Z',
  at: '2026-01-31T12:00:01.000Z',
  text: '3 dead letters in the DLQ, more than 2',
  value: 3,
  threshold: 2,
  about: null,
  level: null,
  group: null,
};

const cases: readonly [WaterfallEvent, string, Record<string, unknown>, string][] = [
  [
    { type: 'succeeded', key, attempt: 2, durationMs: 12, late: false },
    'info',
    { ...about, attempt: 2, durationMs: 12 },
    'succeeded',
  ],
  [
    { type: 'succeeded', key, attempt: 2, durationMs: 12, late: true },
    'warn',
    { ...about, attempt: 2, durationMs: 12 },
    'succeeded after its lease had lapsed',
  ],
  [
    { type: 'attempt-failed', key, attempt: 2, limit: 3, failure, retryInMs: 5000 },
    'warn',
    { ...about, attempt: 2, of: 3, reason: 'SmtpError: refused', retryInMs: 5000 },
    'attempt failed',
  ],
  [
    { type: 'attempt-failed', key, attempt: 3, limit: 3, failure },
    'warn',
    { ...about, attempt: 3, of: 3, reason: 'SmtpError: refused' },
    'attempt failed',
  ],
  [
    { type: 'snoozed', key, attempt: 1, delayMs: 60_000 },
    'info',
    { ...about, attempt: 1, delayMs: 60_000 },
    'snoozed',
  ],
  [
    { type: 'exhausted', key, attempts: 3, failure, kind: 'MAX_DELIVERIES' },
    'warn',
    { ...about, attempts: 3, kind: 'MAX_DELIVERIES', reason: 'SmtpError: refused' },
    'stage exhausted',
  ],
  [{ type: 'done-already', key, by: 'RESOLVED' }, 'debug', { ...about, by: 'RESOLVED' }, 'already done'],
  [
    { type: 'lease-lapsed', key },
    'warn',
    about,
    'lease lapsed before the handler started; the event is delivered again',
  ],
  [
    { type: 'routed', key, to: 'retry', notBeforeMs: 1_769_860_800_000 },
    'info',
    { ...about, to: 'retry', due: '2026-01-31T12:00:00.000Z' },
    'routed to retry',
  ],
  [{ type: 'routed', key, to: 'dlq', notBeforeMs: 0 }, 'debug', { ...about, to: 'dlq' }, 'routed to dlq'],
  [
    { type: 'not-routed', key, because: 'ROUTED' },
    'info',
    { ...about, because: 'ROUTED' },
    'not routed again',
  ],
  [
    { type: 'server-gave-up', advisory: { ...advisory, kind: 'MAX_DELIVERIES' } },
    'error',
    { ...where, next: 'to reset max_deliver: plutomi-events pipeline apply' },
    'the server gave up on a message whose attempts are counted here: max_deliver was set on its consumer',
  ],
  [
    { type: 'server-gave-up', advisory: { ...advisory, kind: 'MSG_TERMINATED', reason: 'so' }, gone: true },
    'error',
    { ...where, reason: 'so', next: 'to restore its retry: plutomi-events pipeline verify --repair' },
    'a message of this consumer was terminated by someone else',
  ],
  [
    { type: 'ignored-advisory', stream: 'events', consumer: 'other', seq: 7, kind: 'MAX_DELIVERIES' },
    'debug',
    { stream: 'events', consumer: 'other', seq: 7, kind: 'MAX_DELIVERIES' },
    'advisory about a consumer that this pipeline does not route',
  ],
  [
    {
      type: 'event-lost',
      stream: 'events',
      consumer: 'c',
      seq: 7,
      reason: 'Message deleted by stream limits',
    },
    'error',
    { stream: 'events', consumer: 'c', seq: 7, reason: 'Message deleted by stream limits' },
    'the server removed an event that had not been acknowledged',
  ],
  [
    {
      type: 'dead-letter',
      id: 'c/42',
      consumer: 'c',
      cycle: 2,
      kind: 'error',
      reason: 'refused',
      group: '3f9a',
      news: 'new',
    },
    'error',
    { id: 'c/42', consumer: 'c', cycle: 2, reason: 'refused', group: '3f9a', news: 'new' },
    'dead letter',
  ],
  [
    { type: 'groups-not-told', error: 'no such stream' },
    'warn',
    { error: 'no such stream' },
    'can not tell whether a group of dead letters is new; alerts about dead letters go on',
  ],
  [
    { type: 'alert-failed', id: 'c/42', error: 'the webhook answered 500', retryInMs: 1000 },
    'warn',
    { id: 'c/42', error: 'the webhook answered 500', retryInMs: 1000 },
    'alert about a dead letter failed; it will be repeated',
  ],
  [
    { type: 'holding', what: 'write the journal', error: 'full' },
    'error',
    { what: 'write the journal', error: 'full' },
    'the server does not accept it: waiting, nothing is acknowledged or pulled',
  ],
  [
    {
      type: 'refused',
      what: 'write the journal',
      consumer: 'c',
      stream: 'events',
      seq: 7,
      error: 'too large',
      suggestions: ['raise it', 'or not'],
    },
    'error',
    {
      what: 'write the journal',
      consumer: 'c',
      message: 'events/7',
      error: 'too large',
      next: 'raise it; or not',
    },
    'the server refuses it, and waiting would not help: the message is delivered again later, the others continue',
  ],
  [
    { type: 'holding-ended', what: 'write the journal', heldMs: 900 },
    'info',
    { what: 'write the journal', heldMs: 900 },
    'the server accepts it again: continuing',
  ],
  [
    { type: 'waiting-for-consumer', stream: 'events', consumer: 'c', why: 'Consumer Deleted' },
    'warn',
    { stream: 'events', consumer: 'c', why: 'Consumer Deleted' },
    'no messages from this consumer now; asking again',
  ],
  [
    { type: 'standstill', stream: 'events', consumer: 'c', why: 'paused until 2036-01-01T00:00:00.000Z' },
    'warn',
    { stream: 'events', consumer: 'c', why: 'paused until 2036-01-01T00:00:00.000Z' },
    'the server delivers nothing from this consumer',
  ],
  [
    { type: 'standstill-over', stream: 'events', consumer: 'c' },
    'info',
    { stream: 'events', consumer: 'c' },
    'the server delivers from this consumer again',
  ],
  [
    { type: 'late-settlement', key, attempt: 2 },
    'warn',
    { ...about, attempt: 2 },
    'a handler settled after its attempt had timed out; its result does not count',
  ],
  [
    { type: 'refused-advisory', subject: '$JS.EVENT.x', because: 'of the future' },
    'warn',
    { subject: '$JS.EVENT.x', because: 'of the future' },
    'ignored an advisory of the server that can not be true',
  ],
  [
    { type: 'advisories-dropped', waiting: 5000 },
    'warn',
    { waiting: 5000 },
    'too many advisories are waiting to be copied: until they are, only the journal stream catches new ones',
  ],
  [
    { type: 'advisory-not-copied', subject: '$JS.EVENT.x', error: 'not allowed' },
    'error',
    { subject: '$JS.EVENT.x', error: 'not allowed' },
    'an advisory of the server can not be copied: it is left to the journal stream',
  ],
  [
    { type: 'not-listening', subject: '$JS.EVENT.x', error: 'not allowed' },
    'warn',
    { subject: '$JS.EVENT.x', error: 'not allowed' },
    'can not listen to the advisories of an external consumer: only the journal stream catches them',
  ],
  [
    { type: 'alert', alert },
    'error',
    {
      alert: 'p-count-1',
      condition: 'count',
      why: '3 dead letters in the DLQ, more than 2',
      since: alert.since,
      value: 3,
      threshold: 2,
    },
    'alert',
  ],
  [
    {
      type: 'alert',
      alert: {
        ...alert,
        condition: 'groupBack',
        state: 'resolved',
        value: null,
        threshold: null,
        group: { id: '0123456789ab', consumer: 'c', sample: 'c/7', reason: 'refused' },
      },
    },
    'info',
    {
      alert: 'p-count-1',
      condition: 'groupBack',
      why: alert.text,
      since: alert.since,
      group: '0123456789ab',
      consumer: 'c',
      sample: 'c/7',
    },
    'alert is over',
  ],
  [
    {
      type: 'alert-not-told',
      id: 'p-count-1',
      condition: 'count',
      to: 'webhook',
      error: 'x',
      retryInMs: 1000,
    },
    'warn',
    { alert: 'p-count-1', condition: 'count', place: 'webhook', error: 'x', retryInMs: 1000 },
    'an alert was not taken; it will be repeated',
  ],
  [
    { type: 'alert-not-told', id: 'p-count-1', condition: 'count', to: 'webhook', error: 'x' },
    'error',
    { alert: 'p-count-1', condition: 'count', place: 'webhook', error: 'x' },
    'an alert was not taken for a day: it is given up',
  ],
  [
    { type: 'alerts-failed', error: 'x', suggestions: [] },
    'error',
    { error: 'x' },
    logLines['alerts-failed'][0]?.text ?? '',
  ],
  [
    { type: 'originals-kept', count: 3, stream: 'events-kept' },
    'info',
    { count: 3, stream: 'events-kept' },
    logLines['originals-kept'][0]?.text ?? '',
  ],
  [
    { type: 'original-not-kept', id: 'c/7', error: 'too large' },
    'error',
    { id: 'c/7', error: 'too large' },
    logLines['original-not-kept'][0]?.text ?? '',
  ],
  [
    { type: 'rescue-failed', error: 'no such stream', suggestions: [suggestCommand('pipeline apply')] },
    'error',
    { error: 'no such stream', next: 'plutomi-events pipeline apply' },
    logLines['rescue-failed'][0]?.text ?? '',
  ],
  [
    { type: 'numbers-rounded', eventType: 'order.paid', stream: 'events', seq: 7 },
    'warn',
    { eventType: 'order.paid', origin: 'events/7' },
    logLines['numbers-rounded'][0]?.text ?? '',
  ],
  [
    {
      type: 'skipped',
      stream: 'events',
      consumer: 'c',
      seq: 7,
      subject: 'events.a',
      what: 'a delete marker',
    },
    'info',
    { consumer: 'c', message: 'events/7', subject: 'events.a', what: 'a delete marker' },
    'skipped: not an event, but what the server keeps in the stream for itself',
  ],
];

describe('each event is one line with its level and all facts', () => {
  test.each(cases)('$type', (event, level, fields, msg) => {
    expect(linesOf(event)).toEqual([{ level, ...fields, msg }]);
  });

  test('whatever its type', () => {
    const tried = new Set(cases.map(([{ type }]) => type));
    expect(Object.keys(logLines).filter((type) => !(tried as Set<string>).has(type))).toEqual([]);
  });
});

test('what is not there is left out: no cycle of a first life, no id of an event without one', () => {
  const { msgId: _, ...origin } = key.origin;
  expect(keyFields({ ...key, cycle: 0, origin })).toEqual({
    consumer: 'notifications-consumer',
    stage: 'retry',
    origin: 'events/42',
    subject: 'events.totp.requested',
  });
});

test('a success at the first attempt is no news; after a failure, or in the retry stage, it is', () => {
  const main = { ...key, stage: 'main', cycle: 0 } as const;
  const levels = [
    { key: main, attempt: 1 },
    { key: main, attempt: 2 },
    { key: { ...main, stage: 'retry' } as const, attempt: 1 },
  ].map((facts) => linesOf({ type: 'succeeded', durationMs: 1, late: false, ...facts })[0]);
  expect(levels).toMatchObject([{ level: 'debug' }, { level: 'info' }, { level: 'info' }]);
});

test('routing that succeeded says nothing twice', () => {
  const meta: Key = { ...key, tier: 'meta', consumer: 'meta-consumer' };
  expect(linesOf({ type: 'succeeded', key: meta, attempt: 1, durationMs: 1, late: false })).toEqual([]);
});
