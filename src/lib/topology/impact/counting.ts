import type { Link } from '../../nats/link.js';
import {
  type ConsumerInfo,
  countDeliverable,
  type ReadingFields,
  type StreamInfo,
} from '../../nats/objects.js';
import type { DesiredConsumer } from '../desired.js';

/** A consumer as it is wanted, and as it and its stream are. */
export interface ConsumerSubject {
  readonly desired: DesiredConsumer;
  readonly stream: StreamInfo;
  readonly info: ConsumerInfo;
}

export function isQueue({ config }: StreamInfo): boolean {
  return config.retention === 'workqueue';
}

/** All that is in a consumer's part of a workqueue: whatever was acked is no longer there. */
export function queued(info: ConsumerInfo): number {
  return info.num_pending + info.num_ack_pending;
}

/** Stored messages that a consumer that reads like this would get. Null: can't be counted. */
export async function countStored(
  link: Link,
  stream: StreamInfo,
  reading: ReadingFields,
): Promise<number | null> {
  if (stream.state.messages === 0) return 0;
  return (await countDeliverable(link, stream.config.name, reading)) ?? null;
}

/** Stored messages from a sequence on. */
export function countFrom(
  link: Link,
  stream: StreamInfo,
  filters: readonly string[],
  seq: number,
): Promise<number | null> {
  return countStored(link, stream, {
    deliver_policy: 'by_start_sequence',
    opt_start_seq: Math.max(1, seq),
    filter_subjects: filters,
  });
}
