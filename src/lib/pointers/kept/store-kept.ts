import { hash } from 'node:crypto';
import {
  decodeKeptHead,
  encodeKeptHead,
  encodeParts,
  type KeptEvent,
  keptHeader,
  type KeptParts,
  keptPartHeader,
  keptPartSubject,
  keptSubject,
  type Version,
} from '../../domain/kept.js';
import { sameOrigin } from '../../domain/key.js';
import { OperationError } from '../../errors.js';
import { TooLargeError, WrongSequenceError } from '../../nats/errors.js';
import type { Link } from '../../nats/link.js';
import { headerOf, type StoredMessage } from '../../nats/wire/message.js';
import { storeFitting } from '../../nats/wire/store-fitting.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** The server refuses more than 64 KB of headers. */
const mostHeader = 32_768;
const [smallestPart, largestPart] = [512, 524_288];
const maxRaces = 20;

/** What is to be stored, and whether it may take the place of what stands there for the same event. */
interface Storing {
  readonly event: KeptEvent;
  readonly version: Version;
  readonly replaces: boolean;
}

/**
 * Keeps the original of an event for a consumer, once: a compare-and-set on its subject. Safe to repeat, by several at
 * once too. False: it was kept before, or a later event of a recreated stream is kept in its place.
 *
 * Throws TooLargeError where the stream takes not even parts of it, StoreFullError, NotAllowedError and `NO_STREAM`.
 */
export function keepOriginal(pipeline: Pipeline, event: KeptEvent): Promise<boolean> {
  return storeKept(pipeline, { event, version: 'original', replaces: false });
}

/** Keeps the version that a person made of an event for a cycle; an earlier one for the same cycle is replaced. */
export async function keepEdited(pipeline: Pipeline, event: KeptEvent, cycle: number): Promise<void> {
  await storeKept(pipeline, { event, version: cycle, replaces: true });
}

async function storeKept({ link, places }: Pipeline, storing: Storing): Promise<boolean> {
  const { stream, root } = places.kept;
  const { event, version } = storing;
  const subject = keptSubject(root, event.consumer, event.origin.seq, version);
  let lastSeq = 0;
  for (let race = 0; race < maxRaces; race++) {
    try {
      await write(link, places.kept, subject, event, lastSeq);
      return true;
    } catch (error) {
      if (!(error instanceof WrongSequenceError)) throw error;
      const last = await link.readLast(stream, subject);
      if (last && stays(last, storing)) return false;
      lastSeq = last?.seq ?? 0;
    }
  }
  throw new OperationError(`${subject}: ${maxRaces} other writers came first`, { code: 'CONTENDED' });
}

function stays(there: StoredMessage, { event: { origin }, replaces }: Storing): boolean {
  const found = decodeKeptHead(headerOf(there.headers, keptHeader));
  if (!found.ok) return false;
  if (sameOrigin(found.value.origin, origin)) return !replaces;
  return found.value.origin.stream === origin.stream && BigInt(found.value.origin.time) > BigInt(origin.time);
}

async function write(
  link: Link,
  { stream, root }: Pipeline['places']['kept'],
  subject: string,
  event: KeptEvent,
  expectLastSubjectSeq: number,
): Promise<void> {
  const conditions = { expectLastSubjectSeq, expectStream: stream };
  const whole = encodeKeptHead(event, { headers: event.headers });
  if (whole.length <= mostHeader) {
    try {
      const version = { version: event.data, smaller: () => [] };
      await storeFitting(link, stream, version, (data) =>
        link.publish(subject, data, { headers: { [keptHeader]: whole }, ...conditions }),
      );
      return;
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
    }
  }
  // The parts first: once the message that names them is there, it is whole.
  const parts = await writeParts(link, { stream, root }, subject, encodeParts(event));
  await link.publish(subject, '', {
    headers: { [keptHeader]: encodeKeptHead(event, { parts }) },
    ...conditions,
  });
}

/** A stream may take less than its server. */
async function writeParts(
  link: Link,
  { stream, root }: Pipeline['places']['kept'],
  subject: string,
  bytes: Buffer,
): Promise<KeptParts> {
  const sha256 = hash('sha256', bytes);
  for (let size = Math.min(largestPart, Math.floor(link.maxPayload / 2)); ; size = Math.floor(size / 4)) {
    const count = Math.ceil(bytes.length / size);
    try {
      for (let part = 0; part < count; part++) {
        const headers = { [keptPartHeader]: `${part}/${count}/${sha256}` };
        const piece = bytes.subarray(part * size, (part + 1) * size);
        await link.publish(keptPartSubject(root, subject, part), piece, { headers, expectStream: stream });
      }
      return { count, sha256 };
    } catch (error) {
      if (!(error instanceof TooLargeError) || size / 4 < smallestPart) throw error;
    }
  }
}
