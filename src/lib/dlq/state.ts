import type { Pipeline } from '../pipeline/pipeline.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { type Key, sameOrigin } from '../domain/key.js';
import { expiresAt, type StreamLife } from '../domain/message-ttl.js';
import type { Pointer } from '../domain/pointer.js';
import { recordsBehindLetter, recordsOfSuccess, type Wanted } from '../domain/standing-records.js';
import { type LetterStanding, standingOfLetter } from '../domain/standing.js';
import { recordsOfEach } from '../journal/read.js';
import type { Link } from '../nats/link.js';
import type { StoredMessage } from '../nats/wire/message.js';
import { lifeOf, ttlOf } from '../nats/stream-life.js';
import { lastPointer, readPointer } from '../pointers/write-pointer.js';

/** A key of the event and consumer that a dead letter is about. */
export function keyOf(pointer: Pointer, stage: Key['stage'], cycle = pointer.cycle): Key {
  const { consumer, origin } = pointer;
  return { tier: 'business', consumer, origin, stage, cycle };
}

/** Of a dead letter of the meta-consumer: its number is that of a record in the journal. */
export function isMeta({ consumer }: Pointer): boolean {
  return consumer === metaConsumers.main;
}

/** The key of a dead letter itself: what its end is journaled under. */
export function letterKey(pointer: Pointer): Key {
  const key = keyOf(pointer, 'dlq');
  return isMeta(pointer) ? { ...key, tier: 'meta' } : key;
}

/** What became of each of these dead letters, in their order, by one question to the journal. */
export function standingsOfLetters(
  pipeline: Pipeline,
  pointers: readonly Pointer[],
): Promise<LetterStanding[]> {
  return lettersBy(pipeline, pointers, recordsBehindLetter);
}

/** Did a handler succeed after its event had been given up, so that nothing is left to be replayed? In their order. */
export async function areResolvedLate(pipeline: Pipeline, pointers: readonly Pointer[]): Promise<boolean[]> {
  // A record of the journal is not an event that a handler could succeed with.
  const recordsOf = (key: Key): Wanted[] => (key.tier === 'meta' ? [] : recordsOfSuccess(key));
  const standings = await lettersBy(pipeline, pointers, recordsOf);
  return standings.map(({ is }) => is === 'resolved-late');
}

export const replayBegun =
  'its replay was interrupted, and its event is on its way: replay it again to remove it from the DLQ';

export const archiveBegun =
  'its archiving, or its restore, was interrupted: archive it again, or restore it, first';

/** A replay is under way, or was interrupted, and wrote no more than the pointer of the next cycle. */
export async function isWaitingAgain({ link, places }: Pipeline, pointer: Pointer): Promise<boolean> {
  const message = await lastPointer(link, places.retry, pointer.consumer, pointer.origin.seq);
  const waiting = message && readPointer(message);
  return waiting !== undefined && sameOrigin(waiting.origin, pointer.origin) && waiting.cycle > pointer.cycle;
}

async function lettersBy(
  pipeline: Pipeline,
  pointers: readonly Pointer[],
  recordsOf: (key: Key) => Wanted[],
): Promise<LetterStanding[]> {
  const questions = pointers.map((pointer) => recordsOf(letterKey(pointer)));
  const found = await recordsOfEach(pipeline, questions);
  return pointers.map(({ cycle }, i) => standingOfLetter(cycle, found[i] ?? []));
}

/** When a message leaves its stream by age: by the server's own limit, or by a life of its own. Asks once a stream. */
export class Expiry {
  private readonly lives = new Map<string, Promise<StreamLife>>();

  constructor(private readonly link: Link) {}

  /** ISO time; null: never. */
  async of(message: StoredMessage): Promise<string | null> {
    const { stream, time } = message;
    let life = this.lives.get(stream);
    if (!life) {
      life = this.link.streamInfo(stream).then(lifeOf);
      this.lives.set(stream, life);
    }
    return expiresAt(time, ttlOf(message), await life);
  }
}
