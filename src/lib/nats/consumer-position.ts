import type { ConsumerInfo } from './objects.js';

/**
 * How far a consumer has got with a message, as far as its state tells; the server names no single sequences.
 * `waiting`: not delivered yet. `acked`: delivered and acknowledged. `unknown`: delivered, and either not
 * acknowledged yet (being worked on, or in backoff), or acknowledged before an older message was.
 */
export type Position = 'waiting' | 'acked' | 'unknown';

export function positionOf(
  info: Pick<ConsumerInfo, 'delivered' | 'ack_floor' | 'num_ack_pending'>,
  seq: number,
): Position {
  if (seq > info.delivered.stream_seq) return 'waiting';
  // The floor may lag behind; that nothing is pending never does.
  return info.num_ack_pending === 0 || seq <= info.ack_floor.stream_seq ? 'acked' : 'unknown';
}
