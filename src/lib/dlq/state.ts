import type { PipelineConfig } from '../config/resolved.js';
import type { Key, Origin } from '../domain/key.js';
import type { Pointer } from '../domain/pointer.js';
import { msOfNanos } from '../domain/time.js';
import { anyRecord, atStage, type Wanted } from '../journal/read.js';
import type { Link } from '../nats/link.js';
import { journalOf } from '../routing/route.js';

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

export async function isResolved(link: Link, config: PipelineConfig, pointer: Pointer): Promise<boolean> {
  return (await anyRecord(link, journalOf(config), resolvedRecords(pointer))) !== undefined;
}

/** When an event ages out of its stream, by the server's own limit. Asks the server once a stream. */
export class Expiry {
  private readonly maxAges = new Map<string, Promise<number>>();

  constructor(private readonly link: Link) {}

  /** ISO time; null: never. */
  async of(origin: Origin): Promise<string | null> {
    const { stream, time } = origin;
    let maxAgeMs = this.maxAges.get(stream);
    if (!maxAgeMs) {
      maxAgeMs = this.link.streamInfo(stream).then((info) => (info?.config.max_age ?? 0) / 1_000_000);
      this.maxAges.set(stream, maxAgeMs);
    }
    const ms = await maxAgeMs;
    return ms === 0 ? null : new Date(msOfNanos(time) + ms).toISOString();
  }
}
