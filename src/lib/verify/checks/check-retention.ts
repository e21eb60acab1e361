import type { Pipeline } from '../../pipeline/pipeline.js';
import { externalNamed, type PipelineConfig } from '../../config/resolved.js';
import { formatDuration } from '../../domain/duration.js';
import { expiresAtMs } from '../../domain/message-ttl.js';
import { isoOfNanos, msOfNanos } from '../../domain/time.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { ConsumerInfo, StreamInfo } from '../../nats/objects.js';
import { lifeOf, ttlOf } from '../../nats/stream-life.js';
import { OldestUnprocessed } from '../../status/oldest-unprocessed.js';
import type { Problem, Warning } from '../verification.js';

/** Past this part of its life an unprocessed message is a warning; past the other one a problem. */
const warnFrom = 0.5;
const failFrom = 0.9;
/** A size limit that is used up to this part evicts soon. */
const nearlyFull = 0.9;

export interface RetentionCheck {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

/** Does each consumer get to its messages before its stream evicts them? */
export async function checkRetention(
  pipeline: Pipeline,
  streams: ReadonlyMap<string, StreamInfo>,
  consumers: readonly ConsumerInfo[],
  nowMs: number,
): Promise<RetentionCheck> {
  const { link, config } = pipeline;
  const unprocessed = new OldestUnprocessed(link);
  const problems: Problem[] = [];
  const warnings: Warning[] = [...streams.values()].flatMap(fullness);
  for (const info of consumers) {
    if (info.num_pending + info.num_ack_pending === 0) continue;
    if ((info.num_waiting ?? 0) === 0) warnings.push(notRunning(info));
    const stream = streams.get(info.stream_name);
    if (!stream) continue;
    const memoryMs = memoryOf(config, stream, info);
    if (!evicts(stream) && memoryMs === 0) continue;
    const oldest = await unprocessed.of(info, isExternal(config, info));
    if (!oldest) continue;
    const found = lagOf(stream, info, oldest, nowMs);
    const forgotten = found ? undefined : forgottenOf(memoryMs, info, oldest, nowMs);
    if (found?.soon) problems.push(behind(info, found.detail));
    else if (found) warnings.push({ kind: 'behind', detail: `${info.name}: ${found.detail}` });
    else if (forgotten !== undefined) {
      warnings.push({ kind: 'behind', detail: `${info.name}: ${forgotten}` });
    }
  }
  return { problems, warnings };
}

/**
 * How long the journal keeps what is known about a consumer's oldest message, where that may end before the message
 * does; 0: it does not. The attempts of an event that nothing runs may be as old as the event; those of one in hand are new.
 */
function memoryOf({ streams }: PipelineConfig, stream: StreamInfo, info: ConsumerInfo): number {
  const { advisories, events, retry } = streams;
  const { maxAgeMs } = advisories;
  const ownMs = stream.config.max_age / 1_000_000;
  if (ownMs > 0 && ownMs <= maxAgeMs) return 0;
  const left = info.num_ack_pending > 0 && (info.num_waiting ?? 0) === 0;
  const isRemembered = info.stream_name === retry.name || (info.stream_name === events.name && left);
  return isRemembered ? maxAgeMs : 0;
}

function forgottenOf(
  memoryMs: number,
  info: ConsumerInfo,
  oldest: StoredMessage,
  nowMs: number,
): string | undefined {
  const leftMs = memoryMs - (nowMs - msOfNanos(oldest.time));
  if (memoryMs === 0 || leftMs > memoryMs * (1 - warnFrom)) return undefined;
  const when = leftMs > 0 ? `forgets its attempts in ${roundly(leftMs)}` : 'may have forgotten its attempts';
  return `${describe(info, oldest)}: the journal ${when}`;
}

function describe(info: ConsumerInfo, oldest: StoredMessage): string {
  const waiting = info.num_pending + info.num_ack_pending;
  return `${waiting} unprocessed in ${info.stream_name}, the oldest (${oldest.seq}) from ${isoOfNanos(oldest.time)}`;
}

function roundly(ms: number): string {
  return formatDuration(Math.max(0, Math.round(ms / 1000) * 1000));
}

function evicts({ config }: StreamInfo): boolean {
  const bySize = config.discard === 'old' && (config.max_msgs > 0 || config.max_bytes > 0);
  return config.max_age > 0 || config.allow_msg_ttl === true || bySize;
}

function isExternal(config: PipelineConfig, { name, stream_name: stream }: ConsumerInfo): boolean {
  return stream === config.streams.events.name && externalNamed(config, name) !== undefined;
}

interface Lag {
  /** Its oldest message is about to be evicted. */
  readonly soon: boolean;
  readonly detail: string;
}

function lagOf(
  stream: StreamInfo,
  info: ConsumerInfo,
  oldest: StoredMessage,
  nowMs: number,
): Lag | undefined {
  const { config, state } = stream;
  const what = describe(info, oldest);
  const full = config.discard === 'old' && usedPart(config, state) >= nearlyFull;
  // A full stream evicts its first messages: the tenth of it that goes next.
  const inFirstTenth = oldest.seq - state.first_seq < state.messages * (1 - failFrom);
  if (full && inFirstTenth) {
    return { soon: true, detail: `${what}, is among those that the size limit evicts next` };
  }
  const endsAtMs = expiresAtMs(oldest.time, ttlOf(oldest), lifeOf(stream));
  const bornAtMs = msOfNanos(oldest.time);
  const lifeMs = endsAtMs - bornAtMs;
  const ageMs = nowMs - bornAtMs;
  if (lifeMs === Number.POSITIVE_INFINITY || ageMs < lifeMs * warnFrom) return undefined;
  return {
    soon: ageMs >= lifeMs * failFrom,
    detail: `${what}, is evicted by age in ${roundly(endsAtMs - nowMs)}`,
  };
}

function behind({ name, stream_name: stream }: ConsumerInfo, detail: string): Problem {
  return { kind: 'behind', consumer: name, stream, detail, repairable: false };
}

function usedPart(config: StreamInfo['config'], state: StreamInfo['state']): number {
  return Math.max(
    config.max_msgs > 0 ? state.messages / config.max_msgs : 0,
    config.max_bytes > 0 ? state.bytes / config.max_bytes : 0,
  );
}

function fullness({ config, state }: StreamInfo): Warning[] {
  const part = usedPart(config, state);
  if (config.discard === 'old' || part < nearlyFull) return [];
  const detail = `${config.name} is ${Math.floor(part * 100)} % full, and refuses messages when it is full: the pipeline then waits until it has room`;
  return [{ kind: 'nearly-full', detail }];
}

function notRunning({ name, num_pending: pending, num_ack_pending: unacked }: ConsumerInfo): Warning {
  return {
    kind: 'not-running',
    detail: `nothing is running ${name} now: ${pending} not delivered yet, ${unacked} not acknowledged`,
  };
}
