import type { Pipeline } from '../../pipeline/pipeline.js';
import { consumerNamed, externalNamed, limitsOf } from '../../config/resolved.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { isForGood } from '../../domain/failure.js';
import { atStage, type Key } from '../../domain/key.js';
import type { RecordOf } from '../../domain/record.js';
import { recordsOfStageEnd } from '../../domain/standing-records.js';
import type { RecordKind } from '../../domain/record-kinds.js';
import { anyRecord, lastRecord } from '../../journal/read.js';
import type { Positions } from '../scan/positions.js';
import { findExhaustion, pointerThere, readExhaustionOf, rebuildExhaustion } from '../repair/restore.js';
import { tookMeta } from './took-meta.js';
import { type Finding, findingOf } from '../verification.js';

/** What became of an event: in order, in somebody's hands, or broken. */
export type Trace = 'fine' | 'in-flight' | Finding;

/**
 * Follows single events through what the server holds now, by look-ups of their very records and pointers. A
 * pointer is looked for before the record that lets go of it: what is not there then has its record by now.
 */
export class Tracer {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly positions: Positions,
  ) {}

  /** From a stage on to where the event is. */
  async stage(key: Key): Promise<Trace> {
    const held = await this.isHeld(key);
    const resolved = await this.any([
      [key, 'RESOLVED'],
      [atStage(key, 'main'), 'RESOLVED'],
    ]);
    if (resolved) return 'fine';
    const routed = await lastRecord(this.pipeline, key, 'ROUTED');
    if (routed) return routed.record.to === 'retry' ? this.stage(atStage(key, 'retry')) : this.dead(key);
    const exhausted = await readExhaustionOf(this.pipeline, key);
    if (exhausted) return this.unrouted(key, exhausted.journalSeq);
    const moved = await this.moved(key);
    if (moved) return moved;
    if (held) return held;
    return this.unended(key);
  }

  /** A stage that ended, by all signs, without a record of it. Undefined: the record is there. */
  async hole(key: Key): Promise<Finding | undefined> {
    // What the server told of an external consumer may have been routed without a record of ours.
    if (key.stage === 'main' && externalNamed(this.pipeline.config, key.consumer)) return undefined;
    if (await readExhaustionOf(this.pipeline, key)) return undefined;
    const rebuilt = await rebuildExhaustion(this.pipeline, key);
    const detail = `its ${key.stage} stage is over${inCycle(key)}, and the journal has no exhaustion of it`;
    return findingOf(key, 'exhaustion-missing', detail, rebuilt !== undefined);
  }

  /** Somebody has it: undefined when nobody does. */
  private async isHeld(key: Key): Promise<'fine' | 'in-flight' | undefined> {
    if (key.stage === 'retry') {
      const pointer = await pointerThere(this.pipeline, 'retry', key);
      return pointer && pointer.cycle >= key.cycle ? 'fine' : undefined;
    }
    const { name } = this.pipeline.config.streams.events;
    const position = this.positions.of(name, key.consumer, key.origin.seq);
    // Nobody holds what belongs to a consumer that is gone, and nobody misses it.
    if (position === undefined) return 'fine';
    return position === 'acked' ? undefined : 'in-flight';
  }

  private async unrouted(key: Key, journalSeq: number): Promise<Trace> {
    const { name } = this.pipeline.config.streams.advisories;
    const position = this.positions.of(name, metaConsumers.main, journalSeq);
    if (position !== 'acked') return 'in-flight';
    // The meta tiers answer for what the meta-consumer could not route.
    if (await tookMeta(this.pipeline, journalSeq)) return 'fine';
    const retry = atStage(key, 'retry');
    const [inRetry, inDlq] = await Promise.all(
      (['retry', 'dlq'] as const).map((where) => pointerThere(this.pipeline, where, key)),
    );
    if (inRetry && (inRetry.cycle > key.cycle || key.stage === 'main')) return 'fine';
    if (inDlq && inDlq.cycle >= key.cycle) return 'fine';
    const beyond = await this.any([
      ...(key.stage === 'main' ? recordsOfStageEnd(retry) : []),
      [atStage(key, 'dlq', key.cycle + 1), 'REPLAYED'],
      [atStage(key, 'dlq'), 'DISCARDED'],
      // Between the first look and the last it may have been routed.
      [key, 'ROUTED'],
    ]);
    if (beyond) return 'fine';
    const detail = `its ${key.stage} stage was exhausted${inCycle(key)} (journal ${journalSeq}), the meta-consumer is done with that, and no pointer came of it`;
    return findingOf(key, 'not-routed', detail, true);
  }

  /** Another consumer has its pointer now, or had it before. Undefined: no record says so. */
  private async moved(key: Key): Promise<Trace | undefined> {
    const keys = [atStage(key, 'retry'), atStage(key, 'dlq')];
    const found = await Promise.all(keys.map((one) => lastRecord(this.pipeline, one, 'MOVED')));
    const record = found.find((one) => one !== undefined)?.record;
    if (!record) return undefined;
    if (record.movedTo !== undefined) return 'fine';
    if (record.stage === 'dlq') return this.dead(key);
    return key.stage === 'main' ? this.stage(atStage(key, 'retry')) : undefined;
  }

  private async dead(key: Key): Promise<Trace> {
    const letter = await pointerThere(this.pipeline, 'dlq', key);
    if (letter && letter.cycle >= key.cycle) return 'fine';
    const next = atStage(key, 'retry', key.cycle + 1);
    const pointer = await pointerThere(this.pipeline, 'retry', next);
    if (pointer && pointer.cycle >= next.cycle) return 'fine';
    const over = await this.any([[atStage(key, 'dlq'), 'DISCARDED'], ...recordsOfStageEnd(next)]);
    if (over) return 'fine';
    if (await this.any([[atStage(key, 'dlq', next.cycle), 'REPLAYED']])) return this.stage(next);
    const record = await lastRecord(this.pipeline, atStage(key, 'dlq'), 'MOVED');
    if (record?.record.movedTo !== undefined) return 'fine';
    const x = await findExhaustion(this.pipeline, key);
    const detail = `it was routed to the DLQ${inCycle(key)}, and is neither there, nor replayed, nor discarded`;
    return findingOf(key, 'dead-letter-missing', detail, x !== undefined);
  }

  /** No record says how the stage ended, and nobody holds its message. */
  private async unended(key: Key): Promise<Trace> {
    // Attempts of another program leave no record: an attempt of ours is from before it took over.
    if (key.stage === 'main' && externalNamed(this.pipeline.config, key.consumer)) return 'fine';
    const failed = (await lastRecord(this.pipeline, key, 'ATTEMPT_FAILED'))?.record;
    if (failed && this.isLast(key, failed)) {
      const detail = `attempt ${failed.attempt} of its ${key.stage} stage${inCycle(key)} was the last, and the journal has no exhaustion of it: nothing was routed`;
      return findingOf(key, 'exhaustion-missing', detail, failed.error !== undefined);
    }
    if (key.stage === 'retry') {
      const x = await this.sourceOf(key);
      const came = key.cycle === 0 ? 'routed to the retry stage' : `replayed (cycle ${key.cycle})`;
      const detail = `it was ${came}, and is neither waiting there nor ended`;
      return findingOf(key, 'pointer-missing', detail, x !== undefined);
    }
    const detail = `its last record is attempt ${failed?.attempt ?? 1} of the main stage; its consumer has let go of it, and nothing says how it ended`;
    return findingOf(key, 'unfinished', detail);
  }

  private isLast({ consumer, stage }: Key, { attempt = 0, error }: RecordOf<'ATTEMPT_FAILED'>): boolean {
    const settings = consumerNamed(this.pipeline.config, consumer);
    const limit = settings ? limitsOf(settings, stage === 'retry' ? 'retry' : 'main').attempts : Infinity;
    return attempt >= limit || isForGood(error?.kind ?? 'error');
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

  private async any(wanted: readonly (readonly [Key, RecordKind])[]): Promise<boolean> {
    return (await anyRecord(this.pipeline, wanted)) !== undefined;
  }
}

function inCycle({ cycle }: Key): string {
  return cycle === 0 ? '' : ` in cycle ${cycle}`;
}
