import {
  type ConsumerConfig,
  type ConsumerInfo,
  JetStreamApiError,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { OperationError } from '../errors.js';
import { apiCodeOf, NotAllowedError, translateError } from './errors.js';
import { apiCode } from './wire/api-code.js';
import type { Link } from './link.js';
import { type ApiError, readAnswer } from './wire/stored-message.js';

export type { ConsumerConfig, ConsumerInfo, StreamConfig, StreamInfo };

/** Fields of a stream's config, in the server's spelling. */
export type StreamFields = Partial<StreamConfig>;
/** Fields of a consumer's config, in the server's spelling. */
export type ConsumerFields = Partial<ConsumerConfig>;

async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const one of pages) out.push(one);
  return out;
}

async function translated<T>(link: Link, what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw link.translate(error, what);
  }
}

/** Every stream of the account. */
export function listStreams(link: Link): Promise<StreamInfo[]> {
  return translated(link, 'list the streams', () => collect(link.jsm.streams.list()));
}

/** Every consumer of a stream; none when there is no such stream. */
export async function listConsumers(link: Link, stream: string): Promise<ConsumerInfo[]> {
  try {
    return await collect(link.jsm.consumers.list(stream));
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return [];
    throw link.translate(error, `list the consumers of ${stream}`);
  }
}

/** Names of the streams with a subject that overlaps `subject`. */
export function streamsOwning(link: Link, subject: string): Promise<string[]> {
  return translated(link, `find the stream of ${subject}`, () => collect(link.jsm.streams.names(subject)));
}

export async function createStream(link: Link, fields: StreamFields & { name: string }): Promise<void> {
  await translated(link, `create stream ${fields.name}`, () => link.jsm.streams.add(fields));
}

/** Changes these fields of a stream and leaves the others as they are. */
export async function updateStream(link: Link, name: string, fields: StreamFields): Promise<void> {
  await translated(link, `update stream ${name}`, () => link.jsm.streams.update(name, fields));
}

/** Deletes a stream with all its messages and consumers. False: it was not there. */
export async function deleteStream(link: Link, name: string): Promise<boolean> {
  try {
    return await link.jsm.streams.delete(name);
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return false;
    throw link.translate(error, `delete stream ${name}`);
  }
}

/** Creates a consumer. Fails where one of that name exists with another config. */
export async function createConsumer(link: Link, stream: string, fields: ConsumerFields): Promise<void> {
  const name = fields.durable_name ?? fields.name;
  await translated(link, `create consumer ${name} on ${stream}`, () =>
    link.jsm.consumers.add(stream, fields),
  );
}

/** Changes these fields of a consumer, its filters among them, and leaves the others as they are. */
export async function updateConsumer(
  link: Link,
  stream: string,
  name: string,
  fields: ConsumerFields & { filter_subjects: string[] },
): Promise<void> {
  await translated(link, `update consumer ${name} on ${stream}`, () =>
    // The server refuses one filter and a list of them together.
    link.jsm.consumers.update(stream, name, { ...fields, filter_subject: '' }),
  );
}

/**
 * Has the server deliver nothing from a consumer until then, or go on at once; what is in hand stays so. Servers before 2.11
 * answer that they don't know this.
 */
export async function pauseUntil(
  link: Link,
  stream: string,
  name: string,
  until: Date | undefined,
): Promise<void> {
  const { consumers } = link.jsm;
  await translated(link, `${until ? 'pause' : 'resume'} consumer ${name} on ${stream}`, () =>
    until ? consumers.pause(stream, name, until) : consumers.resume(stream, name),
  );
}

/** Deletes a consumer with its position. False: it was not there. */
export async function deleteConsumer(link: Link, stream: string, name: string): Promise<boolean> {
  try {
    return await link.jsm.consumers.delete(stream, name);
  } catch (error) {
    const code = apiCodeOf(error);
    if (code === apiCode.consumerNotFound || code === apiCode.streamNotFound) return false;
    throw link.translate(error, `delete consumer ${name} on ${stream}`);
  }
}

/**
 * Makes a consumer that reads and acknowledges nothing, in memory; the server removes it when nothing has pulled from
 * it for `inactiveMs`.
 *
 * Its name stands in the subject of the request: with the client's own request for a list of filters it would
 * stand in the body alone, where a permission can't keep it from being the name of another user's consumer.
 */
export async function createReader(
  link: Link,
  stream: string,
  fields: ReadingFields & { readonly headers_only?: boolean; readonly inactiveMs: number },
): Promise<ConsumerInfo> {
  const { inactiveMs, ...reading } = fields;
  const name = `reader-${link.clock.uuid()}`;
  const config = {
    ...reading,
    name,
    ack_policy: 'none',
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: inactiveMs * 1_000_000,
  };
  return createNamed(link, stream, name, config);
}

/** Makes a consumer, unless one of that name exists with another config; its name stands in the subject too. */
export async function createNamed(
  link: Link,
  stream: string,
  name: string,
  config: object,
): Promise<ConsumerInfo> {
  return translated(link, `read stream ${stream}`, async () => {
    const reply = await link.nc.request(
      `${link.apiPrefix}.CONSUMER.CREATE.${stream}.${name}`,
      JSON.stringify({ stream_name: stream, config, action: 'create' }),
      { timeout: link.target.timeoutMs },
    );
    const answer = readAnswer(reply) as ConsumerInfo & { error?: ApiError };
    if (answer.error) throw new JetStreamApiError(answer.error);
    return answer;
  });
}

/** Where a consumer would start, and what it would read. */
export type ReadingFields = Pick<ConsumerFields, 'deliver_policy' | 'opt_start_seq' | 'opt_start_time'> & {
  readonly filter_subjects?: readonly string[];
};

/**
 * How many stored messages a consumer that starts like this would get. Undefined: the server or its
 * permissions don't let us count. Not for a workqueue, whose messages have one reader each.
 *
 * Counts with a consumer in memory that is deleted at once; nothing else of the server's API counts exactly.
 */
export async function countDeliverable(
  link: Link,
  stream: string,
  reading: ReadingFields,
): Promise<number | undefined> {
  try {
    const info = await createReader(link, stream, { ...reading, inactiveMs: 5000 });
    await deleteConsumer(link, stream, info.name);
    return info.num_pending;
  } catch (error) {
    const known = translateError(error, `count the messages of ${stream}`);
    if (known instanceof OperationError || known instanceof NotAllowedError) return undefined;
    throw known;
  }
}
