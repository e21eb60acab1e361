import { reasonOf } from '../domain/failure.js';
import type { Key } from '../domain/key.js';
import { alertLines } from './alert-lines.js';
import type { LogLine } from './log-line.js';
import { rescueLines } from './rescue-lines.js';
import { type Suggestion, suggestCommand } from '../suggestion.js';
import type { WaterfallEventOf, WaterfallEventType } from './waterfall-event.js';

/** What a log line says about a key. */
export function keyFields(key: Key, attempt?: number): Record<string, unknown> {
  const { consumer, stage, cycle, origin } = key;
  return {
    consumer,
    stage,
    ...(attempt === undefined ? {} : { attempt }),
    ...(cycle > 0 ? { cycle } : {}),
    origin: `${origin.stream}/${origin.seq}`,
    subject: origin.subject,
    ...(origin.msgId === undefined ? {} : { eventId: origin.msgId }),
    ...(origin.correlation === undefined ? {} : { correlationId: origin.correlation }),
  };
}

type SuccessFields = WaterfallEventOf<'succeeded'>;
const success = ({ key, attempt, durationMs }: SuccessFields): object => ({
  ...keyFields(key, attempt),
  durationMs,
});

function givenUp({ advisory }: WaterfallEventOf<'server-gave-up'>): object {
  const { stream, consumer, streamSeq: seq, deliveries, reason } = advisory;
  return {
    stream,
    consumer,
    seq,
    deliveries,
    ...(reason === undefined ? {} : { reason }),
  };
}

function afterGivingUp({ advisory, gone }: WaterfallEventOf<'server-gave-up'>): Suggestion[] {
  if (gone) {
    return [suggestCommand('pipeline verify', { flags: { repair: true }, why: 'to restore its retry' })];
  }
  return advisory.kind === 'MAX_DELIVERIES'
    ? [suggestCommand('pipeline apply', { why: 'to reset max_deliver' })]
    : [];
}

/**
 * How each event is logged: as the first of its lines that is about it. What a person should see is at info or above,
 * a success at the first attempt at debug.
 */
export const logLines: { readonly [T in WaterfallEventType]: readonly LogLine<WaterfallEventOf<T>>[] } = {
  ...alertLines,
  ...rescueLines,
  succeeded: [
    {
      level: 'warn',
      text: 'succeeded after its lease had lapsed',
      when: ({ key, late }) => late && key.tier !== 'meta',
      fields: success,
    },
    {
      level: 'info',
      text: 'succeeded',
      // After a failure it is news; a healthy event is none.
      when: ({ key, attempt }) => key.tier !== 'meta' && (attempt > 1 || key.stage === 'retry'),
      fields: success,
    },
    // Routing says by itself what it did.
    { level: 'debug', text: 'succeeded', when: ({ key }) => key.tier !== 'meta', fields: success },
  ],
  'attempt-failed': [
    {
      level: 'warn',
      text: 'attempt failed',
      fields: ({ key, attempt, limit, failure, retryInMs }) => ({
        ...keyFields(key, attempt),
        of: limit,
        reason: reasonOf(failure),
        ...(retryInMs === undefined ? {} : { retryInMs }),
      }),
    },
  ],
  snoozed: [
    {
      level: 'info',
      text: 'snoozed',
      fields: ({ key, attempt, delayMs }) => ({ ...keyFields(key, attempt), delayMs }),
    },
  ],
  exhausted: [
    {
      level: 'warn',
      text: 'stage exhausted',
      fields: ({ key, attempts, kind, failure }) => ({
        ...keyFields(key),
        attempts,
        kind,
        reason: reasonOf(failure),
      }),
    },
  ],
  'done-already': [
    { level: 'debug', text: 'already done', fields: ({ key, by }) => ({ ...keyFields(key), by }) },
  ],
  'lease-lapsed': [
    {
      level: 'warn',
      text: 'lease lapsed before the handler started; the event is delivered again',
      fields: ({ key }) => keyFields(key),
    },
  ],
  routed: [
    {
      level: 'info',
      text: 'routed to retry',
      when: ({ to }) => to === 'retry',
      fields: ({ key, to, notBeforeMs }) => ({
        ...keyFields(key),
        to,
        ...(notBeforeMs > 0 ? { due: new Date(notBeforeMs).toISOString() } : {}),
      }),
    },
    // Of a dead letter its own line says it, at error.
    { level: 'debug', text: 'routed to dlq', fields: ({ key, to }) => ({ ...keyFields(key), to }) },
  ],
  'not-routed': [
    {
      level: 'info',
      text: 'not routed again',
      fields: ({ key, because }) => ({ ...keyFields(key), because }),
    },
  ],
  'ignored-advisory': [
    {
      level: 'debug',
      text: 'advisory about a consumer that this pipeline does not route',
      fields: ({ stream, consumer, seq, kind }) => ({ stream, consumer, seq, kind }),
    },
  ],
  'server-gave-up': [
    {
      level: 'error',
      text: 'the server gave up on a message whose attempts are counted here: max_deliver was set on its consumer',
      when: ({ advisory }) => advisory.kind === 'MAX_DELIVERIES',
      fields: givenUp,
      next: afterGivingUp,
    },
    {
      level: 'error',
      text: 'a message of this consumer was terminated by someone else',
      fields: givenUp,
      next: afterGivingUp,
    },
  ],
  'refused-advisory': [
    {
      level: 'warn',
      text: 'ignored an advisory of the server that can not be true',
      fields: ({ subject, because }) => ({ subject, because }),
    },
  ],
  'advisories-dropped': [
    {
      level: 'warn',
      text: 'too many advisories are waiting to be copied: until they are, only the journal stream catches new ones',
      fields: ({ waiting }) => ({ waiting }),
    },
  ],
  'advisory-not-copied': [
    {
      level: 'error',
      text: 'an advisory of the server can not be copied: it is left to the journal stream',
      fields: ({ subject, error }) => ({ subject, error }),
    },
  ],
  'not-listening': [
    {
      level: 'warn',
      text: 'can not listen to the advisories of an external consumer: only the journal stream catches them',
      fields: ({ subject, error }) => ({ subject, error }),
    },
  ],
  'event-lost': [
    {
      level: 'error',
      text: 'the server removed an event that had not been acknowledged',
      fields: ({ stream, consumer, seq, reason }) => ({ stream, consumer, seq, reason }),
    },
  ],
  'dead-letter': [
    {
      level: 'error',
      text: 'dead letter',
      fields: ({ id, consumer, cycle, reason, group, news }) => ({
        id,
        consumer,
        ...(cycle > 0 ? { cycle } : {}),
        reason,
        group,
        ...(news === undefined ? {} : { news }),
      }),
    },
  ],
  'groups-not-told': [
    {
      level: 'warn',
      text: 'can not tell whether a group of dead letters is new; alerts about dead letters go on',
      fields: ({ error }) => ({ error }),
    },
  ],
  'alert-failed': [
    {
      level: 'warn',
      text: 'alert about a dead letter failed; it will be repeated',
      fields: ({ id, error, retryInMs }) => ({ id, error, retryInMs }),
    },
  ],
  holding: [
    {
      level: 'error',
      text: 'the server does not accept it: waiting, nothing is acknowledged or pulled',
      fields: ({ what, error }) => ({ what, error }),
    },
  ],
  refused: [
    {
      level: 'error',
      text: 'the server refuses it, and waiting would not help: the message is delivered again later, the others continue',
      fields: ({ what, consumer, stream, seq, error }) => ({
        what,
        consumer,
        message: `${stream}/${seq}`,
        error,
      }),
      next: ({ suggestions }) => suggestions,
    },
  ],
  'holding-ended': [
    {
      level: 'info',
      text: 'the server accepts it again: continuing',
      fields: ({ what, heldMs }) => ({ what, heldMs }),
    },
  ],
  'waiting-for-consumer': [
    {
      level: 'warn',
      text: 'no messages from this consumer now; asking again',
      fields: ({ stream, consumer, why }) => ({ stream, consumer, why }),
    },
  ],
  standstill: [
    {
      level: 'warn',
      text: 'the server delivers nothing from this consumer',
      fields: ({ stream, consumer, why }) => ({ stream, consumer, why }),
    },
  ],
  'standstill-over': [
    {
      level: 'info',
      text: 'the server delivers from this consumer again',
      fields: ({ stream, consumer }) => ({ stream, consumer }),
    },
  ],
  'numbers-rounded': [
    {
      level: 'warn',
      text: 'event.data has rounded an integer beyond 2^53; numbers: "bigint" or "text" in the config keeps its digits, and so does event.text; this is logged once for each event type',
      fields: ({ eventType, stream, seq }) => ({ eventType, origin: `${stream}/${seq}` }),
    },
  ],
  skipped: [
    {
      level: 'info',
      text: 'skipped: not an event, but what the server keeps in the stream for itself',
      fields: ({ consumer, stream, seq, subject, what }) => ({
        consumer,
        message: `${stream}/${seq}`,
        subject,
        what,
      }),
    },
  ],
  'late-settlement': [
    {
      level: 'warn',
      text: 'a handler settled after its attempt had timed out; its result does not count',
      fields: ({ key, attempt }) => keyFields(key, attempt),
    },
  ],
};
