import { createNamed, deleteConsumer } from '../../nats/objects.js';
import type { ReadOptions } from '../../nats/read/read-options.js';
import { startOf } from '../../nats/read/start-of.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { ReadingSpan } from '../read/read-options.js';
import type { SubjectsMeant } from '../read/subjects-meant.js';

/** The server removes what a killed process leaves behind. */
const inactiveMs = 30_000;

/** The consumer of a subscription without a group: in memory, and gone with it. */
export class OwnConsumer {
  /** Its name; empty: there is none yet. */
  name = '';
  /** Behind all that has arrived. */
  private next: number | undefined;
  /** What has arrived and is not settled. */
  private readonly open = new Set<number>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly terms: {
      readonly meant: SubjectsMeant;
      readonly start: ReadingSpan['start'];
      readonly ackWaitMs: number;
      /** The last sequence of the stream when the subscription began. */
      readonly lastSeq: number;
    },
  ) {
    // The server begins with what comes next where that sequence is not there yet.
    if (terms.start.at === 'seq') this.next = terms.start.seq;
  }

  /** Makes it, or another one in place of one that is lost, which begins with what is not settled. */
  async make(): Promise<void> {
    const { link, clock, config } = this.pipeline;
    const { meant, ackWaitMs } = this.terms;
    const name = `subscriber-${clock.uuid()}`;
    await createNamed(link, config.streams.events.name, name, {
      name,
      ...startOf(this.from()),
      ack_policy: 'explicit',
      ack_wait: ackWaitMs * 1_000_000,
      max_deliver: -1,
      max_ack_pending: -1,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: inactiveMs * 1_000_000,
      filter_subjects: meant.filters,
    });
    this.name = name;
  }

  private from(): ReadOptions['from'] {
    const { start, lastSeq } = this.terms;
    if (this.next !== undefined) {
      let first = this.next;
      for (const seq of this.open) first = Math.min(first, seq);
      return { seq: first };
    }
    if (start.at === 'new') return { seq: lastSeq + 1 };
    if (start.at === 'time') return { timeMs: start.timeMs };
    return start.at !== 'last-per-subject' ? undefined : { lastPerSubject: true };
  }

  /** A message has arrived. False: it is settled already, and comes from a consumer that began before it. */
  take(seq: number): boolean {
    if (seq < (this.next ?? 0)) return this.open.has(seq);
    this.next = seq + 1;
    this.open.add(seq);
    return true;
  }

  /** It does not come again. */
  settle(seq: number): void {
    this.open.delete(seq);
  }

  /** Removes it; the server would do so by itself after a while. */
  async remove(): Promise<void> {
    const { link, config } = this.pipeline;
    if (this.name === '' || !link.connected) return;
    await deleteConsumer(link, config.streams.events.name, this.name).catch(() => {});
  }
}
