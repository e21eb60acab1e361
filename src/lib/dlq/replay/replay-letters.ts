import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoFlag, refuseNoFunction, refuseNoPipeline, refuseNoPlan } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Key } from '../../domain/key.js';
import { authorOf, carryOutChecks, carryOutPlan, type CarryOutOptions } from '../plan/carry-out.js';
import type { LetterPlan, SkippedLetter } from '../plan/plan-letters.js';
import { type ReplayTerms, termChecks } from './plan-replay.js';
import { decideNow, replayOne } from './replay-one.js';

/** How to replay. */
export interface ReplayOptions extends CarryOutOptions, ReplayTerms {
  /** Called for each dead letter that is on its way again, with the name under which the journal keeps it. */
  readonly onReplayed?: (id: string, task: string) => void;
  /** Keep the keys of what was replayed, so that its outcome can be waited for. Default: true. */
  readonly follow?: boolean;
}

/** Of `ReplayOptions`. */
export const replayChecks = {
  ...carryOutChecks,
  ...termChecks,
  onReplayed: refuseNoFunction,
  follow: refuseNoFlag,
} as const satisfies Checks<ReplayOptions>;

/** A replayed dead letter whose outcome can be waited for. */
export interface Followed {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** The stage that has it now. */
  readonly key: Key;
  /** An earlier, interrupted replay may have brought it to its end already. */
  readonly earlier: boolean;
}

/** What was replayed. */
export interface ReplayReport {
  /** The name under which the journal keeps it. */
  readonly task: string;
  /** How many are on their way again. */
  readonly replayed: number;
  /** Those that the plan skipped, and those that could not be replayed now. */
  readonly skipped: readonly SkippedLetter[];
  /** Empty with `follow: false`. */
  readonly followed: readonly Followed[];
  /** Of meta-consumers: known without waiting. */
  readonly routed: {
    /** How many turned out to need nothing more. */
    readonly resolved: number;
    /** How many led to another dead letter. */
    readonly deadAgain: number;
  };
  /** Not started, because of the signal. */
  readonly notBegun: number;
}

/** Carries out a plan, as `carryOutPlan` says. Memory grows with what is skipped, and with what is followed. */
export async function replayDeadLetters(
  pipeline: Pipeline,
  plan: LetterPlan,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  refuseNoPipeline(pipeline);
  refuseNoPlan(plan, 'planReplay');
  checkOptions(replayChecks, options);
  const { signal, onReplayed, follow = true } = options;
  const author = authorOf(pipeline, 'replay', options);
  const followed: Followed[] = [];
  const routed = { resolved: 0, deadAgain: 0 };
  let replayed = 0;
  const skipped = await carryOutPlan(
    pipeline,
    plan,
    {
      decide: (entries) => decideNow(pipeline, entries, options.ifSuperseded),
      carryOut: (entry, decision) => replayOne(pipeline, author, entry, decision, signal),
      done: (outcome, { id }) => {
        replayed++;
        if (outcome.is === 'routed') routed[outcome.deadAgain ? 'deadAgain' : 'resolved']++;
        else if (follow) followed.push({ id, key: outcome.key, earlier: outcome.earlier });
        onReplayed?.(id, author.task);
      },
    },
    options,
  );
  return {
    task: author.task,
    replayed,
    skipped: [...plan.skipped, ...skipped],
    followed,
    routed,
    notBegun: plan.items.length - replayed - skipped.length,
  };
}
