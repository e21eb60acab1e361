import { formatRate } from '../../domain/alert-rate.js';
import { defaultCorrelationHeader } from '../../domain/envelope.js';
import { formatDuration } from '../../domain/duration.js';
import { hideWebhook } from '../describe.js';
import { defaultExpiringMs } from '../telling/resolve-telling.js';
import type {
  ConsumerSettings,
  EventType,
  ExternalConsumer,
  PipelineConfig,
  ReaderSettings,
  StageLimits,
  Start,
  StreamPlacement,
  StreamSettings,
} from '../resolved.js';
import type { UserAlerts } from '../schema/user-alerts.js';
import type {
  UserConfig,
  UserEvent,
  UserExternalConsumer,
  UserManagedConsumer,
  UserMeta,
  UserStream,
  UserStreams,
} from '../schema/user-config.js';

/** A key that the config has, and that is left out here by mistake, does not compile. */
type Whole<T, Without extends keyof T = never> = Required<Omit<T, Without>>;

/** In place of a schema: the name of its library, e.g. `zod`. */
export interface StoredEvent extends Whole<UserEvent, 'schema'> {
  readonly schema: string | undefined;
}

type WholeStream<Role extends keyof UserStreams> = Whole<
  NonNullable<UserStreams[Role]>,
  'retention' & keyof NonNullable<UserStreams[Role]>
>;

/**
 * A config as it is stored on the server, in the words of a config file: all defaults filled in; without handlers,
 * schemas, where the server is, where else it is logged to, and whatever of a webhook may be secret.
 */
export interface StoredConfig
  extends Whole<
    UserConfig,
    '$schema' | 'server' | 'log' | 'replicas' | 'events' | 'streams' | 'consumers' | 'meta' | 'alerts'
  > {
  readonly events: Readonly<Record<string, StoredEvent>>;
  readonly streams: { readonly [Role in keyof UserStreams]-?: WholeStream<Role> };
  readonly consumers: Readonly<Record<string, StoredManaged | StoredExternal>>;
  readonly meta: Whole<UserMeta>;
  readonly alerts: Whole<UserAlerts, 'handler'>;
}

type StoredManaged = Whole<UserManagedConsumer, 'external' | 'handler' | 'events'>;
type StoredExternal = Whole<UserExternalConsumer, 'events'>;

const noEnvelopeKeys = {
  type: undefined,
  id: undefined,
  time: undefined,
  correlation: undefined,
  attempts: undefined,
};

export function storedConfigOf(config: PipelineConfig): StoredConfig {
  const { streams, meta } = config;
  const { events, retry, dlq, advisories, operations, kept } = streams;
  return {
    name: config.name,
    subjectPrefix: config.eventsRoot === '' ? undefined : config.eventsRoot,
    cluster: config.cluster,
    protected: config.protected,
    keepOriginals: config.keepOriginals,
    latestOnly: [...config.latestOnly],
    streams: {
      events: {
        ...streamOf(events),
        maxAge: formatDuration(events.maxAgeMs),
        maxMsgsPerSubject: events.maxMsgsPerSubject,
      },
      retry: streamOf(retry),
      dlq: {
        ...streamOf(dlq),
        maxAge: dlq.maxAgeMs === 0 ? undefined : formatDuration(dlq.maxAgeMs),
      },
      advisories: { ...streamOf(advisories), maxAge: formatDuration(advisories.maxAgeMs) },
      operations: streamOf(operations),
      kept: streamOf(kept),
    },
    events: Object.fromEntries(config.events.map((event) => [event.type, eventOf(event)])),
    consumers: Object.fromEntries([
      ...config.consumers.map((one) => [one.name, managedOf(one)] as const),
      ...config.external.map((one) => [one.name, externalOf(one)] as const),
    ]),
    meta: {
      ...stageOf(meta),
      concurrency: meta.concurrency,
      ackWait: formatDuration(meta.ackWaitMs),
    },
    alerts: alertsOf(config),
    audit: { reads: config.audit?.reads === true },
    envelope: config.envelope && { ...noEnvelopeKeys, ...config.envelope },
    correlationHeader: config.correlationHeader ?? defaultCorrelationHeader,
    keys: config.keys && { current: config.keys.current, previous: [...config.keys.previous] },
    numbers: config.numbers,
  };
}

function eventOf(event: EventType): StoredEvent {
  const { subject, template, schema, encrypt, description, owner, examples, deprecated, maxBytes } = event;
  return {
    subject: template ?? subject,
    schema: schema?.['~standard'].vendor,
    encrypt,
    description,
    owner,
    examples: examples && [...examples],
    deprecated,
    maxBytes,
  };
}

function alertsOf({ alerts, streams }: PipelineConfig): StoredConfig['alerts'] {
  const { newGroup, groupBack, rate, count, oldestMs, expiringMs, webhook, subject } = alerts;
  const { countCritical, lag, storage, nobodyRunsMs } = alerts;
  // Nobody may say what the default is where it is less than a second, or longer than events live.
  const isDefault = expiringMs === defaultExpiringMs(streams.dlq.maxAgeMs);
  return {
    newGroup,
    groupBack,
    rate: rate && formatRate(rate),
    count,
    countCritical,
    oldest: oldestMs === undefined ? undefined : formatDuration(oldestMs),
    expiring: expiringMs === undefined || isDefault ? undefined : formatDuration(expiringMs),
    lag: lag?.degraded,
    lagCritical: lag?.critical,
    storage: storage?.degraded,
    storageCritical: storage?.critical,
    nobodyRuns: nobodyRunsMs === undefined ? undefined : formatDuration(nobodyRunsMs),
    webhook: webhook === undefined ? undefined : hideWebhook(webhook),
    subject,
  };
}

function streamOf(stream: StreamSettings): Whole<UserStream> {
  return {
    name: stream.name,
    subjects: [...stream.subjects],
    storage: stream.storage,
    replicas: stream.replicas,
    maxBytes: stream.maxBytes === -1 ? undefined : stream.maxBytes,
    maxMsgs: stream.maxMsgs === -1 ? undefined : stream.maxMsgs,
    discard: stream.discard,
    duplicateWindow: formatDuration(stream.duplicateWindowMs),
    compression: stream.compression,
    description: stream.description,
    metadata: stream.metadata && { ...stream.metadata },
    placement: stream.placement && placementOf(stream.placement),
  };
}

function placementOf({ cluster, tags }: StreamPlacement): NonNullable<UserStream['placement']> {
  return {
    ...(cluster === undefined ? {} : { cluster }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
  };
}

function stageOf({ attempts, backoffMs }: StageLimits): { attempts: number; backoff: string[] } {
  return { attempts, backoff: backoffMs.map(formatDuration) };
}

function readerOf({ subjects, start, onDeadLetter }: ReaderSettings) {
  const { webhook, subject } = onDeadLetter;
  return {
    subjects: [...subjects],
    start: startOf(start),
    onDeadLetter: {
      ...(webhook === undefined ? {} : { webhook: hideWebhook(webhook) }),
      ...(subject === undefined ? {} : { subject }),
    },
  };
}

function startOf(start: Start): StoredManaged['start'] {
  if (start.at === 'time') return { time: start.time };
  return start.at === 'seq' ? { seq: start.seq } : start.at;
}

function managedOf(consumer: ConsumerSettings): StoredManaged {
  const { retry } = consumer;
  return {
    ...readerOf(consumer),
    ...stageOf(consumer),
    concurrency: consumer.concurrency,
    buffer: consumer.buffer,
    timeout: formatDuration(consumer.timeoutMs),
    ackWait: formatDuration(consumer.ackWaitMs),
    retry: retry.enabled ? { delay: formatDuration(retry.delayMs), ...stageOf(retry) } : false,
    ordered: consumer.ordered,
    batch: consumer.batch && { size: consumer.batch.size, wait: formatDuration(consumer.batch.waitMs) },
    confirmAcks: consumer.confirmAcks,
    numbers: consumer.numbers,
  };
}

/** The server takes its waits from one of two places. */
function externalOf(consumer: ExternalConsumer): StoredExternal {
  const { attempts, backoff } = stageOf(consumer);
  return {
    external: true,
    ...readerOf(consumer),
    attempts,
    ackWait: backoff.length === 0 ? formatDuration(consumer.ackWaitMs) : undefined,
    backoff: backoff.length === 0 ? undefined : backoff,
  };
}
