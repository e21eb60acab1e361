import type { Origin } from '../domain/key.js';
import { expiresAt, type StreamLife } from '../domain/message-ttl.js';
import type { Pointer } from '../domain/pointer.js';
import { compareNanos, type Nanos, nanosOfRfc3339 } from '../domain/time.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { lifeOf, ttlOf } from '../nats/stream-life.js';
import { KeptIndex } from '../pointers/kept/list-kept.js';
import { fetchOriginal, type Original } from '../pointers/original.js';

/** What a stream says about itself that tells which of its messages are there. */
interface Extent {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Nothing that it holds is older. */
  readonly bornAt: Nanos;
  /** Sequences between first and last that are not there; undefined: too many to list. */
  readonly deleted: ReadonlySet<number> | undefined;
  readonly life: StreamLife;
}

export interface OriginalState {
  readonly original: Original['state'];
  /** ISO; null when events never expire, or the original is gone. */
  readonly originalExpiresAt: string | null;
  /** Its stream does not have it any more, and it was kept. */
  readonly kept: boolean;
}

export const gone: OriginalState = { original: 'missing', originalExpiresAt: null, kept: false };
const replaced: OriginalState = { ...gone, original: 'replaced' };
/** What is kept has no age. */
const kept: OriginalState = { original: 'present', originalExpiresAt: null, kept: true };

/** The server lists all deleted sequences in one answer, ten bytes each. */
const mostDeletedTold = 1_000_000;

/**
 * What has become of the events that pointers name, by the state of their streams as it was when they were first
 * asked about: one question a stream, not a read an event. Sequences are never given twice in the life of a stream,
 * so an event of this life that is not deleted is there. One that is older than the stream was in another one that
 * had its name: what stands at its sequence now has replaced it.
 *
 * What a stream does not have any more may have been kept; that is asked for once too, by the subjects of what is kept.
 *
 * Only the event itself is proof: whoever acts on one still reads it (`fetchEvent`).
 */
export class Originals {
  private readonly extents = new Map<string, Promise<Extent | undefined>>();

  private index: Promise<KeptIndex> | undefined;

  constructor(private readonly pipeline: Pipeline) {}

  /** In the order of the pointers. */
  async statesOf(pointers: readonly Pointer[]): Promise<OriginalState[]> {
    const streams = [...new Set(pointers.map(({ origin }) => origin.stream))];
    const extents = new Map(
      await Promise.all(streams.map(async (stream) => [stream, await this.extentOf(stream)] as const)),
    );
    const ttls = await this.ttlsOf(pointers, extents);
    const states = await Promise.all(
      pointers.map(({ origin }) =>
        this.stateOf(origin, extents.get(origin.stream), ttls.get(origin.stream)?.get(origin.seq)),
      ),
    );
    if (states.every(({ original }) => original === 'present')) return states;
    const index = await this.keptIndex();
    return states.map((state, i) => {
      const { consumer = '', origin } = pointers[i] ?? {};
      const isKept = state.original !== 'present' && index.hasOriginal(consumer, origin?.seq ?? 0);
      return isKept ? kept : state;
    });
  }

  private keptIndex(): Promise<KeptIndex> {
    this.index ??= KeptIndex.read(this.pipeline);
    this.index.catch(() => (this.index = undefined));
    return this.index;
  }

  /** Which of them are there, as far as their streams tell without a look at the events. */
  async thereOf(pointers: readonly Pointer[]): Promise<(origin: Origin) => boolean> {
    const streams = new Set(pointers.map(({ origin }) => origin.stream));
    const extents = new Map<string, Extent | undefined>();
    for (const stream of streams) extents.set(stream, await this.extentOf(stream));
    return ({ stream, seq, time }) => {
      const extent = extents.get(stream);
      if (!extent || seq < extent.firstSeq || seq > extent.lastSeq) return false;
      return !extent.deleted?.has(seq) && compareNanos(time, extent.bornAt) >= 0;
    };
  }

  /** Where a stream allows messages a life of their own, only they themselves tell of it: by stream and sequence. */
  private async ttlsOf(
    pointers: readonly Pointer[],
    extents: ReadonlyMap<string, Extent | undefined>,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, string>>> {
    const streams = [...extents].flatMap(([stream, extent]) => (extent?.life.allowsTtl ? [stream] : []));
    const read = streams.map(async (stream) => {
      const seqs = pointers.flatMap(({ origin }) => (origin.stream === stream ? [origin.seq] : []));
      const found = new Map<number, string>();
      await this.pipeline.link.readEach(stream, seqs, (message) => {
        const ttl = ttlOf(message);
        if (ttl !== undefined) found.set(message.seq, ttl);
      });
      return [stream, found] as const;
    });
    return new Map(await Promise.all(read));
  }

  private async stateOf(
    origin: Origin,
    extent: Extent | undefined,
    ttl: string | undefined,
  ): Promise<OriginalState> {
    if (!extent || origin.seq < extent.firstSeq || origin.seq > extent.lastSeq) return gone;
    if (!extent.deleted) return this.read(origin, extent, ttl);
    if (extent.deleted.has(origin.seq)) return gone;
    if (compareNanos(origin.time, extent.bornAt) < 0) return replaced;
    return present(origin, extent, ttl);
  }

  private async read(origin: Origin, extent: Extent, ttl: string | undefined): Promise<OriginalState> {
    const { state } = await fetchOriginal(this.pipeline.link, origin);
    if (state === 'present') return present(origin, extent, ttl);
    return state === 'replaced' ? replaced : gone;
  }

  private extentOf(stream: string): Promise<Extent | undefined> {
    let extent = this.extents.get(stream);
    if (!extent) {
      extent = this.ask(stream);
      // The next one who asks tries again.
      extent.catch(() => this.extents.delete(stream));
      this.extents.set(stream, extent);
    }
    return extent;
  }

  private async ask(stream: string): Promise<Extent | undefined> {
    const info = await this.pipeline.link.streamInfo(stream);
    if (!info) return undefined;
    // The server leaves it out when it is 0.
    const deletions = (info.state as { readonly num_deleted?: number }).num_deleted ?? 0;
    const told = deletions <= mostDeletedTold;
    const state =
      told && deletions > 0 ? ((await this.pipeline.link.deletedIn(stream)) ?? info.state) : info.state;
    const created = nanosOfRfc3339(info.created) ?? '0';
    const oldest = state.messages > 0 ? (nanosOfRfc3339(state.first_ts) ?? created) : created;
    return {
      firstSeq: state.messages > 0 ? state.first_seq : Number.POSITIVE_INFINITY,
      lastSeq: state.last_seq,
      // A mirror, and a stream restored from a backup, may be younger than what they hold.
      bornAt: compareNanos(oldest, created) < 0 ? oldest : created,
      deleted: told ? new Set(deletions > 0 ? state.deleted : []) : undefined,
      life: lifeOf(info),
    };
  }
}

function present({ time }: Origin, { life }: Extent, ttl: string | undefined): OriginalState {
  return { original: 'present', originalExpiresAt: expiresAt(time, ttl, life), kept: false };
}

/** What became of the originals, in the order of the pointers. */
export type StatesOf = (pointers: readonly Pointer[]) => Promise<readonly Original['state'][]>;

/** What became of originals, as their streams say it: for plans, which are not proof. */
export function statesInStream(pipeline: Pipeline): StatesOf {
  const originals = new Originals(pipeline);
  return async (pointers) => (await originals.statesOf(pointers)).map(({ original }) => original);
}
