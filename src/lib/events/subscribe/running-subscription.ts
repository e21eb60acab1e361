import { waitOf } from '../../domain/given.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { delayAfter } from '../../domain/backoff.js';
import { isReject, isSnooze } from '../../domain/outcome.js';
import { messageOf, OperationError, PlutomiError } from '../../errors.js';
import { Slots } from '../../flow/slots.js';
import { EventRegistry } from '../../handlers/event.js';
import { ClosedError, type NotAllowedError, UnreachableError } from '../../nats/errors.js';
import type { StreamInfo } from '../../nats/objects.js';
import { capacityFor } from '../../nats/read/capacity.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { HeldMessage } from '../../waterfall/worker/held-message.js';
import type { JoinedGroup } from '../read/read-options.js';
import { openedOf } from '../read/stored-event.js';
import type { SubjectsMeant } from '../read/subjects-meant.js';
import { groupGone, isGone } from './group-gone.js';
import type { OwnConsumer } from './own-consumer.js';
import { delayOf, ReceivedMessage, type Verdict } from './received-event.js';
import { Receiver } from './receiver.js';
import type { SubscribeOptions, Subscription, SubscriptionSettings } from './options.js';

/** After a handler has thrown, by how often the event was delivered. */
const backoffMs = [100, 1000, 5000, 30_000];
const drainTimeoutMs = 25_000;
const restartPauseMs = 500;

/** What a subscription was made with. */
interface Parts {
  readonly settings: SubscriptionSettings;
  readonly info: StreamInfo;
  readonly meant: SubjectsMeant;
  readonly joined?: JoinedGroup;
  readonly own?: OwnConsumer;
}

/** A message that is not settled, and who received it. */
interface Entry {
  held: HeldMessage;
  receiver: Receiver;
  /** Its handler has resolved and said nothing: nothing is heard of it any more. */
  isLeft: boolean;
}

/** One subscription: receives, runs the handler, and says what became of each event. */
export class RunningSubscription implements Subscription {
  readonly group: JoinedGroup | undefined;
  readonly closed: Promise<PlutomiError | undefined>;
  private end: (reason: PlutomiError | undefined) => void = () => {};
  private readonly registry: EventRegistry;
  private readonly slots: Slots;
  private readonly ackWaitMs: number;
  private readonly capacity: number;
  private readonly entries = new Map<number, Entry>();
  private readonly unwatch: readonly (() => void)[];
  private readonly timer: NodeJS.Timeout;
  private receiver: Receiver;
  private running = 0;
  private onIdle: (() => void) | undefined;
  private isClosing = false;
  private isLooking = false;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly options: SubscribeOptions,
    private readonly parts: Parts,
  ) {
    const { settings, info, joined } = parts;
    this.group = joined;
    this.closed = new Promise((resolve) => (this.end = resolve));
    this.registry = new EventRegistry(pipeline.config);
    this.slots = new Slots(settings.concurrency);
    this.ackWaitMs = joined?.ackWaitMs ?? settings.ackWaitMs;
    this.capacity = capacityFor(info, settings.buffer);
    this.receiver = this.receive();
    const { link } = pipeline;
    this.unwatch = [
      link.watchRefusals((error: NotAllowedError) => {
        if (this.receiver.concerns(error)) this.fail(error);
      }),
      link.watchEnd((reason) => reason && this.fail(reason)),
    ];
    this.timer = setInterval(() => this.forgetLapsed(), Math.max(10, this.ackWaitMs / 6));
    this.timer.unref();
  }

  private get stream(): string {
    return this.pipeline.config.streams.events.name;
  }

  private get consumer(): string {
    return this.parts.joined?.name ?? this.parts.own?.name ?? '';
  }

  private receive(): Receiver {
    const { stream, consumer, capacity, ackWaitMs } = this;
    const receiver = new Receiver(
      this.pipeline,
      { stream, consumer, capacity, ackWaitMs },
      {
        onMessage: (held) => this.arrived(receiver, held),
        onGone: () => void this.lookFor(receiver),
        onIdle: () => {},
      },
    );
    return receiver;
  }

  private arrived(receiver: Receiver, held: HeldMessage): void {
    const { seq, subject } = held.delivery;
    const { own, meant } = this.parts;
    if (this.isClosing) return receiver.giveBack(held);
    if (own?.take(seq) === false || meant.matches?.(subject) === false) {
      own?.settle(seq);
      return receiver.done(held);
    }
    const before = this.entries.get(seq);
    // Its consumer was lost while its handler runs: what that says is said of this delivery.
    if (before && !before.isLeft && before.receiver !== receiver) {
      before.held = held;
      before.receiver = receiver;
      return;
    }
    // It was given to somebody else meanwhile, and came back: what this handler says of it counts no more.
    if (before) this.forget(seq, before);
    const entry = { held, receiver, isLeft: false };
    this.entries.set(seq, entry);
    void this.handle(seq, entry);
  }

  private async handle(seq: number, entry: Entry): Promise<void> {
    this.running++;
    await this.slots.take();
    try {
      if (this.isClosing) this.settle(seq, entry, { is: 'back', delayMs: 0 });
      else if (entry.receiver.hasLapsed(entry.held)) this.forget(seq, entry);
      else await this.run(seq, entry);
    } catch (error) {
      this.fail(error);
    } finally {
      this.slots.give();
      if (--this.running === 0) this.onIdle?.();
    }
  }

  private async run(seq: number, entry: Entry): Promise<void> {
    const { delivery } = entry.held;
    const opened = await openedOf(this.pipeline, delivery);
    const say = (verdict: Verdict): void => this.settle(seq, entry, verdict);
    const event = new ReceivedMessage(delivery, this.registry.typeOf(delivery.subject), opened, say);
    try {
      await this.options.handler(event);
      if (this.parts.settings.autoAck) say({ is: 'done' });
      else this.leave(seq, entry);
    } catch (error) {
      try {
        this.options.onError?.(error, event);
      } finally {
        say(verdictOf(error, delivery.deliveries));
      }
    }
  }

  /** The first that is said counts. */
  private settle(seq: number, entry: Entry, verdict: Verdict): void {
    if (this.entries.get(seq) !== entry) return;
    this.entries.delete(seq);
    const { receiver, held } = entry;
    if (verdict.is === 'back') receiver.giveBack(held, verdict.delayMs);
    else if (verdict.is === 'done') receiver.done(held);
    else receiver.end(held, verdict.reason);
    if (verdict.is !== 'back') this.parts.own?.settle(seq);
  }

  /** Nothing was said about it yet: from now on it must be, or it comes again. */
  private leave(seq: number, entry: Entry): void {
    if (this.entries.get(seq) !== entry) return;
    entry.isLeft = true;
    entry.receiver.letLapse(entry.held);
  }

  private forgetLapsed(): void {
    for (const [seq, entry] of this.entries) {
      if (entry.isLeft && entry.receiver.hasLapsed(entry.held)) this.forget(seq, entry);
    }
  }

  private forget(seq: number, entry: Entry): void {
    if (this.entries.get(seq) !== entry) return;
    this.entries.delete(seq);
    entry.receiver.forget(entry.held);
  }

  /** The group is gone for good, or a consumer of its own is made anew. */
  private async lookFor(receiver: Receiver): Promise<void> {
    if (this.isLooking || this.isClosing || receiver !== this.receiver) return;
    this.isLooking = true;
    const { link } = this.pipeline;
    const { own } = this.parts;
    try {
      if (!(await isGone(link, this.stream, this.consumer)) || this.isClosing) return;
      if (!own) return this.fail(groupGone(this.consumer));
      await this.renew(own, receiver);
    } catch (error) {
      // Of an end for good the link says why.
      if (!(error instanceof ClosedError)) this.fail(error);
    } finally {
      this.isLooking = false;
    }
  }

  private async renew(own: OwnConsumer, receiver: Receiver): Promise<void> {
    for (;;) {
      try {
        await own.make();
        break;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        if (this.isClosing) return;
        await sleep(restartPauseMs);
      }
    }
    await receiver.stop();
    receiver.close();
    if (this.isClosing) await own.remove();
    else this.receiver = this.receive();
  }

  private fail(error: unknown): void {
    const reason =
      error instanceof PlutomiError ? error : new OperationError(messageOf(error), { cause: error });
    this.end(reason);
    void this.close(0);
  }

  // A promise in any case.
  async close(drainMs = drainTimeoutMs): Promise<void> {
    this.closing ??= this.shutDown(waitOf('drainMs', drainMs));
    await this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(drainMs: number): Promise<void> {
    this.isClosing = true;
    // Who waits for its turn is given back.
    this.slots.open();
    const stopped = this.receiver.stop();
    if (this.running > 0) {
      const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
      const late = new AbortController();
      await Promise.race([idle, sleep(drainMs, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    }
    await stopped;
    clearInterval(this.timer);
    for (const unwatch of this.unwatch) unwatch();
    for (const [seq, entry] of this.entries) this.settle(seq, entry, { is: 'back', delayMs: 0 });
    this.receiver.close();
    const { link } = this.pipeline;
    if (link.connected) await link.flush().catch(() => {});
    await this.parts.own?.remove();
    this.end(undefined);
  }
}

function verdictOf(error: unknown, deliveries: number): Verdict {
  if (isReject(error)) return { is: 'ended', reason: error.message };
  if (!isSnooze(error)) return { is: 'back', delayMs: delayAfter(backoffMs, deliveries) };
  try {
    return { is: 'back', delayMs: delayOf(error.delay) };
  } catch {
    return { is: 'back', delayMs: delayAfter(backoffMs, deliveries) };
  }
}
