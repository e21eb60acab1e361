import { consumerNamed } from '../../config/resolved.js';
import { positionOf } from '../../domain/consumer-position.js';
import type { Key, Origin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import { standingOf } from '../../domain/standing.js';
import { recordsOfProcessed } from '../../domain/standing-records.js';
import { subjectMatches } from '../../domain/subjects.js';
import { compareNanos } from '../../domain/time.js';
import { isBeforeStart, whyNobodyKnows } from '../../journal/what-is-known.js';
import { recordsOfEach } from '../../journal/read.js';
import type { ConsumerInfo, StreamInfo } from '../../nats/objects.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** What replaying does with a dead letter whose consumer has processed a newer event of the same subject. */
export type IfSuperseded = 'skip' | 'replay';

type Pointed = Pick<Pointer, 'consumer' | 'origin'>;

/** The newest event of a subject, and a consumer that it may have been processed by. */
interface Newest {
  readonly consumer: string;
  readonly origin: Origin;
}

/**
 * Which dead letters are stale: of subjects that name one thing, as `latestOnly` of the config says, where the same
 * consumer has processed the newest event of the subject. What is not certain is not stale. Asks nothing where the config
 * names no such subjects; what was found once is not asked for again.
 */
export class Superseded {
  private readonly found = new Map<string, Origin>();

  constructor(private readonly pipeline: Pipeline) {}

  /** The sequences of those newer events, in the order of the pointers. */
  async by(pointers: readonly Pointed[]): Promise<(number | undefined)[]> {
    const able = pointers.filter((pointer) => this.namesOneThing(pointer));
    if (able.length === 0) return pointers.map(() => undefined);
    const open = able.filter((pointer) => !this.found.has(keyFor(pointer)));
    for (const one of await this.processed(await this.newestOf(open)))
      this.found.set(keyFor(one), one.origin);
    const isAble = new Set(able);
    return pointers.map((pointer) => {
      const newest = isAble.has(pointer) ? this.found.get(keyFor(pointer)) : undefined;
      return newest !== undefined && isNewer(newest, pointer.origin) ? newest.seq : undefined;
    });
  }

  private namesOneThing({ consumer, origin }: Pointed): boolean {
    const { config } = this.pipeline;
    return (
      origin.stream === config.streams.events.name &&
      consumerNamed(config, consumer) !== undefined &&
      config.latestOnly.some((filter) => subjectMatches(filter, origin.subject))
    );
  }

  /** Those of which there is a newer event, each once. */
  private async newestOf(pointers: readonly Pointed[]): Promise<Newest[]> {
    const { link, config } = this.pipeline;
    const subjects = [...new Set(pointers.map(({ origin }) => origin.subject))];
    const last = await link.readLastOfEach(config.streams.events.name, subjects);
    const newest = new Map<string, Newest>();
    for (const pointer of pointers) {
      const message = last.get(pointer.origin.subject);
      const origin = message && originOf(message);
      if (origin && isNewer(origin, pointer.origin))
        newest.set(keyFor(pointer), { consumer: pointer.consumer, origin });
    }
    return [...newest.values()];
  }

  /** Positions before records: what was acknowledged has its record by then. */
  private async processed(newest: readonly Newest[]): Promise<Newest[]> {
    if (newest.length === 0) return [];
    const { link, config } = this.pipeline;
    const names = [...new Set(newest.map(({ consumer }) => consumer))];
    const journal = await link.streamInfo(config.streams.advisories.name);
    const infos = await Promise.all(
      names.map(async (name) => [name, await link.consumerInfo(config.streams.events.name, name)] as const),
    );
    const infoOf = new Map(infos);
    const records = await recordsOfEach(
      this.pipeline,
      newest.map((one) => recordsOfProcessed(mainKey(one))),
    );
    return newest.filter(({ consumer, origin }, i) => {
      const facts = factsOf(origin, infoOf.get(consumer), journal);
      const { is } = standingOf({ ...facts, records: records[i] ?? [] });
      return is === 'resolved' || is === 'acknowledged';
    });
  }
}

function factsOf(origin: Origin, info: ConsumerInfo | undefined, journal: StreamInfo | undefined) {
  return {
    position: info ? positionOf(info, origin.seq) : ('none' as const),
    beforeStart: info !== undefined && isBeforeStart(info, origin),
    provesNothing: info !== undefined && whyNobodyKnows(origin, info, journal) !== undefined,
  };
}

function originOf({ stream, seq, subject, time }: StoredMessage): Origin {
  return { stream, seq, subject, time };
}

function mainKey({ consumer, origin }: Newest): Key {
  return { tier: 'business', consumer, origin, stage: 'main', cycle: 0 };
}

/** In a stream that was made again, sequences begin anew. */
function isNewer(one: Origin, than: Origin): boolean {
  return one.seq !== than.seq && compareNanos(one.time, than.time) > 0;
}

function keyFor({ consumer, origin }: Pointed): string {
  return `${consumer} ${origin.subject}`;
}
