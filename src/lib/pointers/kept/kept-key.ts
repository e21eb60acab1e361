import type { Key } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';

/** What KEPT is about, whatever the cycle and the stage in which it is kept: one record of each consumer and event. */
export function keptKey({ consumer, origin }: Pick<Pointer, 'consumer' | 'origin'>): Key {
  return { tier: 'business', consumer, origin, stage: 'dlq', cycle: 0 };
}
