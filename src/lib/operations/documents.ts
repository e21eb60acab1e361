import { type Decoded, decodeObject, type JsonObject } from '../domain/decode.js';
import { isoOfMs, isoOfNanos } from '../domain/time.js';
import { OperationError } from '../errors.js';
import { apiCodeOf, WrongSequenceError } from '../nats/errors.js';
import { apiCode } from '../nats/wire/api-code.js';
import type { Link } from '../nats/link.js';
import { readStream } from '../nats/read/read-stream.js';
import type { StoredMessage } from '../nats/wire/message.js';
import { storeFitting } from '../nats/wire/store-fitting.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** A document as it stands. */
export interface StoredDocument<T> {
  /** What it says. */
  readonly value: T;
  /** Its subject. */
  readonly subject: string;
  /** Its sequence in the stream: a newer version has a higher one. */
  readonly seq: number;
  /** When this version was stored, ISO. */
  readonly at: string;
}

/** What is stored may be foreign or of a newer version: then it has a reason instead of a value. */
export type Decode<T> = (object: JsonObject) => Decoded<T>;

const maxRaces = 20;

/**
 * The document of a subject, from the stream's leader; undefined: there is none, or the stream was not applied yet.
 *
 * Throws OperationError `UNREADABLE` for one that can't be read.
 */
export async function readDocument<T>(
  { link, places }: Pipeline,
  subject: string,
  decode: Decode<T>,
): Promise<StoredDocument<T> | undefined> {
  const message = await readLast(link, places.operations.stream, subject);
  return message && decoded(message, decode);
}

/**
 * Stores a document where none is. False: there was one already, and it stays. After a call whose answer got lost, it may
 * be one's own: the document itself must tell.
 */
export async function createDocument(pipeline: Pipeline, subject: string, value: object): Promise<boolean> {
  try {
    await store(pipeline, pipeline.places.operations.stream, subject, value, 0);
    return true;
  } catch (error) {
    if (!(error instanceof WrongSequenceError)) throw error;
    return false;
  }
}

/**
 * Changes the document of a subject, whoever else changes it at the same time: `change` is given the newest version
 * (undefined: none) and asked again when another one came in between, so its result must follow from what it is given.
 * It answers undefined where nothing is to be changed. Resolves with what stands there then.
 */
export async function updateDocument<T extends object>(
  pipeline: Pipeline,
  subject: string,
  decode: Decode<T>,
  change: (current: T | undefined) => T | undefined,
): Promise<StoredDocument<T> | undefined> {
  const { link, places, clock } = pipeline;
  for (let race = 0; race < maxRaces; race++) {
    const message = await readLast(link, places.operations.stream, subject);
    const current = message && decoded(message, decode);
    const value = change(current?.value);
    if (value === undefined) return current;
    try {
      const seq = await store(pipeline, places.operations.stream, subject, value, current?.seq ?? 0);
      return { value, subject, seq, at: isoOfMs(clock.now()) };
    } catch (error) {
      if (!(error instanceof WrongSequenceError)) throw error;
    }
  }
  throw new OperationError(`${subject}: ${maxRaces} other writers came first`, { code: 'CONTENDED' });
}

/** Removes a document, if it is still this version of it. False: it is not. */
export function deleteDocument({ link, places }: Pipeline, seq: number): Promise<boolean> {
  return link.deleteMessage(places.operations.stream, seq);
}

/**
 * The documents whose subjects match, in the order in which they were last changed; none where the stream was not applied
 * yet. What can't be read is left out, and told to `onMalformed`.
 */
export async function* listDocuments<T>(
  { link, places }: Pipeline,
  filter: string,
  decode: Decode<T>,
  onMalformed: (subject: string, reason: string) => void = () => {},
): AsyncGenerator<StoredDocument<T>> {
  const { stream } = places.operations;
  try {
    for await (const message of readStream(link, { stream, filters: [filter] })) {
      const found = decodeDocument(message, decode);
      if (found.ok) yield documentOf(message, found.value);
      else onMalformed(message.subject, found.reason);
    }
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'NO_STREAM') throw error;
  }
}

/**
 * As `listDocuments`, all at once, from the stream's leader, and by looking up alone: a running pipeline may make no
 * reader. In the order in which they were last changed.
 */
export async function readDocuments<T>(
  { link, places }: Pipeline,
  filter: string,
  decode: Decode<T>,
): Promise<StoredDocument<T>[]> {
  const { stream } = places.operations;
  const info = await link.streamInfo(stream, filter);
  const subjects = Object.keys(info?.state.subjects ?? {});
  if (subjects.length === 0) return [];
  const messages = [...(await link.readLastOfEach(stream, subjects)).values()];
  return messages
    .toSorted((a, b) => a.seq - b.seq)
    .flatMap((message) => {
      const found = decodeDocument(message, decode);
      return found.ok ? [documentOf(message, found.value)] : [];
    });
}

async function store(
  { link }: Pipeline,
  stream: string,
  subject: string,
  value: object,
  expectLastSubjectSeq: number,
): Promise<number> {
  const body = JSON.stringify(value);
  const conditions = { expectLastSubjectSeq, expectStream: stream };
  const whole = { version: body, smaller: () => [] };
  const { seq } = await storeFitting(link, stream, whole, (version) =>
    link.publish(subject, version, conditions),
  );
  return seq;
}

async function readLast(link: Link, stream: string, subject: string): Promise<StoredMessage | undefined> {
  try {
    return await link.readLast(stream, subject);
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
    throw error;
  }
}

function decodeDocument<T>({ data }: StoredMessage, decode: Decode<T>): Decoded<T> {
  const object = decodeObject(data);
  return object.ok ? decode(object.value) : object;
}

function decoded<T>(message: StoredMessage, decode: Decode<T>): StoredDocument<T> {
  const found = decodeDocument(message, decode);
  if (found.ok) return documentOf(message, found.value);
  const { stream, subject, seq } = message;
  throw new OperationError(`${stream} ${seq} (${subject}): ${found.reason}`, {
    code: 'UNREADABLE',
    suggestions: ['a newer version of plutomi-events may have written it: use that one'],
  });
}

function documentOf<T>({ subject, seq, time }: StoredMessage, value: T): StoredDocument<T> {
  return { value, subject, seq, at: isoOfNanos(time) };
}
