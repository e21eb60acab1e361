import { checkOptions, type Checks } from '../domain/options.js';
import { refuseLimit, refuseNoPipeline, refuseNoSignal } from '../domain/given.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { DlqEntry } from '../pointers/entry.js';
import type { DeadLetter } from '../domain/dead-letter.js';
import type { LetterStatus } from '../domain/selection/match.js';
import { areEdited } from './facts/edited.js';
import { Superseded } from './facts/superseded.js';
import { type DeadLetterItem, statusFacts } from './item.js';
import { type GroupLabel, GroupLabels } from './groups/labels.js';
import { gone, Originals, type OriginalState } from './originals.js';
import { readAhead } from '../flow/read-ahead.js';
import type { DeadLetterFilters } from './filters.js';
import { selectPages } from './select.js';
import { areResolvedLate } from './state.js';

export const defaultListLimit = 100;

/** The oldest dead letters that match. */
export interface DeadLetterList {
  /** How many match, also beyond the limit. */
  readonly total: number;
  /** In the order in which they died, oldest first. */
  readonly items: readonly DeadLetterItem[];
}

/** Some of the dead letters that match, as soon as they were found. */
export interface DeadLetterPage {
  /** Never empty but in the last page, which is always there. */
  readonly items: readonly DeadLetterItem[];
  /** Only in the last page: how many match, also beyond the limit. */
  readonly total?: number;
}

/** How many, and until when. */
export interface ListOptions {
  /** Most dead letters. Default: 100. */
  readonly limit?: number;
  /** Ends the reading; the last page is then missing. */
  readonly signal?: AbortSignal;
}

const listChecks = { limit: refuseLimit, signal: refuseNoSignal } as const satisfies Checks<ListOptions>;

/** Rows whose records are asked for together. */
const pageSize = 500;
/** Matches that are rare are not kept back until a page of them is full. */
const longestWaitMs = 100;

/**
 * The dead letters that match, at most `limit` of them (default 100), with what became of their originals.
 * Memory is bounded by the limit.
 */
export async function listDeadLetters(
  pipeline: Pipeline,
  filters: DeadLetterFilters = {},
  limit = defaultListLimit,
): Promise<DeadLetterList> {
  const items: DeadLetterItem[] = [];
  let total = 0;
  for await (const page of readDeadLetters(pipeline, filters, { limit })) {
    items.push(...page.items);
    total = page.total ?? total;
  }
  return { total, items };
}

/**
 * The same page by page while they are read, the oldest first, with bounded memory whatever their number. Whether
 * an original is there follows from the state of its stream, see `Originals`.
 */
export async function* readDeadLetters(
  pipeline: Pipeline,
  filters: DeadLetterFilters = {},
  options: ListOptions = {},
): AsyncGenerator<DeadLetterPage> {
  refuseNoPipeline(pipeline);
  checkOptions(listChecks, options);
  const { limit = defaultListLimit, signal } = options;
  for await (const { items, total } of readItems(pipeline, filters, { limit, signal })) {
    yield total === undefined ? { items } : { items, total };
  }
}

/** A page with the entries that its items are about, in the same order. */
export type EntriesPage = DeadLetterPage & { readonly entries: readonly DlqEntry[] };

/** As `readDeadLetters`, for whoever needs the pointers too. */
export async function* readItems(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal | undefined },
): AsyncGenerator<EntriesPage> {
  const originals = new Originals(pipeline);
  for await (const { entries, total } of readAhead(collect(pipeline, filters, limit, signal))) {
    const items = await itemsOf(pipeline, originals, entries);
    yield total === undefined ? { items, entries } : { items, entries, total };
  }
}

interface Collected {
  readonly entries: readonly DlqEntry[];
  /** Only with the last: how many match, also beyond the limit. */
  readonly total?: number;
}

/** The first `limit` entries that match, as many together as are asked for together. */
async function* collect(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Collected> {
  let total = 0;
  let collected: DlqEntry[] = [];
  let due = 0;
  for await (const { entries, after } of selectPages(pipeline, filters, signal)) {
    const room = limit - Math.min(limit, total);
    total += entries.length;
    for (const entry of room < entries.length ? entries.slice(0, room) : entries) collected.push(entry);
    if (
      collected.length >= pageSize ||
      (collected.length > 0 && (total >= limit || pipeline.clock.monotonic() >= due))
    ) {
      yield { entries: collected };
      collected = [];
      due = pipeline.clock.monotonic() + longestWaitMs;
    }
    if (total < limit || after === undefined) continue;
    // The server knows how many more there are.
    total += after;
    break;
  }
  if (signal?.aborted !== true) yield { entries: collected, total };
}

/** What lists say of each of these. */
export async function itemsOf(
  pipeline: Pipeline,
  originals: Originals,
  entries: readonly DlqEntry[],
): Promise<DeadLetterItem[]> {
  const pointers = entries.flatMap(({ pointer }) => pointer ?? []);
  const [resolved, states, edited, superseded] = await Promise.all([
    areResolvedLate(pipeline, pointers),
    originals.statesOf(pointers),
    areEdited(pipeline, pointers),
    new Superseded(pipeline).by(pointers),
  ]);
  let at = 0;
  const labels = new GroupLabels();
  return entries.map((entry) => {
    const { letter, pointer, archived } = entry;
    const label = labels.of(entry);
    if (!pointer) return item(letter, label, 'dead', nothingKnown);
    const isResolved = resolved[at] === true;
    const isEdited = edited[at] === true;
    const supersededBy = superseded[at] ?? null;
    const { original, originalExpiresAt, kept } = states[at++] ?? gone;
    const state = { original, originalExpiresAt, kept, edited: isEdited, supersededBy };
    if (archived) {
      const facts = { ...item(letter, label, 'archived', state), ...statusFacts(archived) };
      return isResolved ? { ...facts, resolvedLate: true } : facts;
    }
    const listed = item(letter, label, 'dead', state);
    return isResolved ? { ...listed, resolvedLate: true } : listed;
  });
}

type WhatBecame = OriginalState & Pick<DeadLetterItem, 'edited' | 'supersededBy'>;

const nothingKnown: WhatBecame = { ...gone, edited: false, supersededBy: null };

/** Each member by its name: to spread so many into one takes several times as long. */
function item(
  letter: DeadLetter,
  { group, name, code }: GroupLabel,
  status: LetterStatus,
  { original, originalExpiresAt, kept, edited, supersededBy }: WhatBecame,
): DeadLetterItem {
  const { id, consumer, stream, seq, subject, reason, fingerprint, attempts, cycle, deadAt } = letter;
  return {
    id,
    consumer,
    stream,
    seq,
    subject,
    reason,
    fingerprint,
    attempts,
    cycle,
    deadAt,
    group,
    name,
    code,
    status,
    original,
    originalExpiresAt,
    kept,
    edited,
    supersededBy,
  };
}
