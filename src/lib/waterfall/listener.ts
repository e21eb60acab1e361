import type { Pipeline } from '../pipeline/pipeline.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeAdvisory } from '../domain/advisory.js';
import { nativeAdvisorySubject } from '../domain/subjects.js';
import { exhaustionKinds } from '../domain/record-kinds.js';
import { messageOf, PlutomiError } from '../errors.js';
import { isLasting } from '../nats/errors.js';
import { type Heard, subscribe } from '../nats/consume/subscribe.js';
import type { Transcriber } from '../routing/transcribe.js';
import type { WaterfallListener } from '../observe/waterfall-event.js';
import { WorkerFailure } from './failures.js';
import { Slots } from '../flow/slots.js';
import { tellJudgement } from './tell-judgement.js';

export interface ListenerParts {
  readonly pipeline: Pipeline;
  readonly transcriber: Pick<Transcriber, 'transcribe'>;
  readonly emit: WaterfallListener;
  /** Ends the whole pipeline with this error. */
  readonly fail: (error: PlutomiError) => void;
}

const atOnce = 16;
const longestPauseMs = 2000;
/** What waits to be copied, besides about as much for its keeping. */
const maxWaitingBytes = 16 * 1024 * 1024;

/**
 * The second path of the server's advisories about external consumers: hears them as they are published, and copies
 * each into the journal until the journal has it. While the journal stream has no leader it misses what this hears.
 */
export class AdvisoryListener {
  private readonly leave: (() => Promise<void>)[];
  /** Heard and not copied yet, by consumer and sequence. */
  private readonly waiting = new Map<string, Promise<void>>();
  private readonly slots = new Slots(atOnce);
  private waitingBytes = 0;
  private dropping = false;
  private abandoned = false;

  constructor(private readonly parts: ListenerParts) {
    const { pipeline, emit } = parts;
    const { link, config } = pipeline;
    const stream = config.streams.events.name;
    const subjects = config.external.flatMap(({ name }) =>
      exhaustionKinds.map((kind) => nativeAdvisorySubject(kind, stream, name)),
    );
    this.leave = subjects.map((subject) =>
      subscribe(link, {
        subject,
        queue: `plutomi-events-${config.name}`,
        onMessage: (message) => this.hear(message),
        onRefused: (error) => emit({ type: 'not-listening', subject, error: messageOf(error) }),
      }),
    );
  }

  /** Heard and not in the journal yet. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  private hear(message: Heard): void {
    const decoded = decodeAdvisory(message.data);
    // The journal stream has it too, and whoever reads that says why it is none.
    if (!decoded.ok) return;
    const { consumer, streamSeq, domain } = decoded.value;
    // Advisories cross a leaf node, from a consumer of the same name too.
    if (!this.parts.pipeline.link.home.isFrom(domain)) return;
    const id = `${consumer}/${streamSeq}`;
    if (this.waiting.has(id) || this.isFull(message.data.length)) return;
    this.waitingBytes += message.data.length;
    this.waiting.set(id, this.copy(id, message));
  }

  private isFull(more: number): boolean {
    if (this.waitingBytes + more <= maxWaitingBytes) return false;
    if (!this.dropping) this.parts.emit({ type: 'advisories-dropped', waiting: this.waiting.size });
    this.dropping = true;
    return true;
  }

  /** What can't be copied now is copied later. */
  private async copy(id: string, message: Heard): Promise<void> {
    await this.slots.take();
    try {
      for (let tries = 1; !this.abandoned; tries++) {
        if (await this.tryCopy(message)) break;
        await sleep(Math.min(50 * 2 ** tries, longestPauseMs));
      }
    } finally {
      this.slots.give();
      this.waiting.delete(id);
      this.waitingBytes -= message.data.length;
      if (this.waiting.size === 0) this.dropping = false;
    }
  }

  private async tryCopy(message: Heard): Promise<boolean> {
    const { transcriber, emit, fail } = this.parts;
    try {
      const judgement = await transcriber.transcribe(message);
      // What is not an advisory is reported by the reader of the journal stream.
      if (judgement.is === 'exhaustion' || judgement.is === 'lost') {
        tellJudgement(judgement, message.subject, emit);
      }
      return true;
    } catch (error) {
      if (!(error instanceof PlutomiError)) fail(new WorkerFailure('the advisories', error));
      // Refused permanently: it would keep a place from the others. The journal stream has it too.
      else if (isLasting(error))
        emit({ type: 'advisory-not-copied', subject: message.subject, error: error.message });
      else return false;
      return true;
    }
  }

  async stopListening(): Promise<void> {
    await Promise.all(this.leave.map((leave) => leave()));
  }

  /** Settles when all that was heard is in the journal. */
  async drained(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting.values());
  }

  /** The drain deadline is over: what is not copied is left to the journal stream. */
  abandon(): void {
    this.abandoned = true;
  }
}
