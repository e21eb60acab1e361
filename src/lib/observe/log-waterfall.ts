import { reasonOf } from '../domain/failure.js';
import type { Key } from '../domain/key.js';
import type { Logger } from './log.js';
import type { WaterfallEvent, WaterfallListener } from './waterfall-event.js';

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
  };
}

type LineLevel = 'debug' | 'info' | 'warn' | 'error';
type WriteLine = (fields: () => object, text: string) => void;

/** Asks for the fields of a line only where the level takes it. */
function lazily(log: Logger): Record<LineLevel, WriteLine> {
  const at =
    (level: LineLevel): WriteLine =>
    (fields, text) => {
      if (log.isLevelEnabled(level)) log[level](fields(), text);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * Writes each event as one line: success at the first attempt at debug, what a person should see at info and above. A line that the level
 * leaves out is not made.
 */
export function logWaterfall(logger: Logger): WaterfallListener {
  const log = lazily(logger);
  const listener = (e: WaterfallEvent): void => {
    switch (e.type) {
      case 'succeeded':
        // Routing tells what it did by itself.
        if (e.key.tier === 'meta') break;
        if (e.late)
          log.warn(
            () => ({ ...keyFields(e.key, e.attempt), durationMs: e.durationMs }),
            'succeeded after its lease had lapsed',
          );
        else {
          // After a failure it is news; a healthy event is none.
          const level = e.attempt > 1 || e.key.stage === 'retry' ? 'info' : 'debug';
          log[level](() => ({ ...keyFields(e.key, e.attempt), durationMs: e.durationMs }), 'succeeded');
        }
        break;
      case 'attempt-failed':
        log.warn(
          () => ({
            ...keyFields(e.key, e.attempt),
            of: e.limit,
            reason: reasonOf(e.failure),
            ...(e.retryInMs === undefined ? {} : { retryInMs: e.retryInMs }),
          }),
          'attempt failed',
        );
        break;
      case 'snoozed':
        log.info(() => ({ ...keyFields(e.key, e.attempt), delayMs: e.delayMs }), 'snoozed');
        break;
      case 'exhausted':
        log.warn(
          () => ({ ...keyFields(e.key), attempts: e.attempts, kind: e.kind, reason: reasonOf(e.failure) }),
          'stage exhausted',
        );
        break;
      case 'done-already':
        log.debug(() => ({ ...keyFields(e.key), by: e.by }), 'done already');
        break;
      case 'lease-lapsed':
        log.warn(() => keyFields(e.key), 'lease lapsed before the handler started; the event comes back');
        break;
      case 'routed':
        // Of a dead letter its own line tells, at error.
        log[e.to === 'dlq' ? 'debug' : 'info'](
          () => ({
            ...keyFields(e.key),
            to: e.to,
            ...(e.notBeforeMs > 0 ? { due: new Date(e.notBeforeMs).toISOString() } : {}),
          }),
          `routed to ${e.to}`,
        );
        break;
      case 'not-routed':
        log.info(() => ({ ...keyFields(e.key), because: e.because }), 'not routed again');
        break;
      case 'ignored-advisory':
        log.debug(
          () => ({ stream: e.stream, consumer: e.consumer, seq: e.seq, kind: e.kind }),
          'advisory of a consumer that is not ours to route',
        );
        break;
      case 'server-gave-up': {
        const { stream, consumer, streamSeq: seq, kind, deliveries, reason } = e.advisory;
        const next = e.gone
          ? 'plutomi-events pipeline verify --repair brings its retry back'
          : kind === 'MAX_DELIVERIES' && 'plutomi-events pipeline apply sets max_deliver back';
        log.error(
          () => ({
            stream,
            consumer,
            seq,
            deliveries,
            ...(reason === undefined ? {} : { reason }),
            ...(next ? { next } : {}),
          }),
          kind === 'MAX_DELIVERIES'
            ? 'the server gave up on a message whose attempts are counted here: somebody has set max_deliver on its consumer'
            : 'somebody else has terminated a message of this consumer',
        );
        break;
      }
      case 'refused-advisory':
        log.warn(
          () => ({ subject: e.subject, because: e.because }),
          'advisory of the server that can not be true: nothing was made of it',
        );
        break;
      case 'advisories-dropped':
        log.warn(
          () => ({ waiting: e.waiting }),
          'too many advisories wait to be copied: until they are, only the journal stream catches new ones',
        );
        break;
      case 'advisory-not-copied':
        log.error(
          () => ({ subject: e.subject, error: e.error }),
          'an advisory of the server can not be copied: it is left to the journal stream',
        );
        break;
      case 'not-listening':
        log.warn(
          () => ({ subject: e.subject, error: e.error }),
          'can not listen to the advisories of an external consumer: only the journal stream catches them',
        );
        break;
      case 'event-lost':
        log.error(
          () => ({ stream: e.stream, consumer: e.consumer, seq: e.seq, reason: e.reason }),
          'the server removed an event that nobody had acknowledged',
        );
        break;
      case 'dead-letter':
        log.error(
          () => ({
            id: e.id,
            consumer: e.consumer,
            ...(e.cycle > 0 ? { cycle: e.cycle } : {}),
            reason: e.reason,
          }),
          'dead letter',
        );
        break;
      case 'alert-failed':
        log.warn(
          () => ({ id: e.id, error: e.error, retryInMs: e.retryInMs }),
          'alert about a dead letter failed; it will be repeated',
        );
        break;
      case 'holding':
        log.error(
          () => ({ what: e.what, error: e.error }),
          'the server does not take it: holding on, nothing is acknowledged or pulled',
        );
        break;
      case 'refused':
        log.error(
          () => ({
            what: e.what,
            consumer: e.consumer,
            message: `${e.stream}/${e.seq}`,
            error: e.error,
            ...(e.suggestions.length > 0 ? { next: e.suggestions.join('; ') } : {}),
          }),
          'the server refuses it, and waiting would not help: the message comes back later, the others go on',
        );
        break;
      case 'holding-ended':
        log.info(() => ({ what: e.what, heldMs: e.heldMs }), 'the server takes it again: going on');
        break;
      case 'waiting-for-consumer':
        log.warn(
          () => ({ stream: e.stream, consumer: e.consumer, why: e.why }),
          'no messages from this consumer now; asking again',
        );
        break;
      case 'standstill':
        log.warn(
          () => ({ stream: e.stream, consumer: e.consumer, why: e.why }),
          'the server delivers nothing of this consumer',
        );
        break;
      case 'standstill-over':
        log.info(
          () => ({ stream: e.stream, consumer: e.consumer }),
          'the server delivers from this consumer again',
        );
        break;
      case 'numbers-rounded':
        log.warn(
          () => ({ eventType: e.eventType, origin: `${e.stream}/${e.seq}` }),
          'event.data has rounded an integer beyond 2^53; numbers: "bigint" or "text" in the config keeps its digits, and so does event.text; this is logged once for each event type',
        );
        break;
      case 'skipped':
        log.info(
          () => ({ consumer: e.consumer, message: `${e.stream}/${e.seq}`, subject: e.subject, what: e.what }),
          'skipped: not an event, but what the server keeps in the stream for itself',
        );
        break;
      case 'late-settlement':
        log.warn(
          () => keyFields(e.key, e.attempt),
          'a handler settled after its attempt had timed out; its result does not count',
        );
        break;
    }
  };
  return Object.assign(listener, { wantsSuccess: () => logger.isLevelEnabled('debug') });
}
