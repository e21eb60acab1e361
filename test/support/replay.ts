import { planReplay, type ReplaySelection } from '../../src/lib/dlq/replay/plan-replay.js';
import type { ReplayResult } from '../../src/lib/dlq/replay/result.js';
import { runReplay, type RunReplayOptions } from '../../src/lib/dlq/replay/run-replay.js';
import type { Ground } from './dead-letters.js';

export type ReplayOverrides = Partial<Omit<RunReplayOptions, 'config'>>;

export const everything: ReplaySelection = { filters: {} };

/** What a replay is run with, for its author `ada@test`. */
export function replayOptions(bed: Ground, overrides: ReplayOverrides = {}): RunReplayOptions {
  return {
    link: bed.link,
    config: bed.config,
    author: { task: 'replay-test', operator: 'ada@test' },
    worker: 'test:1:replay',
    now: () => Date.now(),
    random: () => 0.5,
    ...overrides,
  };
}

/** Plans a replay over a sound link, and runs it with the options. */
export async function replay(
  bed: Ground,
  selection: ReplaySelection = everything,
  overrides: ReplayOverrides = {},
): Promise<ReplayResult> {
  const plan = await planReplay(bed.link, bed.config, selection);
  return runReplay(plan, replayOptions(bed, overrides));
}
