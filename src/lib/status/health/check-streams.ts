import type { PipelineConfig, StreamRole } from '../../config/resolved.js';
import type { Look, StreamLook } from '../look.js';
import type { HealthCheck } from './pipeline-health.js';
import { judge, type Thresholds } from './thresholds.js';
import { usedPercent } from '../used-part.js';

/** Events flow without them. */
const workbench: readonly StreamRole[] = ['operations', 'kept'];

/** Is each stream there, and does it have room? And the dead letters. */
export function checkStreams({ streams }: PipelineConfig, look: Look, limits: Thresholds): HealthCheck[] {
  return look.streams.flatMap((one) => [
    isThere(one),
    ...storage(one, limits),
    ...(one.name === streams.dlq.name ? deadLetters(one, limits) : []),
  ]);
}

function isThere({ role, name, standstill }: StreamLook): HealthCheck {
  const broken = workbench.includes(role) ? 'degraded' : 'critical';
  return {
    name: 'stream',
    about: name,
    status: standstill === undefined ? 'ok' : broken,
    value: null,
    warn: null,
    critical: null,
    message: standstill?.detail ?? 'it stores what comes',
  };
}

function storage({ name, info }: StreamLook, limits: Thresholds): HealthCheck[] {
  const value = info && usedPercent(info);
  if (value === null || value === undefined) return [];
  const { degraded, critical } = limits.storage;
  const status = judge(value, limits.storage);
  const over = status === 'ok' ? '' : `, more than ${status === 'critical' ? critical : degraded} %`;
  const message = `${value} % of its limit is used${over}`;
  return [{ name: 'storage', about: name, status, value, warn: degraded, critical, message }];
}

function deadLetters({ name, info }: StreamLook, limits: Thresholds): HealthCheck[] {
  if (!info) return [];
  const { degraded, critical } = limits.deadLetters;
  const value = info.state.messages;
  const status = judge(value, limits.deadLetters);
  const over = status === 'ok' ? '' : `, more than ${status === 'critical' ? critical : degraded}`;
  const message = `${value} dead letter${value === 1 ? '' : 's'}${over}`;
  return [{ name: 'deadLetters', about: name, status, value, warn: degraded, critical, message }];
}
