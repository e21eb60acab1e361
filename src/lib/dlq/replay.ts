import { clipBytes, escapeLine } from '../domain/escape.js';
import type { Key } from '../domain/key.js';
import { ConnectionError, PlutomiError } from '../errors.js';
import type { ReplayDecision } from './decide-replay.js';
import type { DlqEntry } from '../pointers/entry.js';
import { persistently } from './persistently.js';
import type { PlannedReplay, ReplayPlan, SkippedReplay } from './plan-replay.js';
import { type PlannedChunk, readPlanned } from './planned.js';
import { decideNow, type ReplayOutcome, replayOne, type ReplayTools } from './replay-one.js';
import { Starts } from './starts.js';
import { Tally } from './tally.js';

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

/** Dead letters that are checked together: their records fit into one question to the journal. */
const chunkSize = 160;
/** With a rate: a chunk is what is begun in this time, so that no check is much older than the write, s. */
const chunkSeconds = 0.25;
const chunksAtOnce = 3;
/** Begun and not finished, and so finished after Ctrl-C: of a large replay a twentieth. */
const replaysAtOnce = (count: number): number => Math.min(256, Math.max(96, Math.ceil(count / 20)));
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
  const replaying = new Replaying(plan, options);
  await replaying.run();
  const report = replaying.tally.report(plan);
  if (replaying.broken && report.replayed === 0) throw replaying.broken;
  return report;
}

class Replaying {
  readonly tally: Tally;
  /** Why nothing more is tried. */
  broken: PlutomiError | undefined;
  private readonly tools: ReplayTools;
  private readonly starts: Starts;
  private readonly chunks: AsyncGenerator<PlannedChunk>;
  /** How many of the plan are in the chunks that were read. */
  private taken = 0;

  constructor(
    private readonly plan: ReplayPlan,
    private readonly options: ReplayOptions,
  ) {
    const { link, config, rate, signal, follow = true } = options;
    this.tools = { ...options, author: boundedAuthor(options.author) };
    this.tally = new Tally(follow);
    this.starts = new Starts(replaysAtOnce(plan.items.length), rate, signal);
    this.chunks = readPlanned(link, config, plan.items, chunkSizeAt(rate), signal);
  }

  async run(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: chunksAtOnce }, () => this.lane()));
    } finally {
      await this.chunks.return(undefined);
    }
    if (!this.broken) return;
    for (let at = this.taken; at < this.plan.items.length; at++) this.skip(at, notTried(this.broken));
  }

  private async lane(): Promise<void> {
    for (let chunk = await this.nextChunk(); chunk; chunk = await this.nextChunk()) {
      await this.replayChunk(chunk);
    }
  }

  private async nextChunk(): Promise<PlannedChunk | undefined> {
    if (this.broken || this.options.signal?.aborted) return undefined;
    try {
      const { done, value } = await this.chunks.next();
      if (done) return undefined;
      this.taken = value.from + value.entries.length;
      return value;
    } catch (error) {
      this.broken ??= this.failed(error);
      return undefined;
    }
  }

  private async replayChunk({ from, entries }: PlannedChunk): Promise<void> {
    const there: DlqEntry[] = [];
    const places: number[] = [];
    for (const [i, entry] of entries.entries()) {
      if (!entry) this.skip(from + i, gone);
      else places[there.push(entry) - 1] = from + i;
    }
    const decisions = await this.decide(there, places);
    await Promise.all(
      decisions.map((decision, i) => this.replay(places[i] ?? 0, there[i] as DlqEntry, decision)),
    );
  }

  /** Empty where that failed. */
  private async decide(entries: readonly DlqEntry[], places: readonly number[]): Promise<ReplayDecision[]> {
    try {
      return await persistently(() => decideNow(this.tools, entries), this.options.signal);
    } catch (error) {
      const { message } = this.failed(error);
      for (const at of places) this.skip(at, message);
      return [];
    }
  }

  private async replay(at: number, entry: DlqEntry, decision: ReplayDecision): Promise<void> {
    if (decision.do === 'skip') return this.skip(at, decision.reason);
    const end = await this.starts.begin();
    if (end === false) return;
    try {
      if (this.broken) this.skip(at, notTried(this.broken));
      else this.done(at, await replayOne(this.tools, entry, decision, this.options.signal));
    } catch (error) {
      this.skip(at, this.failed(error).message);
    } finally {
      end();
    }
  }

  private skip(at: number, reason: string): void {
    this.done(at, { is: 'skipped', reason });
  }

  private done(at: number, outcome: ReplayOutcome): void {
    const { id } = this.plan.items[at] as PlannedReplay;
    this.tally.add(at, id, outcome);
    if (outcome.is !== 'skipped') this.options.onReplayed?.(id);
    this.options.onDone?.();
  }

  /** An error of ours concerns one dead letter, or the connection; another one ends the replay. */
  private failed(error: unknown): PlutomiError {
    if (!(error instanceof PlutomiError)) throw error;
    if (error instanceof ConnectionError) this.broken ??= error;
    return error;
  }
}

function chunkSizeAt(rate: number | undefined): number {
  if (rate === undefined) return chunkSize;
  return Math.max(1, Math.min(chunkSize, Math.ceil(rate * chunkSeconds)));
}

function notTried(broken: PlutomiError): string {
  return `not tried: ${broken.message}`;
}

function boundedAuthor(author: ReplayTools['author']): ReplayTools['author'] {
  const { task, operator, note } = author;
  return {
    task,
    operator,
    ...(note === undefined ? {} : { note: clipBytes(escapeLine(note), maxNoteBytes) }),
  };
}
