import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoFunction, refuseNoMs, refuseNoPipeline, refuseNoPlan } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { ReplayPlan } from './plan-replay.js';
import { replayChecks, replayDeadLetters, type ReplayOptions } from './replay-letters.js';
import { type ReplayResult, resultOf } from './result.js';
import { nextJournalSeq, waitForOutcomes, type WaitResult } from './wait.js';

/** How to replay, and how long to wait for what comes of it. */
export interface RunReplayOptions extends ReplayOptions {
  /** Wait this long, ms, for each to be resolved or dead again. Default: don't wait. */
  readonly waitMs?: number;
  /** Called once, before the waiting begins, with how many are waited for; it is step 1 of 1. */
  readonly onWait?: (count: number, step: number, of: number) => void;
}

const runChecks = {
  ...replayChecks,
  waitMs: refuseNoMs,
  onWait: refuseNoFunction,
} as const satisfies Checks<RunReplayOptions>;

/**
 * Carries out a plan without a task (`storeReplay`, `runTask`) and, if asked to, waits for what comes of it. The signal
 * stops both; the result then says what was done.
 *
 * Throws ConnectionError when the server could not be reached and nothing was replayed.
 */
export async function runReplay(
  pipeline: Pipeline,
  plan: ReplayPlan,
  options: RunReplayOptions = {},
): Promise<ReplayResult> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planReplay');
  checkOptions(runChecks, options);
  const { waitMs, onWait, ...replaying } = options;
  const { signal } = replaying;
  const fromSeq = await nextJournalSeq(pipeline);
  const report = await replayDeadLetters(pipeline, plan, { ...replaying, follow: waitMs !== undefined });
  let wait: WaitResult | undefined;
  if (waitMs !== undefined && !signal?.aborted) {
    if (report.followed.length > 0) onWait?.(report.followed.length, 1, 1);
    const deadline = AbortSignal.timeout(waitMs);
    wait = await waitForOutcomes(pipeline, report.followed, {
      fromSeq,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  }
  return resultOf(plan, report, wait, signal?.aborted === true);
}
