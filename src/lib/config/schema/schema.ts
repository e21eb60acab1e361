import * as z from 'zod/mini';
import { longestTimerMs } from '../../domain/duration.js';
import { alerts } from './alerts.js';
import * as field from './fields.js';
import { latestOnly } from './latest-only.js';

/**
 * What a config file may say: the rules, the defaults and the descriptions of its fields. No default stands
 * anywhere else.
 *
 * Values stay as written (a duration is text); config/resolve turns them into numbers. Rules that concern more
 * than one field are in checks/.
 */

/** Defaults that depend on another field, so that zod can't fill them in; config/resolve does. */
export const dependentDefaults = {
  concurrency: 10,
  ackWait: '30s',
  backoff: ['1s', '5s'],
  retryBackoff: ['30s', '2m'],
  metaBackoff: ['1s', '5s', '15s', '30s'],
  duplicateWindow: '2m',
} as const;

const limitFields = (name: string, discard: 'old' | 'new') => ({
  subjects: field.optional(
    field.list(field.named('stored')),
    `subjects that it stores; default: ["<name>.>"]`,
    [`${name}.>`],
  ),
  storage: field.withDefault(field.oneOf('file', 'memory'), 'file', 'memory is lost when the server stops'),
  replicas: field.optional(field.count(1, 5), 'copies in the cluster; default: the replicas of the pipeline'),
  maxBytes: field.optional(field.size(), 'maximum size, in bytes or like "10GB"; default: no limit'),
  maxMsgs: field.optional(
    field.count(1, Number.MAX_SAFE_INTEGER),
    'maximum number of messages; default: no limit',
  ),
  discard: field.withDefault(
    field.oneOf('old', 'new'),
    discard,
    'what happens at a size limit: the oldest message is removed, or a new one is refused',
  ),
  duplicateWindow: field.optional(
    field.duration({ minMs: 100 }),
    'how long a message id is remembered; default: 2m, or maxAge if that is shorter',
    dependentDefaults.duplicateWindow,
  ),
});

const streamFields = (name: string, discard: 'old' | 'new') => ({
  name: field.withDefault(field.named('name'), name, 'name of the stream on the server'),
  ...limitFields(name, discard),
});

/** Named after the events, by config/resolve. */
const workbenchFields = (role: 'operations' | 'kept') => ({
  name: field.optional(
    field.named('name'),
    `name of the stream on the server; default: <name of the events stream>-${role}`,
    `events-${role}`,
  ),
  ...limitFields(`events-${role}`, 'new'),
});

const maxAge = (byDefault: string) =>
  field.withDefault(
    field.duration({ minMs: 100, zero: 'forever' }),
    byDefault,
    'messages older than this are removed; "0s": never',
  );

const streams = field.section(
  {
    events: field.section(
      {
        ...streamFields('events', 'old'),
        maxAge: maxAge('7d'),
        retention: field.optional(field.onlyLimits(), 'only "limits": pointers need the original'),
      },
      'the events themselves, the only copy',
    ),
    retry: field.section(
      streamFields('events-retry', 'new'),
      'pointers to events that wait for the retry stage',
    ),
    dlq: field.section(
      streamFields('events-dlq', 'new'),
      'dead letters; they stay until they are replayed or discarded',
    ),
    advisories: field.section(
      { ...streamFields('events-advisories', 'old'), maxAge: maxAge('30d') },
      'the journal: everything that went wrong with an event, and everything done about it',
    ),
    operations: field.section(
      workbenchFields('operations'),
      'what people decided: groups, tasks, archived dead letters, the applied config',
    ),
    kept: field.section(
      workbenchFields('kept'),
      'payloads that must outlive their event: originals of dead letters, edited versions',
    ),
  },
  'the six streams of the pipeline',
);

export const eventDefinition = z.strictObject({
  schema: field.optional(field.standardSchema(), 'a Standard Schema (zod, valibot, arktype, …) of the data'),
  subject: field.optional(
    field.named('subject'),
    'subject of the event; default: <root of the events stream>.<type>',
  ),
});

const attempts = (
  byDefault: number,
  description: string = 'how many times an event is tried in this stage',
) => field.withDefault(field.count(1, 1000), byDefault, description);

const backoff = (byDefault: readonly string[]) =>
  field.optional(
    field.list(field.duration({}), { empty: true }),
    'wait after each failed attempt; the last entry is used for all later ones',
    byDefault,
  );

const acknowledgement = { minMs: 100, maxMs: longestTimerMs };

const ackWait = () =>
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
    },
    'where new dead letters are reported, besides the log',
  ),
};

const numbers = () => field.oneOf('number', 'bigint', 'text');

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
    'maximum number of handlers that run at once in one stage of one process; default: 10, or 1 when ordered',
    dependentDefaults.concurrency,
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

const consumer = z.discriminatedUnion('external', [managedConsumer, externalConsumer], {
  error: ({ code }) => (code === 'invalid_union' ? 'true or false' : 'an object'),
});

const meta = field.section(
  {
    attempts: attempts(5),
    backoff: backoff(dependentDefaults.metaBackoff),
    concurrency: field.withDefault(
      field.count(1, 10_000),
      256,
      'how many exhausted events are routed at once',
    ),
    ackWait: ackWait(),
  },
  'the consumers that route exhausted events',
);

export const configSchema = z.strictObject({
  $schema: field.optional(field.text(), 'JSON Schema for the editor; not used otherwise'),
  name: field.described(field.named('name'), 'name of the pipeline; marks what it owns on the server'),
  replicas: field.withDefault(field.count(1, 5), 1, 'copies of each stream in the cluster'),
  streams,
  events: field.withDefault(
    z.record(
      field.key('subject'),
      field.either('{schema, subject}, {} or null', [z.null(), eventDefinition]),
    ),
    {},
    'event types',
  ),
  consumers: field.withDefault(z.record(field.key('consumer'), consumer), {}, 'consumers by name'),
  meta,
  alerts,
  protected: field.withDefault(
    field.flag(),
    false,
    "commands that write ask for the pipeline's name, or need it with --confirm",
  ),
  keepOriginals: field.withDefault(
    field.flag(),
    true,
    'pipeline run keeps the events of dead letters and waiting retries before they age out',
  ),
  latestOnly,
  numbers: field.withDefault(
    numbers(),
    'number',
    'numbers of event.data that JavaScript would round: "number" is the nearest one, "bigint" an exact BigInt for an integer, "text" the digits as text',
  ),
  server: field.section(
    {
      url: field.optional(field.text(), 'server URLs, separated by commas'),
      context: field.optional(field.text(), 'context of the nats CLI with server and credentials'),
    },
    'where the server is; flags and environment variables override it',
  ),
});

/** As parsed: defaults filled in, values as written. */
export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedStream = ParsedConfig['streams'][keyof ParsedConfig['streams']];
export type ParsedConsumer = ParsedConfig['consumers'][string];
export type ParsedExternalConsumer = Extract<ParsedConsumer, { external: true }>;
export type ParsedManagedConsumer = Exclude<ParsedConsumer, ParsedExternalConsumer>;
