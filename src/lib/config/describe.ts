import { formatRate } from '../domain/alert-rate.js';
import { hideSecrets as hideSecretForms } from '../domain/secrets.js';
import { formatDuration } from '../domain/duration.js';
import { defaultCorrelationHeader, type EnvelopeKeys } from '../domain/envelope.js';
import type { KeyReferences } from '../domain/key-reference.js';
import type { Numbers } from '../domain/numbers.js';
import { describeServers } from '../nats/connect/target.js';
import type {
  AlertSettings,
  Applied,
  ConsumerSettings,
  EventType,
  ExternalConsumer,
  PipelineConfig,
  ReaderSettings,
  StageLimits,
  Start,
  StreamRole,
  StreamSettings,
} from './resolved.js';
import { defaultEventMaxBytes } from './resolve.js';
import { formatSize } from './schema/size.js';
import { type DescribedLog, describeLog } from './telling/log.js';

/** A resolved config as people read it: durations as text, `null` for no limit and for nothing, secrets hidden. */
export interface DescribedConfig {
  /** `null`: it was read from the server. */
  readonly file: string | null;
  readonly name: string;
  readonly subjectPrefix: string;
  /** `null`: any. */
  readonly cluster: string | null;
  readonly streams: Readonly<Record<StreamRole, DescribedStream>>;
  /** By type. */
  readonly events: Readonly<Record<string, DescribedEvent>>;
  readonly consumers: Readonly<Record<string, DescribedConsumer | DescribedExternal>>;
  readonly meta: DescribedStage & { readonly concurrency: number; readonly ackWait: string };
  readonly alerts: DescribedAlerts;
  readonly log: DescribedLog;
  readonly protected: boolean;
  readonly keepOriginals: boolean;
  readonly latestOnly: readonly string[];
  readonly audit: { readonly reads: boolean };
  readonly envelope: EnvelopeKeys | null;
  readonly correlationHeader: string;
  /** Where the keys are. */
  readonly keys: KeyReferences | null;
  readonly numbers: Numbers;
  readonly server: { readonly url: string | null; readonly context: string | null };
  /** How it was applied, where it was read from the server. */
  readonly applied: Applied | null;
}

/** `schema` is the vendor of the schema. `null`: not said. */
export interface DescribedEvent {
  readonly subject: string;
  readonly schema: string | null;
  readonly encrypt: boolean;
  readonly description: string | null;
  readonly owner: string | null;
  readonly examples: number;
  readonly deprecated: boolean | string;
  readonly maxBytes: string;
}

/** `null`: not looked at, not told there. */
export interface DescribedAlerts {
  readonly newGroup: boolean;
  readonly groupBack: boolean;
  readonly rate: string | null;
  readonly count: number | null;
  readonly countCritical: number | null;
  readonly oldest: string | null;
  readonly expiring: string | null;
  readonly lag: number | null;
  readonly lagCritical: number | null;
  readonly storage: number | null;
  readonly storageCritical: number | null;
  readonly nobodyRuns: string | null;
  readonly webhook: string | null;
  readonly handler: string | null;
  readonly subject: string | null;
}

export interface DescribedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
  readonly maxAge: string | null;
  readonly maxBytes: string | null;
  readonly maxMsgs: number | null;
  readonly maxMsgsPerSubject: number | null;
  readonly discard: 'old' | 'new';
  readonly duplicateWindow: string;
  /** `null`, here and below: as it is on the server. */
  readonly compression: 'none' | 's2' | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly placement: { readonly cluster: string | null; readonly tags: readonly string[] } | null;
}

export interface DescribedStage {
  readonly attempts: number;
  readonly backoff: readonly string[];
}

interface DescribedReader extends DescribedStage {
  readonly external: boolean;
  readonly subjects: readonly string[];
  readonly ackWait: string;
  readonly start: string | { readonly time: string } | { readonly seq: number };
  readonly onDeadLetter: {
    readonly handler: string | null;
    readonly webhook: string | null;
    readonly subject: string | null;
  };
}

/** A consumer whose worker is another program: `attempts` and `backoff` are the server's. */
export interface DescribedExternal extends DescribedReader {
  readonly external: true;
}

export interface DescribedConsumer extends DescribedReader {
  readonly external: false;
  /** `null`: the config was read from the server, and the handler is not here. */
  readonly handler: string | null;
  readonly concurrency: number;
  /** `null`: as many as keep its handlers busy. */
  readonly buffer: number | null;
  readonly timeout: string;
  readonly retry: false | (DescribedStage & { readonly delay: string });
  readonly ordered: boolean;
  readonly batch: { readonly size: number; readonly wait: string } | null;
  readonly confirmAcks: boolean;
  readonly numbers: Numbers;
}

export function describeConfig(config: PipelineConfig): DescribedConfig {
  const { streams, meta, server } = config;
  return {
    file: config.applied === undefined ? config.file : null,
    name: config.name,
    subjectPrefix: config.eventsRoot,
    cluster: config.cluster ?? null,
    streams: {
      events: describeStream(streams.events),
      retry: describeStream(streams.retry),
      dlq: describeStream(streams.dlq),
      advisories: describeStream(streams.advisories),
      operations: describeStream(streams.operations),
      kept: describeStream(streams.kept),
    },
    events: Object.fromEntries(config.events.map((event) => [event.type, describeEvent(event)])),
    consumers: Object.fromEntries([
      ...config.consumers.map((consumer) => [consumer.name, describeConsumer(consumer)] as const),
      ...config.external.map((consumer) => [consumer.name, describeExternal(consumer)] as const),
    ]),
    meta: {
      ...describeStage(meta),
      concurrency: meta.concurrency,
      ackWait: formatDuration(meta.ackWaitMs),
    },
    alerts: describeAlerts(config.alerts),
    log: describeLog(config.log ?? {}),
    protected: config.protected,
    keepOriginals: config.keepOriginals,
    latestOnly: config.latestOnly,
    audit: { reads: config.audit?.reads === true },
    envelope: config.envelope ?? null,
    correlationHeader: config.correlationHeader ?? defaultCorrelationHeader,
    keys: config.keys ?? null,
    numbers: config.numbers,
    server: {
      url: server?.url === undefined ? null : describeServers(server.url.split(',').map((url) => url.trim())),
      context: server?.context ?? null,
    },
    applied: config.applied ?? null,
  };
}

function describeEvent(event: EventType): DescribedEvent {
  return {
    subject: event.template ?? event.subject,
    schema: event.schema?.['~standard'].vendor ?? null,
    encrypt: event.encrypt ?? false,
    description: event.description ?? null,
    owner: event.owner ?? null,
    examples: event.examples?.length ?? 0,
    deprecated: event.deprecated ?? false,
    maxBytes: formatSize(event.maxBytes ?? defaultEventMaxBytes()),
  };
}

function describeAlerts(alerts: AlertSettings): DescribedAlerts {
  const { newGroup, groupBack, rate, count, oldestMs, expiringMs, webhook, handler, subject } = alerts;
  const { countCritical, lag, storage, nobodyRunsMs } = alerts;
  return {
    newGroup,
    groupBack,
    rate: rate === undefined ? null : formatRate(rate),
    count: count ?? null,
    countCritical: countCritical ?? null,
    oldest: oldestMs === undefined ? null : formatDuration(oldestMs),
    expiring: expiringMs === undefined ? null : formatDuration(expiringMs),
    lag: lag?.degraded ?? null,
    lagCritical: lag?.critical ?? null,
    storage: storage?.degraded ?? null,
    storageCritical: storage?.critical ?? null,
    nobodyRuns: nobodyRunsMs === undefined ? null : formatDuration(nobodyRunsMs),
    webhook: webhook === undefined ? null : hideWebhook(webhook),
    handler: handler === undefined ? null : hideSecretForms(handler),
    subject: subject ?? null,
  };
}

function describeStream(stream: StreamSettings): DescribedStream {
  return {
    name: stream.name,
    subjects: stream.subjects,
    storage: stream.storage,
    replicas: stream.replicas,
    maxAge: stream.maxAgeMs === 0 ? null : formatDuration(stream.maxAgeMs),
    maxBytes: stream.maxBytes === -1 ? null : formatSize(stream.maxBytes),
    maxMsgs: stream.maxMsgs === -1 ? null : stream.maxMsgs,
    maxMsgsPerSubject: stream.maxMsgsPerSubject ?? null,
    discard: stream.discard,
    duplicateWindow: formatDuration(stream.duplicateWindowMs),
    compression: stream.compression ?? null,
    description: stream.description ?? null,
    metadata: stream.metadata ?? null,
    placement: stream.placement
      ? { cluster: stream.placement.cluster ?? null, tags: stream.placement.tags ?? [] }
      : null,
  };
}

function describeStage({ attempts, backoffMs }: StageLimits): DescribedStage {
  return { attempts, backoff: backoffMs.map(formatDuration) };
}

function describeReader(consumer: ReaderSettings): Omit<DescribedReader, 'external'> {
  const { onDeadLetter } = consumer;
  return {
    subjects: consumer.subjects,
    ackWait: formatDuration(consumer.ackWaitMs),
    start: describeStart(consumer.start),
    ...describeStage(consumer),
    onDeadLetter: {
      handler: onDeadLetter.handler === undefined ? null : hideSecretForms(onDeadLetter.handler),
      webhook: onDeadLetter.webhook === undefined ? null : hideWebhook(onDeadLetter.webhook),
      subject: onDeadLetter.subject ?? null,
    },
  };
}

function describeExternal(consumer: ExternalConsumer): DescribedExternal {
  return { external: true, ...describeReader(consumer) };
}

function describeConsumer(consumer: ConsumerSettings): DescribedConsumer {
  const { retry } = consumer;
  return {
    external: false,
    ...describeReader(consumer),
    handler: consumer.handler === '' ? null : hideSecretForms(consumer.handler),
    concurrency: consumer.concurrency,
    buffer: consumer.buffer ?? null,
    timeout: formatDuration(consumer.timeoutMs),
    retry: retry.enabled ? { delay: formatDuration(retry.delayMs), ...describeStage(retry) } : false,
    ordered: consumer.ordered,
    batch: consumer.batch ? { size: consumer.batch.size, wait: formatDuration(consumer.batch.waitMs) } : null,
    confirmAcks: consumer.confirmAcks,
    numbers: consumer.numbers,
  };
}

function describeStart(start: Start): DescribedConsumer['start'] {
  if (start.at === 'time') return { time: start.time };
  if (start.at === 'seq') return { seq: start.seq };
  return start.at;
}

/** A webhook's user, path and query may each be its secret: only the host is shown. */
export function hideWebhook(webhook: string): string {
  const url = new URL(webhook);
  const more = url.pathname !== '/' || url.search !== '' || url.hash !== '';
  return `${url.origin}/${more ? '…' : ''}`;
}
