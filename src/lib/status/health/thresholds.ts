import type { AlertLevels, PipelineConfig } from '../../config/resolved.js';
import { criticalFor, healthDefaults } from '../../config/schema/alerts.js';
import type { HealthStatus } from './pipeline-health.js';

/** What is measured against limits of the config. */
export interface Thresholds {
  readonly lag: AlertLevels;
  readonly deadLetters: AlertLevels;
  /** Percent. */
  readonly storage: AlertLevels;
}

/** Parts of the life of a message after which it should be processed. */
export const lifeLevels: AlertLevels = { degraded: 0.5, critical: 0.9 };

/** The limits of the config, and the defaults. */
export function thresholdsOf({ alerts }: Pick<PipelineConfig, 'alerts'>): Thresholds {
  const { lag, storage, count, countCritical } = alerts;
  const degraded =
    count ?? Math.min(healthDefaults.count.degraded, countCritical ?? Number.POSITIVE_INFINITY);
  return {
    lag: lag ?? healthDefaults.lag,
    deadLetters: { degraded, critical: countCritical ?? criticalFor.count(degraded) },
    storage: storage ?? healthDefaults.storage,
  };
}

/** Above a limit, not at it. */
export function judge(value: number, { degraded, critical }: AlertLevels): HealthStatus {
  if (value > critical) return 'critical';
  return value > degraded ? 'degraded' : 'ok';
}
