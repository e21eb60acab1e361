import { formatDuration } from '../../../domain/duration.js';
import { durationMs, maxAgeOf } from '../../resolve.js';
import type { ParsedConfig } from '../../schema/schema.js';
import { type Problems, show } from '../problems.js';
import { checkOutside } from './outside.js';

const conditions = [
  'newGroup',
  'groupBack',
  'rate',
  'count',
  'oldest',
  'expiring',
  'lag',
  'storage',
  'nobodyRuns',
] as const;
const levels = ['count', 'lag', 'storage'] as const;
const destinations = ['webhook', 'handler', 'subject'] as const;

/** Where alerts go is outside of the pipeline, and there is something that could be told. */
export function checkAlerts(parsed: ParsedConfig, problems: Problems): void {
  checkSubject(parsed, problems);
  checkExpiring(parsed, problems);
  for (const key of levels) checkLevels(parsed, key, problems);
  const { alerts } = parsed;
  const [to] = destinations.filter((one) => alerts[one] !== undefined);
  const isLooked = conditions.some((one) => alerts[one] !== undefined && alerts[one] !== false);
  if (to !== undefined && !isLooked && problems.intact(['alerts'])) {
    problems.add(
      ['alerts'],
      `expected a condition (${conditions.join(', ')}), found ${to} and none: nothing would be told`,
    );
  }
}

/** What is critical is at least as much as what is degraded. */
function checkLevels({ alerts }: ParsedConfig, key: (typeof levels)[number], problems: Problems): void {
  const [path, criticalPath] = [
    ['alerts', key],
    ['alerts', `${key}Critical`],
  ];
  const critical = alerts[`${key}Critical`];
  const degraded = alerts[key];
  if (critical === undefined || degraded === undefined || critical >= degraded) return;
  if (!problems.intact(path, criticalPath)) return;
  problems.addBroken(
    criticalPath,
    `expected at least alerts.${key} (${degraded}), found ${show(critical)}: it would be critical before it is degraded`,
  );
}

function checkSubject(parsed: ParsedConfig, problems: Problems): void {
  const { subject } = parsed.alerts;
  const path = ['alerts', 'subject'];
  if (subject === undefined || !problems.intact(path)) return;
  checkOutside(parsed, { path, subject, example: 'alerts.orders' }, problems);
}

function checkExpiring(parsed: ParsedConfig, problems: Problems): void {
  const { expiring } = parsed.alerts;
  const path = ['alerts', 'expiring'];
  if (expiring === undefined) return;
  for (const role of ['events', 'dlq'] as const) {
    const maxAgeMs = maxAgeOf(parsed.streams[role]);
    if (maxAgeMs === 0 || !problems.intact(path, ['streams', role, 'maxAge'])) continue;
    if (durationMs(expiring) < maxAgeMs) continue;
    problems.addBroken(
      path,
      `expected less than streams.${role}.maxAge (${formatDuration(maxAgeMs)}), found ${show(expiring)}: every dead letter would be expiring`,
    );
  }
}
