import { OperationError } from '../errors.js';
import { sameOrigin } from '../domain/key.js';
import {
  decodePointer,
  encodePointer,
  type Pointer,
  pointerHeader,
  pointerHeaders,
} from '../domain/pointer.js';
import { smallerPointers } from '../domain/smaller.js';
import { pointerSubject } from '../domain/subjects.js';
import type { Place } from '../pipeline/places.js';
import { WrongSequenceError } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import { headerOf, type StoredMessage } from '../nats/wire/message.js';
import { storeFitting } from '../nats/wire/store-fitting.js';

const maxRaces = 20;

/**
 * Puts a pointer where it belongs, once: a compare-and-set on its subject. The only writer of pointers.
 *
 * One that is there already for the same event with the same or a later cycle stays. Repeating it is safe at
 * any time, and one that is too large is made smaller; no message id is used, since a "duplicate" would not prove that the pointer is still there.
 */
export async function writePointer(
  link: Link,
  place: Place,
  pointer: Pointer,
): Promise<{ readonly seq: number; readonly written: boolean }> {
  const subject = pointerSubject(place.root, pointer.consumer, pointer.origin.seq);
  // Most subjects are empty: the first try assumes it, and the refusal is the read.
  let lastSeq = 0;
  for (let race = 0; race < maxRaces; race++) {
    try {
      const fitting = { version: pointer, smaller: () => smallerPointers(pointer) };
      const conditions = { expectLastSubjectSeq: lastSeq, expectStream: place.stream };
      const ack = await storeFitting(link, place.stream, fitting, (version) =>
        link.publish(subject, encodePointer(version), { headers: pointerHeaders(version), ...conditions }),
      );
      return { seq: ack.seq, written: true };
    } catch (error) {
      if (!(error instanceof WrongSequenceError)) throw error;
      const last = await link.readLast(place.stream, subject);
      if (last && covers(last, pointer)) return { seq: last.seq, written: false };
      lastSeq = last?.seq ?? 0;
    }
  }
  throw new OperationError(`${subject}: ${maxRaces} other writers came first`, { code: 'CONTENDED' });
}

/**
 * What is there already makes the wanted pointer needless: the same event, as far or further; or an event that
 * came later to the same place, in a recreated stream: the older one's original is gone, so it must not take the
 * newer one's pointer away.
 */
function covers(there: StoredMessage, wanted: Pointer): boolean {
  const found = readPointer(there);
  if (!found) return false;
  if (sameOrigin(found.origin, wanted.origin)) return found.cycle >= wanted.cycle;
  return (
    found.origin.stream === wanted.origin.stream && BigInt(found.origin.time) > BigInt(wanted.origin.time)
  );
}

/** The pointer in a stored message, or undefined when it is none. */
export function readPointer(message: StoredMessage): Pointer | undefined {
  const decoded = decodePointer(message.data, headerOf(message.headers, pointerHeader.notBefore));
  return decoded.ok ? decoded.value : undefined;
}

/** The last pointer of a consumer and sequence, with where it stands, from the stream's leader. */
export async function lastPointer(
  link: Link,
  place: Place,
  consumer: string,
  seq: number,
): Promise<StoredMessage | undefined> {
  return link.readLast(place.stream, pointerSubject(place.root, consumer, seq));
}
