import { refuseNoPipeline } from '../../domain/given.js';
import { isoOfMs } from '../../domain/time.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { checkAccount } from './check-account.js';
import { checkConsumers } from './check-consumers.js';
import { checkStreams } from './check-streams.js';
import { type Look, takeLook } from '../look.js';
import { type HealthStatus, type PipelineHealth, statuses } from './pipeline-health.js';
import { thresholdsOf } from './thresholds.js';

/**
 * Judges how a pipeline is by the limits of its config, `alerts`, or, where that says nothing, by defaults. The worst check
 * decides.
 *
 * @throws ConnectionError where the server does not answer, or this user may not ask
 */
export async function readHealth(pipeline: Pipeline): Promise<PipelineHealth> {
  refuseNoPipeline(pipeline);
  const { look: _, ...health } = await judgeHealth(pipeline);
  return health;
}

/** The same, with what it was judged by. */
export async function judgeHealth(pipeline: Pipeline): Promise<PipelineHealth & { readonly look: Look }> {
  const { config, link } = pipeline;
  const limits = thresholdsOf(config);
  const [look, ofAccount] = await Promise.all([takeLook(pipeline), checkAccount(pipeline, limits)]);
  const ofConsumers = await checkConsumers(pipeline, look, limits);
  const checks = [...checkStreams(config, look, limits), ...ofAccount, ...ofConsumers];
  return {
    pipeline: config.name,
    server: link.server,
    at: isoOfMs(look.atMs),
    status: worstOf(checks.map(({ status }) => status)),
    checks,
    look,
  };
}

/** The worst of them; `ok` of none. */
export function worstOf(found: readonly HealthStatus[]): HealthStatus {
  return statuses.findLast((status) => found.includes(status)) ?? 'ok';
}
