import type { StandstillKind } from '../../nats/standstill.js';
import { distinct, suggestCommand, suggestOther, type Suggestion } from '../../suggestion.js';
import type { Look } from '../look.js';
import { clusterReport, resume } from '../remedies.js';
import type { HealthCheckName, PipelineHealth } from './pipeline-health.js';

/** What `pipeline apply` would change. */
const unlikeConfig: readonly StandstillKind[] = ['no-stream', 'no-consumer', 'not-pulled', 'nothing-matches'];
const leaderless: readonly StandstillKind[] = ['stream-without-leader', 'consumer-without-leader'];

/** What to do about what is not ok, as the look says that it was judged by. */
export function nextSteps({ checks, status }: PipelineHealth, look: Look): Suggestion[] {
  if (status === 'ok') return [];
  const bad = checks.filter((one) => one.status !== 'ok');
  const isBad = (name: HealthCheckName, about?: string): boolean =>
    bad.some((one) => one.name === name && (about === undefined || one.about === about));
  const consumers = look.consumers.filter(({ consumer }) => isBad('consumer', consumer));
  const kinds = [...look.streams, ...consumers].map(({ standstill }) => standstill?.kind);
  const hasOne = (of: readonly StandstillKind[]): boolean => of.some((kind) => kinds.includes(kind));
  return distinct([
    ...(hasOne(unlikeConfig)
      ? [suggestCommand('pipeline apply', { flags: { 'dry-run': true }, why: 'see what is missing' })]
      : []),
    ...(hasOne(leaderless) ? [clusterReport] : []),
    ...consumers.filter(({ standstill }) => standstill?.kind === 'paused').map(resume),
    ...(bad.some(({ name, about }) => name === 'storage' && about.startsWith('account '))
      ? [suggestOther('nats', ['account', 'info'], { why: 'see what the account may store' })]
      : []),
    ...(isBad('nobodyRuns') ? [suggestCommand('pipeline run', { why: 'run it' })] : []),
    ...(isBad('deadLetters') ? [suggestCommand('dlq groups', { why: 'see what died' })] : []),
    suggestCommand('pipeline status', { flags: { watch: true }, why: 'see what waits' }),
  ]);
}
