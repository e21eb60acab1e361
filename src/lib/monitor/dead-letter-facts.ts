import { formatDuration } from '../domain/duration.js';
import { operationsFilter } from '../domain/operations-subjects.js';
import { readGroupDocuments } from '../groups/group-documents.js';
import { GroupKinds } from '../groups/group-kinds.js';
import { newestOfEach } from '../groups/newest-letters.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { ExpiringOriginals } from '../pointers/expiring.js';

/** What rests in the DLQ, and beside it. */
export interface DeadLetterFacts {
  readonly dead: ReadonlyMap<string, number>;
  readonly archived: ReadonlyMap<string, number>;
  readonly groups: number;
  /** When the oldest one came, ms since 1970; undefined: there is none. */
  readonly oldestMs: number | undefined;
  readonly expiring: { readonly within: string; readonly count: number };
}

/** Where the config has no alert for it. */
const defaultWithinMs = 86_400_000;

type OfDlq = Pick<DeadLetterFacts, 'dead' | 'groups' | 'oldestMs'>;

/** Reads the DLQ, but only where it has changed since the last look. */
export class DeadLetterReader {
  private readonly withinMs: number;
  private readonly expiring: ExpiringOriginals;
  private known: { readonly state: string; readonly facts: OfDlq } | undefined;

  constructor(private readonly pipeline: Pipeline) {
    this.withinMs = pipeline.config.alerts.expiringMs ?? defaultWithinMs;
    this.expiring = new ExpiringOriginals(pipeline, this.withinMs);
  }

  async read(): Promise<DeadLetterFacts> {
    const [ofDlq, archived, count] = [
      await this.readDlq(),
      await this.archived(),
      await this.expiring.count(),
    ];
    return { ...ofDlq, archived, expiring: { within: formatDuration(this.withinMs), count } };
  }

  private async readDlq(): Promise<OfDlq> {
    const { link, places } = this.pipeline;
    const info = await link.streamInfo(places.dlq.stream);
    const { messages = 0, first_seq = 0, last_seq = 0, num_deleted = 0 } = info?.state ?? {};
    const state = [info?.created, messages, first_seq, last_seq, num_deleted].join();
    if (this.known?.state !== state) this.known = { state, facts: await this.count() };
    return this.known.facts;
  }

  private async count(): Promise<OfDlq> {
    const documents = await readGroupDocuments(this.pipeline);
    const shapes = await newestOfEach(this.pipeline);
    const kinds = new GroupKinds(documents);
    for (const { entry } of shapes) kinds.add(entry);
    const { leadOf } = kinds.find();
    const dead = new Map<string, number>();
    const groups = new Set<string>();
    for (const { entry, count } of shapes) {
      const { consumer, fingerprint } = entry.letter;
      dead.set(consumer, (dead.get(consumer) ?? 0) + count);
      groups.add(`${consumer} ${leadOf(consumer, fingerprint)}`);
    }
    const oldestMs = shapes.length === 0 ? undefined : Math.min(...shapes.map(({ oldestMs: of }) => of));
    return { dead, groups: groups.size, oldestMs };
  }

  /** By the subjects that are there: `<root>.archived.<consumer>.<seq>`. */
  private async archived(): Promise<Map<string, number>> {
    const { link, places } = this.pipeline;
    const { stream, root } = places.operations;
    const filter = operationsFilter(root, 'archived');
    const info = await link.streamInfo(stream, filter);
    const counts = new Map<string, number>();
    for (const subject of Object.keys(info?.state.subjects ?? {})) {
      const consumer = subject.slice(filter.length - 1).split('.')[0] ?? '';
      counts.set(consumer, (counts.get(consumer) ?? 0) + 1);
    }
    return counts;
  }
}
