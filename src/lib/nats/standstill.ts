import { filtersOverlap } from '../domain/subjects.js';
import { subjectsStored } from '../domain/subject-transform.js';
import { nothingAnswersIn, SilentDomainError, UnreachableError } from './errors.js';
import type { Link } from './link.js';
import type { ConsumerInfo, StreamInfo } from './objects.js';

type StreamConfig = StreamInfo['config'];

/** Reasons why the server delivers nothing of a consumer. */
export type StandstillKind =
  /** The stream is not there, or has no leader now. */
  | 'no-stream'
  | 'stream-without-leader'
  /** The stream takes nothing any more: no event, no pointer, no acknowledgement of a workqueue. */
  | 'sealed'
  | 'no-consumer'
  | 'consumer-without-leader'
  /** Somebody has paused it, as `nats consumer pause` does. */
  | 'paused'
  /** It pushes, or serves groups only: a pull of ours is refused. */
  | 'not-pulled'
  /** It has a bound for what is not acknowledged, and has reached it. */
  | 'max-ack-pending'
  /** More requests wait at it than it allows: the next one is refused. */
  | 'max-waiting'
  /** None of its filters can match a subject of its stream. */
  | 'nothing-matches';

/** Why the server delivers nothing of a consumer now, however much there is. */
export interface Standstill {
  /** The reason, for programs. */
  readonly kind: StandstillKind;
  /** Follows the name of the consumer: `paused until …`. */
  readonly detail: string;
  /** When it ends by itself, ISO; undefined: when an operator or the server changes something. */
  readonly until?: string;
}

/**
 * Asks the server whether it can deliver to this consumer now. Undefined: nothing stands in the way.
 *
 * Throws what a broken connection throws; a stream or consumer without a leader is an answer.
 */
export async function readStandstill(
  link: Link,
  stream: string,
  consumer: string,
): Promise<Standstill | undefined> {
  const streamInfo = await answered(link, () => link.streamInfo(stream));
  if (streamInfo instanceof Silence) return streamInfo.of(streamWithoutLeader(stream));
  const info = streamInfo && (await answered(link, () => link.consumerInfo(stream, consumer)));
  if (info instanceof Silence) return info.of(noLeader);
  return standstillOf(stream, streamInfo, info);
}

/** What every consumer of a stream is where nothing answers for that. */
export function streamWithoutLeader(stream: string): Standstill {
  return { kind: 'stream-without-leader', detail: `nothing answers for ${stream}: it has no leader now` };
}

/** The same of what the server has said already. */
export function standstillOf(
  streamName: string,
  stream: Pick<StreamInfo, 'config' | 'cluster'> | undefined,
  consumer: ConsumerInfo | undefined,
): Standstill | undefined {
  if (!stream) return { kind: 'no-stream', detail: `there is no stream ${streamName}` };
  if (stream.config.sealed)
    return { kind: 'sealed', detail: `${streamName} is sealed: it stores nothing more` };
  if (!consumer) return { kind: 'no-consumer', detail: `the server has no such consumer on ${streamName}` };
  return pauseOf(consumer) ?? refusalOf(consumer) ?? mismatchOf(stream.config, consumer);
}

/** What a consumer is where nothing answers for it. */
export const noLeader: Standstill = {
  kind: 'consumer-without-leader',
  detail: 'nothing answers for it: it has no leader now',
};

/** Nothing answers. */
class Silence {
  constructor(private readonly error: UnreachableError) {}

  /** As a standstill: of the one that was asked about, or of its whole domain. */
  of(still: Standstill): Standstill {
    if (!(this.error instanceof SilentDomainError)) return still;
    const detail = `${nothingAnswersIn(this.error.domain)}: no such domain, or its servers are away`;
    return { ...still, detail };
  }
}

async function answered<T>(link: Link, ask: () => Promise<T>): Promise<T | Silence> {
  try {
    return await ask();
  } catch (error) {
    // Where the connection is there, and the account answers, silence is of the one that was asked about.
    if (error instanceof UnreachableError && link.connected) return new Silence(error);
    throw error;
  }
}

/** Somebody has paused it, and until when. */
export function pauseOf({
  paused,
  config,
  pause_remaining: leftNs,
  ts,
}: ConsumerInfo): Standstill | undefined {
  if (paused !== true) return undefined;
  // The time that is left is the server's own word; what stands in the config may have been shortened.
  const end = config.pause_until ?? (leftNs > 0 ? isoAfter(ts, leftNs) : undefined);
  const until = end === undefined || Number.isNaN(Date.parse(end)) ? undefined : new Date(end).toISOString();
  return until === undefined
    ? { kind: 'paused', detail: 'paused' }
    : { kind: 'paused', detail: `paused until ${until}`, until };
}

function isoAfter(at: string | undefined, ns: number): string | undefined {
  const ms = Date.parse(at ?? '') + ns / 1_000_000;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function refusalOf(info: ConsumerInfo): Standstill | undefined {
  const { config, cluster, num_ack_pending: unacked, num_waiting: requests } = info;
  const { deliver_subject: pushed, priority_policy: policy, max_ack_pending: most = -1 } = config;
  if (cluster !== undefined && !cluster.leader) return noLeader;
  if (pushed) return { kind: 'not-pulled', detail: `it pushes to ${pushed}, so it can't be pulled from` };
  if (policy !== undefined && (policy as string) !== 'none') {
    return { kind: 'not-pulled', detail: `it serves priority groups only (${policy})` };
  }
  if (most > 0 && unacked >= most) {
    const detail = `${unacked} messages are not acknowledged, and max_ack_pending is ${most}: nothing is delivered until one is`;
    return { kind: 'max-ack-pending', detail };
  }
  const allowed = config.max_waiting ?? 0;
  if (allowed > 0 && requests >= allowed) {
    const detail = `${requests} requests wait at it, and max_waiting is ${allowed}: the next one is refused`;
    return { kind: 'max-waiting', detail };
  }
  return undefined;
}

function mismatchOf(stream: StreamConfig, { config }: ConsumerInfo): Standstill | undefined {
  const { subject_transform: transform } = stream;
  // A mirror has none.
  const subjects: readonly string[] = stream.subjects ?? [];
  const filters = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
  if (filters.length === 0 || subjects.length === 0) return undefined;
  const stored = transform ? subjectsStored(subjects, transform) : subjects;
  if (filters.some((filter) => stored.some((subject) => filtersOverlap(filter, subject)))) return undefined;
  const changed = transform ? `, which its subject_transform stores as ${stored.join(', ')},` : '';
  const detail = `no subject of its stream (${subjects.join(', ')})${changed} can match ${filters.join(', ')}`;
  return { kind: 'nothing-matches', detail };
}
