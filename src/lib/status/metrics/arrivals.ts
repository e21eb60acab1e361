import { subjectMatches } from '../../domain/subjects.js';
import { countDeliverable, type StreamInfo } from '../../nats/objects.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** What a stream holds of each subject at one moment. */
export interface SubjectCounts {
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly deleted: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Messages of the events stream by subject; undefined: there is no such stream. */
export async function readSubjectCounts({ link, config }: Pipeline): Promise<SubjectCounts | undefined> {
  const info = await link.streamInfo(config.streams.events.name, '>');
  return info && countsOf(info);
}

function countsOf({ created, state }: StreamInfo): SubjectCounts {
  // The server leaves out what is 0.
  const { num_deleted: deleted, subjects }: Partial<typeof state> = state;
  const { first_seq: firstSeq, last_seq: lastSeq } = state;
  return { created, firstSeq, lastSeq, deleted: deleted ?? 0, counts: subjects ?? {} };
}

/**
 * Counts the events that came between two moments. Where nothing left the stream meanwhile the counts of its subjects tell,
 * and the server is not asked again; else it counts what came since, where this user may have it do so.
 */
export class Arrivals {
  private readonly came: ReadonlyMap<string, number> | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly before: SubjectCounts,
    after: SubjectCounts,
  ) {
    this.came = nothingLeft(before, after) ? differences(before, after) : undefined;
  }

  /** Those of any of these subjects; undefined: unknown. */
  async of(filters: readonly string[]): Promise<number | undefined> {
    const { came } = this;
    if (!came) return this.ask(filters);
    let count = 0;
    for (const [subject, one] of came) {
      if (filters.some((filter) => subjectMatches(filter, subject))) count += one;
    }
    return count;
  }

  /** Those of none of these subjects; undefined: unknown, or none. */
  others(filters: readonly string[]): number | undefined {
    let count: number | undefined;
    for (const [subject, one] of this.came ?? []) {
      if (!filters.some((filter) => subjectMatches(filter, subject))) count = (count ?? 0) + one;
    }
    return count;
  }

  private ask(filters: readonly string[]): Promise<number | undefined> {
    const { link, config } = this.pipeline;
    return countDeliverable(link, config.streams.events.name, {
      deliver_policy: 'by_start_sequence',
      opt_start_seq: this.before.lastSeq + 1,
      filter_subjects: filters,
    });
  }
}

function nothingLeft(before: SubjectCounts, after: SubjectCounts): boolean {
  return (
    before.created === after.created && before.firstSeq === after.firstSeq && before.deleted === after.deleted
  );
}

/** Only those of which some came. */
function differences(before: SubjectCounts, after: SubjectCounts): ReadonlyMap<string, number> {
  const found = Object.entries(after.counts).map(
    ([subject, count]) => [subject, count - (before.counts[subject] ?? 0)] as const,
  );
  return new Map(found.filter(([, count]) => count > 0));
}
