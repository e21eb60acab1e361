import { formatDuration } from '../../domain/duration.js';
import { expiresAtMs } from '../../domain/message-ttl.js';
import { msOfNanos } from '../../domain/time.js';
import { lifeOf, ttlOf } from '../../nats/stream-life.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type ConsumerLook, isServed, type Look, type StreamLook, workOf } from '../look.js';
import { OldestUnprocessed } from '../oldest-unprocessed.js';
import type { HealthCheck, HealthStatus } from './pipeline-health.js';
import { judge, lifeLevels, type Thresholds } from './thresholds.js';

/** Is each consumer there and delivering, run by somebody, and not behind? */
export async function checkConsumers(
  { link }: Pipeline,
  look: Look,
  limits: Thresholds,
): Promise<HealthCheck[]> {
  const oldest = new OldestUnprocessed(link);
  const streams = new Map(look.streams.map((one) => [one.name, one]));
  const checks = await Promise.all(
    look.consumers.map(async (one) => {
      if (!one.info) return [isThere(one)];
      const stream = streams.get(one.stream);
      const first = removesByAge(stream) ? await oldest.of(one.info, one.external) : undefined;
      return [
        isThere(one),
        lag(one, limits),
        nobodyRuns(one, look.atMs),
        ...(stream && removesByAge(stream) ? [unprocessed(one, stream, first, look.atMs)] : []),
      ];
    }),
  );
  return checks.flat();
}

function isThere(one: ConsumerLook): HealthCheck {
  const { standstill, consumer } = one;
  return {
    name: 'consumer',
    about: consumer,
    status: standstill === undefined ? 'ok' : badness(one),
    value: null,
    warn: null,
    critical: null,
    message: standstill?.detail ?? 'it delivers',
  };
}

/** What somebody has paused, and has nothing to do, holds nothing up. */
function badness({ info, standstill }: ConsumerLook): HealthStatus {
  if (!info || standstill?.kind !== 'paused') return 'critical';
  return workOf({ info }) > 0 ? 'degraded' : 'ok';
}

function lag({ consumer, info }: ConsumerLook, limits: Thresholds): HealthCheck {
  const { degraded, critical } = limits.lag;
  const value = info?.num_pending ?? 0;
  const status = judge(value, limits.lag);
  const over = status === 'ok' ? '' : `, more than ${status === 'critical' ? critical : degraded}`;
  return {
    name: 'lag',
    about: consumer,
    status,
    value,
    warn: degraded,
    critical,
    message: `${value} waiting${over}`,
  };
}

function nobodyRuns(one: ConsumerLook, atMs: number): HealthCheck {
  const work = workOf(one);
  const value = isServed(one, atMs) ? 0 : work;
  const message =
    value > 0
      ? `nobody takes its ${value} message${value === 1 ? '' : 's'}`
      : work > 0
        ? 'somebody runs it'
        : 'it has no work';
  const status = value > 0 ? 'degraded' : 'ok';
  return { name: 'nobodyRuns', about: one.consumer, status, value, warn: 0, critical: null, message };
}

function removesByAge(stream: StreamLook | undefined): boolean {
  return (stream?.info?.config.max_age ?? 0) > 0;
}

function unprocessed(
  { consumer }: ConsumerLook,
  { info }: StreamLook,
  first: StoredMessage | undefined,
  atMs: number,
): HealthCheck {
  const life = lifeOf(info);
  const bornMs = first ? msOfNanos(first.time) : atMs;
  const lifeMs = first ? expiresAtMs(first.time, ttlOf(first), life) - bornMs : life.maxAgeMs;
  const ageMs = Math.max(0, atMs - bornMs);
  const status = judge(ageMs / lifeMs, lifeLevels);
  const [degraded, critical] = [lifeMs * lifeLevels.degraded, lifeMs * lifeLevels.critical];
  const leftMs = Math.max(0, lifeMs - ageMs);
  const over = status === 'ok' ? '' : `: it is removed in ${inSeconds(leftMs)}`;
  return {
    name: 'unprocessed',
    about: consumer,
    status,
    value: Math.floor(ageMs / 1000),
    warn: seconds(degraded),
    critical: seconds(critical),
    message: first ? `the oldest unprocessed is ${inSeconds(ageMs)} old${over}` : 'all is processed',
  };
}

/** Of what is never removed there is none. */
function seconds(ms: number): number | null {
  return Number.isFinite(ms) ? ms / 1000 : null;
}

function inSeconds(ms: number): string {
  return formatDuration(Math.floor(ms / 1000) * 1000);
}
