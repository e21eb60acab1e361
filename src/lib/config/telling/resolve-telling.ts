import path from 'node:path';
import { parseRate } from '../../domain/alert-rate.js';
import { parseDuration } from '../../domain/duration.js';
import type { AlertLevels, AlertSettings } from '../resolved.js';
import { type LogSettings, resolveLog } from './log.js';
import { criticalFor, healthDefaults } from '../schema/alerts.js';
import type { ParsedConfig } from '../schema/schema.js';

const dayMs = 86_400_000;
const durationMs = (text: string): number => parseDuration(text) ?? 0;

/** What a running pipeline tells, and where. */
export function resolveTelling(
  parsed: ParsedConfig,
  folder: string,
): { readonly alerts: AlertSettings; readonly log: LogSettings } {
  return { alerts: resolveAlerts(parsed, folder), log: resolveLog(parsed, folder) };
}

/** What to tell, in numbers, with the absolute path of its handler. */
function resolveAlerts({ alerts, streams }: ParsedConfig, folder: string): AlertSettings {
  const { newGroup, groupBack, count, oldest, webhook, handler, subject } = alerts;
  const expiringMs = expiringOf(alerts.expiring, durationMs(streams.dlq.maxAge));
  const { countCritical, lag, lagCritical, storage, storageCritical, nobodyRuns } = alerts;
  const rate = alerts.rate === undefined ? undefined : parseRate(alerts.rate);
  return {
    newGroup,
    groupBack,
    ...(rate === undefined ? {} : { rate }),
    ...(count === undefined ? {} : { count }),
    ...(oldest === undefined ? {} : { oldestMs: durationMs(oldest) }),
    ...(expiringMs === undefined ? {} : { expiringMs }),
    ...(countCritical === undefined ? {} : { countCritical }),
    ...levelsOf('lag', lag, lagCritical),
    ...levelsOf('storage', storage, storageCritical),
    ...(nobodyRuns === undefined ? {} : { nobodyRunsMs: durationMs(nobodyRuns) }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(handler === undefined ? {} : { handler: path.resolve(folder, handler) }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function expiringOf(expiring: string | undefined, letterLifeMs: number): number | undefined {
  return expiring === undefined ? defaultExpiringMs(letterLifeMs) : durationMs(expiring);
}

/** Where dead letters end, that is told before it happens, whether the config asks for it or not. */
export function defaultExpiringMs(letterLifeMs: number): number | undefined {
  return letterLifeMs === 0 ? undefined : Math.min(dayMs, letterLifeMs / 4);
}

/** Nothing where neither is said. */
function levelsOf<const K extends 'lag' | 'storage'>(
  key: K,
  degraded: number | undefined,
  critical: number | undefined,
): { readonly [one in K]?: AlertLevels } {
  if (degraded === undefined && critical === undefined) return {};
  const least = degraded ?? Math.min(healthDefaults[key].degraded, critical ?? Number.POSITIVE_INFINITY);
  const levels: AlertLevels = { degraded: least, critical: critical ?? criticalFor[key](least) };
  return { [key]: levels } as { readonly [one in K]?: AlertLevels };
}
