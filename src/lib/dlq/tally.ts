import type { ReplayPlan, SkippedReplay } from './plan-replay.js';
import type { Followed, ReplayReport } from './replay.js';
import type { ReplayOutcome } from './replay-one.js';

/** Adds up how the dead letters of a plan fared. */
export class Tally {
  private readonly skipped: (SkippedReplay & { readonly at: number })[] = [];
  private readonly followed: Followed[] = [];
  private readonly routed = { resolved: 0, deadAgain: 0 };
  private replayed = 0;

  constructor(private readonly follow: boolean) {}

  add(at: number, id: string, outcome: ReplayOutcome): void {
    if (outcome.is === 'skipped') {
      this.skipped.push({ at, id, reason: outcome.reason });
      return;
    }
    this.replayed++;
    if (outcome.is === 'routed') this.routed[outcome.deadAgain ? 'deadAgain' : 'resolved']++;
    else if (this.follow) this.followed.push({ id, key: outcome.key, earlier: outcome.earlier });
  }

  report(plan: ReplayPlan): ReplayReport {
    const { skipped, followed, routed, replayed } = this;
    const inOrder = skipped.toSorted((a, b) => a.at - b.at).map(({ id, reason }) => ({ id, reason }));
    return {
      replayed,
      skipped: [...plan.skipped, ...inOrder],
      followed,
      routed,
      notBegun: plan.items.length - replayed - skipped.length,
    };
  }
}
