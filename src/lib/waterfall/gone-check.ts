import { setTimeout as sleep } from 'node:timers/promises';
import type { PlutomiError } from '../errors.js';
import type { Link } from '../nats/link.js';
import { ConsumerForgets, ConsumerGone } from './failures.js';
import type { Worker } from './worker/worker.js';

const checks = 3;
const pauseMs = 1500;

/** A consumer without a leader comes back; a deleted one never does. Only repeated certainty ends the pipeline. */
export class GoneCheck {
  private readonly checking = new Set<Worker>();
  private stopped = false;

  constructor(
    private readonly link: Link,
    /** Ends the whole pipeline with this error. */
    private readonly fail: (error: PlutomiError) => void,
  ) {}

  stop(): void {
    this.stopped = true;
  }

  async check(worker: Worker): Promise<void> {
    if (this.checking.has(worker)) return;
    this.checking.add(worker);
    try {
      const { stream, consumer } = worker.settings;
      for (let check = 0; check < checks && !this.stopped; check++) {
        const policy = (await this.link.consumerInfo(stream, consumer))?.config.ack_policy;
        if (policy === 'explicit' || this.stopped) return;
        if (policy !== undefined) return this.fail(new ConsumerForgets(stream, consumer, policy));
        await sleep(pauseMs);
      }
      if (!this.stopped) this.fail(new ConsumerGone(stream, consumer));
    } catch {
      // No answer does not prove it.
    } finally {
      this.checking.delete(worker);
    }
  }
}
