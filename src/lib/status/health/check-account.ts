import type { PipelineConfig } from '../../config/resolved.js';
import { formatBytes } from '../../domain/bytes.js';
import { PlutomiError } from '../../errors.js';
import { type AccountUse, readAccountUse } from '../../nats/account.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { HealthCheck } from './pipeline-health.js';
import { judge, type Thresholds } from './thresholds.js';

/** Has the account room for what the pipeline stores? Where nobody says so, or there is no limit, there is no check. */
export async function checkAccount({ link, config }: Pipeline, limits: Thresholds): Promise<HealthCheck[]> {
  try {
    return roomOf(await readAccountUse(link), config, limits);
  } catch (error) {
    // What does not answer is told by the other checks, and not every user may ask.
    if (error instanceof PlutomiError) return [];
    throw error;
  }
}

function roomOf(
  { storage, memory, limits: { max_storage: mostFile, max_memory: mostMemory }, tiers }: AccountUse,
  { streams }: PipelineConfig,
  limits: Thresholds,
): HealthCheck[] {
  if (tiers !== undefined) return [];
  const kinds = [
    { kind: 'file', used: storage, most: mostFile },
    { kind: 'memory', used: memory, most: mostMemory },
  ];
  const isUsed = (kind: string): boolean => Object.values(streams).some((one) => one.storage === kind);
  return kinds.filter(({ kind, most }) => most > 0 && isUsed(kind)).map((one) => room(one, limits));
}

function room(
  { kind, used, most }: { readonly kind: string; readonly used: number; readonly most: number },
  { storage: levels }: Thresholds,
): HealthCheck {
  const { degraded, critical } = levels;
  const value = Math.round((used / most) * 1000) / 10;
  const status = judge(value, levels);
  const over = status === 'ok' ? '' : `, more than ${status === 'critical' ? critical : degraded} %`;
  const message = `${value} % of the account's ${formatBytes(most)} of ${kind} storage are used${over}`;
  // No stream has such a name.
  return { name: 'storage', about: `account ${kind}`, status, value, warn: degraded, critical, message };
}
