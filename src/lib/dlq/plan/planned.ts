import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Link } from '../../nats/link.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { type ReadPage, readPages } from '../../nats/read/read-stream.js';
import { type DlqEntry, readArchivedEntry, readEntry } from '../../pointers/entry.js';
import { persistently } from './persistently.js';
import type { PlannedLetter } from './plan-letters.js';

/** Some of a plan's dead letters, as the DLQ has them now. */
export interface PlannedChunk {
  /** Place of the first in the plan. */
  readonly from: number;
  /** In the order of the plan; undefined: it is not there any more. */
  readonly entries: readonly (DlqEntry | undefined)[];
}

/** Fewer than one in so many are read one by one. */
const sparse = 8;

/** The dead letters of a plan, `size` at a time. Waits out a server that does not answer for a moment. */
export async function* readPlanned(
  pipeline: Pipeline,
  items: readonly PlannedLetter[],
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<PlannedChunk> {
  const { link, config } = pipeline;
  const { dlq, operations } = config.streams;
  const sweep = areNear(items) ? new Sweep(pipeline, items.at(-1)?.dlqSeq ?? 0) : undefined;
  const read = async (chunk: readonly PlannedLetter[]): Promise<(DlqEntry | undefined)[]> => {
    const near = (await sweep?.read(chunk.map(({ dlqSeq }) => dlqSeq))) ?? [];
    return Promise.all(
      chunk.map(async ({ dlqSeq, archived }, i) => {
        if (archived) {
          const document = await readOne(link, operations.name, dlqSeq, true);
          return document && readArchivedEntry(config, document);
        }
        const message = near[i] ?? (await readOne(link, dlq.name, dlqSeq, sweep === undefined));
        return message && readEntry(config, message);
      }),
    );
  };
  try {
    for (let from = 0; from < items.length; from += size) {
      const chunk = items.slice(from, from + size);
      yield { from, entries: await persistently(() => read(chunk), signal) };
    }
  } finally {
    await sweep?.close();
  }
}

/** In order, and close enough that reading what lies between them is the cheaper way. */
function areNear(items: readonly PlannedLetter[]): boolean {
  const [first, last] = [items[0]?.dlqSeq ?? 0, items.at(-1)?.dlqSeq ?? 0];
  return (
    items.length > sparse &&
    items.every(({ archived }) => !archived) &&
    last - first < items.length * sparse &&
    items.every(({ dlqSeq }, i) => i === 0 || dlqSeq > (items[i - 1]?.dlqSeq ?? 0))
  );
}

/** What is near is only a shortcut, as for originals: what a replica still has may be gone, and then the journal says why. */
async function readOne(
  link: Link,
  stream: string,
  seq: number,
  near: boolean,
): Promise<StoredMessage | undefined> {
  const found = near ? await link.readDirect(stream, seq).catch(() => undefined) : undefined;
  return found ?? (await link.readFromLeader(stream, seq));
}

/** Goes through the DLQ once, and picks out what is asked for. */
class Sweep {
  private pages: AsyncGenerator<ReadPage> | undefined;
  private page: readonly StoredMessage[] = [];
  private at = 0;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly lastSeq: number,
  ) {}

  /** The messages at these sequences, which ascend from call to call. After an error the same ones may be asked for again. */
  async read(seqs: readonly number[]): Promise<(StoredMessage | undefined)[]> {
    const { streams, roots } = this.pipeline.config;
    const found: (StoredMessage | undefined)[] = seqs.map(() => undefined);
    this.pages ??= readPages(this.pipeline.link, {
      stream: streams.dlq.name,
      filters: [`${roots.dlq}.>`],
      from: { seq: seqs[0] ?? 1 },
      lastSeq: this.lastSeq,
    });
    try {
      for (let i = 0; i < seqs.length; ) {
        const message = this.page[this.at];
        if (message === undefined) {
          const { done, value } = await this.pages.next();
          if (done) break;
          this.page = value.messages;
          this.at = 0;
          continue;
        }
        const seq = seqs[i] ?? 0;
        if (message.seq === seq) found[i] = message;
        if (message.seq <= seq) this.at++;
        if (message.seq >= seq) i++;
      }
      return found;
    } catch (error) {
      this.pages = undefined;
      this.page = [];
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.pages?.return(undefined);
  }
}
