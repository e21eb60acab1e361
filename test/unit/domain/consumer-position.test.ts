import { expect, test } from 'vitest';
import { type ConsumerProgress, positionOf } from '../../../src/lib/domain/consumer-position.js';

const info = (delivered: number, floor: number, pending: number): ConsumerProgress => ({
  delivered: { stream_seq: delivered },
  ack_floor: { stream_seq: floor },
  num_ack_pending: pending,
});

test.each([
  ['beyond what was delivered', info(10, 5, 2), 11, 'waiting'],
  ['up to the floor', info(10, 5, 2), 5, 'acked'],
  ['between the two, while something is unacknowledged', info(10, 5, 2), 6, 'unknown'],
  ['delivered, and nothing is unacknowledged, whatever the floor says', info(10, 0, 0), 10, 'acked'],
  ['a consumer that began never', info(0, 0, 0), 1, 'waiting'],
] as const)('%s', (_what, given, seq, position) => {
  expect(positionOf(given, seq)).toBe(position);
});
