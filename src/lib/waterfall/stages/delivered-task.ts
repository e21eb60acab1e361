import { type Key, originOf, type Tier } from '../../domain/key.js';
import type { Exhaustion } from '../../domain/record.js';
import type { Delivery } from '../../nats/consume/delivery.js';
import type { Task } from './case.js';

/** The delivered message itself is what is to be done. Its key is made when it is first needed: most need none. */
export class DeliveredTask implements Task {
  readonly dueMs = 0;
  readonly attemptsBefore = 0;
  private made: Key | undefined;

  constructor(
    private readonly tier: Tier,
    private readonly consumer: string,
    private readonly delivery: Delivery,
    readonly exhaustion?: Exhaustion,
    /** Header of the correlation id. Default: it is of no interest. */
    private readonly correlationHeader?: string,
  ) {}

  get key(): Key {
    this.made ??= this.make();
    return this.made;
  }

  private make(): Key {
    const { tier, consumer, delivery, correlationHeader } = this;
    const correlation = correlationHeader === undefined ? undefined : delivery.header(correlationHeader);
    return { tier, consumer, origin: originOf(delivery, correlation), stage: 'main', cycle: 0 };
  }
}
