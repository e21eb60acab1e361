/**
 * How far a consumer has got with a message, as far as its state tells; the server names no single sequences.
 * `waiting`: not delivered yet. `acked`: delivered and acknowledged. `unknown`: delivered, and either not
 * acknowledged yet (being worked on, or in backoff), or acknowledged before an older message was.
 */
export type Position = 'waiting' | 'acked' | 'unknown';

/** What of a consumer's state says how far it has got, in the server's spelling. */
export interface ConsumerProgress {
  readonly delivered: { readonly stream_seq: number };
  readonly ack_floor: { readonly stream_seq: number };
  readonly num_ack_pending: number;
}

export function positionOf(info: ConsumerProgress, seq: number): Position {
  if (seq > info.delivered.stream_seq) return 'waiting';
  // The floor may lag behind; that nothing is pending never does.
  return info.num_ack_pending === 0 || seq <= info.ack_floor.stream_seq ? 'acked' : 'unknown';
}
