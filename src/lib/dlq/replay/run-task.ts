import { checkOptions, type Checks } from '../../domain/options.js';
import {
  refuseNoFunction,
  refuseNoMs,
  refuseNoObject,
  refuseNoPipeline,
  refuseNoSignal,
} from '../../domain/given.js';
import { stepSizes } from '../../domain/canary.js';
import { parseDeadLetterId } from '../../domain/dead-letter.js';
import { formatDuration } from '../../domain/duration.js';
import type { Key } from '../../domain/key.js';
import type { FrozenLetter, TaskState, TaskStopped } from '../../domain/task.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { TaskKeeper } from '../../tasks/keeper.js';
import { type LetterRecords, readLetterRecords } from '../../tasks/letter-records.js';
import { authorOf, carryOutPlan, type Skipped } from '../plan/carry-out.js';
import { persistently } from '../plan/persistently.js';
import { Judge } from './judge.js';
import { type Outcome, Outcomes } from './outcomes.js';
import { planOf, type ReplayTask } from './replay-task.js';
import { decideNow, replayedBy, replayOne, type ReplayOutcome } from './replay-one.js';
import type { ReplayResult } from './result.js';
import { TaskTally } from './tally.js';
import { nextJournalSeq } from './wait.js';

/** How a task is carried out; what was planned is part of the task. */
export interface RunTaskOptions {
  /** After it aborts nothing more is started, nor waited for; what runs is finished. */
  readonly signal?: AbortSignal;
  /**
   * Wait this long, ms, for what each step leads to. Default: don't wait. With a canary, or with something to stop on, it
   * is always waited for: ten minutes.
   */
  readonly waitMs?: number;
  /** Called when waiting for those of a step begins: how many, which step from 1, of how many. */
  readonly onWait?: (count: number, step: number, of: number) => void;
  /** Called for each dead letter that is on its way again, with the name under which the journal keeps it. */
  readonly onReplayed?: (id: string, task: string) => void;
  /** Called for each dead letter that is finished, skipped or not. */
  readonly onDone?: () => void;
}

/** Of `RunTaskOptions`. */
export const runTaskChecks = {
  signal: refuseNoSignal,
  waitMs: refuseNoMs,
  onWait: refuseNoFunction,
  onReplayed: refuseNoFunction,
  onDone: refuseNoFunction,
} as const satisfies Checks<RunTaskOptions>;

/** How long it is waited for outcomes where nothing else is said, ms. */
export const defaultWaitMs = 600_000;

/**
 * Carries a stored replay out, or on, and says what became of each of its dead letters. Safe to interrupt at any point
 * and to run again, also on other machines at the same time: what is not known to be done is decided by the journal.
 *
 * @throws OperationError `TASK_ENDED` for one that was cancelled; ConnectionError when the server could not be reached
 *   and nothing was replayed
 */
export async function runTask(
  pipeline: Pipeline,
  replay: ReplayTask,
  options: RunTaskOptions = {},
): Promise<ReplayResult> {
  refuseNoPipeline(pipeline);
  refuseNoObject('replay', replay ?? null);
  refuseNoObject('replay.task', replay.task ?? null);
  checkOptions(runTaskChecks, options);
  return new TaskRun(pipeline, replay, options).run();
}

/** Does it wait for what it leads to, whatever is asked for? */
export function alwaysWaits({ task }: Pick<ReplayTask, 'task'>): boolean {
  return task.canary !== null || task.stopOn.length > 0;
}

class TaskRun {
  private readonly tally: TaskTally;
  private readonly waitMs: number | undefined;
  private readonly stopping = new AbortController();
  private stopped: TaskStopped | null = null;
  private readonly outcomes: Outcomes;
  private readonly judge: Judge;
  private readonly expecting = new Set<Promise<void>>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly replay: ReplayTask,
    private readonly options: RunTaskOptions,
  ) {
    const { task, letters, skipped, kinds } = replay;
    this.tally = new TaskTally(letters, skipped, stepSizes(task.canary, letters.length));
    this.waitMs = options.waitMs ?? (alwaysWaits(replay) ? defaultWaitMs : undefined);
    this.outcomes = new Outcomes(pipeline, letters, this.settle);
    this.judge = new Judge(pipeline, task.stopOn, kinds, (reason) => this.stop(reason));
  }

  async run(): Promise<ReplayResult> {
    const { pipeline, replay, tally } = this;
    const { task, progress } = replay;
    const fromSeq = this.waitMs === undefined ? 0 : await nextJournalSeq(pipeline);
    const keeper =
      task.state === 'done'
        ? undefined
        : await persistently(() => TaskKeeper.begin(pipeline, task, progress, () => tally.facts()));
    // What is done stops nothing.
    tally.judgedFrom = keeper?.task.judgedFrom ?? replay.letters.length;
    let state: TaskState = 'interrupted';
    try {
      if (this.waitMs !== undefined) this.outcomes.follow(fromSeq, this.consumers());
      await this.recall();
      await this.takeSteps(keeper?.ended);
      state = this.stopped ? 'stopped' : tally.isComplete ? 'done' : 'interrupted';
    } finally {
      await this.outcomes.close();
      await keeper?.end(state, this.stopped);
    }
    const elsewhere = keeper?.endedAs;
    return tally.resultOf(task, {
      state: elsewhere?.state ?? state,
      stopped: elsewhere ? elsewhere.stopped : this.stopped,
      interrupted: this.options.signal?.aborted === true,
    });
  }

  private consumers(): Set<string> {
    return new Set(this.replay.letters.flatMap(({ id }) => parseDeadLetterId(id)?.consumer ?? []));
  }

  /** What was dealt with before, here or elsewhere, and what has become of it. */
  private async recall(): Promise<void> {
    const { progress, letters } = this.replay;
    const dealt = [...letters.keys()].filter((at) => progress.isDealt(at));
    const replayed = dealt.filter((at) => progress.reasonOf(at) === undefined);
    for (const at of dealt) {
      const reason = progress.reasonOf(at);
      if (reason !== undefined) this.tally.skip(at, { reason });
    }
    const found = await persistently(() =>
      readLetterRecords(
        this.pipeline,
        replayed.map((at) => letters[at] as FrozenLetter),
      ),
    );
    for (const [i, at] of replayed.entries()) this.tally.replayed(at, found[i]?.outcome);
    for (const [i, at] of replayed.entries()) {
      const records = found[i];
      if (records?.outcome) this.look(at, records.outcome, records.key);
      else if (records && this.waitMs !== undefined) await this.outcomes.expect(at, records.key, false);
    }
  }

  private isOwn({ replayed }: LetterRecords): boolean {
    return replayed.task === this.replay.task.id;
  }

  private async takeSteps(ended: AbortSignal | undefined): Promise<void> {
    const { steps } = this.tally;
    const signals = [this.stopping.signal, ended, this.options.signal].filter((one) => one !== undefined);
    const signal = AbortSignal.any(signals);
    for (const [i, step] of steps.entries()) {
      if (signal.aborted) return;
      this.tally.begin(i);
      await this.carryOut(step.from, step.to, signal);
      await Promise.all(this.expecting);
      if (this.waitMs !== undefined) await this.wait(i, this.waitMs, signal);
    }
  }

  private async carryOut(from: number, to: number, signal: AbortSignal): Promise<void> {
    const { pipeline, replay, options } = this;
    const { task, letters, progress } = replay;
    const places: number[] = [];
    for (let at = from; at < to; at++) if (!progress.isDealt(at)) places.push(at);
    if (places.length === 0) return;
    const plan = { ...planOf(pipeline, replay), items: places.map((at) => letters[at] as FrozenLetter) };
    const { rate, id, note } = task;
    const about = { task: id, ...(note === null ? {} : { note }) };
    const author = authorOf(pipeline, 'replay', about);
    await carryOutPlan(
      pipeline,
      plan,
      {
        decide: (entries) => decideNow(pipeline, entries, task.ifSuperseded),
        carryOut: (entry, decision) => replayOne(pipeline, author, entry, decision, signal),
        gone: (items) => this.gone(items),
        done: (outcome, _item, i) => this.done(places[i] ?? 0, outcome),
        skipped: (why, i, final) => {
          const at = places[i] ?? 0;
          this.tally.skip(at, why, final);
          if (final) progress.deal(at, why.reason);
        },
      },
      { ...about, signal, ...(rate === null ? {} : { rate }), ...hearing(options) },
    );
  }

  /** Another process may have replayed it, for this task. */
  private async gone(items: readonly FrozenLetter[]): Promise<(ReplayOutcome | Skipped | undefined)[]> {
    return (await readLetterRecords(this.pipeline, items)).map((found) => {
      if (!found) return undefined;
      const { replayed, key } = found;
      if (!this.isOwn(found)) return replayedBy(replayed.task);
      if (replayed.tier === 'meta') return { is: 'routed', deadAgain: false };
      return { is: 'replayed', key, earlier: true };
    });
  }

  private done(at: number, outcome: ReplayOutcome): void {
    this.replay.progress.deal(at);
    this.options.onReplayed?.(this.replay.letters[at]?.id ?? '', this.replay.task.id);
    if (outcome.is === 'routed') return this.tally.replayed(at, outcome.deadAgain ? 'deadAgain' : 'resolved');
    this.tally.replayed(at, undefined);
    if (this.waitMs === undefined) return;
    const expecting = this.outcomes
      .expect(at, outcome.key, outcome.earlier || outcome.key.cycle !== this.cycleOf(at) + 1)
      .finally(() => this.expecting.delete(expecting));
    this.expecting.add(expecting);
  }

  /** A record that was routed has a cycle of its own. */
  private cycleOf(at: number): number {
    return this.replay.letters[at]?.cycle ?? 0;
  }

  private readonly settle = (at: number, outcome: Outcome, key: Key): void => {
    this.tally.settle(at, outcome);
    this.look(at, outcome, key);
  };

  private look(at: number, outcome: Outcome, key: Key): void {
    if (at >= this.tally.judgedFrom) this.judge.take(outcome, key, this.tally.outcomesBeside(at));
  }

  private stop(reason: string): void {
    this.stopped ??= { step: this.tally.begun, reason };
    this.stopping.abort();
  }

  private async wait(i: number, waitMs: number, signal: AbortSignal): Promise<void> {
    const { tally } = this;
    const { from, to } = tally.steps[i] ?? { from: 0, to: 0 };
    const pending = tally.pendingIn(i);
    if (pending > 0 && !signal.aborted) this.options.onWait?.(pending, i + 1, tally.steps.length);
    await this.outcomes.settled(from, to, AbortSignal.any([signal, AbortSignal.timeout(waitMs)]));
    await this.judge.looked();
    const left = tally.pendingIn(i);
    // The next step would be taken blindly.
    if (left > 0 && i < tally.steps.length - 1 && !signal.aborted) {
      this.stop(`no outcome of ${left} of ${to - from} within ${formatDuration(waitMs)}`);
    }
  }
}

function hearing({ onDone }: RunTaskOptions): Pick<RunTaskOptions, 'onDone'> {
  return onDone ? { onDone } : {};
}
