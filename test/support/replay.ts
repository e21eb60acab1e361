import { pipelineOf } from './pipeline-of.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import type { Link } from '../../src/lib/nats/link.js';
import { planReplay, type ReplayPlan, type ReplaySelection } from '../../src/lib/dlq/replay/plan-replay.js';
import type { ReplayResult } from '../../src/lib/dlq/replay/result.js';
import { runReplay, type RunReplayOptions } from '../../src/lib/dlq/replay/run-replay.js';
import type { Ground } from './dead-letters.js';

/** What a replay is run with, and a connection that fares differently. */
export type ReplayOverrides = RunReplayOptions & { readonly link?: Link };

export const everything: ReplaySelection = { filters: {} };

/** Carries out a plan, as `ada@test`. */
export function carryOut(
  bed: Ground,
  plan: ReplayPlan,
  { link = bed.link, ...options }: ReplayOverrides = {},
): Promise<ReplayResult> {
  const identity = { worker: 'test:1:replay', operator: 'ada@test' };
  const clock = { ...systemClock, random: () => 0.5 };
  const pipeline = pipelineOf(link, bed.config, { identity, clock });
  return runReplay(pipeline, plan, { task: 'replay-test', ...options });
}

/** Plans a replay over a sound link, and runs it with the options. */
export async function replay(
  bed: Ground,
  selection: ReplaySelection = everything,
  overrides: ReplayOverrides = {},
): Promise<ReplayResult> {
  const plan = await planReplay(pipelineOf(bed.link, bed.config), selection);
  return carryOut(bed, plan, overrides);
}
