import type { StageLimits } from '../../config/resolved.js';
import { isLastAttempt, type StoredRecord } from '../../domain/attempt.js';
import { delayAfter, withJitter } from '../../domain/backoff.js';
import { type Failure, isForGood, type ReportedFailure, withoutStack } from '../../domain/failure.js';
import type { StagePlan } from '../../domain/stage-plan.js';
import type { Outcome } from '../../domain/outcome.js';
import type { Exhaustion, JournalRecord, RecordFacts } from '../../domain/record.js';
import { type LastAttempt, makeExhaustion } from '../../domain/record-exhaustion.js';
import { isoOfMs } from '../../domain/time.js';
import { lastRecord } from '../../journal/read.js';
import { recordAbout } from '../../journal/record-about.js';
import { writeExhaustion, writeRecord } from '../../journal/write-record.js';
import type { PublishAck } from '../../nats/link.js';
import { LetGo } from '../worker/worker.js';
import type { Case, StageTools } from './case.js';
import { isShort, shortSnoozes } from './snooze.js';

/** What reporting needs to know of its stage; see `StageSpec`. */
export interface Reporting {
  readonly limits: StageLimits;
  readonly recordsSuccess: boolean;
  readonly plan?: StagePlan;
}

/** Journals how an attempt ended, and settles its message only after the record is stored. */
export class Reporter {
  constructor(
    private readonly spec: Reporting,
    private readonly tools: StageTools,
  ) {}

  /** Written before a handler that may end the process: an attempt that leaves no other trace counts too. */
  async announce(current: Case, attempt: number, alone: boolean): Promise<void> {
    const facts = { kind: 'ATTEMPT_STARTED', attempt, ...(alone ? { alone } : {}) } as const;
    await this.write(current, this.record(current, facts));
  }

  report(current: Case, attempt: number, outcome: Outcome, durationMs: number): Promise<void> {
    if (outcome.kind === 'ok') return this.succeed(current, attempt, durationMs);
    if (outcome.kind === 'snoozed') return this.snooze(current, attempt, outcome.delayMs);
    return this.fail(current, attempt, outcome.failure, durationMs);
  }

  private succeed(current: Case, attempt: number, durationMs: number): Promise<void> {
    const { task, held, worker, untold } = current;
    const { emit } = this.tools;
    const late = !worker.isOurs(held);
    if (late || this.spec.recordsSuccess || !untold || held.takenBack) {
      return this.succeedOnRecord(current, attempt, durationMs, late);
    }
    worker.counter.succeed(held.startedAt + durationMs);
    if (attempt > 1 || emit.wantsSuccess?.() !== false)
      emit({ type: 'succeeded', key: task.key, attempt, durationMs, late });
    return worker.settler.ack(held);
  }

  private async succeedOnRecord(
    current: Case,
    attempt: number,
    durationMs: number,
    late: boolean,
  ): Promise<void> {
    const { task, held, worker } = current;
    const facts = { kind: 'RESOLVED', attempt, durationMs, ...(late ? { late } : {}) } as const;
    await this.write(current, this.record(current, facts), true);
    worker.counter.succeed(held.startedAt + durationMs);
    this.tools.emit({ type: 'succeeded', key: task.key, attempt, durationMs, late });
    await worker.settler.ack(held);
  }

  private async snooze(current: Case, attempt: number, delayMs: number): Promise<void> {
    const { task, held, worker, history } = current;
    const until = isoOfMs(this.tools.pipeline.clock.now() + delayMs);
    const snoozes = shortSnoozes(history) + (isShort(delayMs) ? 1 : 0);
    await this.write(current, this.record(current, { kind: 'SNOOZED', attempt, until, snoozes }));
    worker.counter.snoozed++;
    this.tools.emit({ type: 'snoozed', key: task.key, attempt, delayMs });
    worker.settler.nak(held, delayMs);
  }

  private async fail(
    current: Case,
    attempt: number,
    failure: ReportedFailure,
    durationMs: number,
  ): Promise<void> {
    const { task, held, worker } = current;
    const limit = this.spec.limits.attempts;
    if (isLastAttempt(attempt, failure.kind, limit)) {
      const { trace } = held;
      const last = { attempt, error: failure, durationMs };
      return this.failAtLast(current, trace === undefined ? last : { ...last, trace });
    }
    await this.write(current, this.failed(current, { attempt, error: failure, durationMs }), true);
    worker.counter.fail(held.startedAt + durationMs, failure.kind);
    const retryInMs = withJitter(
      delayAfter(this.spec.limits.backoffMs, attempt),
      this.tools.pipeline.clock.random,
    );
    this.tools.emit({ type: 'attempt-failed', key: task.key, attempt, limit, failure, retryInMs });
    worker.settler.nak(held, retryInMs);
  }

  /** One record tells of the last attempt and ends the stage. */
  private async failAtLast(current: Case, last: LastAttempt): Promise<void> {
    const { task, held, worker } = current;
    const { attempt, error: failure } = last;
    const exhaustion = this.exhaustion(current, failure, attempt, last);
    const tellAlone = (): Promise<unknown> => this.write(current, this.failed(current, last), true);
    const { duplicate } = await this.writeExhaustion(current, exhaustion).catch(async (error: unknown) => {
      // The message is somebody else's by now, and the stage is not ended here. That it failed is true all the same.
      if (error instanceof LetGo && !worker.isOver) await tellAlone().catch(unlessLetGo);
      throw error;
    });
    // Dropped: it was stored before and its answer was lost, or somebody else has ended the stage.
    if (duplicate && !(await this.isStored(current, exhaustion))) await tellAlone();
    const { limits } = this.spec;
    const { kind } = exhaustion;
    worker.counter.fail(held.startedAt + last.durationMs, failure.kind);
    worker.counter.exhausted++;
    this.tools.emit({ type: 'attempt-failed', key: task.key, attempt, limit: limits.attempts, failure });
    this.tools.emit({ type: 'exhausted', key: task.key, attempts: attempt, failure, kind });
    await worker.settler.ack(held);
  }

  /** This very record, and not another telling of the same end. */
  private async isStored({ worker, held }: Case, x: Exhaustion): Promise<boolean> {
    const read = (): Promise<StoredRecord | undefined> => lastRecord(this.tools.pipeline, x, x.kind);
    const record = (await worker.persist(held, 'read the journal', read, true))?.record;
    return record !== undefined && record.worker === x.worker && record.at === x.at;
  }

  /** Ends the stage: the exhaustion first, and only when it is stored the message. */
  async exhaust(current: Case, failure: Failure, attempts: number): Promise<void> {
    const { task, held, worker } = current;
    const exhaustion = this.exhaustion(current, failure, attempts);
    await this.writeExhaustion(current, exhaustion);
    worker.counter.exhausted++;
    this.tools.emit({ type: 'exhausted', key: task.key, attempts, failure, kind: exhaustion.kind });
    await worker.settler.ack(held);
  }

  private exhaustion(current: Case, failure: Failure, attempts: number, last?: LastAttempt): Exhaustion {
    const { task, held } = current;
    const { delivery } = held;
    return makeExhaustion({
      key: task.key,
      kind: isForGood(failure.kind) ? 'MSG_TERMINATED' : 'MAX_DELIVERIES',
      at: this.at(),
      failure: withoutStack(failure),
      attempts:
        task.key.stage === 'retry'
          ? { main: task.attemptsBefore, retry: attempts }
          : { main: attempts, retry: 0 },
      plan: this.spec.plan,
      firstFailedAt: this.firstFailedAt(current),
      worker: this.tools.pipeline.identity.worker,
      last,
      delivered: { stream: delivery.stream, seq: delivery.seq, deliveries: delivery.deliveries },
    });
  }

  private firstFailedAt({ task, history }: Case): string {
    return task.firstFailedAt ?? history.failed?.record.firstFailedAt ?? this.at();
  }

  private at(): string {
    return isoOfMs(this.tools.pipeline.clock.now());
  }

  private record(
    { task, held }: Case,
    facts: Extract<RecordFacts, { kind: 'ATTEMPT_STARTED' | 'SNOOZED' | 'RESOLVED' }>,
  ): JournalRecord {
    const { deliveries } = held.delivery;
    return recordAbout(task.key, {
      ...facts,
      at: this.at(),
      worker: this.tools.pipeline.identity.worker,
      deliveries,
    });
  }

  // Written out: where much fails, this is made most often, and a spread costs more than all else here.
  private failed(current: Case, { attempt, error, durationMs }: LastAttempt): JournalRecord {
    const { task, held } = current;
    const { tier, consumer, stage, cycle, origin } = task.key;
    return {
      v: 1,
      kind: 'ATTEMPT_FAILED',
      at: this.at(),
      tier,
      consumer,
      stage,
      cycle,
      origin,
      attempt,
      error,
      durationMs,
      // Not written where there is none.
      trace: held.trace,
      firstFailedAt: this.firstFailedAt(current),
      worker: this.tools.pipeline.identity.worker,
      deliveries: held.delivery.deliveries,
    };
  }

  /** `evenLate`: what happened is worth storing although the message may be somebody else's by now. */
  private write({ worker, held }: Case, record: JournalRecord, evenLate = false): Promise<unknown> {
    return worker.persist(
      held,
      'write the journal',
      () => writeRecord(this.tools.pipeline, record),
      evenLate,
    );
  }

  private writeExhaustion({ worker, held }: Case, exhaustion: Exhaustion): Promise<PublishAck> {
    return worker.persist(held, 'write the journal', () => writeExhaustion(this.tools.pipeline, exhaustion));
  }
}

/** What let go of the message first says what becomes of it. */
function unlessLetGo(error: unknown): void {
  if (!(error instanceof LetGo)) throw error;
}
