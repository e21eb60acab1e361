import type { Tier } from '../domain/key.js';
import { isoOfMs } from '../domain/time.js';
import type { Clock } from '../flow/clock.js';
import { countEvents } from '../observe/count-events.js';
import type { Subscribe } from '../observe/event-bus.js';
import type {
  ConnectionSnapshot,
  Holding,
  PipelineSnapshot,
  RunningHandler,
  Since,
  StageSnapshot,
} from '../observe/snapshot.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { HandlerRunner, RunningAttempt } from './stages/business.js';
import type { Admission } from './worker/admission.js';
import type { Gate } from './worker/gate.js';
import type { Silence } from './worker/answers.js';
import type { Worker } from './worker/worker.js';

export interface Observed {
  readonly pipeline: Pipeline;
  readonly subscribe: Subscribe;
  /** Each with whoever runs its handlers, where it has any. */
  readonly stages: readonly { readonly worker: Worker; readonly runner?: HandlerRunner | undefined }[];
  readonly gates: Readonly<Record<Tier, Gate>>;
  readonly admission: Admission;
  readonly advisoriesWaiting: () => number;
  readonly state: () => PipelineSnapshot['state'];
}

/**
 * Says what a running pipeline is doing now. Between two snapshots it keeps what only events show: the connection's
 * changes, standstills, and how many events there were.
 */
export class SnapshotTaker {
  private readonly startedAt: number;
  private changedAt: number;
  private reconnects = 0;
  private readonly eventCounts: ReturnType<typeof countEvents>;
  /** By stream and durable. */
  private readonly standstills = new Map<string, Silence>();
  private readonly unwatch: () => void;

  constructor(private readonly observed: Observed) {
    const { pipeline, subscribe } = observed;
    const { link, clock } = pipeline;
    this.startedAt = clock.monotonic();
    this.changedAt = this.startedAt;
    this.unwatch = link.watch((state) => {
      this.changedAt = clock.monotonic();
      if (state === 'reconnected') this.reconnects++;
    });
    this.eventCounts = countEvents(subscribe);
    subscribe(
      (event) => {
        const id = idOf(event.stream, event.consumer);
        if (event.type === 'standstill-over') this.standstills.delete(id);
        else {
          const since = this.standstills.get(id)?.since ?? clock.monotonic();
          this.standstills.set(id, { why: event.why, since });
        }
      },
      { types: ['standstill', 'standstill-over'] },
    );
  }

  stop(): void {
    this.unwatch();
  }

  take(): PipelineSnapshot {
    const { pipeline, stages, admission, advisoriesWaiting, state } = this.observed;
    const moment = new Moment(pipeline.clock);
    const { since: startedAt, forMs: uptimeMs } = moment.since(this.startedAt);
    return {
      pipeline: pipeline.config.name,
      worker: pipeline.identity.worker,
      at: moment.at,
      startedAt,
      uptimeMs,
      state: state(),
      connection: this.connection(moment),
      holding: this.holding(moment),
      handlers: admission.now,
      advisoriesWaiting: advisoriesWaiting(),
      stages: stages.map(({ worker, runner }) => this.stage(moment, worker, runner)),
      events: this.eventCounts(),
    };
  }

  private connection(moment: Moment): ConnectionSnapshot {
    const { link } = this.observed.pipeline;
    const { connected, server, serverVersion } = link;
    return { connected, server, serverVersion, reconnects: this.reconnects, ...moment.since(this.changedAt) };
  }

  private holding(moment: Moment): Holding[] {
    const { gates } = this.observed;
    return (['business', 'meta'] as const).flatMap((tier) =>
      gates[tier].holding.map(({ what, error, messages, since }) => ({
        tier,
        what,
        error,
        messages,
        ...moment.since(since),
      })),
    );
  }

  private stage(moment: Moment, worker: Worker, runner: HandlerRunner | undefined): StageSnapshot {
    const { serves, stream, consumer: durable, concurrency, capacity } = worker.settings;
    const { counts, lastSucceededAt, lastFailedAt } = worker.counter;
    const attempts = runner?.look(serves.stage);
    return {
      ...serves,
      stream,
      durable,
      concurrency,
      capacity,
      inHand: worker.inHandCount,
      waitingForPlace: worker.slots.waitingCount,
      running: moment.handlers(attempts?.running ?? []),
      zombies: moment.handlers(attempts?.zombies ?? []),
      counts,
      durations: worker.counter.durations?.now ?? null,
      lastSucceededAt: moment.iso(lastSucceededAt),
      lastFailedAt: moment.iso(lastFailedAt),
      unanswered: moment.waiting(worker.unanswered),
      standstill: moment.waiting(this.standstills.get(idOf(stream, durable))),
    };
  }
}

function idOf(stream: string, durable: string): string {
  return `${stream}/${durable}`;
}

/** The moment of a snapshot: monotonic times as people and other programs read them. */
class Moment {
  readonly at: string;
  private readonly now: number;
  private readonly monotonic: number;

  constructor(clock: Clock) {
    this.now = clock.now();
    this.monotonic = clock.monotonic();
    this.at = isoOfMs(this.now);
  }

  since(then: number): Since {
    const forMs = Math.max(0, Math.round(this.monotonic - then));
    return { since: isoOfMs(this.now - forMs), forMs };
  }

  iso(then: number): string | null {
    return Number.isNaN(then) ? null : this.since(then).since;
  }

  waiting(silence: Silence | undefined): (Since & { why: string }) | null {
    return silence ? { why: silence.why, ...this.since(silence.since) } : null;
  }

  handlers(attempts: readonly RunningAttempt[]): RunningHandler[] {
    return attempts
      .toSorted((a, b) => a.startedAt - b.startedAt)
      .map(({ key: { consumer, origin, cycle }, attempt, startedAt }) => ({
        id: `${consumer}/${origin.seq}`,
        origin: `${origin.stream}/${origin.seq}`,
        subject: origin.subject,
        attempt,
        cycle,
        ...this.since(startedAt),
      }));
  }
}
