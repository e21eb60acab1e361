import { Bag } from '../../flow/bag.js';
import { limitsOf, planOf } from '../../config/resolved.js';
import { defaultCorrelationHeader } from '../../domain/envelope.js';
import { makeFailure } from '../../domain/failure.js';
import { type Key, originOf, type Stage } from '../../domain/key.js';
import type { Outcome } from '../../domain/outcome.js';
import { decodePointer, pointerHeader } from '../../domain/pointer.js';
import { stageFilter } from '../../domain/subjects.js';
import type { PlutomiEvent } from '../../handlers/contract.js';
import { type EventMessage, makeEvent } from '../../handlers/event.js';
import { type Invocation, invoke, outcomeOf } from '../../handlers/invoke.js';
import { headerOf, msgIdHeader } from '../../nats/wire/message.js';
import { readKept } from '../../pointers/kept/read-kept.js';
import { removeKept } from '../../pointers/kept/remove-kept.js';
import { fetchOriginal, type Original } from '../../pointers/original.js';
import { AttemptFacts, type BusinessParts } from './attempt-facts.js';
import { BatchRunner } from './batch-runner.js';
import type { Case, Identified, Task } from './case.js';
import { DeliveredTask } from './delivered-task.js';
import { TooManyZombies } from '../failures.js';
import type { HeldMessage } from '../worker/held-message.js';
import { boundSnooze } from './snooze.js';
import type { StageSpec } from './stage.js';
import { takeBack } from './take-back.js';
import { OperationError } from '../../errors.js';
import { NotAllowedError } from '../../nats/errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type Tracing, tracing } from '../../tracing/tracing.js';
import { processingOf } from '../trace-attempt.js';

/** An attempt whose handler was called, and when, in monotonic milliseconds. */
export interface RunningAttempt {
  readonly key: Key;
  readonly attempt: number;
  readonly startedAt: number;
}

/** Runs a consumer's handler; shared by its main and its retry stage. */
export class HandlerRunner {
  private readonly running = new Bag<AttemptFacts>();
  /** Timed out and not settled yet. */
  private readonly zombies = new Set<AttemptFacts>();

  private readonly batches = new Map<Stage, BatchRunner>();

  constructor(private readonly parts: BusinessParts) {
    const { batch } = parts.consumer;
    if (batch === undefined) return;
    for (const stage of ['main', 'retry'] as const)
      this.batches.set(stage, new BatchRunner(parts, batch, (...timedOut) => this.addZombie(...timedOut)));
  }

  /** `single`: what happens must be of this event alone, also where the handler takes several. */
  run(current: Case, attempt: number, message: EventMessage, single = false): Promise<Outcome> {
    const traced = tracing();
    if (traced === undefined) return this.runOnce(current, attempt, message, single);
    return this.runTraced(traced, current, attempt, message, single);
  }

  private async runTraced(
    loading: Tracing | Promise<Tracing | undefined>,
    ...call: readonly [current: Case, attempt: number, message: EventMessage, single: boolean]
  ): Promise<Outcome> {
    const [current, attempt, message] = call;
    const { registry } = this.parts;
    const span = (await loading)?.processing(processingOf(current, attempt, message, registry));
    if (!span) return this.runOnce(...call);
    current.held.trace = span.headers.traceparent;
    const outcome = await span.within(() => this.runOnce(...call));
    span.set({ 'plutomi.outcome': outcome.kind });
    span.end(outcome.kind === 'failed' ? outcome.failure : undefined);
    return outcome;
  }

  private async runOnce(
    current: Case,
    attempt: number,
    message: EventMessage,
    single: boolean,
  ): Promise<Outcome> {
    const batches = this.batches.get(current.task.key.stage);
    const { consumer, handler, registry, log, tools } = this.parts;
    const { config, clock } = tools.pipeline;
    const facts = new AttemptFacts(consumer.name, current, attempt, log);
    const failedBefore = current.task.attemptsBefore + attempt - 1;
    const event = () => makeEvent(message, registry, consumer.numbers, failedBefore);
    if (batches !== undefined) {
      const outcome = await this.runInBatch(batches, facts, event, single);
      if (outcome.kind !== 'snoozed') return outcome;
      return boundSnooze(outcome, current.history, message, config, clock.now());
    }
    const run = invoke(handler, event, facts, consumer.timeoutMs);
    facts.invocation = run;
    this.running.add(facts);
    const outcome = await run.outcome;
    this.running.remove(facts);
    if (outcome.kind === 'failed' && outcome.failure.kind === 'timeout') {
      this.addZombie(facts, run);
    }
    if (outcome.kind !== 'snoozed') return outcome;
    return boundSnooze(outcome, current.history, message, config, clock.now());
  }

  private async runInBatch(
    batches: BatchRunner,
    facts: AttemptFacts,
    makeOne: () => PlutomiEvent | Promise<PlutomiEvent>,
    single: boolean,
  ): Promise<Outcome> {
    let event: PlutomiEvent;
    try {
      event = await makeOne();
    } catch (error) {
      // Of this event alone: the others have their batch without it.
      return outcomeOf(error);
    }
    this.running.add(facts);
    try {
      return await batches.run(facts, event, single);
    } finally {
      this.running.remove(facts);
    }
  }

  /** The process stops: no batch waits for more events. */
  hurry(): void {
    for (const batches of this.batches.values()) batches.hurry();
  }

  /** The drain is over: what still runs counts as no attempt and goes back, and its handler's signal aborts. */
  async takeBackAll(reason: Error): Promise<void> {
    const running = [...this.running];
    for (const { current } of running) current.held.takenBack = true;
    for (const { invocation } of running) invocation?.abort(reason);
    await Promise.all(running.map(({ current, attempt }) => takeBack(this.parts.tools, current, attempt)));
  }

  /** The handlers of one stage that run, and those that have timed out and not ended. */
  look(stage: Stage): { readonly running: RunningAttempt[]; readonly zombies: RunningAttempt[] } {
    const of = (all: Iterable<AttemptFacts>): RunningAttempt[] =>
      Array.from(all)
        .filter((one) => one.stage === stage)
        .map(({ attempt, current: { task, held } }) => ({
          key: task.key,
          attempt,
          startedAt: held.startedAt,
        }));
    return { running: of(this.running), zombies: of(this.zombies) };
  }

  private addZombie(facts: AttemptFacts, { settled }: Invocation): void {
    const { consumer, fail, tools } = this.parts;
    const { zombies } = this;
    zombies.add(facts);
    if (zombies.size > consumer.concurrency) fail(new TooManyZombies(consumer.name, zombies.size));
    const { attempt, current } = facts;
    void settled.then(() => {
      zombies.delete(facts);
      tools.emit({ type: 'late-settlement', key: current.task.key, attempt });
    });
  }
}

/** The main stage: messages of the events stream. */
export function mainStage(parts: BusinessParts, runner: HandlerRunner): StageSpec {
  const header = parts.tools.pipeline.config.correlationHeader ?? defaultCorrelationHeader;
  return {
    limits: parts.consumer,
    trustsFirstDelivery: true,
    past: stageFilter(parts.tools.pipeline.places.journal.root, parts.consumer.name, 'main'),
    recordsSuccess: false,
    plan: planOf(parts.consumer),
    runsHandlers: true,
    identify: (held) => ({
      task: new DeliveredTask('business', parts.consumer.name, held.delivery, undefined, header),
    }),
    run: (current, attempt, _original, single) => runner.run(current, attempt, current.held.delivery, single),
  };
}

/** The retry stage: pointers, each resolved to its one original. */
export function retryStage(parts: BusinessParts, runner: HandlerRunner): StageSpec {
  const { consumer, tools } = parts;
  return {
    limits: limitsOf(consumer, 'retry'),
    trustsFirstDelivery: false,
    past: stageFilter(tools.pipeline.places.journal.root, consumer.name, 'retry'),
    recordsSuccess: true,
    runsHandlers: true,
    identify: (held) => identifyPointer(consumer.name, held),
    fetch: ({ held, worker, task }) =>
      worker.persist(held, 'fetch the original', () => eventFor(tools.pipeline, task)),
    run: (current, attempt, original, single) =>
      original?.state === 'present'
        ? runner.run(current, attempt, storedEvent(original), single)
        : unavailable(original?.state ?? 'missing', current.task),
    resolved: async ({ task }, original) => {
      if (original?.state !== 'present' || !original.kept) return;
      const { consumer: name, origin } = task.key;
      // Where that fails, the next look at what is kept removes it.
      await removeKept(tools.pipeline, name, origin).catch(() => {});
    },
  };
}

/** What is kept and can't be read is as good as gone: the event becomes a dead letter, and nothing is held up. */
async function eventFor(pipeline: Pipeline, { key, edited }: Task): Promise<Original> {
  const { consumer, origin } = key;
  const isEdited = edited !== undefined;
  // Of an edited one the original is not what is meant, whether it is there or not.
  const original: Original = isEdited ? { state: 'missing' } : await fetchOriginal(pipeline.link, origin);
  if (original.state === 'present') return original;
  try {
    const kept = await readKept(pipeline, consumer, origin, edited);
    if (!kept) return original;
    const { message } = kept;
    return { state: 'present', message, kept: true, ...(isEdited ? { edited: true } : {}) };
  } catch (error) {
    if (error instanceof NotAllowedError || error instanceof OperationError) return original;
    throw error;
  }
}

function unavailable(state: 'missing' | 'replaced', { key, edited }: Task): Outcome {
  const { stream, seq } = key.origin;
  const text =
    edited !== undefined
      ? `what was edited of it for cycle ${edited} is gone from the kept stream`
      : state === 'missing'
        ? `the original is gone from ${stream}: it aged out, was evicted or deleted`
        : `another event stands at sequence ${seq} of ${stream}: the stream was recreated`;
  return { kind: 'failed', failure: makeFailure(state, 'OriginalUnavailable', text) };
}

function storedEvent({
  message,
  kept,
  edited,
}: Extract<Original, { readonly state: 'present' }>): EventMessage {
  return {
    ...message,
    msgId: headerOf(message.headers, msgIdHeader),
    ...(kept ? { kept } : {}),
    ...(edited ? { edited } : {}),
  };
}

function identifyPointer(consumer: string, { delivery }: HeldMessage): Identified {
  const decoded = decodePointer(delivery.data, delivery.header(pointerHeader.notBefore));
  if (decoded.ok && decoded.value.consumer === consumer) {
    const pointer = decoded.value;
    return {
      task: {
        key: { tier: 'business', consumer, origin: pointer.origin, stage: 'retry', cycle: pointer.cycle },
        dueMs: pointer.notBeforeMs,
        ...(delivery.header(pointerHeader.putBack) === undefined ? {} : { putBack: true }),
        ...(pointer.edited === undefined ? {} : { edited: pointer.edited }),
        ...(pointer.trace === undefined ? {} : { trace: pointer.trace }),
        attemptsBefore: pointer.attempts.main,
        firstFailedAt: pointer.firstFailedAt,
      },
    };
  }
  // Nobody can say which event this was about: the meta tier's dead letters take it, under its own place.
  const origin = originOf(delivery);
  const reason = decoded.ok ? `names consumer ${decoded.value.consumer}` : decoded.reason;
  return {
    task: {
      key: { tier: 'meta', consumer: 'meta-consumer-retry', origin, stage: 'main', cycle: 0 },
      dueMs: 0,
      attemptsBefore: 0,
    },
    failure: makeFailure('malformed', 'MalformedPointer', `not a pointer of ${consumer}: ${reason}`),
  };
}
