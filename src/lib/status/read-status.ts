import { refuseNoPipeline } from '../domain/given.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { isoOfMs, isoOfNanos } from '../domain/time.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { countArchived, DeadLettersReader, mostLettersRead } from './dead-letters.js';
import { type ConsumerLook, type Look, noSuchStream, type StreamLook, takeLook } from './look.js';
import { OldestUnprocessed } from './oldest-unprocessed.js';
import type {
  ConsumerStatus,
  DlqStatus,
  PipelineStatus,
  RetryStatus,
  StreamStatus,
} from './pipeline-status.js';
import { consumerIn, deliveriesBetween, growthBetween, growthSoFar, isIdle } from './rates.js';
import { firstDueMs, mostRetriesRead } from './retries.js';
import { usedPart } from './used-part.js';

/** Between the two looks that a rate is measured with, ms. */
const secondLookMs = 500;
/** What growth is measured over, ms; over less than the other it is what one look tells. */
const [growthOverMs, growthLeastMs] = [60_000, 10_000];

/**
 * Reads how a pipeline is, again and again: rates are measured between one reading and the next. The first one looks twice
 * where something is being delivered, half a second apart.
 */
export class StatusReader {
  /** The newest last. */
  private looks: Look[] = [];
  private readonly letters: DeadLettersReader;

  constructor(private readonly pipeline: Pipeline) {
    refuseNoPipeline(pipeline);
    this.letters = new DeadLettersReader(pipeline);
  }

  /** @throws ConnectionError where the server does not answer, or this user may not ask */
  async read(): Promise<PipelineStatus> {
    const { pipeline } = this;
    let look = await takeLook(pipeline);
    let before = this.looks.at(-1);
    if (before === undefined && look.consumers.some((one) => !isIdle(one, look.atMs))) {
      await sleep(secondLookMs);
      before = look;
      look = await takeLook(pipeline);
    }
    // Growth is measured over a minute, not over a moment.
    const first = this.looks.findLastIndex(({ atMs }) => atMs <= look.atMs - growthOverMs);
    this.looks = [...this.looks.slice(Math.max(0, first)), look];
    const [growthSince] = this.looks;
    const infoOf = new Map(look.streams.map(({ role, info }) => [role, info]));
    const oldest = new OldestUnprocessed(pipeline.link);
    const [consumers, retry, dlq] = await Promise.all([
      Promise.all(look.consumers.map((one) => consumerStatus(one, { look, before, oldest }))),
      retryStatus(pipeline, infoOf.get('retry')),
      this.dlqStatus(infoOf.get('dlq')),
    ]);
    return {
      pipeline: pipeline.config.name,
      server: pipeline.link.server,
      at: isoOfMs(look.atMs),
      streams: look.streams.map((one) => streamStatus(one, look, growthSince)),
      consumers,
      retry,
      dlq,
    };
  }

  private async dlqStatus(info: StreamLook['info']): Promise<DlqStatus> {
    if (!info) return { dead: null, archived: null, groups: null, oldestAt: null, expiring: null };
    const { messages, first_ts: first } = info.state;
    const isRead = messages > 0 && messages <= mostLettersRead;
    const [archived, read] = await Promise.all([
      countArchived(this.pipeline),
      isRead ? this.letters.read(info.state) : undefined,
    ]);
    const none = messages === 0 ? 0 : null;
    return {
      dead: messages,
      archived,
      groups: read?.groups ?? none,
      oldestAt: messages === 0 ? null : isoOfMs(Date.parse(first)),
      expiring: read?.expiring ?? none,
    };
  }
}

/**
 * How a pipeline is: one look, two where something is being delivered.
 *
 * @throws ConnectionError where the server does not answer, or this user may not ask
 */
export async function readStatus(pipeline: Pipeline): Promise<PipelineStatus> {
  return new StatusReader(pipeline).read();
}

/** The pipeline was never applied to this server: it has none of its streams. */
export function isNothingThere({ streams }: Pick<PipelineStatus, 'streams'>): boolean {
  return streams.every(({ problem }) => problem === noSuchStream);
}

function streamStatus(
  { name, info, standstill }: StreamLook,
  look: Look,
  since: Look | undefined,
): StreamStatus {
  const problem = standstill?.detail ?? null;
  if (!info) {
    const unknown = {
      messages: null,
      bytes: null,
      limit: null,
      used: null,
      growthPerHour: null,
      oldestAt: null,
    };
    return { name, ...unknown, problem };
  }
  const { state, config } = info;
  const was = since?.streams.find((one) => one.name === name)?.info;
  const ms = since ? look.tickMs - since.tickMs : 0;
  const measured = was && ms >= growthLeastMs ? growthBetween(was, info, ms) : null;
  return {
    name,
    messages: state.messages,
    bytes: state.bytes,
    limit: config.max_bytes > 0 ? config.max_bytes : null,
    used: usedPart(info),
    growthPerHour: measured ?? growthSoFar(info, look.atMs),
    oldestAt: state.messages === 0 ? null : isoOfMs(Date.parse(state.first_ts)),
    problem,
  };
}

interface Known {
  readonly look: Look;
  readonly before: Look | undefined;
  readonly oldest: OldestUnprocessed;
}

async function consumerStatus(one: ConsumerLook, { look, before, oldest }: Known): Promise<ConsumerStatus> {
  const { name, stage, info, standstill, external } = one;
  const problem = standstill?.detail ?? null;
  if (!info) {
    const unknown = { pending: null, ackPending: null, redelivered: null, waiting: null, oldestAt: null };
    return { name, stage, ...unknown, perSecond: null, paused: false, problem };
  }
  const first = await oldest.of(info, external);
  return {
    name,
    stage,
    pending: info.num_pending,
    ackPending: info.num_ack_pending,
    redelivered: info.num_redelivered,
    waiting: info.num_waiting,
    oldestAt: first ? isoOfNanos(first.time) : null,
    perSecond: perSecondOf(one, look, before),
    paused: info.paused === true,
    problem,
  };
}

function perSecondOf(one: ConsumerLook, look: Look, before: Look | undefined): number | null {
  const was = before && consumerIn(before, one);
  if (before && was) return deliveriesBetween(was, one, look.tickMs - before.tickMs);
  return isIdle(one, look.atMs) ? 0 : null;
}

async function retryStatus(pipeline: Pipeline, info: StreamLook['info']): Promise<RetryStatus> {
  if (!info) return { waiting: null, nextDueAt: null };
  const { messages } = info.state;
  const due = messages === 0 || messages > mostRetriesRead ? undefined : await firstDueMs(pipeline);
  return { waiting: messages, nextDueAt: due === undefined ? null : isoOfMs(due) };
}
