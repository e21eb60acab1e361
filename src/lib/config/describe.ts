import { formatDuration } from '../domain/duration.js';
import { describeServers } from '../nats/target.js';
import type {
  ConsumerSettings,
  PipelineConfig,
  StageLimits,
  Start,
  StreamRole,
  StreamSettings,
} from './resolved.js';
import { formatSize } from './size.js';

/** A resolved config as people read it: durations as text, `null` for no limit and for nothing, secrets hidden. */
export interface DescribedConfig {
  readonly file: string;
  readonly name: string;
  readonly streams: Readonly<Record<StreamRole, DescribedStream>>;
  /** By type; `schema` is the vendor of the schema. */
  readonly events: Readonly<Record<string, { readonly subject: string; readonly schema: string | null }>>;
  readonly consumers: Readonly<Record<string, DescribedConsumer>>;
  readonly meta: DescribedStage & { readonly concurrency: number; readonly ackWait: string };
  readonly server: { readonly url: string | null; readonly context: string | null };
}

export interface DescribedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
  readonly maxAge: string | null;
  readonly maxBytes: string | null;
  readonly maxMsgs: number | null;
  readonly discard: 'old' | 'new';
  readonly duplicateWindow: string;
}

export interface DescribedStage {
  readonly attempts: number;
  readonly backoff: readonly string[];
}

export interface DescribedConsumer extends DescribedStage {
  readonly subjects: readonly string[];
  readonly handler: string;
  readonly concurrency: number;
  readonly timeout: string;
  readonly ackWait: string;
  readonly start: string | { readonly time: string } | { readonly seq: number };
  readonly retry: false | (DescribedStage & { readonly delay: string });
  readonly ordered: boolean;
  readonly confirmAcks: boolean;
  readonly onDeadLetter: { readonly handler: string | null; readonly webhook: string | null };
}

export function describeConfig(config: PipelineConfig): DescribedConfig {
  const { streams, meta, server } = config;
  return {
    file: config.file,
    name: config.name,
    streams: {
      events: describeStream(streams.events),
      retry: describeStream(streams.retry),
      dlq: describeStream(streams.dlq),
      advisories: describeStream(streams.advisories),
    },
    events: Object.fromEntries(
      config.events.map(({ type, subject, schema }) => [
        type,
        { subject, schema: schema?.['~standard'].vendor ?? null },
      ]),
    ),
    consumers: Object.fromEntries(
      config.consumers.map((consumer) => [consumer.name, describeConsumer(consumer)]),
    ),
    meta: {
      ...describeStage(meta),
      concurrency: meta.concurrency,
      ackWait: formatDuration(meta.ackWaitMs),
    },
    server: {
      url: server?.url === undefined ? null : describeServers(server.url.split(',').map((url) => url.trim())),
      context: server?.context ?? null,
    },
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
    discard: stream.discard,
    duplicateWindow: formatDuration(stream.duplicateWindowMs),
  };
}

function describeStage({ attempts, backoffMs }: StageLimits): DescribedStage {
  return { attempts, backoff: backoffMs.map(formatDuration) };
}

function describeConsumer(consumer: ConsumerSettings): DescribedConsumer {
  const { retry, onDeadLetter } = consumer;
  return {
    subjects: consumer.subjects,
    handler: consumer.handler,
    concurrency: consumer.concurrency,
    timeout: formatDuration(consumer.timeoutMs),
    ackWait: formatDuration(consumer.ackWaitMs),
    start: describeStart(consumer.start),
    ...describeStage(consumer),
    retry: retry.enabled ? { delay: formatDuration(retry.delayMs), ...describeStage(retry) } : false,
    ordered: consumer.ordered,
    confirmAcks: consumer.confirmAcks,
    onDeadLetter: {
      handler: onDeadLetter.handler ?? null,
      webhook: onDeadLetter.webhook === undefined ? null : hideSecrets(onDeadLetter.webhook),
    },
  };
}

function describeStart(start: Start): DescribedConsumer['start'] {
  if (start.at === 'time') return { time: start.time };
  if (start.at === 'seq') return { seq: start.seq };
  return start.at;
}

/** A webhook's user, path and query may each be its secret: only the host is shown. */
function hideSecrets(webhook: string): string {
  const url = new URL(webhook);
  const more = url.pathname !== '/' || url.search !== '' || url.hash !== '';
  return `${url.origin}/${more ? '…' : ''}`;
}
