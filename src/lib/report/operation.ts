import type { OperationDocument } from '../domain/operation-document.js';
import type { GroupDocument } from '../domain/group-document.js';
import type { JournalRecord } from '../domain/record.js';
import { type RecordKind } from '../domain/record-kinds.js';
import { isMoveAway } from '../domain/standing-step.js';

/** One thing that somebody did, to one dead letter or to many. */
export interface Operation {
  /** When it began, ISO. */
  readonly at: string;
  /** When the last of it was done, ISO. */
  readonly lastAt: string;
  /** `user@host`; null: the record does not say. */
  readonly operator: string | null;
  /** `replayed`, `discarded`, `moved` and the like; of a group what was decided: `muted until 24h`. */
  readonly did: string;
  /** Its task; null: it has none. */
  readonly task: string | null;
  /** The id of the group that was decided about; null: it was done to dead letters. */
  readonly group: string | null;
  /** To how many dead letters, or with how many events; null for a group, and for what did not end. */
  readonly count: number | null;
  /** Whose dead letters, the most frequent first. */
  readonly consumers: readonly {
    /** The consumer. */
    readonly name: string;
    /** How many of its dead letters; null for a group. */
    readonly count: number | null;
  }[];
  /** Why; null: nothing was said. */
  readonly note: string | null;
}

interface Open extends Omit<Operation, 'count' | 'consumers'> {
  lastAt: string;
  count: number;
  readonly consumers: Map<string, number>;
}

const separator = '\n';

/**
 * Puts together the records of one operation: of one task, operator and kind, with the same note. What has no task is of
 * one process. Memory grows with the operations, not with the records.
 */
export class OperationFolder {
  private readonly open = new Map<string, Open>();

  add(record: JournalRecord): void {
    const { kind, consumer, at } = record;
    // A move is two records, of which this one says the same.
    if (kind === 'MOVED' && !isMoveAway(record)) return;
    // Details of a record may be anything.
    const [operator, task, note, worker] = [record.operator, record.task, record.note, record.worker].map(
      textOf,
    );
    const key = [kind, operator ?? '', task ?? worker ?? '', note ?? ''].join(separator);
    let one = this.open.get(key);
    if (!one) {
      const who = { operator: operator ?? null, task: task ?? null, note: note ?? null };
      one = { at, lastAt: at, did: didOf(kind), group: null, ...who, count: 0, consumers: new Map() };
      this.open.set(key, one);
    }
    one.lastAt = at > one.lastAt ? at : one.lastAt;
    one.count++;
    one.consumers.set(consumer, (one.consumers.get(consumer) ?? 0) + 1);
  }

  /** In the order in which they began. */
  operations(): Operation[] {
    return [...this.open.values()]
      .map((one) => ({
        ...one,
        consumers: [...one.consumers]
          .map(([name, count]) => ({ name, count }))
          .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name)),
      }))
      .toSorted(byTime);
  }
}

export function byTime(a: Operation, b: Operation): number {
  return Date.parse(a.at) - Date.parse(b.at);
}

function didOf(kind: RecordKind): string {
  return kind.toLowerCase();
}

/** Text that says something. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What people decided about a group. */
export function decisionsOf({ id, consumer, history }: GroupDocument): Operation[] {
  return history.map(({ at, by, did }) => ({
    at,
    lastAt: at,
    operator: by,
    did,
    task: null,
    group: id,
    count: null,
    consumers: [{ name: consumer, count: null }],
    note: null,
  }));
}

/** What somebody did to the pipeline itself. */
export function operationOf(document: OperationDocument): Operation {
  const { at, endedAt, operator, did, count, consumers, note } = document;
  return {
    at,
    lastAt: endedAt ?? at,
    operator,
    did: endedAt === null ? `${did}, no end` : did,
    task: null,
    group: null,
    count,
    consumers: consumers.map((name) => ({ name, count: null })),
    note,
  };
}
