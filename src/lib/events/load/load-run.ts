import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf, PlutomiError } from '../../errors.js';
import type { Clock } from '../../flow/clock.js';
import { UnreachableError } from '../../nats/errors.js';
import type { PublishResult } from '../publish/outgoing.js';
import type { Publisher } from '../publish/publish.js';
import { Window } from '../publish/window.js';
import type { LatencyRecorder } from './latencies.js';
import type { EventLoad, LoadProblem, LoadSoFar } from './load-options.js';
import type { PreparedLoad } from './plan-load.js';
import { keepSchedule } from './schedule.js';

/** Events whose answer is outstanding: at the rate `max`, as `publishMany` has it; else only memory bounds them. */
const inFlight = { max: 1000, rate: 50_000 };
const lateMs = 10;
const progressEveryMs = 100;

export interface LoadParts {
  readonly plan: PreparedLoad;
  /** The type as it was given, or its subject. */
  readonly type: string;
  readonly publishers: readonly Publisher[];
  readonly published: LatencyRecorder;
  /** Undefined: arrivals are not measured. */
  readonly arrived: LatencyRecorder | undefined;
  readonly clock: Clock;
  readonly onProgress?: ((soFar: LoadSoFar) => void) | undefined;
}

/** One load: sends, and counts what comes of it. */
export class LoadRun {
  /** Ends the sending. */
  private readonly ended = new AbortController();
  private readonly window: Window;
  private readonly base: string;
  private readonly problems = new Map<string, LoadProblem>();
  private startMs = 0;
  private sentUntilMs = 0;
  private answeredAtMs = 0;
  private nextProgressMs = 0;
  private sent = 0;
  private stored = 0;
  private duplicates = 0;
  private errors = 0;
  private late = 0;
  private wasFull = false;
  private refusal: PlutomiError | undefined;

  constructor(private readonly parts: LoadParts) {
    const { plan, clock } = parts;
    this.window = new Window(plan.rate === 'max' ? inFlight.max * plan.publishers : inFlight.rate);
    this.base = `load-${clock.uuid().slice(0, 8)}`;
  }

  /** How many events the stream has. */
  get storedCount(): number {
    return this.stored;
  }

  /** No further event is sent. */
  readonly stop = (): void => {
    this.ended.abort();
    this.window.interrupt();
  };

  /** Sends until the time is over, or until `stop`. Throws what refuses the first event for good. */
  async send(): Promise<void> {
    const { plan, clock } = this.parts;
    const { rate, durationMs, events } = plan;
    this.startMs = clock.monotonic();
    if (rate === 'max' || events === null) await this.sendMany(durationMs);
    else {
      const schedule = { startMs: this.startMs, rate, events, durationMs };
      await keepSchedule(schedule, this.sendDue, clock, this.ended.signal);
      if (!this.ended.signal.aborted) this.late += events - this.sent;
    }
    this.sentUntilMs = clock.monotonic();
  }

  /** Waits for the answers that are outstanding, no longer than this. Then nothing is counted any more. */
  async settle(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.window.empty(), late]);
    clearTimeout(timer);
    const left = this.window.inside;
    this.isOver = true;
    if (left > 0) this.count('UNREACHABLE', `no answer within ${withinMs} ms after the last was sent`, left);
    if (this.refusal !== undefined && this.stored === 0) throw this.refusal;
  }

  private isOver = false;

  /** When the event of this id was due, monotonic ms; undefined: it is none of these. */
  dueOf(id: string): number | undefined {
    if (!id.startsWith(this.base)) return undefined;
    return this.startMs + Number(id.slice(id.lastIndexOf('-') + 1)) / 1000;
  }

  private async sendMany(durationMs: number): Promise<void> {
    const { clock } = this.parts;
    const endMs = this.startMs + durationMs;
    const timer = setTimeout(() => this.window.interrupt(), durationMs);
    while (!this.ended.signal.aborted) {
      const nowMs = clock.monotonic();
      if (nowMs >= endMs) break;
      // What is sent in one turn leaves in one write.
      for (let count = 0; count < inFlight.max && !this.window.isFull; count++) this.sendOne(nowMs);
      if (this.window.isFull) await this.window.room();
      else await nextTurn();
    }
    clearTimeout(timer);
  }

  private readonly sendDue = (dueMs: number): boolean => {
    if (this.window.isFull) {
      this.wasFull = true;
      return false;
    }
    const nowMs = this.parts.clock.monotonic();
    if (nowMs - dueMs > lateMs) this.late++;
    if (nowMs >= this.nextProgressMs) this.tell(nowMs);
    this.sendOne(dueMs);
    return true;
  };

  private sendOne(dueMs: number): void {
    const { plan, publishers, type } = this.parts;
    const n = ++this.sent;
    this.window.enter();
    // The id says when it was due: nothing is kept here for each.
    const id = `${this.base}-${n}-${Math.round((dueMs - this.startMs) * 1000)}`;
    const publisher = publishers[n % publishers.length] as Publisher;
    publisher.start(type, plan.payloads(n), { id }, (result) => this.settled(result, dueMs));
  }

  private settled(result: PublishResult | Error, dueMs: number): void {
    if (this.isOver) return;
    const nowMs = this.parts.clock.monotonic();
    this.answeredAtMs = nowMs;
    if (result instanceof Error) this.failed(result);
    else {
      this.stored++;
      if (result.duplicate) this.duplicates++;
      this.parts.published.record(nowMs - dueMs);
    }
    this.window.leave();
    if (nowMs >= this.nextProgressMs) this.tell(nowMs);
  }

  private failed(error: Error): void {
    // What refuses the very first refuses all.
    if (
      this.stored + this.errors === 0 &&
      error instanceof PlutomiError &&
      !(error instanceof UnreachableError)
    ) {
      this.refusal = error;
      this.stop();
    }
    this.count(error instanceof PlutomiError ? error.code : error.name, messageOf(error), 1);
  }

  private count(code: string, message: string, count: number): void {
    this.errors += count;
    const known = this.problems.get(code);
    this.problems.set(code, { code, message, ...known, count: (known?.count ?? 0) + count });
  }

  private tell(nowMs: number): void {
    const { onProgress, plan, published } = this.parts;
    this.nextProgressMs = nowMs + progressEveryMs;
    const { sent, stored, errors } = this;
    const elapsedMs = nowMs - this.startMs;
    onProgress?.({ elapsedMs, durationMs: plan.durationMs, sent, stored, errors, p99: published.p99 });
  }

  result(): EventLoad {
    const { published, arrived, plan } = this.parts;
    const lastMs = Math.max(this.sentUntilMs, this.answeredAtMs);
    const seconds = Math.round(lastMs - this.startMs) / 1000;
    const { sent, stored, duplicates, errors, late } = this;
    return {
      sent,
      stored,
      duplicates,
      errors,
      seconds,
      rate: seconds === 0 ? 0 : Math.round((stored / seconds) * 10) / 10,
      publishMs: published.summary(),
      endToEndMs: arrived?.summary() ?? null,
      received: arrived?.count ?? null,
      limit: this.wasFull ? 'server' : late > (plan.events ?? 0) / 100 ? 'machine' : 'none',
      late,
      problems: [...this.problems.values()].toSorted((a, b) => b.count - a.count),
    };
  }
}
