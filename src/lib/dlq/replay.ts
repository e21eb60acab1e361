import { clipBytes, escapeLine } from '../domain/escape.js';
import type { Key } from '../domain/key.js';
import { ConnectionError, PlutomiError } from '../errors.js';
import { concurrently } from './concurrently.js';
import { persistently } from './persistently.js';
import type { ReplayPlan, SkippedReplay } from './plan-replay.js';
import { type ReplayOutcome, readPlanned, replayOne, type ReplayTools } from './replay-one.js';

export interface ReplayOptions extends ReplayTools {
  /** Aborted: nothing more is begun; what runs is finished. */
  readonly signal?: AbortSignal;
  /** Told of each dead letter that is on its way again. */
  readonly onReplayed?: (id: string) => void;
}

/** A replayed dead letter whose outcome can be waited for. */
export interface Followed {
  readonly id: string;
  readonly key: Key;
  /** An earlier, interrupted replay may have brought it to its end already. */
  readonly earlier: boolean;
}

export interface ReplayReport {
  readonly replayed: number;
  /** Those that the plan skipped, and those that could not be replayed now. */
  readonly skipped: readonly SkippedReplay[];
  readonly followed: readonly Followed[];
  /** Of meta-consumers: known without waiting. */
  readonly routed: { readonly resolved: number; readonly deadAgain: number };
  /** Not begun, because of the signal. */
  readonly notBegun: number;
}

const replaysAtOnce = 64;
const gone = 'it has left the DLQ, or died again, since it was selected';
const maxNoteBytes = 1024;

/**
 * Carries out a plan, item by item. Safe to interrupt at any point and to run again.
 *
 * One that fails is skipped with its reason. When the server can't be reached the rest is skipped too; throws
 * ConnectionError when nothing was replayed then.
 */
export async function replayDeadLetters(plan: ReplayPlan, options: ReplayOptions): Promise<ReplayReport> {
  const { signal } = options;
  const tools: ReplayTools = { ...options, author: boundedAuthor(options.author) };
  let broken: PlutomiError | undefined;
  const outcomes = await concurrently(
    plan.items,
    replaysAtOnce,
    async (item): Promise<ReplayOutcome> => {
      if (broken) return { is: 'skipped', reason: `not tried: ${broken.message}` };
      try {
        const entry = await persistently(() => readPlanned(options.link, options.config, item), signal);
        if (!entry) return { is: 'skipped', reason: gone };
        // Not read again: what is gone at a second try was deleted by the first.
        const outcome = await persistently(() => replayOne(tools, entry), signal);
        if (outcome.is !== 'skipped') options.onReplayed?.(item.id);
        return outcome;
      } catch (error) {
        if (!(error instanceof PlutomiError)) throw error;
        if (error instanceof ConnectionError) broken ??= error;
        return { is: 'skipped', reason: error.message };
      }
    },
    signal,
  );
  const report = reportOf(plan, outcomes);
  if (broken && report.replayed === 0) throw broken;
  return report;
}

function boundedAuthor(author: ReplayTools['author']): ReplayTools['author'] {
  const { task, operator, note } = author;
  return {
    task,
    operator,
    ...(note === undefined ? {} : { note: clipBytes(escapeLine(note), maxNoteBytes) }),
  };
}

function reportOf(plan: ReplayPlan, outcomes: readonly (ReplayOutcome | undefined)[]): ReplayReport {
  const skipped: SkippedReplay[] = [...plan.skipped];
  const followed: Followed[] = [];
  const routed = { resolved: 0, deadAgain: 0 };
  let notBegun = 0;
  for (const [i, { id }] of plan.items.entries()) {
    const outcome = outcomes[i];
    if (!outcome) notBegun++;
    else if (outcome.is === 'skipped') skipped.push({ id, reason: outcome.reason });
    else if (outcome.is === 'routed') routed[outcome.deadAgain ? 'deadAgain' : 'resolved']++;
    else followed.push({ id, key: outcome.key, earlier: outcome.earlier });
  }
  return {
    replayed: followed.length + routed.resolved + routed.deadAgain,
    skipped,
    followed,
    routed,
    notBegun,
  };
}
