import { clipBytes, escapeLine } from '../domain/escape.js';
import type { Key } from '../domain/key.js';
import { ConnectionError, PlutomiError } from '../errors.js';
import { persistently } from './persistently.js';
import type { PlannedReplay, ReplayPlan, SkippedReplay } from './plan-replay.js';
import { type ReplayOutcome, readPlanned, replayOne, type ReplayTools } from './replay-one.js';
import { Starts } from './starts.js';

export interface ReplayOptions extends ReplayTools {
  /** Most dead letters a second. Default: as many as the server takes. */
  readonly rate?: number;
  /** Aborted: nothing more is begun; what runs is finished. */
  readonly signal?: AbortSignal;
  /** Told of each dead letter that is on its way again. */
  readonly onReplayed?: (id: string) => void;
  /** Told of each that is done with, skipped or replayed. */
  readonly onDone?: () => void;
  /** Keep the keys of what was replayed, so that its outcome can be waited for. Default: true. */
  readonly follow?: boolean;
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
  /** Empty with `follow: false`. */
  readonly followed: readonly Followed[];
  /** Of meta-consumers: known without waiting. */
  readonly routed: { readonly resolved: number; readonly deadAgain: number };
  /** Not begun, because of the signal. */
  readonly notBegun: number;
}

/** Dead letters that are looked at ahead: enough for full questions to the journal. */
const lookAhead = 1024;
/** Begun and not finished, and so finished after Ctrl-C: of a large replay half a percent. */
const replaysAtOnce = (count: number): number => Math.min(512, Math.max(96, Math.ceil(count / 200)));
const gone = 'it has left the DLQ, or died again, since it was selected';
const maxNoteBytes = 1024;

/**
 * Carries out a plan, item by item. Safe to interrupt at any point and to run again. Memory grows with what is
 * skipped, and with what is followed.
 *
 * One that fails is skipped with its reason. When the server can't be reached the rest is skipped too; throws
 * ConnectionError when nothing was replayed then.
 */
export async function replayDeadLetters(plan: ReplayPlan, options: ReplayOptions): Promise<ReplayReport> {
  const { signal, rate, onReplayed, onDone } = options;
  const tools: ReplayTools = { ...options, author: boundedAuthor(options.author) };
  const tally = new Tally(options.follow ?? true);
  const starts = new Starts(replaysAtOnce(plan.items.length), rate, signal);
  let broken: PlutomiError | undefined;
  const outcomeOf = async (item: PlannedReplay): Promise<ReplayOutcome | undefined> => {
    if (broken) return { is: 'skipped', reason: `not tried: ${broken.message}` };
    try {
      const entry = await persistently(() => readPlanned(options.link, options.config, item), signal);
      if (!entry) return { is: 'skipped', reason: gone };
      // Not read again: what is gone at a second try was deleted by the first.
      return await persistently(() => replayOne(tools, entry, starts.begin), signal);
    } catch (error) {
      if (!(error instanceof PlutomiError)) throw error;
      if (error instanceof ConnectionError) broken ??= error;
      return { is: 'skipped', reason: error.message };
    }
  };
  await inLanes(plan.items.length, lookAhead, signal, async (at) => {
    const item = plan.items[at] as PlannedReplay;
    const outcome = await outcomeOf(item);
    if (!outcome) return;
    tally.add(at, item.id, outcome);
    if (outcome.is !== 'skipped') onReplayed?.(item.id);
    onDone?.();
  });
  const report = tally.report(plan);
  if (broken && report.replayed === 0) throw broken;
  return report;
}

/** Calls `work` with 0 … count - 1, at most `lanes` at once; with none any more after the signal. */
async function inLanes(
  count: number,
  lanes: number,
  signal: AbortSignal | undefined,
  work: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count && !signal?.aborted) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

function boundedAuthor(author: ReplayTools['author']): ReplayTools['author'] {
  const { task, operator, note } = author;
  return {
    task,
    operator,
    ...(note === undefined ? {} : { note: clipBytes(escapeLine(note), maxNoteBytes) }),
  };
}

/** Adds up how the dead letters of a plan fared. */
class Tally {
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
