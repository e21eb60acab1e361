import type { StepOutcomes } from '../../domain/canary.js';
import type { FrozenLetter, Task, TaskState, TaskStep, TaskStopped } from '../../domain/task.js';
import type { TaskFacts } from '../../tasks/keeper.js';
import type { SkippedLetter, WhyNot } from '../plan/plan-letters.js';
import type { Outcome } from './outcomes.js';
import type { ReplayResult } from './result.js';

/** Places of a task's letters: from the first of a step up to that of the next. */
interface StepRange {
  readonly from: number;
  readonly to: number;
}

type Status = 'pending' | 'skipped' | Outcome;

/** How a task's run ended. */
interface End {
  readonly state: TaskState;
  readonly stopped: TaskStopped | null;
  readonly interrupted: boolean;
}

/** What is known of each letter of a task, and what it adds up to. */
export class TaskTally {
  readonly steps: readonly StepRange[];
  /** How many steps were begun. */
  begun = 0;
  /** What came of those before this place stops nothing. */
  judgedFrom = 0;
  /** Some could not be tried, since the server was away. */
  untried = false;
  private readonly judged: { resolved: number; deadAgain: number }[];
  private readonly status: (Status | undefined)[];
  private readonly late = new Map<number, SkippedLetter>();
  private readonly counts = { pending: 0, skipped: 0, resolved: 0, deadAgain: 0 };

  constructor(
    private readonly letters: readonly FrozenLetter[],
    private readonly skipped: readonly SkippedLetter[],
    sizes: readonly number[],
  ) {
    this.status = letters.map(() => undefined);
    let from = 0;
    this.steps = sizes.map((size) => ({ from, to: (from += size) }));
    this.judged = this.steps.map(() => ({ resolved: 0, deadAgain: 0 }));
  }

  begin(step: number): void {
    this.begun = Math.max(this.begun, step + 1);
  }

  /** Each was carried out, or left for good. */
  get isComplete(): boolean {
    const { pending, skipped, resolved, deadAgain } = this.counts;
    return !this.untried && this.letters.length === pending + skipped + resolved + deadAgain;
  }

  replayed(at: number, outcome: Outcome | undefined): void {
    this.set(at, outcome ?? 'pending');
  }

  settle(at: number, outcome: Outcome): void {
    this.set(at, outcome);
  }

  /** Not `final`: it is as if it had not been begun, but for what is said of this run. */
  skip(at: number, why: WhyNot, final = true): void {
    this.late.set(at, { id: this.letters[at]?.id ?? '', ...why });
    if (final) this.set(at, 'skipped');
    else this.untried = true;
  }

  private set(at: number, status: Status): void {
    const before = this.status[at];
    if (before) this.counts[before]--;
    this.counts[status]++;
    this.status[at] = status;
    const judged = this.judged[this.stepOf(at)];
    if (!judged || at < this.judgedFrom) return;
    if (status === 'resolved' || status === 'deadAgain') judged[status]++;
    if (before === 'resolved' || before === 'deadAgain') judged[before]--;
  }

  private stepOf(at: number): number {
    return this.steps.findIndex(({ to }) => at < to);
  }

  /** What became of those in the step of a letter that are judged. */
  outcomesBeside(at: number): StepOutcomes {
    return this.judged[this.stepOf(at)] ?? { resolved: 0, deadAgain: 0 };
  }

  private count(from: number, to: number): Omit<TaskStep, 'size'> {
    const found = { resolved: 0, deadAgain: 0, pending: 0, skipped: 0 };
    for (let at = from; at < to; at++) {
      const status = this.status[at];
      if (status) found[status]++;
    }
    const { resolved, deadAgain, pending } = found;
    return { resolved, deadAgain, pending };
  }

  pendingIn(step: number): number {
    const { from = 0, to = 0 } = this.steps[step] ?? {};
    return this.count(from, to).pending;
  }

  facts(): TaskFacts {
    const { pending, skipped, resolved, deadAgain } = this.counts;
    const done = pending + resolved + deadAgain;
    return {
      counters: { done, skipped: this.skipped.length + skipped, resolved, deadAgain },
      steps: this.stepsSoFar(),
    };
  }

  private stepsSoFar(): TaskStep[] {
    return this.steps
      .slice(0, this.begun)
      .map(({ from, to }) => ({ size: to - from, ...this.count(from, to) }));
  }

  resultOf(task: Task, { state, stopped, interrupted }: End): ReplayResult {
    const { pending, resolved, deadAgain } = this.counts;
    const late = [...this.late].toSorted(([a], [b]) => a - b).map(([, one]) => one);
    return {
      task: task.id,
      selected: task.selected,
      replayed: pending + resolved + deadAgain,
      skipped: [...this.skipped, ...late],
      resolved,
      deadAgain,
      pending,
      name: task.name,
      state,
      steps: this.stepsSoFar(),
      stopped,
      ...(interrupted ? { interrupted } : {}),
    };
  }
}
