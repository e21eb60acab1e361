import type { StageLimits } from '../../config/resolved.js';
import { decideAttempt, emptyHistory, type RunDecision } from '../../domain/attempt.js';
import type { StagePlan } from '../../domain/stage-plan.js';
import type { Outcome } from '../../domain/outcome.js';
import { readKeyHistory } from '../../journal/read.js';
import type { Original } from '../../pointers/original.js';
import type { Case, Identified, StageTools, Task } from './case.js';
import type { HeldMessage } from '../worker/held-message.js';
import { FirstDeliveries } from '../worker/first-deliveries.js';
import { Reporter } from './report.js';
import { takeBack } from './take-back.js';
import type { Worker } from '../worker/worker.js';

/** What differs between the stages that count attempts. */
export interface StageSpec {
  readonly limits: StageLimits;
  /** The first delivery ever needs no look at the journal: nothing but this consumer can have ended the key. */
  readonly trustsFirstDelivery: boolean;
  /** Subjects of the records that earlier deliveries to this stage leave. */
  readonly past: string;
  /** Each success is journaled, not only those after a failure. */
  readonly recordsSuccess: boolean;
  /**
   * Its attempts run code that is not ours and may end the process: one that left no report counts, and some must run
   * alone. What routes waits for no handler, and no handler for it.
   */
  readonly runsHandlers: boolean;
  /** Written into its exhaustions: where they lead to, whoever routes them. */
  readonly plan?: StagePlan;
  identify(held: HeldMessage): Identified;
  /** What the attempt is about, where that has to be fetched: before it is its turn. May throw only LetGo. */
  fetch?(current: Case): Promise<Original>;
  /**
   * One attempt. `single`: nothing else may be handled in the same call, so that it is known whose failure it is: the run
   * before left no report, or this is the last attempt and others have failed before. May throw only LetGo.
   */
  run(
    current: Case,
    attempt: number,
    original: Original | undefined,
    single?: boolean,
  ): Promise<Outcome> | Outcome;
  /** After a success is stored and its message settled. Never throws. */
  resolved?(current: Case, original: Original | undefined): Promise<void>;
}

type Known = Pick<Case, 'history' | 'first' | 'untold'>;

const untouched: Known = { history: emptyHistory, first: true, untold: true };
const unreadable: Known = { history: emptyHistory, first: false, untold: true };

const done = Promise.resolve();

/** Takes each message through the attempt rule: decide, announce, run, report. */
export class CountedStage {
  private readonly reporter: Reporter;
  private readonly firsts: FirstDeliveries;

  constructor(
    private readonly spec: StageSpec,
    private readonly tools: StageTools,
  ) {
    this.reporter = new Reporter(spec, tools);
    this.firsts = new FirstDeliveries(tools.pipeline, spec.past);
  }

  // Not an async function: the first delivery of a healthy event pays for no promise that it has no use for.
  readonly process = (held: HeldMessage, worker: Worker): Promise<void> => {
    const { task, failure } = this.spec.identify(held);
    if (failure) {
      return this.reporter.exhaust({ task, held, worker, ...unreadable }, failure, 0);
    }
    if (task.dueMs > 0) {
      const remainingMs = task.dueMs - this.tools.pipeline.clock.now();
      if (remainingMs > 0) {
        worker.counter.notDue++;
        worker.settler.nak(held, remainingMs);
        return done;
      }
    }
    if (this.spec.trustsFirstDelivery && this.firsts.isFirst(held.delivery, worker)) {
      return this.decide({ task, held, worker, history: emptyHistory, first: true, untold: true });
    }
    return worker
      .persist(held, 'read the journal', () => this.read(task, held, worker))
      .then((found) => this.decide({ task, held, worker, ...found }));
  };

  private async read(task: Task, held: HeldMessage, worker: Worker): Promise<Known> {
    const since = await this.firsts.lookUp(worker);
    const first = task.putBack !== true && this.firsts.isFirst(held.delivery, worker);
    if (first && this.spec.trustsFirstDelivery) return untouched;
    const history = await readKeyHistory(this.tools.pipeline, task.key, { firstDelivery: first, since });
    // A later delivery is announced, and by that there is something about it.
    return { history, first, untold: history === emptyHistory && held.delivery.deliveries === 1 };
  }

  private decide(current: Case): Promise<void> {
    const { task, held, worker, history } = current;
    const facts = {
      deliveries: held.delivery.deliveries + (task.putBack === true ? 1 : 0),
      limit: this.spec.limits.attempts,
      mayHaveParked: task.dueMs > 0,
      silenceCounts: this.spec.runsHandlers,
    };
    const decision = decideAttempt(facts, history);
    if (decision.do === 'ack') {
      worker.counter.doneAlready++;
      this.tools.emit({ type: 'done-already', key: task.key, by: decision.ended.record.kind });
      return worker.settler.ack(held);
    }
    if (decision.do === 'exhaust') return this.reporter.exhaust(current, decision.failure, decision.attempts);
    return decision.suspect ? this.attemptSuspect(current, decision) : this.attempt(current, decision);
  }

  private async attemptSuspect(current: Case, decision: RunDecision): Promise<void> {
    const { worker } = current;
    await worker.suspects.take();
    try {
      await this.attempt(current, decision);
    } finally {
      worker.suspects.give();
    }
  }

  private async attempt(current: Case, { attempt, announce, alone, suspect }: RunDecision): Promise<void> {
    const { held, worker } = current;
    const { slots } = worker;
    const { admission, pipeline } = this.tools;
    const { clock } = pipeline;
    const { spec } = this;
    if (!slots.tryTake()) await slots.take();
    try {
      const original = spec.fetch && !worker.isStopping ? await spec.fetch(current) : undefined;
      if (spec.runsHandlers && !admission.tryEnter(held, alone)) await admission.enter(held, alone);
      if (worker.isStopping) return await this.giveBack(current, suspect);
      if (!this.mayStart(current)) return;
      if (announce) await this.reporter.announce(current, attempt, alone);
      // Announced while the drain ran out.
      if (worker.isOver) return await takeBack(this.tools, current, attempt);
      held.startedAt = clock.monotonic();
      const single = suspect || (attempt > 1 && attempt >= spec.limits.attempts);
      const outcome = await spec.run(current, attempt, original, single);
      const ranMs = clock.monotonic() - held.startedAt;
      worker.counter.ran(ranMs);
      if (held.takenBack && outcome.kind !== 'ok') return;
      // Inside until the report is stored, since one that was cut off counts as none; but not while a server is away.
      held.onWaiting = this.leave;
      await this.reporter.report(current, attempt, outcome, Math.round(ranMs));
      if (outcome.kind === 'ok' && spec.resolved) await spec.resolved(current, original);
    } finally {
      admission.leave(held);
      slots.give();
    }
  }

  private readonly leave = (held: HeldMessage): void => this.tools.admission.leave(held);

  /** Not started, and the process stops. One that was never delivered before must not be suspected for that. */
  private async giveBack(current: Case, suspect: boolean): Promise<void> {
    const { held, worker, task, history } = current;
    const unknown = history === emptyHistory && task.dueMs === 0;
    if (this.spec.runsHandlers && unknown && !suspect) await takeBack(this.tools, current, 1);
    else worker.giveBack(held);
  }

  private mayStart({ task, held, worker }: Case): boolean {
    if (worker.isOurs(held)) return true;
    this.tools.emit({ type: 'lease-lapsed', key: task.key });
    return false;
  }
}
