import * as z from 'zod/mini';
import { longestTimerMs } from '../../domain/duration.js';
import { dependentDefaults } from './dependent-defaults.js';
import * as field from './fields.js';

export const attempts = (
  byDefault: number,
  description: string = 'how many times an event is tried in this stage',
) => field.withDefault(field.count(1, 1000), byDefault, description);

export const backoff = (byDefault: readonly string[]) =>
  field.optional(
    field.list(field.duration({}), { empty: true }),
    'wait after each failed attempt; the last entry is used for all later ones',
    byDefault,
  );

const acknowledgement = { minMs: 100, maxMs: longestTimerMs };

export const ackWait = () =>
  field.withDefault(
    field.duration(acknowledgement),
    dependentDefaults.ackWait,
    'the server delivers an event again after this long without a sign of life from its worker',
  );

const retry = z.strictObject({
  delay: field.withDefault(field.duration({}), '5m', 'wait before the first attempt of the retry stage'),
  attempts: attempts(3),
  backoff: backoff(dependentDefaults.retryBackoff),
});

export const start = z.strictObject({
  time: field.optional(field.time(), 'events from this time on, e.g. "2026-01-31T12:00:00Z"'),
  seq: field.optional(field.count(1, Number.MAX_SAFE_INTEGER), 'events from this stream sequence on'),
});

const reads = {
  events: field.optional(field.list(field.named('subject')), 'event types that it handles'),
  subjects: field.optional(
    field.list(field.named('filter')),
    'or: subjects that it handles, wildcards allowed',
  ),
  start: field.withDefault(
    field.either('"all", "new", "last-per-subject", {time} or {seq}', [
      field.oneOf('all', 'new', 'last-per-subject'),
      start,
    ]),
    'all',
    'where a new consumer starts',
  ),
  onDeadLetter: field.section(
    {
      handler: field.optional(field.text(), 'module whose default export is called for each new dead letter'),
      webhook: field.optional(field.webUrl(), 'http or https URL that each new dead letter is POSTed to'),
      subject: field.optional(
        field.named('subject'),
        'NATS subject that each new dead letter is published to; {consumer} stands for the name of the consumer',
      ),
    },
    'where new dead letters are reported, besides the log',
  ),
};

export const numbers = () => field.oneOf('number', 'bigint', 'text');

/** Each event that is in hand costs memory, and a sign of life to the server. */
const mostBuffered = 10_000;

export const managedConsumer = z.strictObject({
  external: field.optional(
    z.literal(false),
    'true: its worker is another program, which this pipeline does not run',
    false,
  ),
  ...reads,
  handler: field.described(
    field.text(),
    'module whose default export handles an event; relative to this file',
  ),
  concurrency: field.optional(
    field.count(1, 10_000),
    'maximum number of handlers that run at once in one stage of one process; default: 10, or 1 when ordered or in batches',
    dependentDefaults.concurrency,
  ),
  buffer: field.optional(
    field.count(1, mostBuffered),
    'maximum number of events that one process holds in one stage, those with a handler included; default: 1.5 for each place of a handler, 1 when ordered',
  ),
  timeout: field.withDefault(
    field.duration({ minMs: 1, maxMs: longestTimerMs }),
    '30s',
    'time limit of one attempt',
  ),
  ackWait: ackWait(),
  attempts: attempts(3),
  backoff: backoff(dependentDefaults.backoff),
  retry: field.described(
    z.prefault(field.either('false or {delay, attempts, backoff}', [z.literal(false), retry]), {}),
    'the retry stage; false: straight to the DLQ',
  ),
  ordered: field.withDefault(
    field.flag(),
    false,
    'one event after another, in stream order; needs concurrency 1',
  ),
  batch: field.optional(
    z.strictObject({
      size: field.described(field.count(1, 10_000), 'maximum number of events that the handler gets at once'),
      wait: field.withDefault(
        field.duration({ maxMs: longestTimerMs }),
        '1s',
        'how long the first event of a batch waits for others',
      ),
    }),
    'the handler gets several events at once',
  ),
  confirmAcks: field.withDefault(
    field.flag(),
    false,
    'wait for the server to confirm each ack: slower, and fewer repeats after a crash',
  ),
  numbers: field.optional(
    numbers(),
    'numbers of event.data that JavaScript would round; default: the numbers of the pipeline',
  ),
});

/** The server counts the deliveries of these and gives up: everything it needs to know about them is here. */
export const externalConsumer = z.strictObject({
  external: field.described(
    z.literal(true),
    'its worker is another program, which this pipeline does not run',
  ),
  ...reads,
  attempts: attempts(3, 'how many times the server delivers an event before it gives up (max_deliver)'),
  ackWait: field.optional(
    field.duration(acknowledgement),
    'the server delivers an event again after this long without an answer from its worker',
    dependentDefaults.ackWait,
  ),
  backoff: field.optional(
    field.list(field.duration(acknowledgement)),
    'instead of ackWait: how long the server waits after each delivery',
  ),
});

export const consumer = z.discriminatedUnion('external', [managedConsumer, externalConsumer], {
  error: ({ code }) => (code === 'invalid_union' ? 'true or false' : 'an object'),
});
