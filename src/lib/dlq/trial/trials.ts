import { formatDuration } from '../../domain/duration.js';
import { reasonOf } from '../../domain/failure.js';
import type { Outcome } from '../../domain/outcome.js';

/** What today's handler would do with the dead letters of one group. */
export interface TestedGroup {
  /** As `dlq groups` has it. */
  readonly id: string;
  /** Whose handler it is. */
  readonly consumer: string;
  /** How many would pass. */
  readonly pass: number;
  /** How many would fail. */
  readonly fail: number;
  /** Why, the most frequent first. */
  readonly reasons: readonly {
    /** What the handler would fail with; failures of one cause are counted under the first one's text. */
    readonly reason: string;
    /** How many would. */
    readonly count: number;
  }[];
}

interface Counts {
  pass: number;
  readonly reasons: Map<string, { reason: string; count: number }>;
}

/** More reasons than these are put together: nobody reads them. */
const mostReasons = 20;
const otherReasons = { key: 'others', reason: 'other reasons' };

/** Counts outcomes by consumer and shape, and then by group. Memory grows with the shapes. */
export class Trials {
  private readonly counted = new Map<string, Map<string, Counts>>();

  add(consumer: string, fingerprint: string, outcome: Outcome): void {
    let shapes = this.counted.get(consumer);
    if (!shapes) this.counted.set(consumer, (shapes = new Map<string, Counts>()));
    let counts = shapes.get(fingerprint);
    if (!counts) shapes.set(fingerprint, (counts = emptyCounts()));
    const why = whyNot(outcome);
    if (why === undefined) counts.pass++;
    else addReason(counts, why.key, why.reason, 1);
  }

  /** The largest first. */
  groups(idOf: (consumer: string, fingerprint: string) => string): TestedGroup[] {
    const groups = new Map<string, Counts & { readonly consumer: string }>();
    for (const [consumer, shapes] of this.counted) {
      for (const [fingerprint, counts] of shapes) {
        const id = idOf(consumer, fingerprint);
        let group = groups.get(id);
        if (!group) groups.set(id, (group = { ...emptyCounts(), consumer }));
        group.pass += counts.pass;
        for (const [key, { reason, count }] of counts.reasons) addReason(group, key, reason, count);
      }
    }
    return [...groups]
      .map(([id, { consumer, pass, reasons }]) => {
        const sorted = [...reasons.values()].toSorted((a, b) => b.count - a.count);
        return {
          id,
          consumer,
          pass,
          fail: sorted.reduce((sum, { count }) => sum + count, 0),
          reasons: sorted,
        };
      })
      .toSorted((a, b) => b.pass + b.fail - (a.pass + a.fail));
  }
}

function emptyCounts(): Counts {
  return { pass: 0, reasons: new Map() };
}

function addReason({ reasons }: Counts, key: string, reason: string, count: number): void {
  const isRoom = reasons.has(key) || reasons.size < mostReasons;
  const place = isRoom ? key : otherReasons.key;
  const found = reasons.get(place);
  if (found) found.count += count;
  else reasons.set(place, { reason: isRoom ? reason : otherReasons.reason, count });
}

/** Why it would not pass; undefined: it would. */
function whyNot(outcome: Outcome): { readonly key: string; readonly reason: string } | undefined {
  if (outcome.kind === 'ok') return undefined;
  if (outcome.kind === 'failed')
    return { key: outcome.failure.fingerprint, reason: reasonOf(outcome.failure) };
  const reason = `it would be put off for ${formatDuration(outcome.delayMs)}`;
  return { key: reason, reason };
}
