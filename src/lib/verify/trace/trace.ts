import type { Pipeline } from '../../pipeline/pipeline.js';
import { consumerNamed, externalNamed, limitsOf } from '../../config/resolved.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { failedAttempts, isLastAttempt, type KeyHistory } from '../../domain/attempt.js';
import { atStage, type Key } from '../../domain/key.js';
import { recordsOfCycle } from '../../domain/standing-records.js';
import type { Step } from '../../domain/standing-step.js';
import { lookUntilSure, type Standing, standingOf } from '../../domain/standing.js';
import { lastRecords, readKeyHistory } from '../../journal/read.js';
import type { Positions } from '../scan/positions.js';
import { findExhaustion, pointerThere, readExhaustionOf, rebuildExhaustion } from '../repair/restore.js';
import { archivedLost, archivedThere, exhaustionOfLetter } from '../repair/restore-archived.js';
import { tookMeta } from './took-meta.js';
import { type Finding, findingOf } from '../verification.js';

/** What became of an event: fine, in flight, a dead letter that was removed at its age, or broken. */
export type Trace = 'fine' | 'in-flight' | 'aged-out' | Finding;

/** Follows single events through what the server holds now, by look-ups of their very records and pointers. */
export class Tracer {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly positions: Positions,
  ) {}

  /** From a stage on to where the event is. */
  async stage(key: Key): Promise<Trace> {
    const { standing } = await lookUntilSure(() => this.look(key, key.cycle));
    switch (standing.is) {
      case 'waiting':
      case 'failing':
        return 'in-flight';
      case 'exhausted':
        return this.unrouted(atStage(key, standing.stage, standing.cycle));
      case 'aged-out':
        return 'aged-out';
      case 'broken':
        return this.lost(key, standing.at);
      default:
        // Held, at its end, or of a consumer that is gone: what was its own is not held by anything, and not missing.
        return 'fine';
    }
  }

  /**
   * Pointers before records: what is not there any more then has its record. `cycle`: as far as it is known to be;
   * a later one that has begun is looked at by itself.
   */
  private async look(key: Key, cycle: number): Promise<{ readonly standing: Standing }> {
    const { pipeline, positions } = this;
    const { config } = pipeline;
    const [waiting, dead] = await Promise.all(
      (['retry', 'dlq'] as const).map((where) => pointerThere(pipeline, where, key)),
    );
    const kept = await archivedThere(pipeline, key);
    const last = Math.max(cycle, waiting?.cycle ?? 0, dead?.cycle ?? 0, kept?.pointer.cycle ?? 0);
    const wanted = recordsOfCycle(atStage(key, key.stage, last));
    const found = await lastRecords(pipeline, wanted);
    const standing = standingOf({
      // What has opened the case is an attempt at least.
      records: [{ ...key, kind: 'ATTEMPT_FAILED' }, ...found.flatMap((one) => one?.record ?? [])],
      waiting,
      dead,
      archived: kept?.pointer ?? 'none',
      position: positions.of(config.streams.events.name, key.consumer, key.origin.seq) ?? 'none',
      external: externalNamed(config, key.consumer) !== undefined,
      nowMs: pipeline.clock.now(),
      letterLifeMs: config.streams.dlq.maxAgeMs,
    });
    return 'cycle' in standing && standing.cycle > last ? this.look(key, standing.cycle) : { standing };
  }

  /** A stage that ended, by all signs, without a record of it. Undefined: the record is there. */
  async hole(key: Key): Promise<Finding | undefined> {
    // What the server reported of an external consumer may have been routed without a record of ours.
    if (key.stage === 'main' && externalNamed(this.pipeline.config, key.consumer)) return undefined;
    if (await readExhaustionOf(this.pipeline, key)) return undefined;
    const rebuilt = await rebuildExhaustion(this.pipeline, key);
    const detail = `its ${key.stage} stage is over${inCycle(key)}, but the journal has no exhaustion record of it`;
    return findingOf(key, 'exhaustion-missing', detail, rebuilt !== undefined);
  }

  /** Exhausted, and neither a pointer nor a record says that anything came of it. */
  private async unrouted(key: Key): Promise<Trace> {
    const exhausted = await readExhaustionOf(this.pipeline, key);
    if (!exhausted) return this.unended(key);
    const { journalSeq } = exhausted;
    const { name } = this.pipeline.config.streams.advisories;
    const position = this.positions.of(name, metaConsumers.main, journalSeq);
    if (position !== 'acked') return 'in-flight';
    // The meta tiers answer for what the meta-consumer could not route.
    if (await tookMeta(this.pipeline, journalSeq)) return 'fine';
    const detail = `its ${key.stage} stage was exhausted${inCycle(key)} (journal ${journalSeq}), and the meta-consumer has finished that, but there is no pointer`;
    return findingOf(key, 'not-routed', detail, true);
  }

  /** The records end at this step, and what it leads to is not there. */
  private async lost(of: Key, { stage, cycle, phase }: Step): Promise<Trace> {
    const key = atStage(of, stage, cycle);
    if (phase === 'to-retry') return this.unended(atStage(key, 'retry'));
    if (phase === 'archived') return archivedLost(this.pipeline, key);
    if (phase !== 'to-dlq') return this.unended(key);
    const x = await exhaustionOfLetter(this.pipeline, key);
    const detail = `it was routed to the DLQ${inCycle(key)}, but is neither there, nor replayed, nor discarded`;
    return findingOf(key, 'dead-letter-missing', detail, x !== undefined);
  }

  /** No record says how the stage ended, and its message is not held by anything. */
  private async unended(key: Key): Promise<Trace> {
    const history = await readKeyHistory(this.pipeline, key, { firstDelivery: false });
    const attempt = failedAttempts(history);
    if (this.hasEnded(key, history, attempt)) {
      const detail = `attempt ${attempt} of its ${key.stage} stage${inCycle(key)} was the last, but the journal has no exhaustion record of it: nothing was routed`;
      return findingOf(key, 'exhaustion-missing', detail, true);
    }
    if (key.stage === 'retry') {
      const x = await this.sourceOf(key);
      const came = key.cycle === 0 ? 'routed to the retry stage' : `replayed (cycle ${key.cycle})`;
      const detail = `it was ${came}, but is neither waiting there nor finished`;
      return findingOf(key, 'pointer-missing', detail, x !== undefined);
    }
    const detail = `its last record is attempt ${attempt || 1} of the main stage; its consumer no longer holds it, and nothing says how it ended`;
    return findingOf(key, 'unfinished', detail);
  }

  /** One that left no report beside others is repeated alone where its pointer comes back; main's message does not. */
  private hasEnded({ consumer, stage }: Key, { started, failed }: KeyHistory, attempt: number): boolean {
    const settings = consumerNamed(this.pipeline.config, consumer);
    const limit = settings ? limitsOf(settings, stage === 'retry' ? 'retry' : 'main').attempts : Infinity;
    if (attempt === 0) return false;
    const isReported = failed?.record.attempt === attempt;
    const isOver = isReported || stage === 'main' || started?.record.alone === true;
    return isOver && isLastAttempt(attempt, failed?.record.error?.kind ?? 'error', limit);
  }

  /** The exhaustion that a pointer of the retry stage was made from. */
  async sourceOf(key: Key): Promise<ReturnType<typeof findExhaustion>> {
    if (key.cycle === 0) return findExhaustion(this.pipeline, atStage(key, 'main'));
    const before = key.cycle - 1;
    return (
      (await findExhaustion(this.pipeline, atStage(key, 'retry', before))) ??
      (await findExhaustion(this.pipeline, atStage(key, 'main', before)))
    );
  }
}

function inCycle({ cycle }: Key): string {
  return cycle === 0 ? '' : ` in cycle ${cycle}`;
}
