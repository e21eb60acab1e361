import {
  type ConsumerSettings,
  type ExternalConsumer,
  type PipelineConfig,
  type ReaderSettings,
  readersOf,
  retryAckWaitMs,
  type Start,
  type StreamRole,
  type StreamSettings,
} from '../config/resolved.js';
import { metaConsumers, stageConsumers } from '../domain/consumer-names.js';
import { nativeAdvisoryFilter, pointerFilter, recordFilter } from '../domain/subjects.js';
import { consumerMonitor, type MonitorMetadata, streamMonitor } from '../domain/monitor-metadata.js';
import { exhaustionKinds } from '../domain/record-kinds.js';
import type { ConsumerFields, StreamFields } from '../nats/objects.js';
import { thresholdsOf } from '../status/health/thresholds.js';

export { metaConsumers, stageConsumers };

/** A stream as the config wants it. `fields` are all that we manage of it, in the server's spelling. */
export interface DesiredStream {
  /** Tells it from a consumer. */
  readonly kind: 'stream';
  /** What it is for. */
  readonly role: StreamRole;
  /** Its name on the server. */
  readonly name: string;
  /** In the server's spelling and units. */
  readonly fields: StreamFields;
  /** Limits for `nats server check`. */
  readonly monitor: MonitorMetadata;
  /** What the server keeps with it, besides the owner; what else is there stays. Default: nothing. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A consumer as the config wants it. */
export interface DesiredConsumer {
  /** Tells it from a stream. */
  readonly kind: 'consumer';
  /** What its stream is for. */
  readonly role: StreamRole;
  /** Its name on the server. */
  readonly name: string;
  /** The stream that it reads. */
  readonly stream: string;
  /** The consumer of the config that it serves, or `meta-consumer`. */
  readonly serves: string;
  /** In the server's spelling and units. */
  readonly fields: ConsumerFields & {
    /** Subjects that it reads. */
    readonly filter_subjects: string[];
  };
  /** Limits for `nats server check`. */
  readonly monitor: MonitorMetadata;
}

/** What the server should hold, in the order in which it is created. */
export interface Topology {
  /** The pipeline that owns it all. */
  readonly pipeline: string;
  /** The journal first. */
  readonly streams: readonly DesiredStream[];
  /** Created after the streams. */
  readonly consumers: readonly DesiredConsumer[];
}

const ns = (ms: number): number => ms * 1_000_000;

/** What keeps the newest message of each subject, until somebody deletes it. */
const lastOfEach: StreamFields = { retention: 'limits', max_msgs_per_subject: 1, deny_delete: false };

/**
 * The streams and consumers of a config: the journal first, because an advisory that is not captured is
 * gone, and each consumer after the ones that it hands its failures to.
 */
export function desiredTopology(config: PipelineConfig): Topology {
  const { streams, alerts } = config;
  const { deadLetters } = thresholdsOf(config);
  const isLimited = alerts.count !== undefined || alerts.countCritical !== undefined;
  const monitored = alerts.lag === undefined ? {} : consumerMonitor(alerts.lag.critical);
  const consumers: DesiredConsumer[] = [
    ...metaTier(config),
    ...readersOf(config).map((one) => dlqConsumer(config, one)),
    ...config.consumers.map((one) => retryConsumer(config, one)),
    ...config.consumers.map((one) => mainConsumer(config, one)),
    ...config.external.map((one) => externalConsumer(config, one)),
  ];
  return {
    pipeline: config.name,
    streams: [
      stream('advisories', streams.advisories, {
        retention: 'limits',
        max_msgs_per_subject: -1,
        subjects: [...streams.advisories.subjects, ...nativeAdvisorySubjects(config)],
      }),
      stream('events', streams.events, {
        retention: 'limits',
        max_msgs_per_subject: streams.events.maxMsgsPerSubject ?? -1,
      }),
      stream('retry', streams.retry, { retention: 'workqueue', max_msgs_per_subject: 1, deny_delete: false }),
      { ...stream('dlq', streams.dlq, lastOfEach), monitor: isLimited ? streamMonitor(deadLetters) : {} },
      stream('operations', streams.operations, lastOfEach),
      stream('kept', streams.kept, lastOfEach),
    ],
    consumers: consumers.map((one) => ({ ...one, monitor: monitored })),
  };
}

/** What the server says about consumers that give up on messages of the streams with our consumers. */
function nativeAdvisorySubjects({ streams }: PipelineConfig): string[] {
  const watched = [streams.events, streams.retry, streams.advisories];
  return exhaustionKinds.flatMap((kind) => watched.map(({ name }) => nativeAdvisoryFilter(kind, name)));
}

function stream(role: StreamRole, settings: StreamSettings, special: StreamFields): DesiredStream {
  const maxAgeNs = ns(settings.maxAgeMs);
  const windowNs = ns(settings.duplicateWindowMs);
  return {
    kind: 'stream',
    role,
    name: settings.name,
    monitor: {},
    ...(settings.metadata === undefined ? {} : { metadata: settings.metadata }),
    fields: {
      subjects: [...settings.subjects],
      ...special,
      ...saidOf(settings),
      storage: settings.storage,
      num_replicas: settings.replicas,
      max_age: maxAgeNs,
      max_bytes: settings.maxBytes,
      max_msgs: settings.maxMsgs,
      discard: settings.discard,
      // The server refuses a window that is longer than the age.
      duplicate_window: maxAgeNs > 0 ? Math.min(windowNs, maxAgeNs) : windowNs,
      allow_direct: true,
      // A stream that answers no publish, or that refuses a newer pointer, would break the waterfall.
      no_ack: false,
      discard_new_per_subject: settings.maxMsgsPerSubject !== undefined,
      sealed: false,
    },
  };
}

/** What is the server's unless the config says it: an upgrade changes no stream. */
function saidOf({ compression, description, placement }: StreamSettings): StreamFields {
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(description === undefined ? {} : { description }),
    ...(placement === undefined
      ? {}
      : { placement: { cluster: placement.cluster ?? '', tags: [...(placement.tags ?? [])] } }),
  };
}

/** Every consumer pulls and acks each message; of ours the server never gives one up. */
function consumer(
  place: Omit<DesiredConsumer, 'kind' | 'monitor' | 'fields'>,
  special: ConsumerFields & { filter_subjects: string[]; ack_wait: number },
): DesiredConsumer {
  return {
    kind: 'consumer',
    ...place,
    monitor: {},
    fields: {
      deliver_policy: 'all',
      ack_policy: 'explicit',
      replay_policy: 'instant',
      max_deliver: -1,
      // Messages in backoff count as pending: a bound would let a thousand of them stall all others.
      max_ack_pending: -1,
      headers_only: false,
      // Of ours the worker waits: the server's own backoff would overrule ack_wait.
      backoff: [],
      // An inactive consumer would lose its position.
      inactive_threshold: 0,
      max_bytes: 0,
      max_expires: 0,
      num_replicas: 0,
      mem_storage: false,
      ...special,
    },
  };
}

function mainConsumer(config: PipelineConfig, settings: ConsumerSettings): DesiredConsumer {
  return consumer(
    { role: 'events', name: settings.name, stream: config.streams.events.name, serves: settings.name },
    {
      filter_subjects: [...settings.subjects],
      ack_wait: ns(settings.ackWaitMs),
      ...(settings.ordered ? { max_ack_pending: 1 } : {}),
      ...startFields(settings.start),
    },
  );
}

/** Not we count its attempts: the server does, and gives up. */
function externalConsumer(config: PipelineConfig, settings: ExternalConsumer): DesiredConsumer {
  return consumer(
    { role: 'events', name: settings.name, stream: config.streams.events.name, serves: settings.name },
    {
      filter_subjects: [...settings.subjects],
      ack_wait: ns(settings.ackWaitMs),
      max_deliver: settings.attempts,
      backoff: settings.backoffMs.map(ns),
      ...startFields(settings.start),
    },
  );
}

function startFields(start: Start): ConsumerFields {
  if (start.at === 'time') return { deliver_policy: 'by_start_time', opt_start_time: start.time };
  if (start.at === 'seq') return { deliver_policy: 'by_start_sequence', opt_start_seq: start.seq };
  return { deliver_policy: start.at === 'last-per-subject' ? 'last_per_subject' : start.at };
}

function retryConsumer({ streams, roots }: PipelineConfig, { name }: ConsumerSettings): DesiredConsumer {
  return consumer(
    { role: 'retry', name: stageConsumers(name).retry, stream: streams.retry.name, serves: name },
    { filter_subjects: [pointerFilter(roots.retry, name)], ack_wait: ns(retryAckWaitMs) },
  );
}

function dlqConsumer({ streams, roots }: PipelineConfig, { name }: ReaderSettings): DesiredConsumer {
  return consumer(
    { role: 'dlq', name: stageConsumers(name).dlq, stream: streams.dlq.name, serves: name },
    { filter_subjects: [pointerFilter(roots.dlq, name)], ack_wait: ns(retryAckWaitMs) },
  );
}

function metaTier({ streams, roots, meta }: PipelineConfig): DesiredConsumer[] {
  const root = roots.advisories;
  const of = (name: string, filter_subjects: string[]): DesiredConsumer =>
    consumer(
      { role: 'advisories', name, stream: streams.advisories.name, serves: metaConsumers.main },
      { filter_subjects, ack_wait: ns(meta.ackWaitMs) },
    );
  const business = exhaustionKinds.flatMap((kind) => [
    recordFilter(root, 'business', kind),
    nativeAdvisoryFilter(kind, streams.events.name),
    nativeAdvisoryFilter(kind, streams.retry.name),
  ]);
  const metaOf = (name: string): string[] =>
    exhaustionKinds.map((kind) => recordFilter(root, 'meta', kind, name));
  return [
    of(metaConsumers.dlq, metaOf(metaConsumers.retry)),
    of(metaConsumers.retry, metaOf(metaConsumers.main)),
    of(metaConsumers.main, business),
  ];
}
