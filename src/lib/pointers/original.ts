import { type Origin, sameMsgId } from '../domain/key.js';
import { apiCodeOf } from '../nats/errors.js';
import { apiCode } from '../nats/wire/api-code.js';
import type { Link } from '../nats/link.js';
import { headerOf, msgIdHeader, type StoredMessage } from '../nats/wire/message.js';

/** What became of the event that a pointer names. */
export type Original =
  | {
      readonly state: 'present';
      readonly message: StoredMessage;
      /** Its stream does not have it any more: this is what was kept of it. */
      readonly kept?: true;
      /** A person has edited it. */
      readonly edited?: true;
    }
  /** Nothing stands at its sequence: it aged out, was evicted or deleted, or its whole stream is gone. */
  | { readonly state: 'missing' }
  /** Another event stands there: the stream was recreated. */
  | { readonly state: 'replaced' };

/** The event itself, never another one: sequence, subject, message id and time must all agree. */
export async function fetchOriginal(link: Link, origin: Origin): Promise<Original> {
  // Only a shortcut: a stream without direct reads, or a replica that is gone, leaves it to the leader.
  const near = await link.readNear(origin.stream, origin.seq);
  if (near && isOriginal(near, origin)) return { state: 'present', message: near };
  return fetchFromLeader(link, origin);
}

/**
 * What became of each of these events, in their order. Each is read, as by `fetchOriginal`; those that stand near
 * each other are read together.
 */
export async function statesOfOriginals(
  link: Link,
  origins: readonly Origin[],
): Promise<Original['state'][]> {
  const near = new Map(origins.map(({ stream }) => [stream, new Map<number, StoredMessage>()]));
  await Promise.all(
    [...near].map(([stream, found]) => {
      const seqs = origins.filter((origin) => origin.stream === stream).map(({ seq }) => seq);
      // Nothing but the payload may be large, and that is not compared.
      return link.readEach(stream, seqs, (message) => found.set(message.seq, { ...message, data: noData }));
    }),
  );
  return Promise.all(
    origins.map(async (origin) => {
      const message = near.get(origin.stream)?.get(origin.seq);
      if (message && isOriginal(message, origin)) return 'present';
      return (await fetchFromLeader(link, origin)).state;
    }),
  );
}

const noData = new Uint8Array();

/** A replica may lag behind: only the leader's word counts that an event is gone. */
async function fetchFromLeader(link: Link, origin: Origin): Promise<Original> {
  const message = await readFromLeader(link, origin);
  if (!message) return { state: 'missing' };
  return isOriginal(message, origin) ? { state: 'present', message } : { state: 'replaced' };
}

async function readFromLeader(link: Link, { stream, seq }: Origin): Promise<StoredMessage | undefined> {
  try {
    return await link.readFromLeader(stream, seq);
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
    throw error;
  }
}

export function isOriginal(message: StoredMessage, origin: Origin): boolean {
  return (
    message.seq === origin.seq &&
    message.time === origin.time &&
    message.subject === origin.subject &&
    sameMsgId(headerOf(message.headers, msgIdHeader), origin.msgId)
  );
}
