import { checkOptions, oneOf } from '../../domain/options.js';
import { refuseLimit, refuseNoObject, refuseNoPipeline, refuseTexts } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { requireOwn } from '../../pipeline/require-own.js';
import type { Original } from '../../pointers/original.js';
import type { LetterStatus } from '../../domain/selection/match.js';
import { printSelection } from '../../domain/selection/print.js';
import { concurrently } from '../../flow/concurrently.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { Kinds } from '../../pointers/alike.js';
import type { Kind } from '../../domain/fingerprint-similar.js';
import { notFound } from '../not-found.js';
import { Counter, GroupsFound } from './counts.js';
import { persistently } from './persistently.js';
import { readAhead } from '../../flow/read-ahead.js';
import { type DeadLetterFilters, selectionOfFilters } from '../filters.js';
import { findEntry, selectPages } from '../select.js';
import type { EventsRead } from '../sift.js';
import { type Suggestion } from '../../suggestion.js';

/** Dead letters by id, or by what they have in common. */
export type LetterSelection =
  | {
      /** `<consumer>/<origin sequence>` each. */
      readonly ids: readonly string[];
      /** Among those in the DLQ, or the archived ones. Default: in the DLQ. */
      readonly status?: LetterStatus;
    }
  | {
      /** All conditions must hold; `{}` is every dead letter. */
      readonly filters: DeadLetterFilters;
      /** The oldest of them. Default: all. */
      readonly limit?: number;
    };

/** A dead letter that something will be done to: this very one, not a newer one of the same event. */
export interface PlannedLetter {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** Its sequence in the DLQ; of an archived one, that of the document that keeps it. */
  readonly dlqSeq: number;
  /** It is archived. */
  readonly archived?: true;
  /** How many times it had been replayed. */
  readonly cycle: number;
}

/** A dead letter that is left as it is. */
export interface SkippedLetter {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** Why, in words. */
  readonly reason: string;
  /** What to do about it. */
  readonly suggestions?: readonly Suggestion[];
}

/** How many have this name or text. */
export interface Count {
  /** The consumer, or the reason. */
  readonly name: string;
  /** How many dead letters. */
  readonly count: number;
}

/** Dead letters of one consumer and one cause. */
export interface GroupCount {
  /** An id of the group, as `dlq groups` and `dlq list` have it: `group:3f9a1c` takes it. */
  readonly id: string;
  /** The newest one's. */
  readonly reason: string;
  /** How many dead letters. */
  readonly count: number;
}

/** What would be done to dead letters, and on which server. */
export interface LetterPlan {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server that it was made for. */
  readonly server: string;
  /** Those that something will be done to. */
  readonly items: readonly PlannedLetter[];
  /** Those that will be left, each with the reason. */
  readonly skipped: readonly SkippedLetter[];
  /** Of all that were found, the most frequent first. */
  readonly consumers: readonly Count[];
  /** Alike reasons are counted together, under the newest one's text. */
  readonly reasons: readonly Count[];
  /** The groups of all that were found, the largest first: of one consumer each. */
  readonly groups: readonly GroupCount[];
  /** When the oldest died, ISO; null: none was found. */
  readonly oldestDeadAt: string | null;
  /** When the newest died, ISO; null: none was found. */
  readonly newestDeadAt: string | null;
  /** Of all that were found, how many have no original any more. */
  readonly missing: number;
  /** Of all that were found, how many have another event where their original was. */
  readonly replaced: number;
  /** Where some are, of all that could be replayed: whose consumer has processed a newer event of a subject that names one thing. */
  readonly superseded?: number;
  /** Ids that no dead letter has; they are among the skipped. */
  readonly unknown: readonly string[];
  /** What was selected, as `printSelection` writes it; undefined: ids, or every one. */
  readonly selection?: string;
  /** Which events were read to find them; undefined: none. */
  readonly eventsRead?: EventsRead;
}

export type WhyNot = Omit<SkippedLetter, 'id'>;

/** Nothing may be done to a dead letter. */
export interface SkipDecision {
  readonly do: 'skip';
  readonly reason: string;
  readonly suggestions?: readonly Suggestion[];
}

/** What is to be done to a dead letter; with the state of its original, where it was looked at. */
export type Decision = (SkipDecision | { readonly do: string }) & {
  readonly original?: Original['state'];
  /** The sequence of a newer event, processed by its consumer, of a subject that names one thing. */
  readonly supersededBy?: number;
};

/** What is to be done to each of these, in their order. */
export type Decide<D extends Decision> = (entries: readonly DlqEntry[]) => Promise<readonly D[]>;

/** Dead letters that are looked at together: enough for full questions to the journal. */
const chunkSize = 500;
const lookupsAtOnce = 64;

/**
 * Finds what is selected and what would become of it. Writes nothing, and waits out a server that does not answer for
 * a moment. `onKinds` is given the causes of all that were found.
 *
 * Throws OperationError `OTHER_PIPELINE`, and `NOT_FOUND` when the only id that was asked for has no dead letter.
 */
export async function planLetters<D extends Decision>(
  pipeline: Pipeline,
  selection: LetterSelection,
  decide: Decide<D>,
  onKinds: (kinds: readonly Kind[]) => void = () => {},
): Promise<LetterPlan> {
  refuseNoPipeline(pipeline);
  refuseUnselected(selection);
  const { link, config } = pipeline;
  return persistently(async () => {
    await requireOwn(pipeline);
    const draft = new Draft();
    for await (const chunk of readAhead(chunks(pipeline, selection, draft))) {
      const decisions = await persistently(() => decide(chunk));
      for (const [i, entry] of chunk.entries()) {
        const decision = decisions[i];
        if (decision) draft.add(entry, decision);
      }
    }
    const [unknown] = draft.unknown;
    if (unknown !== undefined && draft.skipped.length + draft.items.length === 1) {
      throw await notFound(pipeline, unknown, 'ids' in selection ? selection.status : undefined);
    }
    onKinds(draft.kinds.list());
    return {
      pipeline: config.name,
      server: link.server,
      items: draft.items,
      skipped: draft.skipped,
      consumers: draft.consumers.sorted().map(({ name, count }) => ({ name, count })),
      reasons: draft.reasons.sorted(draft.kinds.leads()).map(({ name, count }) => ({ name, count })),
      groups: draft.groups.sorted().map(({ id, name, count }) => ({ id, reason: name, count })),
      oldestDeadAt: draft.oldestDeadAt,
      newestDeadAt: draft.newestDeadAt,
      missing: draft.missing,
      replaced: draft.replaced,
      ...(draft.superseded === 0 ? {} : { superseded: draft.superseded }),
      unknown: draft.unknown,
      ...selectionText(selection),
      ...(draft.eventsRead === undefined ? {} : { eventsRead: draft.eventsRead }),
    };
  });
}

const selectionChecks = {
  ids: refuseTexts,
  status: oneOf('dead', 'archived'),
  filters: refuseNoObject,
  limit: refuseLimit,
};

/** @throws UsageError for what says in no way which dead letters are meant */
export function refuseUnselected(selection: LetterSelection): void {
  checkOptions(selectionChecks, selection, 'selection');
  if ('ids' in selection) return refuseTexts('ids', selection.ids ?? null);
  refuseNoObject('filters', selection.filters ?? null);
}

function selectionText(selection: LetterSelection): { readonly selection?: string } {
  const text = 'ids' in selection ? '' : printSelection(selectionOfFilters(selection.filters));
  return text === '' ? {} : { selection: text };
}

/** Why nothing is done, and what else can be. */
export function whyNot({ reason, suggestions }: WhyNot): WhyNot {
  return { reason, ...(suggestions === undefined ? {} : { suggestions }) };
}

class Draft {
  readonly items: PlannedLetter[] = [];
  readonly skipped: SkippedLetter[] = [];
  readonly unknown: string[] = [];
  readonly consumers = new Counter();
  readonly reasons = new Counter();
  readonly kinds = new Kinds();
  readonly groups = new GroupsFound();
  oldestDeadAt: string | null = null;
  newestDeadAt: string | null = null;
  missing = 0;
  replaced = 0;
  superseded = 0;
  eventsRead: EventsRead | undefined;

  add(entry: DlqEntry, decision: Decision): void {
    const { letter, dlqSeq } = entry;
    this.kinds.add(entry);
    this.groups.add(entry);
    this.consumers.add(letter.consumer);
    this.reasons.add(letter.fingerprint, letter.reason);
    if (this.oldestDeadAt === null || letter.deadAt < this.oldestDeadAt) this.oldestDeadAt = letter.deadAt;
    if (this.newestDeadAt === null || letter.deadAt > this.newestDeadAt) this.newestDeadAt = letter.deadAt;
    if (decision.original === 'missing') this.missing++;
    if (decision.original === 'replaced') this.replaced++;
    if (decision.supersededBy !== undefined) this.superseded++;
    if ('reason' in decision) this.skipped.push({ id: letter.id, ...whyNot(decision) });
    else
      this.items.push({
        id: letter.id,
        dlqSeq,
        cycle: letter.cycle,
        ...(entry.archived ? { archived: true } : {}),
      });
  }

  addUnknown(id: string): void {
    this.unknown.push(id);
    this.skipped.push({ id, reason: 'no such dead letter' });
  }
}

async function* chunks(
  pipeline: Pipeline,
  selection: LetterSelection,
  draft: Draft,
): AsyncGenerator<DlqEntry[]> {
  if ('ids' in selection) {
    const ids = [...new Set(selection.ids)];
    const found = await concurrently(ids, lookupsAtOnce, (id) => findEntry(pipeline, id, selection.status));
    for (const [i, id] of ids.entries()) if (!found[i]) draft.addUnknown(id);
    yield found.filter((entry) => entry !== undefined);
    return;
  }
  const limit = selection.limit ?? Number.POSITIVE_INFINITY;
  let chunk: DlqEntry[] = [];
  let taken = 0;
  for await (const { entries, eventsRead } of selectPages(pipeline, selection.filters)) {
    draft.eventsRead = eventsRead;
    const wanted = entries.slice(0, limit - taken);
    taken += wanted.length;
    chunk.push(...wanted);
    if (taken >= limit) break;
    if (chunk.length < chunkSize) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}
