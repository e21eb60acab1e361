import * as z from 'zod/mini';
import { alerts } from './alerts.js';
import { ackWait, attempts, backoff, consumer, numbers } from './consumer.js';
import { dependentDefaults } from './dependent-defaults.js';
import { eventDefinition } from './event-type.js';
import * as field from './fields.js';
import { keys } from './keys.js';
import { latestOnly } from './latest-only.js';

/**
 * What a config file may say: the rules, the defaults and the descriptions of its fields. No default stands
 * anywhere else.
 *
 * Values stay as written (a duration is text); config/resolve turns them into numbers. Rules that concern more
 * than one field are in checks/.
 */

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
      field.either('{schema, subject, …}, {} or null', [z.null(), eventDefinition]),
    ),
    {},
    'event types',
  ),
  subjectPrefix: field.optional(
    field.named('subject'),
    'root of the subjects of events; NATS_SUBJECT_PREFIX overrides it; default: the root of the events stream',
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
  keys,
  numbers: field.withDefault(
    numbers(),
    'number',
    'numbers of event.data that JavaScript would round: "number" is the nearest one, "bigint" an exact BigInt for an integer, "text" the digits as text',
  ),
  cluster: field.optional(
    field.text(),
    'name of the cluster that the server must be in; NATS_CLUSTER_ID overrides it; default: any',
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
