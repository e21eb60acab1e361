import { type Checks } from '../../domain/options.js';
import { refuseNoFunction, refuseNoRate, refuseNoSignal, refuseNoText } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { clipBytes, escapeLine } from '../../domain/escape.js';
import { mostBehindLetter } from '../../domain/standing-records.js';
import { ConnectionError, PlutomiError } from '../../errors.js';
import { mostSubjects } from '../../nats/read/last-of-each.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { persistently } from './persistently.js';
import {
  type Decide,
  type Decision,
  type LetterPlan,
  type PlannedLetter,
  type SkipDecision,
  type SkippedLetter,
  type WhyNot,
  whyNot,
} from './plan-letters.js';
import { type PlannedChunk, readPlanned } from './planned.js';
import { StartLimiter } from '../../flow/start-limiter.js';

/** What the journal keeps of whoever does something to dead letters. */
export interface Author {
  readonly task: string;
  /** `user@host`. */
  readonly operator: string;
  readonly note?: string;
}

/** How a plan is carried out, and what the journal keeps of it. */
export interface CarryOutOptions {
  /** The name under which the journal keeps it. Default: the verb and a random id. */
  readonly task?: string;
  /** Why; kept in the journal, at most a kilobyte. */
  readonly note?: string;
  /** Most dead letters per second. Default: no limit. */
  readonly rate?: number;
  /** After it aborts nothing more is started; what runs is finished. */
  readonly signal?: AbortSignal;
  /** Called for each dead letter that is finished, skipped or not. */
  readonly onDone?: () => void;
}

/** Of `CarryOutOptions`. */
export const carryOutChecks = {
  task: refuseNoText,
  note: refuseNoText,
  rate: refuseNoRate,
  signal: refuseNoSignal,
  onDone: refuseNoFunction,
} as const satisfies Checks<CarryOutOptions>;

export interface Skipped extends WhyNot {
  readonly is: 'skipped';
}

/** What is done to the dead letters of a plan. */
export interface Doings<D extends Decision, O extends { readonly is: string }> {
  /** By what the server holds now. */
  readonly decide: Decide<D>;
  /** Every write of it can be repeated. */
  readonly carryOut: (entry: DlqEntry, decision: Exclude<D, SkipDecision>) => Promise<O | Skipped>;
  /** Called for each that was carried out, with its place in the plan. */
  readonly done: (outcome: O, item: PlannedLetter, at: number) => void;
  /**
   * What became of those that are not in the DLQ any more, in their order; undefined: it is not known. Default: of none.
   */
  readonly gone?: (items: readonly PlannedLetter[]) => Promise<readonly (O | Skipped | undefined)[]>;
  /** Called for each that was left, with its place. Not `final`: it was not tried, since the server can't be reached. */
  readonly skipped?: (why: WhyNot, at: number, final: boolean) => void;
}

/** Dead letters that are checked together: their records fit into one question to the journal. */
const chunkSize = Math.floor(mostSubjects / mostBehindLetter);
/** With a rate: a chunk is what is begun in this time, so that no check is much older than the write, s. */
const chunkSeconds = 0.25;
/** Being checked, or carried out. */
const lettersAtOnce = 480;
/** Enough that some are carried out while others are checked. */
const chunksAtOnce = (rate: number | undefined): number =>
  rate === undefined ? Math.ceil(lettersAtOnce / chunkSize) : 3;
/** Begun and not finished, and so finished after Ctrl-C: of many a twentieth. */
const doingsAtOnce = (count: number): number => Math.min(256, Math.max(96, Math.ceil(count / 20)));
const gone = 'it has left the DLQ, or died again, since it was selected';
const maxNoteBytes = 1024;

/**
 * Carries out a plan, item by item; resolves with those that were skipped, in the order of the plan. Safe to interrupt
 * at any point and to run again. Memory grows with what is skipped.
 *
 * One that fails is skipped with its reason. When the server can't be reached the rest is skipped too; throws
 * ConnectionError when nothing was done then.
 */
export async function carryOutPlan<D extends Decision, O extends { readonly is: string }>(
  pipeline: Pipeline,
  plan: LetterPlan,
  doings: Doings<D, O>,
  options: CarryOutOptions,
): Promise<SkippedLetter[]> {
  const carrying = new Carrying(pipeline, plan, doings, options);
  await carrying.run();
  if (carrying.broken && carrying.count === 0) throw carrying.broken;
  return carrying.skippedInOrder();
}

class Carrying<D extends Decision, O extends { readonly is: string }> {
  /** Why nothing more is tried. */
  broken: PlutomiError | undefined;
  /** Carried out, not skipped. */
  count = 0;
  private readonly skipped: (SkippedLetter & { readonly at: number })[] = [];
  private readonly starts: StartLimiter;
  private readonly chunks: AsyncGenerator<PlannedChunk>;
  /** How many of the plan are in the chunks that were read. */
  private taken = 0;

  constructor(
    pipeline: Pipeline,
    private readonly plan: LetterPlan,
    private readonly doings: Doings<D, O>,
    private readonly options: CarryOutOptions,
  ) {
    const { rate, signal } = options;
    this.starts = new StartLimiter(doingsAtOnce(plan.items.length), rate, signal, pipeline.clock);
    this.chunks = readPlanned(pipeline, plan.items, chunkSizeAt(rate), signal);
  }

  skippedInOrder(): SkippedLetter[] {
    return this.skipped.toSorted((a, b) => a.at - b.at).map(({ id, ...why }) => ({ id, ...whyNot(why) }));
  }

  async run(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: chunksAtOnce(this.options.rate) }, () => this.lane()));
    } finally {
      await this.chunks.return(undefined);
    }
    if (!this.broken) return;
    for (let at = this.taken; at < this.plan.items.length; at++) this.skip(at, notTried(this.broken));
  }

  private async lane(): Promise<void> {
    for (let chunk = await this.nextChunk(); chunk; chunk = await this.nextChunk()) {
      await this.takeChunk(chunk);
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

  private async takeChunk({ from, entries }: PlannedChunk): Promise<void> {
    const there: DlqEntry[] = [];
    const places: number[] = [];
    const left: number[] = [];
    for (const [i, entry] of entries.entries()) {
      // In a DLQ that was recreated, another one may be there.
      if (!entry || entry.letter.id !== this.plan.items[from + i]?.id) left.push(from + i);
      else places[there.push(entry) - 1] = from + i;
    }
    if (left.length > 0) await this.takeGone(left);
    const decisions = await this.decide(there, places);
    await Promise.all(
      decisions.map((decision, i) => this.take(places[i] ?? 0, there[i] as DlqEntry, decision)),
    );
  }

  private async takeGone(places: readonly number[]): Promise<void> {
    const items = places.map((at) => this.plan.items[at] as PlannedLetter);
    try {
      const found = await persistently(
        async () => (await this.doings.gone?.(items)) ?? [],
        this.options.signal,
      );
      for (const [i, at] of places.entries()) this.done(at, found[i] ?? { is: 'skipped', reason: gone });
    } catch (error) {
      const { message } = this.failed(error);
      for (const at of places) this.skip(at, { reason: message });
    }
  }

  /** Empty where that failed. */
  private async decide(entries: readonly DlqEntry[], places: readonly number[]): Promise<readonly D[]> {
    try {
      return await persistently(() => this.doings.decide(entries), this.options.signal);
    } catch (error) {
      const { message } = this.failed(error);
      for (const at of places) this.skip(at, { reason: message });
      return [];
    }
  }

  private async take(at: number, entry: DlqEntry, decision: D): Promise<void> {
    if (isSkip(decision)) return this.skip(at, decision);
    const end = await this.starts.begin();
    if (end === false) return;
    try {
      if (this.broken) this.skip(at, notTried(this.broken));
      else this.done(at, await this.doings.carryOut(entry, decision as Exclude<D, SkipDecision>));
    } catch (error) {
      this.skip(at, { reason: this.failed(error).message });
    } finally {
      end();
    }
  }

  private skip(at: number, why: WhyNot): void {
    const { id } = this.plan.items[at] as PlannedLetter;
    this.skipped.push({ at, id, ...whyNot(why) });
    this.doings.skipped?.(whyNot(why), at, this.broken === undefined);
    this.options.onDone?.();
  }

  private done(at: number, outcome: O | Skipped): void {
    if (isSkipped(outcome)) return this.skip(at, outcome);
    this.count++;
    this.doings.done(outcome, this.plan.items[at] as PlannedLetter, at);
    this.options.onDone?.();
  }

  /** An error of ours concerns one dead letter, or the connection; another one ends all. */
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

function notTried(broken: PlutomiError): WhyNot {
  return { reason: `not tried: ${broken.message}` };
}

function isSkip(decision: Decision): decision is SkipDecision {
  return decision.do === 'skip';
}

function isSkipped(outcome: { readonly is: string }): outcome is Skipped {
  return outcome.is === 'skipped';
}

/** Who does it, why, and under which name the journal keeps it. */
export function authorOf(
  { clock, identity }: Pipeline,
  verb: string,
  { task = `${verb}-${clock.uuid()}`, note }: Pick<CarryOutOptions, 'task' | 'note'>,
): Author {
  return {
    task,
    operator: identity.operator,
    ...(note === undefined ? {} : { note: clipBytes(escapeLine(note), maxNoteBytes) }),
  };
}
