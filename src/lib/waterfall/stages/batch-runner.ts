import type { BatchSettings } from '../../config/batch-settings.js';
import type { Outcome } from '../../domain/outcome.js';
import { invokeBatch } from '../../handlers/batch.js';
import type { BatchHandler, PlutomiEvent } from '../../handlers/contract.js';
import type { Invocation } from '../../handlers/invoke.js';
import { LetGo } from '../worker/worker.js';
import type { AttemptFacts, BusinessParts } from './attempt-facts.js';
import { Batches, type Gathered } from './batches.js';

/** An event whose attempt waits for its batch. */
interface Member extends Gathered {
  readonly facts: AttemptFacts;
  readonly event: PlutomiEvent;
  readonly settle: (outcome: Outcome) => void;
  readonly drop: (error: LetGo) => void;
}

/** Told of a batch that has timed out. */
type OnTimeout = (first: AttemptFacts, invocation: Invocation) => void;

/** Runs the batch handler of a consumer in one stage. Attempts, leases and records stay those of each event. */
export class BatchRunner {
  private readonly batches: Batches<Member>;

  constructor(
    private readonly parts: BusinessParts,
    private readonly settings: BatchSettings,
    private readonly onTimeout: OnTimeout,
  ) {
    const { size, waitMs } = settings;
    const atOnce = parts.consumer.concurrency;
    this.batches = new Batches({ size, waitMs, atOnce }, (batch) => this.runBatch(batch));
  }

  /**
   * One attempt of one event, in a batch with others; `single`: in one of its own. Throws LetGo where its lease has
   * lapsed while it waited.
   */
  run(facts: AttemptFacts, event: PlutomiEvent, single: boolean): Promise<Outcome> {
    if (facts.current.worker.isStopping) this.hurry();
    return new Promise((settle, drop) => {
      this.batches.add({ facts, event, settle, drop, single: single || this.settings.size === 1 });
    });
  }

  hurry(): void {
    this.batches.hurry();
  }

  private async runBatch(gathered: readonly Member[]): Promise<void> {
    const batch = gathered.filter((member) => this.mayStart(member));
    const [first] = batch;
    if (first === undefined) return;
    const { consumer, handler, log } = this.parts;
    const { stage } = first.facts;
    const facts = {
      consumer: consumer.name,
      stage,
      log: () => log.child({ consumer: consumer.name, stage, batch: batch.length }),
    };
    const { invocation, outcomes } = invokeBatch(
      handler as unknown as BatchHandler,
      batch,
      facts,
      consumer.timeoutMs,
    );
    for (const member of batch) member.facts.invocation = invocation;
    const each = await outcomes;
    const [one] = each;
    if (one?.kind === 'failed' && one.failure.kind === 'timeout') this.onTimeout(first.facts, invocation);
    for (const [i, member] of batch.entries()) member.settle(each[i] as Outcome);
  }

  /** Somebody else may have it by now. */
  private mayStart({ facts: { current }, drop }: Member): boolean {
    const { worker, held, task } = current;
    const { pipeline, emit } = this.parts.tools;
    if (worker.isOurs(held)) {
      held.startedAt = pipeline.clock.monotonic();
      return true;
    }
    emit({ type: 'lease-lapsed', key: task.key });
    drop(new LetGo('its lease lapsed before its batch began'));
    return false;
  }
}
