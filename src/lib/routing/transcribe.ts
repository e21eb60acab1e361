import type { Pipeline } from '../pipeline/pipeline.js';
import { consumerNamed, externalNamed, planOf } from '../config/resolved.js';
import { decodeAdvisory, isLoss, type NativeAdvisory } from '../domain/advisory.js';
import { escapeLine } from '../domain/escape.js';
import { stageConsumers } from '../domain/consumer-names.js';
import type { Key } from '../domain/key.js';
import { type StagePlan, straightToDlq } from '../domain/stage-plan.js';
import type { Exhaustion } from '../domain/record.js';
import { recordsOfMainEnd } from '../domain/standing-records.js';
import { nativeAdvisorySubject, subjectMatches } from '../domain/subjects.js';
import { isoOfMs, nanosOfRfc3339, type Nanos } from '../domain/time.js';
import { subjectOf } from '../journal/record-about.js';
import { anyRecord, readKeyHistory } from '../journal/read.js';
import { writeRecord } from '../journal/write-record.js';
import { storedOrigin } from '../nats/wire/message.js';
import { countedFailure, exhaustionOf, failureByTheServer, putBack } from './given-up.js';
import { OtherVersions } from './other-versions.js';

/** An advisory of the server as it was read or heard. */
export interface HeardAdvisory {
  readonly subject: string;
  readonly data: Uint8Array;
  /** When it was stored; undefined: it was heard. */
  readonly storedAt?: Nanos;
}

/** What an advisory of the server is worth. */
export type Judgement =
  /**
   * The server delivers an event no more, and the journal does not say so yet. `counted`: of a consumer whose
   * attempts we count ourselves, so that somebody has changed it or interferes.
   */
  | { readonly is: 'exhaustion'; readonly exhaustion: Exhaustion; readonly counted?: NativeAdvisory }
  /** The journal has it: the server repeats itself, and two paths tell of everything. */
  | { readonly is: 'known' }
  /** The event is gone, and nobody can process it any more. */
  | { readonly is: 'lost'; readonly advisory: NativeAdvisory; readonly reason: string }
  /** About a consumer that is none of this pipeline, or one of the same name in another JetStream domain. */
  | { readonly is: 'not-ours'; readonly advisory: NativeAdvisory }
  /** It can't be true. */
  | { readonly is: 'refused'; readonly because: string };

/** What became of an advisory. */
export type Transcribed =
  | Judgement
  /** The server delivers a waiting retry no more: its pointer was put back, or is gone. */
  | { readonly is: 'retry-given-up'; readonly advisory: NativeAdvisory; readonly putBack: boolean };

/** Clocks of a cluster's nodes differ: the event carries the time of one of them, the advisory that of another. */
const clockSkewNs = 1_000_000_000n;
const maxRemembered = 10_000;

/** A consumer of the events stream, as far as the server's word about it goes. */
interface Reader {
  readonly subjects: readonly string[];
  readonly plan: StagePlan;
  /** Its attempts are in the journal: the server is to give nothing up. */
  readonly counted: boolean;
}

/**
 * Turns the server's word that a consumer is done with an event into an exhaustion of the journal, under
 * the key that the event has: however often and by whichever path it is told, it is one.
 */
export class Transcriber {
  /** The furthest delivery of each external consumer, as far as was asked: it only grows. */
  private readonly delivered = new Map<string, number>();
  /** Losses that this process has told of: both paths tell of each. */
  private readonly lost = new Set<string>();

  private readonly otherVersions: OtherVersions;

  constructor(private readonly pipeline: Pipeline) {
    this.otherVersions = new OtherVersions(pipeline);
  }

  /** Judges it and, if it is news, writes the exhaustion and waits until it is stored. A loss is news once. */
  async transcribe(heard: HeardAdvisory): Promise<Transcribed> {
    const waiting = await this.retryGivenUp(heard);
    if (waiting) return waiting;
    const judgement = await this.judge(heard);
    if (judgement.is === 'exhaustion') {
      const { duplicate } = await writeRecord(this.pipeline, judgement.exhaustion);
      // The other path, or another process, was faster by less than a look: it tells.
      if (duplicate) return { is: 'known' };
    }
    return judgement.is === 'lost' && this.hasTold(judgement.advisory) ? { is: 'known' } : judgement;
  }

  /** The server's word about a pointer of one of our retry consumers, which is to give none up. */
  private async retryGivenUp({ subject, data }: HeardAdvisory): Promise<Transcribed | undefined> {
    const { link, config } = this.pipeline;
    const decoded = decodeAdvisory(data);
    if (!decoded.ok || decoded.value.stream !== config.streams.retry.name) return undefined;
    const advisory = decoded.value;
    if (!link.home.isFrom(advisory.domain)) return undefined;
    // A pointer that a newer one has replaced.
    if (isLoss(advisory)) return undefined;
    const { kind, stream, consumer, streamSeq } = advisory;
    const ours = config.consumers.some(({ name }) => stageConsumers(name).retry === consumer);
    if (!ours || subject !== nativeAdvisorySubject(kind, stream, consumer)) return undefined;
    const back = kind === 'MAX_DELIVERIES' && (await putBack(this.pipeline, streamSeq));
    return { is: 'retry-given-up', advisory, putBack: back };
  }

  private hasTold({ consumer, streamSeq }: NativeAdvisory): boolean {
    const id = `${consumer}/${streamSeq}`;
    if (this.lost.has(id)) return true;
    if (this.lost.size >= maxRemembered) this.lost.clear();
    this.lost.add(id);
    return false;
  }

  /** Reads what decides, and writes nothing. */
  async judge({ subject, data, storedAt }: HeardAdvisory): Promise<Judgement> {
    const decoded = decodeAdvisory(data);
    if (!decoded.ok) return refused(decoded.reason);
    const advisory = decoded.value;
    const { kind, stream, consumer, streamSeq, timestamp, reason } = advisory;
    if (subject !== nativeAdvisorySubject(kind, stream, consumer)) {
      return refused(`it is about ${consumer} on ${stream}, which is not what its subject says`);
    }
    const { config, link } = this.pipeline;
    const ours = stream === config.streams.events.name && link.home.isFrom(advisory.domain);
    if (isLoss(advisory) && ours) return { is: 'lost', advisory, reason: reason ?? '' };
    const reader = ours ? await this.readerNamed(consumer) : undefined;
    if (!reader) return { is: 'not-ours', advisory };
    const told = earlier(nanosOfRfc3339(timestamp), storedAt);
    if (told === undefined) return refused('timestamp: expected RFC 3339');
    if (streamSeq === 0 || streamSeq > (await this.deliveredTo(consumer, streamSeq))) {
      return refused(`event ${streamSeq} was never delivered to ${consumer}`);
    }
    return this.judgeEvent(advisory, reader, told);
  }

  private async judgeEvent(
    advisory: NativeAdvisory,
    { subjects, plan, counted }: Reader,
    told: Nanos,
  ): Promise<Judgement> {
    const { pipeline } = this;
    const { consumer, stream, streamSeq, deliveries } = advisory;
    const message = await pipeline.link.readFromLeader(stream, streamSeq);
    if (!message) {
      if (await this.wasRecorded(consumer, streamSeq)) return { is: 'known' };
      const reason = `given up after ${deliveries} deliveries, and gone from its stream before that was recorded`;
      return { is: 'lost', advisory, reason };
    }
    if (!subjects.some((filter) => subjectMatches(filter, message.subject))) {
      return refused(`event ${streamSeq} is none that ${consumer} reads`);
    }
    if (BigInt(message.time) > BigInt(told) + clockSkewNs) {
      return refused(`event ${streamSeq} is younger than the advisory about it`);
    }
    const key: Key = { tier: 'business', consumer, origin: storedOrigin(message), stage: 'main', cycle: 0 };
    if (await anyRecord(pipeline, recordsOfMainEnd(key))) return { is: 'known' };
    const facts = { key, at: isoOfMs(pipeline.clock.now()), worker: pipeline.identity.worker, told, plan };
    if (!counted) {
      const failure = failureByTheServer(advisory);
      return {
        is: 'exhaustion',
        exhaustion: exhaustionOf(advisory, { ...facts, failure, attempts: deliveries }),
      };
    }
    const history = await readKeyHistory(pipeline, key, { firstDelivery: false });
    if (history.ended) return { is: 'known' };
    const exhaustion = exhaustionOf(advisory, { ...facts, ...countedFailure(advisory, history) });
    return { is: 'exhaustion', exhaustion, counted: advisory };
  }

  private async readerNamed(consumer: string): Promise<Reader | undefined> {
    const { config } = this.pipeline;
    const counted = consumerNamed(config, consumer);
    if (counted) return { subjects: counted.subjects, plan: planOf(counted), counted: true };
    // Nobody of ours would run its retries.
    const external =
      externalNamed(config, consumer)?.subjects ?? (await this.otherVersions.subjectsOf(consumer));
    return external && { subjects: external, plan: straightToDlq, counted: false };
  }

  private async deliveredTo(consumer: string, seq: number): Promise<number> {
    const known = this.delivered.get(consumer) ?? 0;
    if (known >= seq) return known;
    const { link, config } = this.pipeline;
    const info = await link.consumerInfo(config.streams.events.name, consumer);
    const delivered = info?.delivered.stream_seq ?? 0;
    this.delivered.set(consumer, delivered);
    return delivered;
  }

  /** The event is gone, so its time is known to nobody: the sequence has to do. */
  private async wasRecorded(consumer: string, seq: number): Promise<boolean> {
    const { link, config, places } = this.pipeline;
    const { journal } = places;
    const origin = { stream: config.streams.events.name, seq, subject: '', time: '0' };
    const wanted = recordsOfMainEnd({ tier: 'business', consumer, origin, stage: 'main', cycle: 0 });
    const found = await Promise.all(
      wanted.map(([key, kind]) => link.readLast(journal.stream, subjectOf(journal, key, kind))),
    );
    return found.some((message) => message !== undefined);
  }
}

function refused(because: string): Judgement {
  return { is: 'refused', because: escapeLine(because.slice(0, 512)) };
}

/** The time that an advisory can't be younger than: nobody forges when it was stored. */
function earlier(told: Nanos | undefined, stored: Nanos | undefined): Nanos | undefined {
  if (told === undefined || stored === undefined) return told;
  return BigInt(stored) < BigInt(told) ? stored : told;
}
