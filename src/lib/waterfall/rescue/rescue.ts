import { formatDeadLetterId } from '../../domain/dead-letter.js';
import type { Pointer } from '../../domain/pointer.js';
import { lookEveryMs } from '../../domain/rescue-due.js';
import { messageOf, PlutomiError } from '../../errors.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { DueScan } from './scan-due.js';
import { EndingStreams } from '../../pointers/ending-streams.js';
import { keepOriginals } from './keep-originals.js';
import { sweepKept } from './sweep-kept.js';

/** Where originals never end there is little to do, ms. */
const seldomMs = 60_000;
/** However soon the next one is due, ms. */
const soonestMs = 200;
/** Sweeps are this much rarer than looks, and never further apart than that, ms. */
const sweepAfterLooks = 10;
const longestSweepMs = 600_000;
/** A look may take that part of the time. */
const restFactor = 10;
/** Originals that can't be kept are told of once, and that many are remembered. */
const mostTold = 10_000;

/**
 * Keeps the originals of dead letters and waiting retries before they age out, and removes what was kept once its case is
 * over. Several processes may do so at once. Whatever goes wrong is told once and tried again: nothing else waits for it.
 */
export class Rescue {
  private readonly scan: DueScan;
  private readonly told = new Set<string>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private failure: string | undefined;
  private sweepAt = 0;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly emit: WaterfallListener,
  ) {
    this.scan = new DueScan(pipeline);
    this.next(0);
  }

  /** Resolves when nothing more is written. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private next(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.turn();
    }, delayMs);
    this.timer.unref();
  }

  private async turn(): Promise<void> {
    const { clock, link } = this.pipeline;
    const startedAt = clock.monotonic();
    let everyMs = seldomMs;
    if (link.connected) {
      try {
        everyMs = await this.look();
        if (clock.monotonic() >= this.sweepAt) {
          await sweepKept(this.pipeline, this.stopping.signal);
          const tookMs = clock.monotonic() - startedAt;
          const restMs = Math.max(everyMs * sweepAfterLooks, tookMs * restFactor);
          this.sweepAt = clock.monotonic() + Math.min(longestSweepMs, restMs);
        }
        this.failure = undefined;
      } catch (error) {
        this.failed(error);
        everyMs = Math.min(everyMs, 10_000);
      }
    }
    const tookMs = clock.monotonic() - startedAt;
    // Several processes do not look in step.
    const jitter = 0.9 + clock.random() / 5;
    if (!this.stopping.signal.aborted) this.next(Math.max(everyMs * jitter, tookMs));
  }

  /** Gives when the next look is, ms from now. */
  private async look(): Promise<number> {
    const { pipeline } = this;
    const streams = new EndingStreams(pipeline.link);
    const ending = await streams.of(pipeline.config.streams.events.name);
    if (!pipeline.config.keepOriginals || !ending) return seldomMs;
    let kept = 0;
    try {
      for await (const pointers of this.scan.due(streams)) {
        if (this.stopping.signal.aborted) break;
        const count = await keepOriginals(pipeline, pointers);
        kept += count.kept;
        for (const { pointer, error } of count.notKept) this.tellNotKept(pointer, error);
      }
    } finally {
      if (kept > 0) this.emit({ type: 'originals-kept', count: kept, stream: pipeline.places.kept.stream });
    }
    return Math.min(lookEveryMs(ending), Math.max(soonestMs, this.scan.lookAtMs - pipeline.clock.now()));
  }

  private tellNotKept({ consumer, origin }: Pointer, error: string): void {
    const id = formatDeadLetterId({ consumer, seq: origin.seq });
    if (this.told.has(id) || this.told.size >= mostTold) return;
    this.told.add(id);
    this.emit({ type: 'original-not-kept', id, error });
  }

  private failed(error: unknown): void {
    const text = messageOf(error);
    if (this.failure === text || this.stopping.signal.aborted) return;
    this.failure = text;
    const suggestions = error instanceof PlutomiError ? error.suggestions : [];
    this.emit({ type: 'rescue-failed', error: text, suggestions });
  }
}
