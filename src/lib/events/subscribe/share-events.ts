import { msOfNanos } from '../../domain/time.js';
import { EventRegistry } from '../../handlers/event.js';
import { ClosedError, type NotAllowedError } from '../../nats/errors.js';
import { capacityFor } from '../../nats/read/capacity.js';
import { noStream } from '../../nats/read/read-stream.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { HeldMessage } from '../../waterfall/worker/held-message.js';
import { atTime } from '../read/at-time.js';
import { type ReadEventsOptions, spanOf } from '../read/read-options.js';
import { type StoredEvent, storedEvents } from '../read/stored-event.js';
import { subjectsMeant } from '../read/subjects-meant.js';
import { groupGone, isGone } from './group-gone.js';
import { joinGroup } from './join-group.js';
import { Receiver } from './receiver.js';

/** Most events that one member holds, and that are on their way to it. */
const capacity = 64;
const ackWaitMs = 30_000;

/**
 * As `readEvents` with a group, in pages of at most `atOnce`: each event goes to one member, and is acknowledged when
 * the next page is asked for. What was not, since the loop was left or its process died, goes to another one.
 *
 * Throws as `joinGroup`, and OperationError `GROUP_GONE` where somebody deletes the group's durable meanwhile.
 */
export async function* sharePages(
  pipeline: Pipeline,
  options: ReadEventsOptions & { readonly group: string },
  atOnce: number,
): AsyncGenerator<readonly StoredEvent[], void> {
  const { link, config, clock } = pipeline;
  const { group, subjects = [], signal } = options;
  let { count: left = Number.POSITIVE_INFINITY } = options;
  const { start, untilMs, follow } = spanOf(options, clock.now());
  const meant = subjectsMeant(config, subjects);
  const { name: stream } = config.streams.events;
  const info = await link.streamInfo(stream);
  if (!info) throw noStream(link, stream);
  options.onStart?.({ firstSeq: info.state.first_seq, lastSeq: info.state.last_seq });
  const joined = await joinGroup(pipeline, { group, meant, isNamed: subjects.length > 0, start, ackWaitMs });
  options.onGroup?.(joined);
  if (!follow && joined.pending === 0) return;
  const registry = new EventRegistry(config);
  const most = Math.min(capacityFor(info, capacity), left);
  const share = new Share(pipeline, { stream, consumer: group, capacity: most, ackWaitMs: joined.ackWaitMs });
  const onAbort = (): void => share.end();
  signal?.addEventListener('abort', onAbort);
  const stopTimer = untilMs === Number.POSITIVE_INFINITY ? undefined : atTime(untilMs, clock, onAbort);
  try {
    while (signal?.aborted !== true) {
      const page = await share.next(Math.min(atOnce, left), !follow);
      const late = page.findIndex(({ delivery }) => msOfNanos(delivery.time) > untilMs);
      const events = late < 0 ? page : page.slice(0, late);
      const messages = events.map(({ delivery }) => delivery);
      if (messages.length > 0) yield await storedEvents(pipeline, messages, registry);
      share.done(events);
      left -= events.length;
      const isLast = !follow && events.at(-1)?.delivery.pending === 0;
      if (page.length === 0 || late >= 0 || isLast || left === 0) return;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stopTimer?.();
    await share.leave();
  }
}

/** What one member has of its group. */
class Share {
  private readonly waiting: HeldMessage[] = [];
  private readonly receiver: Receiver;
  private readonly unwatch: readonly (() => void)[];
  /** Given out, and not yet acknowledged. */
  private readonly given = new Set<HeldMessage>();
  private wake: () => void = () => {};
  private isIdle = false;
  private isEnding = false;
  private isLooking = false;
  private failure: Error | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly settings: ConstructorParameters<typeof Receiver>[1],
  ) {
    this.receiver = new Receiver(pipeline, settings, {
      onMessage: (held) => this.receive(held),
      onGone: () => void this.lookForGroup(),
      onIdle: () => {
        this.isIdle = true;
        this.wake();
      },
    });
    const { link } = pipeline;
    this.unwatch = [
      link.watchRefusals((error: NotAllowedError) => {
        if (this.receiver.concerns(error)) this.fail(error);
      }),
      link.watchEnd((reason) => (reason ? this.fail(reason) : this.end())),
    ];
  }

  /** The next events, at most so many; none: it ends, or, with `orIdle`, there is nothing at hand. */
  async next(most: number, orIdle: boolean): Promise<readonly HeldMessage[]> {
    for (;;) {
      if (this.failure) throw this.failure;
      if (this.isEnding) return [];
      const page = this.waiting.splice(0, most).filter((held) => this.isStillOurs(held));
      for (const held of page) this.given.add(held);
      if (page.length > 0 || (orIdle && this.isIdle)) return page;
      if (this.waiting.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** These were given out, and are dealt with. */
  done(page: readonly HeldMessage[]): void {
    for (const held of page) {
      this.given.delete(held);
      this.receiver.done(held);
    }
  }

  private isStillOurs(held: HeldMessage): boolean {
    if (!this.receiver.hasLapsed(held)) return true;
    this.receiver.forget(held);
    return false;
  }

  end(): void {
    this.isEnding = true;
    this.wake();
  }

  /** Gives back what was not dealt with; somebody else has it at once. */
  async leave(): Promise<void> {
    this.isEnding = true;
    for (const unwatch of this.unwatch) unwatch();
    for (const held of [...this.given, ...this.waiting.splice(0)]) this.receiver.giveBack(held);
    await this.receiver.stop();
    this.receiver.close();
    if (this.pipeline.link.connected) await this.pipeline.link.flush().catch(() => {});
  }

  private receive(held: HeldMessage): void {
    this.isIdle = false;
    if (this.isEnding) return this.receiver.giveBack(held);
    this.waiting.push(held);
    this.wake();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  private async lookForGroup(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    const { stream, consumer } = this.settings;
    try {
      if (await isGone(this.pipeline.link, stream, consumer)) this.fail(groupGone(consumer));
    } catch (error) {
      // Of an end for good the link says why.
      if (!(error instanceof ClosedError)) this.fail(error as Error);
    } finally {
      this.isLooking = false;
    }
  }
}
