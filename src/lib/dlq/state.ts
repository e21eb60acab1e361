import type { Pipeline } from '../pipeline/pipeline.js';
import { atStage, type Key } from '../domain/key.js';
import { expiresAt, type StreamLife } from '../domain/message-ttl.js';
import type { Pointer } from '../domain/pointer.js';
import type { Wanted } from '../domain/standing-records.js';
import { anyRecord } from '../journal/read.js';
import type { Link } from '../nats/link.js';
import type { StoredMessage } from '../nats/wire/message.js';
import { lifeOf, ttlOf } from '../nats/stream-life.js';

/** A key of the event and consumer that a dead letter is about. */
export function keyOf(pointer: Pointer, stage: Key['stage'], cycle = pointer.cycle): Key {
  const { consumer, origin } = pointer;
  return { tier: 'business', consumer, origin, stage, cycle };
}

/** Any of these: a handler succeeded after all, after its event had been given up, so nothing is left to be replayed. */
export function resolvedRecords(pointer: Pointer): Wanted[] {
  const retry = keyOf(pointer, 'retry');
  return [
    [retry, 'RESOLVED'],
    [atStage(retry, 'main'), 'RESOLVED'],
  ];
}

export async function isResolved(pipeline: Pipeline, pointer: Pointer): Promise<boolean> {
  return (await anyRecord(pipeline, resolvedRecords(pointer))) !== undefined;
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
