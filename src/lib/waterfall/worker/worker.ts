import type { Pipeline } from '../../pipeline/pipeline.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, PlutomiError } from '../../errors.js';
import { type Delivery, isAckOf } from '../../nats/consume/delivery.js';
import { delayAfter } from '../../domain/backoff.js';
import { isLasting, type NotAllowedError } from '../../nats/errors.js';
import { Pull } from '../../nats/consume/pull.js';
import type { DurationCounts } from '../../domain/duration-counts.js';
import type { StageSnapshot } from '../../observe/snapshot.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import { Answers, type Silence } from './answers.js';
import type { Gate } from './gate.js';
import { HeldMessage } from './held-message.js';
import { WorkerFailure } from '../failures.js';
import { LeaseKeeper } from './lease.js';
import { Settler } from './settle.js';
import { StageCounter } from './stage-counter.js';
import { Slots } from '../../flow/slots.js';

/** Whose stage it is: of a consumer of the pipeline, or of the routing. */
export type Served = Pick<StageSnapshot, 'tier' | 'consumer' | 'stage'>;

export interface WorkerSettings {
  readonly serves: Served;
  readonly stream: string;
  readonly consumer: string;
  readonly concurrency: number;
  /** Most messages held at once, those that wait for a slot included. */
  readonly capacity: number;
  readonly ackWaitMs: number;
  readonly confirmAcks: boolean;
}

export interface WorkerTools {
  readonly pipeline: Pipeline;
  readonly gate: Gate;
  readonly emit: WaterfallListener;
  /** Ends the whole pipeline with this error. */
  readonly fail: (error: PlutomiError) => void;
  /** How long attempts take is counted. */
  readonly durations?: DurationCounts | undefined;
}

/** Thrown inside a message's processing: neither ack nor nak it, it comes back by itself. */
export class LetGo extends Error {}

/** The server permanently refuses what was to be stored or read first: the message comes back later. */
class ComesBack extends LetGo {}

/** After so long, by how often it was delivered. */
const comesBackAfterMs = [5000, 15_000, 60_000, 300_000];

export type Process = (held: HeldMessage, worker: Worker) => Promise<void>;

const longestPauseMs = 2000;

/**
 * Pulls the messages of one consumer and gives each to `process`, keeping its lease from receipt to release.
 * Knows nothing of attempts and records.
 */
export class Worker {
  readonly settler: Settler;
  /** Places for running handlers. */
  readonly slots: Slots;
  /** Suspects run one at a time. */
  readonly suspects = new Slots(1);
  readonly counter: StageCounter;
  private readonly leases: LeaseKeeper;
  private readonly pull: Pull;
  private inHand = 0;
  private onEmpty: (() => void) | undefined;
  private readonly unwatch: () => void;
  private stopping = false;
  private abandoned = false;
  private complained = false;
  private timesOutOfSight = 0;
  private readonly answers: Answers;

  constructor(
    readonly settings: WorkerSettings,
    private readonly tools: WorkerTools,
    private readonly process: Process,
    private readonly onGone: (worker: Worker, why: string) => void,
  ) {
    const { pipeline, gate } = tools;
    const { link } = pipeline;
    const { monotonic } = pipeline.clock;
    this.counter = new StageCounter(tools.durations);
    this.settler = new Settler(link, settings.confirmAcks, monotonic);
    this.slots = new Slots(settings.concurrency);
    this.answers = new Answers(monotonic);
    this.leases = new LeaseKeeper(this.settler, settings.ackWaitMs, monotonic);
    this.pull = new Pull(
      link,
      { stream: settings.stream, consumer: settings.consumer, capacity: settings.capacity },
      {
        onMessage: (delivery) => this.receive(delivery),
        onGone: (why) => this.gone(why),
        onIdle: () => this.answers.heard(),
      },
    );
    const unwatchGate = gate.watch((open) => (open ? this.pull.resume() : this.pull.pause()));
    const unwatchLink = link.watch(() => {
      this.timesOutOfSight++;
      this.answers.unsure();
    });
    this.unwatch = () => {
      unwatchGate();
      unwatchLink();
    };
    if (!gate.open) this.pull.pause();
  }

  /** The process was asked to stop: what has not started yet must not start any more. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** The drain is over too. */
  get isOver(): boolean {
    return this.abandoned;
  }

  /** Grows whenever the consumer may have been recreated, or its server restarted, without our knowing. */
  get epoch(): number {
    return this.timesOutOfSight;
  }

  /** Monotonic milliseconds. */
  get time(): number {
    return this.tools.pipeline.clock.monotonic();
  }

  /** Since when the server does not answer when it is asked for messages; undefined: it does, or it is not asked. */
  get unanswered(): Silence | undefined {
    return this.answers.missing(this.pull.isAsking);
  }

  /** Is this refusal about this consumer's messages: pulling them, or saying what became of them? */
  concerns(error: NotAllowedError): boolean {
    const { stream, consumer } = this.settings;
    return this.pull.concerns(error) || isAckOf(error.subject ?? '', stream, consumer);
  }

  /** Can this message still be ours? */
  isOurs(held: HeldMessage): boolean {
    return !held.lapsed(this.tools.pipeline.clock.monotonic());
  }

  /**
   * Repeats a write or a read until the server has taken it. From the second refusal on the gate is closed.
   *
   * Throws LetGo when it can no longer matter: the lease has lapsed (unless `evenLate`), or the drain is over; and
   * when the server refuses it permanently, which is not waited out: no other message has to wait for this one.
   */
  // Not an async function: nearly all is taken at once, and pays for no frame that waits for more.
  persist<T>(held: HeldMessage, what: string, action: () => Promise<T>, evenLate = false): Promise<T> {
    return action().then(
      (result) => {
        this.tools.gate.taken(what);
        return result;
      },
      (error: unknown) => this.insist(held, what, action, evenLate, error),
    );
  }

  /** After a first refusal. */
  private async insist<T>(
    held: HeldMessage,
    what: string,
    action: () => Promise<T>,
    evenLate: boolean,
    refusal: unknown,
  ): Promise<T> {
    const { gate } = this.tools;
    let error = refusal;
    held.onWaiting?.(held);
    try {
      for (let tries = 1; ; tries++) {
        if (!(error instanceof PlutomiError)) throw error;
        if (isLasting(error)) {
          gate.refusedForGood(what, held.delivery, error);
          throw new ComesBack(what, { cause: error });
        }
        if (this.abandoned || (!evenLate && !this.isOurs(held))) throw new LetGo(what, { cause: error });
        if (tries > 1) gate.refused(what, held, messageOf(error));
        await sleep(Math.min(50 * 2 ** tries, longestPauseMs));
        try {
          const result = await action();
          gate.taken(what);
          return result;
        } catch (again) {
          error = again;
        }
      }
    } finally {
      gate.gaveUp(what, held);
    }
  }

  private receive(delivery: Delivery): void {
    this.complained = false;
    this.answers.heard();
    this.counter.delivered++;
    const held = new HeldMessage(delivery, this.settings.ackWaitMs, this.time);
    const note = delivery.serverNote;
    if (note !== undefined) return this.skip(held, note);
    this.leases.add(held);
    this.inHand++;
    void this.handle(held);
  }

  /** What the server keeps in a stream for itself is not an event. */
  private skip(held: HeldMessage, note: string): void {
    const { stream, seq, subject } = held.delivery;
    this.tools.emit({ type: 'skipped', consumer: this.settings.consumer, stream, seq, subject, what: note });
    void this.settler.ack(held);
    this.pull.release();
  }

  private async handle(held: HeldMessage): Promise<void> {
    try {
      await this.process(held, this);
    } catch (error) {
      if (error instanceof ComesBack)
        this.settler.nak(held, delayAfter(comesBackAfterMs, held.delivery.deliveries));
      else if (!(error instanceof LetGo)) this.tools.fail(asFailure(error, this.settings.consumer));
    } finally {
      this.leases.remove(held);
      this.pull.release();
      if (--this.inHand === 0) this.onEmpty?.();
    }
  }

  private gone(why: string): void {
    this.timesOutOfSight++;
    this.answers.gone(why);
    if (this.stopping) return;
    if (!this.complained) {
      this.complained = true;
      const { stream, consumer } = this.settings;
      this.tools.emit({ type: 'waiting-for-consumer', stream, consumer, why });
    }
    this.onGone(this, why);
  }

  /** Stops pulling and gives back what has not started. */
  async stopPulling(): Promise<void> {
    this.stopping = true;
    this.slots.open();
    this.suspects.open();
    this.unwatch();
    await this.pull.stop();
  }

  /** Gives a message back to whoever asks next, once it is on record that nothing has become of it. */
  giveBack(held: HeldMessage): void {
    this.settler.nak(held, 0);
    held.giveUp();
  }

  get inHandCount(): number {
    return this.inHand;
  }

  /** Resolves when all that was in hand is settled. */
  async drained(): Promise<void> {
    while (this.inHand > 0) {
      await new Promise<void>((resolve) => {
        this.onEmpty = resolve;
      });
    }
  }

  /** The drain deadline is over: nothing is waited for any longer, what is not settled comes back by itself. */
  abandon(): void {
    this.abandoned = true;
    this.leases.stop();
  }
}

function asFailure(error: unknown, consumer: string): PlutomiError {
  return error instanceof PlutomiError ? error : new WorkerFailure(consumer, error);
}
