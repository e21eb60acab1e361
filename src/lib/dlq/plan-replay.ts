import { consumerNamed, type PipelineConfig } from '../config/resolved.js';
import { stageConsumers } from '../domain/consumer-names.js';
import { ConnectionError, OperationError } from '../errors.js';
import type { Link } from '../nats/link.js';
import { concurrently } from './concurrently.js';
import { decideReplays, type ReplayDecision, type StatesOf } from './decide-replay.js';
import type { DlqEntry } from '../pointers/entry.js';
import { notFound } from './not-found.js';
import { persistently } from './persistently.js';
import { Originals } from './originals.js';
import { readAhead } from './read-ahead.js';
import { type DeadLetterFilters, findEntry, selectPages } from './select.js';

export type ReplaySelection =
  | { readonly ids: readonly string[] }
  | { readonly filters: DeadLetterFilters /** The oldest of them. Default: all. */; readonly limit?: number };

/** A dead letter that will be replayed: this very one, not a newer one of the same event. */
export interface PlannedReplay {
  readonly id: string;
  readonly dlqSeq: number;
}

export interface SkippedReplay {
  readonly id: string;
  readonly reason: string;
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

/** What a replay would do, and on which server. */
export interface ReplayPlan {
  readonly pipeline: string;
  readonly server: string;
  readonly items: readonly PlannedReplay[];
  readonly skipped: readonly SkippedReplay[];
  /** Of all that were found, the most frequent first. */
  readonly consumers: readonly Count[];
  /** Alike reasons are counted together, under the newest one's text. */
  readonly reasons: readonly Count[];
  /** When the oldest died, ISO; null: none was found. */
  readonly oldestDeadAt: string | null;
  readonly missing: number;
  readonly replaced: number;
  /** Ids that no dead letter has; they are among the skipped. */
  readonly unknown: readonly string[];
  /** Consumers whose retry stage no process asks for messages now: none runs, or all are busy. */
  readonly notRunning: readonly string[];
}

/** Dead letters that are looked at together: enough for full questions to the journal. */
const chunkSize = 500;
const lookupsAtOnce = 64;

/**
 * Finds what is selected and what would become of it; originals by the state of their stream, as in a list. Writes
 * nothing, and waits out a server that does not answer for a moment.
 *
 * Throws OperationError (exit code 1) when the only id that was asked for has no dead letter (`NOT_FOUND`), or is that
 * of an external consumer (`REPLAY_REFUSED`).
 */
export async function planReplay(
  link: Link,
  config: PipelineConfig,
  selection: ReplaySelection,
): Promise<ReplayPlan> {
  return persistently(() => draftPlan(link, config, selection));
}

async function draftPlan(
  link: Link,
  config: PipelineConfig,
  selection: ReplaySelection,
): Promise<ReplayPlan> {
  const draft = new Draft();
  const originals = new Originals(link);
  const statesOf: StatesOf = async (pointers) =>
    (await originals.statesOf(pointers)).map(({ original }) => original);
  for await (const chunk of readAhead(chunks(link, config, selection, draft))) {
    const decisions = await persistently(() => decideReplays(link, config, chunk, statesOf));
    for (const [i, entry] of chunk.entries()) {
      const decision = decisions[i];
      if (decision) draft.add(entry, decision);
    }
  }
  const [unknown] = draft.unknown;
  const [refused] = draft.external;
  if ('ids' in selection && draft.skipped.length + draft.items.length === 1) {
    if (unknown !== undefined) throw await notFound(link, config, unknown);
    if (refused) throw replayRefused(refused);
  }
  const consumers = draft.consumers.sorted();
  return {
    pipeline: config.name,
    server: link.server,
    items: draft.items,
    skipped: draft.skipped,
    consumers,
    reasons: draft.reasons.sorted(),
    oldestDeadAt: draft.oldestDeadAt,
    missing: draft.missing,
    replaced: draft.replaced,
    unknown: draft.unknown,
    notRunning: await notRunning(link, config, consumers),
  };
}

function replayRefused({ id, reason }: SkippedReplay): OperationError {
  return new OperationError(`${id} can't be replayed: ${reason}`, {
    code: 'REPLAY_REFUSED',
    suggestions: [
      `see the event and why it died: plutomi-events dlq show ${id}`,
      'publish it anew: plutomi-events events publish <type> --data <its data>',
    ],
  });
}

class Counter {
  private readonly counts = new Map<string, Count>();

  add(identity: string, name = identity): void {
    this.counts.set(identity, { name, count: (this.counts.get(identity)?.count ?? 0) + 1 });
  }

  sorted(): Count[] {
    return [...this.counts.values()].toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  }
}

class Draft {
  readonly items: PlannedReplay[] = [];
  readonly skipped: SkippedReplay[] = [];
  readonly unknown: string[] = [];
  /** Of external consumers; they are among the skipped. */
  readonly external: SkippedReplay[] = [];
  readonly consumers = new Counter();
  readonly reasons = new Counter();
  oldestDeadAt: string | null = null;
  missing = 0;
  replaced = 0;

  add({ letter, dlqSeq }: DlqEntry, decision: ReplayDecision): void {
    this.consumers.add(letter.consumer);
    this.reasons.add(letter.fingerprint, letter.reason);
    if (this.oldestDeadAt === null || letter.deadAt < this.oldestDeadAt) this.oldestDeadAt = letter.deadAt;
    if (decision.do !== 'skip') {
      this.items.push({ id: letter.id, dlqSeq });
      return;
    }
    const skipped = { id: letter.id, reason: decision.reason };
    this.skipped.push(skipped);
    if (decision.external) this.external.push(skipped);
    if (decision.original === 'missing') this.missing++;
    if (decision.original === 'replaced') this.replaced++;
  }

  addUnknown(id: string): void {
    this.unknown.push(id);
    this.skipped.push({ id, reason: 'no such dead letter' });
  }
}

async function* chunks(
  link: Link,
  config: PipelineConfig,
  selection: ReplaySelection,
  draft: Draft,
): AsyncGenerator<DlqEntry[]> {
  if ('ids' in selection) {
    const ids = [...new Set(selection.ids)];
    const found = await concurrently(ids, lookupsAtOnce, (id) => findEntry(link, config, id));
    for (const [i, id] of ids.entries()) if (!found[i]) draft.addUnknown(id);
    yield found.filter((entry) => entry !== undefined);
    return;
  }
  const limit = selection.limit ?? Number.POSITIVE_INFINITY;
  let chunk: DlqEntry[] = [];
  let taken = 0;
  for await (const { entries } of selectPages(link, config, selection.filters)) {
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

async function notRunning(
  link: Link,
  config: PipelineConfig,
  consumers: readonly Count[],
): Promise<readonly string[]> {
  const names = consumers.map(({ name }) => name).filter((name) => consumerNamed(config, name));
  const waiting = await Promise.all(names.map((name) => requestsOf(link, config, name)));
  return names.filter((_, i) => waiting[i] === 0);
}

/** How many processes wait for a message of the retry stage; undefined: nobody can say now. */
async function requestsOf(link: Link, config: PipelineConfig, name: string): Promise<number | undefined> {
  try {
    const info = await link.consumerInfo(config.streams.retry.name, stageConsumers(name).retry);
    return info?.num_waiting ?? 0;
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}
