import type { Pipeline } from '../../pipeline/pipeline.js';
import { compareNanos, type Nanos, nanosOfRfc3339 } from '../../domain/time.js';
import { OperationError } from '../../errors.js';
import type { Delivery } from '../../nats/consume/delivery.js';
import type { WorkerSettings } from './worker.js';

/** Clocks of the nodes that stored an event and made a consumer may differ by this much. */
const clockMarginNs = '5000000000';
/**
 * A server that is killed may forget what it delivered last, and deliver it for the first time again; but not more
 * than it delivers in a tenth of a second: so often it stores where a consumer stands.
 */
const forgottenAtMost = 10_000;

interface Life {
  /** When the consumer was made; `0` where the journal knows of none before it. */
  readonly since: Nanos;
  /** First deliveries of what was stored before this prove nothing. */
  readonly trustedSince: Nanos;
  /** Messages up to here may have been delivered before the server says so. */
  readonly upToSeq: number;
  /** Of the worker when this was read. */
  readonly epoch: number;
}

/** Whose deliveries these are, and how often their consumer may have been lost from sight. */
export interface Deliverer {
  readonly settings: Pick<WorkerSettings, 'stream' | 'consumer'>;
  /** Grows whenever the consumer may have been recreated, or its server restarted, without our knowing. */
  readonly epoch: number;
}

/**
 * Tells a first delivery that proves that nothing has happened to a message yet from one that proves nothing: the
 * consumer was recreated since the message was stored, or its server may have forgotten what it delivered. Where the
 * journal holds no record under `past`, there was nothing before.
 *
 * Costs three questions each time the consumer was out of sight, and two comparisons for each message.
 */
export class FirstDeliveries {
  private life: Life | undefined;
  private reading: { readonly epoch: number; readonly life: Promise<Life> } | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    /** Subjects of the records that earlier deliveries of this consumer would have left. */
    private readonly past: string,
  ) {}

  /** False where that is not known yet: see `lookUp`. */
  isFirst({ deliveries, seq, time }: Delivery, { epoch }: Deliverer): boolean {
    const { life } = this;
    if (deliveries !== 1 || life?.epoch !== epoch) return false;
    return seq > life.upToSeq && compareNanos(time, life.trustedSince) > 0;
  }

  /** When the consumer of these deliveries was made: attempts from before then are not its own. */
  async lookUp(deliverer: Deliverer): Promise<Nanos> {
    const { epoch } = deliverer;
    if (this.life?.epoch === epoch) return this.life.since;
    if (this.reading?.epoch !== epoch) this.reading = { epoch, life: this.read(deliverer) };
    const { reading } = this;
    try {
      this.life = await reading.life;
      return this.life.since;
    } finally {
      if (this.reading === reading) this.reading = undefined;
    }
  }

  private async read({ settings: { stream, consumer }, epoch }: Deliverer): Promise<Life> {
    const record = await this.pipeline.link.readNext(this.pipeline.places.journal.stream, this.past, 1);
    if (!record) return { since: '0', trustedSince: '0', upToSeq: 0, epoch };
    const [info, state] = await Promise.all([
      this.pipeline.link.consumerInfo(stream, consumer),
      this.pipeline.link.streamInfo(stream),
    ]);
    const created = info && nanosOfRfc3339(info.created);
    if (!info || !state || !created)
      throw new OperationError(`consumer ${stream} ${consumer} does not exist`);
    const upToSeq = Math.min(info.delivered.stream_seq + forgottenAtMost, state.state.last_seq);
    if (compareNanos(record.time, created) >= 0) return { since: '0', trustedSince: '0', upToSeq, epoch };
    const trustedSince = String(BigInt(created) + BigInt(clockMarginNs));
    return { since: created, trustedSince, upToSeq, epoch };
  }
}
