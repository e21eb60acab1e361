import { type Decoded, decodeObject, isCount, isText, malformed } from './decode.js';
import type { ExhaustionKind } from './record-kinds.js';

/** The server's own advisory that a consumer gave up on a message (`io.nats.jetstream.advisory.v1.*`). */
export interface NativeAdvisory {
  /** `MAX_DELIVERIES`, or `MSG_TERMINATED`. */
  readonly kind: ExhaustionKind;
  /** Random for each emission, also when the server repeats itself: never an identity. */
  readonly id: string;
  /** When the server gave up, RFC 3339. */
  readonly timestamp: string;
  /** The stream of the message. */
  readonly stream: string;
  /** The consumer's name on the server. */
  readonly consumer: string;
  /** Sequence of the message in its stream. */
  readonly streamSeq: number;
  /** How often the message was delivered. */
  readonly deliveries: number;
  /** In the server's words, where it gives one. */
  readonly reason?: string;
  /** The JetStream domain of the consumer, where its server has one. */
  readonly domain?: string;
}

const kindOfType: Readonly<Record<string, ExhaustionKind>> = {
  'io.nats.jetstream.advisory.v1.max_deliver': 'MAX_DELIVERIES',
  'io.nats.jetstream.advisory.v1.terminated': 'MSG_TERMINATED',
};

/** The server's wire names of the two kinds; our exhaustion records carry the same. */
export const advisoryType: Readonly<Record<ExhaustionKind, string>> = {
  MAX_DELIVERIES: 'io.nats.jetstream.advisory.v1.max_deliver',
  MSG_TERMINATED: 'io.nats.jetstream.advisory.v1.terminated',
};

/** With these reasons the server says that it removed a message that was not acknowledged: an event was lost. */
const lossReasons: readonly string[] = [
  'Unacknowledged message was deleted',
  'Message deleted by stream limits',
];

export function isLoss(advisory: NativeAdvisory): boolean {
  return advisory.reason !== undefined && lossReasons.includes(advisory.reason);
}

export function decodeAdvisory(bytes: Uint8Array): Decoded<NativeAdvisory> {
  const decoded = decodeObject(bytes);
  if (!decoded.ok) return decoded;
  const { type, id, timestamp, stream, consumer, stream_seq, deliveries, reason, domain } = decoded.value;
  const kind = typeof type === 'string' && Object.hasOwn(kindOfType, type) ? kindOfType[type] : undefined;
  if (!kind) return malformed(`type: expected ${Object.values(advisoryType).join(' or ')}`);
  if (!isText(stream) || !isText(consumer)) return malformed('stream, consumer: expected names');
  if (!isCount(stream_seq) || !isCount(deliveries))
    return malformed('stream_seq, deliveries: expected counts');
  if (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp)))
    return malformed('timestamp: expected RFC 3339');
  return {
    ok: true,
    value: {
      kind,
      id: typeof id === 'string' ? id : '',
      timestamp,
      stream,
      consumer,
      streamSeq: stream_seq,
      deliveries,
      ...(isText(reason) ? { reason } : {}),
      ...(isText(domain) ? { domain } : {}),
    },
  };
}
