import { z } from 'zod';
import * as field from './fields.js';

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

const streamFields = (name: string, discard: 'old' | 'new') => ({
  name: field.text().default(name).describe('name of the stream on the server'),
  subjects: field
    .list(field.text())
    .optional()
    .meta({ default: [`${name}.>`], description: `subjects that it stores; default: ["<name>.>"]` }),
  storage: field.oneOf('file', 'memory').default('file').describe('memory is lost when the server stops'),
  replicas: field
    .count(1, 5)
    .optional()
    .describe('copies in the cluster; default: the replicas of the pipeline'),
  maxBytes: field
    .size()
    .optional()
    .describe('most bytes that it stores, as a number or like "10GB"; default: no limit'),
  maxMsgs: field
    .count(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('most messages that it stores; default: no limit'),
  discard: field
    .oneOf('old', 'new')
    .default(discard)
    .describe('what happens at a size limit: the oldest message is removed, or a new one is refused'),
  duplicateWindow: field.duration({ minMs: 100 }).optional().meta({
    default: dependentDefaults.duplicateWindow,
    description: 'how long a message id is remembered; default: 2m, or maxAge where that is shorter',
  }),
});

const maxAge = (byDefault: string) =>
  field
    .duration({ minMs: 100, zero: 'for ever' })
    .default(byDefault)
    .describe('messages older than this are removed; "0s": never');

const streams = z
  .strictObject({
    events: z
      .strictObject({
        ...streamFields('events', 'old'),
        maxAge: maxAge('7d'),
        retention: field.onlyLimits().optional().describe('only "limits": pointers need the original'),
      })
      .prefault({})
      .describe('the events themselves, the only copy'),
    retry: z
      .strictObject(streamFields('events-retry', 'new'))
      .prefault({})
      .describe('pointers to events that wait for the retry stage'),
    dlq: z
      .strictObject(streamFields('events-dlq', 'new'))
      .prefault({})
      .describe('dead letters; they stay until somebody replays them'),
    advisories: z
      .strictObject({ ...streamFields('events-advisories', 'old'), maxAge: maxAge('30d') })
      .prefault({})
      .describe('the journal: everything that went wrong with an event, and everything done about it'),
  })
  .prefault({})
  .describe('the four streams of the pipeline');

export const eventDefinition = z.strictObject({
  schema: field
    .standardSchema()
    .optional()
    .describe('a Standard Schema (zod, valibot, arktype, …) of the data'),
  subject: field
    .text()
    .optional()
    .describe('subject of the event; default: <root of the events stream>.<type>'),
});

const attempts = (
  byDefault: number,
  description: string = 'how many times the handler is tried in this stage',
) => field.count(1, 1000).default(byDefault).describe(description);

const backoff = (byDefault: readonly string[]) =>
  field.list(field.duration({}), { empty: true }).optional().meta({
    default: byDefault,
    description: 'wait after each failed attempt; the last entry serves all later ones',
  });

const acknowledgement = { minMs: 100, maxMs: field.longestTimerMs };

const ackWait = () =>
  field
    .duration(acknowledgement)
    .default(dependentDefaults.ackWait)
    .describe('after this long without a sign of life from a worker the server delivers again');

const retry = z.strictObject({
  delay: field.duration({}).default('5m').describe('wait before the first attempt of the retry stage'),
  attempts: attempts(3),
  backoff: backoff(dependentDefaults.retryBackoff),
});

const start = z.strictObject({
  time: field.time().optional().describe('events from this time on, e.g. "2026-01-31T12:00:00Z"'),
  seq: field.count(1, Number.MAX_SAFE_INTEGER).optional().describe('events from this stream sequence on'),
});

const reads = {
  events: field.list(field.text()).optional().describe('event types that it handles'),
  subjects: field.list(field.text()).optional().describe('or: subjects that it handles, wildcards allowed'),
  start: field
    .either('"all", "new", "last-per-subject", {time} or {seq}', [
      field.oneOf('all', 'new', 'last-per-subject'),
      start,
    ])
    .default('all')
    .describe('where a new consumer starts'),
  onDeadLetter: z
    .strictObject({
      handler: field
        .text()
        .optional()
        .describe('module whose default export is told about a new dead letter'),
      webhook: field.webUrl().optional().describe('http or https URL that a new dead letter is POSTed to'),
    })
    .prefault({})
    .describe('who is told about a new dead letter, besides the log'),
};

const managedConsumer = z.strictObject({
  external: z.literal(false).optional().meta({
    default: false,
    description: 'true: its worker is another program, which this pipeline does not run',
  }),
  ...reads,
  handler: field.text().describe('module whose default export handles an event; relative to this file'),
  concurrency: field.count(1, 10_000).optional().meta({
    default: dependentDefaults.concurrency,
    description: 'most handlers that run at once in one stage of one process; default: 10, or 1 when ordered',
  }),
  timeout: field
    .duration({ minMs: 1, maxMs: field.longestTimerMs })
    .default('30s')
    .describe('longest run of the handler'),
  ackWait: ackWait(),
  attempts: attempts(3),
  backoff: backoff(dependentDefaults.backoff),
  retry: field
    .either('false or {delay, attempts, backoff}', [z.literal(false), retry])
    .prefault({})
    .describe('the retry stage; false: straight to the DLQ'),
  ordered: field
    .flag()
    .default(false)
    .describe('one event after the other, in the order of the stream; needs concurrency 1'),
  confirmAcks: field
    .flag()
    .default(false)
    .describe('wait for the server to confirm each ack: slower, and fewer repeats after a crash'),
});

/** The server counts the deliveries of these and gives up: all that it is told of them is here. */
const externalConsumer = z.strictObject({
  external: z.literal(true).describe('its worker is another program, which this pipeline does not run'),
  ...reads,
  attempts: attempts(3, 'how many times the server delivers an event before it gives up (max_deliver)'),
  ackWait: field.duration(acknowledgement).optional().meta({
    default: dependentDefaults.ackWait,
    description: 'after this long without an answer of the worker the server delivers again',
  }),
  backoff: field
    .list(field.duration(acknowledgement))
    .optional()
    .describe('in place of ackWait: how long the server waits after each delivery'),
});

const consumer = z.discriminatedUnion('external', [managedConsumer, externalConsumer], {
  error: ({ code }) => (code === 'invalid_union' ? 'true or false' : 'an object'),
});

const meta = z
  .strictObject({
    attempts: attempts(5),
    backoff: backoff(dependentDefaults.metaBackoff),
    concurrency: field.count(1, 10_000).default(32).describe('exhausted events that are routed at once'),
    ackWait: ackWait(),
  })
  .prefault({})
  .describe('the consumers that route exhausted events');

export const configSchema = z.strictObject({
  $schema: field.text().optional().describe('JSON Schema for the editor; not used otherwise'),
  name: field.text().describe('name of the pipeline; marks what it owns on the server'),
  replicas: field.count(1, 5).default(1).describe('copies of each stream in the cluster'),
  streams,
  events: z
    .record(z.string(), field.either('{schema, subject}, {} or null', [z.null(), eventDefinition]))
    .default({})
    .describe('event types'),
  consumers: z.record(z.string(), consumer).default({}).describe('consumers by name'),
  meta,
  server: z
    .strictObject({
      url: field.text().optional().describe('server URLs, separated by commas'),
      context: field.text().optional().describe('context of the nats CLI with server and credentials'),
    })
    .prefault({})
    .describe('where the server is, unless a flag or the environment says it'),
});

/** As parsed: defaults filled in, values as written. */
export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedStream = ParsedConfig['streams'][keyof ParsedConfig['streams']];
export type ParsedConsumer = ParsedConfig['consumers'][string];
export type ParsedExternalConsumer = Extract<ParsedConsumer, { external: true }>;
export type ParsedManagedConsumer = Exclude<ParsedConsumer, ParsedExternalConsumer>;
