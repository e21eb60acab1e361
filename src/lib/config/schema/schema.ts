import * as z from 'zod/mini';
import { alerts } from './alerts.js';
import { ackWait, attempts, backoff, consumer, numbers } from './consumer.js';
import { dependentDefaults } from './dependent-defaults.js';
import { eventDefinition } from './event-type.js';
import * as field from './fields.js';
import { audit, correlationHeader, envelope, keys } from './payloads.js';
import { log } from '../telling/log-schema.js';
import { streams } from './streams.js';

/**
 * What a config file may say: the rules, the defaults and the descriptions of its fields. No default stands
 * anywhere else.
 *
 * Values stay as written (a duration is text); config/resolve turns them into numbers. Rules that concern more
 * than one field are in checks/.
 */

const latestOnly = field.withDefault(
  field.list(field.named('filter'), { empty: true }),
  [],
  'subjects that each name one thing, wildcards allowed: a dead letter is stale when a newer event of its subject was processed',
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
  log,
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
  audit,
  envelope,
  correlationHeader,
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
