import path from 'node:path';
import { defaultCorrelationHeader, type EnvelopeKeys } from '../domain/envelope.js';
import { filterOfTemplate } from '../domain/subject-template.js';
import { parseDuration } from '../domain/duration.js';
import { noticeSubject } from '../domain/notice-subject.js';
import type {
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
import {
  type ParsedConfig,
  type ParsedConsumer,
  type ParsedExternalConsumer,
  type ParsedManagedConsumer,
  type ParsedStream,
} from './schema/schema.js';
import { resolveTelling } from './telling/resolve-telling.js';
import { dependentDefaults } from './schema/dependent-defaults.js';
import { parseSize } from './schema/size.js';

export const streamRoles: readonly StreamRole[] = [
  'events',
  'retry',
  'dlq',
  'advisories',
  'operations',
  'kept',
];

/** Turns a valid config into numbers, absolute paths and subjects. `file` is where it was read from. */
export function resolveConfig(parsed: ParsedConfig, file: string): PipelineConfig {
  const folder = path.dirname(file);
  const streams = Object.fromEntries(
    streamRoles.map((role) => [role, resolveStream(parsed, role)]),
  ) as PipelineConfig['streams'];
  const events = resolveEvents(parsed);
  const { url, context } = parsed.server;
  return {
    name: parsed.name,
    file,
    streams,
    roots: {
      retry: rootOf(streams.retry.subjects),
      dlq: rootOf(streams.dlq.subjects),
      advisories: rootOf(streams.advisories.subjects),
      operations: rootOf(streams.operations.subjects),
      kept: rootOf(streams.kept.subjects),
    },
    eventsRoot: eventsRootOf(parsed),
    events,
    consumers: Object.entries(parsed.consumers).flatMap(([name, consumer]) =>
      consumer.external === true ? [] : [resolveConsumer(name, consumer, parsed, events, folder)],
    ),
    external: Object.entries(parsed.consumers).flatMap(([name, consumer]) =>
      consumer.external === true ? [resolveExternal(name, consumer, events, folder)] : [],
    ),
    meta: {
      ...metaLimitsOf(parsed),
      concurrency: parsed.meta.concurrency,
      ackWaitMs: durationMs(parsed.meta.ackWait),
    },
    ...resolveTelling(parsed, folder),
    protected: parsed.protected,
    keepOriginals: parsed.keepOriginals,
    latestOnly: parsed.latestOnly,
    ...(parsed.keys === undefined ? {} : { keys: parsed.keys }),
    ...(parsed.audit.reads ? { audit: { reads: true as const } } : {}),
    ...(parsed.envelope === undefined ? {} : { envelope: withoutUndefined(parsed.envelope) }),
    ...(parsed.correlationHeader === defaultCorrelationHeader
      ? {}
      : { correlationHeader: parsed.correlationHeader }),
    numbers: parsed.numbers,
    ...(parsed.cluster === undefined ? {} : { cluster: parsed.cluster }),
    ...(url === undefined && context === undefined
      ? {}
      : { server: { ...(url === undefined ? {} : { url }), ...(context === undefined ? {} : { context }) } }),
  };
}

/** The streams of the workbench are named after the events that they are about: no two pipelines share them. */
export function streamNameOf({ streams }: ParsedConfig, role: StreamRole): string {
  return streams[role].name ?? `${streams.events.name}-${role}`;
}

export function subjectsOf(parsed: ParsedConfig, role: StreamRole): readonly string[] {
  const byDefault = role === 'events' ? parsed.subjectPrefix : undefined;
  return parsed.streams[role].subjects ?? [`${byDefault ?? streamNameOf(parsed, role)}.>`];
}

/** Before the type, in the subject of an event. */
function eventsRootOf(parsed: ParsedConfig): string {
  return parsed.subjectPrefix ?? rootOf(subjectsOf(parsed, 'events'));
}

/** The tokens of the first subject up to its first wildcard: `events.>` → `events`. */
export function rootOf(subjects: readonly string[]): string {
  const tokens = (subjects[0] ?? '').split('.');
  const end = tokens.findIndex((token) => token === '*' || token === '>');
  return tokens.slice(0, end === -1 ? tokens.length : end).join('.');
}

/** Milliseconds of a duration that was validated. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}

function resolveStream(parsed: ParsedConfig, role: StreamRole): StreamSettings {
  const stream = parsed.streams[role];
  const maxAgeMs = maxAgeOf(stream);
  return {
    name: streamNameOf(parsed, role),
    subjects: subjectsOf(parsed, role),
    storage: stream.storage,
    replicas: stream.replicas ?? parsed.replicas,
    maxAgeMs,
    maxBytes: sizeOf(stream.maxBytes) ?? -1,
    maxMsgs: stream.maxMsgs ?? -1,
    ...('maxMsgsPerSubject' in stream && stream.maxMsgsPerSubject !== undefined
      ? { maxMsgsPerSubject: stream.maxMsgsPerSubject }
      : {}),
    discard: stream.discard,
    duplicateWindowMs: duplicateWindowOf(stream, maxAgeMs),
    ...saidOf(stream),
  };
}

/** What is left to the server unless the config says it. */
function saidOf({ compression, description, metadata, placement }: ParsedStream): Partial<StreamSettings> {
  const { cluster, tags } = placement ?? {};
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(placement === undefined
      ? {}
      : {
          placement: {
            ...(cluster === undefined ? {} : { cluster }),
            ...(tags === undefined ? {} : { tags }),
          },
        }),
  };
}

export function maxAgeOf(stream: ParsedStream): number {
  return 'maxAge' in stream ? durationMs(stream.maxAge) : 0;
}

function duplicateWindowOf(stream: ParsedStream, maxAgeMs: number): number {
  if (stream.duplicateWindow !== undefined) return durationMs(stream.duplicateWindow);
  const byDefault = durationMs(dependentDefaults.duplicateWindow);
  return maxAgeMs === 0 ? byDefault : Math.min(byDefault, maxAgeMs);
}

export function sizeOf(size: number | string | undefined): number | undefined {
  return typeof size === 'string' ? parseSize(size) : size;
}

/** Event types with their subjects. */
export function resolveEvents(parsed: ParsedConfig): EventType[] {
  const root = eventsRootOf(parsed);
  return Object.entries(parsed.events).map(([type, definition]) => {
    const { schema, encrypt, description, owner, examples, deprecated = false } = definition ?? {};
    const subject = definition?.subject ?? (root === '' ? type : `${root}.${type}`);
    const filter = filterOfTemplate(subject);
    return {
      type,
      subject: filter,
      ...(filter === subject ? {} : { template: subject }),
      maxBytes: sizeOf(definition?.maxBytes) ?? defaultEventMaxBytes(),
      ...(schema === undefined ? {} : { schema }),
      ...(encrypt ? { encrypt: true as const } : {}),
      ...(description === undefined ? {} : { description }),
      ...(owner === undefined ? {} : { owner }),
      ...(examples === undefined ? {} : { examples }),
      ...(deprecated === false ? {} : { deprecated }),
    };
  });
}

/** Of a type that the config says nothing about. */
export function defaultEventMaxBytes(): number {
  return parseSize(dependentDefaults.eventMaxBytes) ?? 0;
}

/** What a consumer reads: the subjects of its event types, or those that it names. Unknown types have none. */
export function consumerSubjects(consumer: ParsedConsumer, events: readonly EventType[]): string[] {
  if (consumer.subjects) return [...consumer.subjects];
  const ofType = new Map(events.map((event) => [event.type, event.subject]));
  return (consumer.events ?? []).flatMap((type) => ofType.get(type) ?? []);
}

function limits(
  stage: { readonly attempts: number; readonly backoff?: readonly string[] | undefined },
  byDefault: readonly string[],
): StageLimits {
  const backoff = stage.backoff ?? byDefault.slice(0, stage.attempts - 1);
  return { attempts: stage.attempts, backoffMs: backoff.map(durationMs) };
}

export function metaLimitsOf({ meta }: ParsedConfig): StageLimits {
  return limits(meta, dependentDefaults.metaBackoff);
}

/** The waits of a consumer's stages; a retry stage that is off has main's attempts. */
export function stagesOf(consumer: ParsedManagedConsumer): Pick<ConsumerSettings, 'retry'> & StageLimits {
  const main = limits(consumer, dependentDefaults.backoff);
  if (consumer.retry === false) return { ...main, retry: { ...main, enabled: false, delayMs: 0 } };
  return {
    ...main,
    retry: {
      ...limits(consumer.retry, dependentDefaults.retryBackoff),
      enabled: true,
      delayMs: durationMs(consumer.retry.delay),
    },
  };
}

function resolveReader(
  name: string,
  consumer: ParsedConsumer,
  events: readonly EventType[],
  folder: string,
): Pick<ReaderSettings, 'name' | 'subjects' | 'start' | 'onDeadLetter'> {
  const { handler, webhook, subject } = consumer.onDeadLetter;
  return {
    name,
    subjects: consumerSubjects(consumer, events),
    start: resolveStart(consumer.start),
    onDeadLetter: {
      ...(handler === undefined ? {} : { handler: path.resolve(folder, handler) }),
      ...(webhook === undefined ? {} : { webhook }),
      ...(subject === undefined ? {} : { subject: noticeSubject(subject, name) }),
    },
  };
}

function resolveConsumer(
  name: string,
  consumer: ParsedManagedConsumer,
  { numbers }: ParsedConfig,
  events: readonly EventType[],
  folder: string,
): ConsumerSettings {
  return {
    ...resolveReader(name, consumer, events, folder),
    handler: path.resolve(folder, consumer.handler),
    concurrency:
      consumer.concurrency ?? (consumer.ordered || consumer.batch ? 1 : dependentDefaults.concurrency),
    ...(consumer.buffer === undefined ? {} : { buffer: consumer.buffer }),
    ...(consumer.batch
      ? { batch: { size: consumer.batch.size, waitMs: durationMs(consumer.batch.wait) } }
      : {}),
    timeoutMs: durationMs(consumer.timeout),
    ackWaitMs: durationMs(consumer.ackWait),
    ordered: consumer.ordered,
    confirmAcks: consumer.confirmAcks,
    numbers: consumer.numbers ?? numbers,
    ...stagesOf(consumer),
  };
}

function resolveExternal(
  name: string,
  consumer: ParsedExternalConsumer,
  events: readonly EventType[],
  folder: string,
): ExternalConsumer {
  return { ...resolveReader(name, consumer, events, folder), ...deliveriesOf(consumer) };
}

/** How the server delivers to an external consumer. Its first backoff takes the place of the ack wait. */
export function deliveriesOf(consumer: ParsedExternalConsumer): StageLimits & { readonly ackWaitMs: number } {
  const backoffMs = (consumer.backoff ?? []).map(durationMs);
  return {
    attempts: consumer.attempts,
    backoffMs,
    ackWaitMs: backoffMs[0] ?? durationMs(consumer.ackWait ?? dependentDefaults.ackWait),
  };
}

function resolveStart(start: ParsedConsumer['start']): Start {
  if (typeof start === 'string') return { at: start };
  if (start.seq !== undefined) return { at: 'seq', seq: start.seq };
  return { at: 'time', time: start.time ?? '' };
}

/** Keys that were left out are not there. */
function withoutUndefined({ payload, ...others }: NonNullable<ParsedConfig['envelope']>): EnvelopeKeys {
  const named = Object.entries(others).filter(([, name]) => name !== undefined);
  return { payload, ...Object.fromEntries(named) };
}
