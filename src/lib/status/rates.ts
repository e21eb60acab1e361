import type { StreamInfo } from '../nats/objects.js';
import { type ConsumerLook, lastActiveMs, type Look } from './look.js';

const hourMs = 3_600_000;
/** Of less time nothing is said. */
const shortestMs = 60_000;
/** Silent for so long: it delivers nothing. */
const idleMs = 10_000;

/**
 * Bytes an hour, as far as one look tells: what is there came since the oldest of it. Null: nothing is there, for too short
 * a time, or what is done leaves the stream.
 */
export function growthSoFar(
  { config, state }: Pick<StreamInfo, 'config' | 'state'>,
  atMs: number,
): number | null {
  if (config.retention !== 'limits' || state.messages === 0) return null;
  const ageMs = atMs - Date.parse(state.first_ts);
  return ageMs >= shortestMs ? Math.round((state.bytes / ageMs) * hourMs) : null;
}

/** Bytes an hour between two looks; negative where more left than came. */
export function growthBetween(
  before: Pick<StreamInfo, 'created' | 'state'>,
  after: Pick<StreamInfo, 'created' | 'state'>,
  ms: number,
): number | null {
  if (ms <= 0 || before.created !== after.created) return null;
  return Math.round(((after.state.bytes - before.state.bytes) / ms) * hourMs);
}

/** Nothing was delivered for a while, so one look tells the rate: none. */
export function isIdle({ info }: Pick<ConsumerLook, 'info'>, atMs: number): boolean {
  return info === undefined || atMs - lastActiveMs(info) > idleMs;
}

/** Deliveries a second between two looks, those that were repeated included. Null: unknown, it was made anew. */
export function deliveriesBetween(before: ConsumerLook, after: ConsumerLook, ms: number): number | null {
  if (!before.info || !after.info || ms <= 0 || before.info.created !== after.info.created) return null;
  const count = after.info.delivered.consumer_seq - before.info.delivered.consumer_seq;
  // Somebody has set it back.
  return count < 0 ? null : round((count / ms) * 1000);
}

/** As many digits as mean something. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** The same consumer in another look. */
export function consumerIn(look: Look, { stream, consumer }: ConsumerLook): ConsumerLook | undefined {
  return look.consumers.find((one) => one.stream === stream && one.consumer === consumer);
}
