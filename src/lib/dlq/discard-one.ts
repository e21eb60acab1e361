import type { Author, Skipped } from './plan/carry-out.js';
import { doneBy, journalOnce } from './plan/journal-once.js';
import { isoOfMs, nanosOfRfc3339 } from '../domain/time.js';
import { recordBeyond } from '../routing/route.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PipelineConfig } from '../config/resolved.js';
import { atStage, type Key } from '../domain/key.js';
import type { ArchivedLetter } from '../domain/archived-letter.js';
import type { Pointer } from '../domain/pointer.js';
import type { LetterStanding } from '../domain/standing.js';
import { nothingKnown, recordsBeyond } from '../domain/standing-records.js';
import { recordAbout } from '../journal/record-about.js';
import { lastRecords } from '../journal/read.js';
import type { Original } from '../pointers/original.js';
import { keptKey } from '../pointers/kept/kept-key.js';
import { removeKept } from '../pointers/kept/remove-kept.js';
import { concurrently } from '../flow/concurrently.js';
import type { StatesOf } from './originals.js';
import { embeddedExhaustion } from './replay/decide-replay.js';
import { archiveBegun, isMeta, isWaitingAgain, letterKey, replayBegun, standingsOfLetters } from './state.js';
import { letterOf } from './archive/restore-one.js';
import { deleteDocument } from '../operations/documents.js';
import type { DlqEntry } from '../pointers/entry.js';
import { persistently } from './plan/persistently.js';
import type { SkipDecision } from './plan/plan-letters.js';

/** What discarding a dead letter means, by what the server holds now. */
export type DiscardDecision =
  | SkipDecision
  | {
      readonly do: 'discard';
      readonly original?: Original['state'];
      /** Something of its event is kept, or may be. */
      readonly kept: boolean;
      /** Keys whose end is to be journaled, its own as the last: an earlier discard may have come as far as that. */
      readonly keys: readonly Key[];
      /** The journal has the end of its own key already, under this task. */
      readonly journaled?: { readonly task: string | undefined };
    };

type Discarding = Exclude<DiscardDecision, SkipDecision>;

const alreadyRemoved: Skipped = { is: 'skipped', reason: 'what was left of it is removed already' };
const lookupsAtOnce = 64;

/** What discarding each of these means, in their order; with the states of their originals where `statesOf` is given. Writes nothing. */
export async function decideDiscards(
  pipeline: Pipeline,
  entries: readonly DlqEntry[],
  statesOf?: StatesOf,
): Promise<DiscardDecision[]> {
  const { config } = pipeline;
  const pointers = entries.flatMap(({ pointer }) => pointer ?? []);
  const [standings, states, keptRecords] = await Promise.all([
    standingsOfLetters(pipeline, pointers),
    statesOf?.(pointers),
    lastRecords(
      pipeline,
      pointers.map((pointer) => [keptKey(pointer), 'KEPT']),
    ),
  ]);
  const wasKept = new Set(pointers.filter((_, i) => keptRecords[i] !== undefined));
  const standingOf = new Map(pointers.map((pointer, i) => [pointer, standings[i]]));
  const stateOf = new Map(pointers.map((pointer, i) => [pointer, states?.[i]]));
  const decided = await concurrently(entries, lookupsAtOnce, async (entry): Promise<DiscardDecision> => {
    const { pointer } = entry;
    const standing = pointer && standingOf.get(pointer);
    // A later cycle may have been edited.
    const kept = pointer !== undefined && (wasKept.has(pointer) || pointer.cycle > 0);
    if (entry.archived) return discardOfArchived(pipeline, entry.archived, standing, kept);
    if (standing?.is === 'archived') return { do: 'skip', reason: archiveBegun };
    if (standing?.is === 'replayed' || (pointer && (await isWaitingAgain(pipeline, pointer))))
      return { do: 'skip', reason: replayBegun };
    const all = pointer ? await keysOf(pipeline, pointer) : [foreignKey(config, entry)];
    const rest = await unjournaled(pipeline, all);
    const original = pointer && stateOf.get(pointer);
    return { do: 'discard', ...rest, kept, ...(original === undefined ? {} : { original }) };
  });
  // Without a signal, each was looked at.
  return decided as DiscardDecision[];
}

/** What has gone on since its archiving was interrupted is not given up: only what is kept of it goes. */
async function discardOfArchived(
  pipeline: Pipeline,
  archived: ArchivedLetter,
  standing: LetterStanding | undefined,
  kept: boolean,
): Promise<DiscardDecision> {
  const { pointer } = archived;
  const wentOn = standing?.is === 'replayed' || standing?.is === 'moved';
  if (wentOn || (await isWaitingAgain(pipeline, pointer))) return { do: 'discard', keys: [], kept: false };
  if (await letterOf(pipeline, archived)) return { do: 'skip', reason: archiveBegun };
  return { do: 'discard', kept, ...(await unjournaled(pipeline, await keysOf(pipeline, pointer))) };
}

/** The keys that a dead letter is the end of: its own, and of the meta tier that of the record that was not routed. */
async function keysOf(pipeline: Pipeline, pointer: Pointer): Promise<Key[]> {
  const own = letterKey(pointer);
  const embedded = isMeta(pointer) ? embeddedExhaustion(pipeline.config, pointer) : undefined;
  if (!embedded?.ok) return [own];
  const x = embedded.value;
  const wentOn = await recordBeyond(pipeline, x, recordsBeyond(x, 'dlq', nothingKnown));
  return wentOn ? [own] : [atStage(x, 'dlq'), own];
}

/** What is not a pointer is journaled as a message of the DLQ itself. */
function foreignKey(config: PipelineConfig, { letter, dlqSeq }: DlqEntry): Key {
  const { consumer, subject, deadAt } = letter;
  const time = nanosOfRfc3339(deadAt) ?? '0';
  const origin = { stream: config.streams.dlq.name, seq: dlqSeq, subject, time };
  return { tier: 'business', consumer, origin, stage: 'dlq', cycle: 0 };
}

async function unjournaled(
  pipeline: Pipeline,
  keys: readonly Key[],
): Promise<Pick<Discarding, 'keys' | 'journaled'>> {
  const found = await lastRecords(
    pipeline,
    keys.map((key) => [key, 'DISCARDED']),
  );
  const own = found.at(-1)?.record;
  return {
    keys: keys.filter((_, i) => found[i] === undefined),
    ...(own === undefined ? {} : { journaled: { task: own.task } }),
  };
}

/**
 * Discards one dead letter: DISCARDED, then the deletion of exactly this dead letter. Every write can be repeated, so
 * that it can be killed between any two of them and run again.
 */
export function discardOne(
  pipeline: Pipeline,
  author: Author,
  { dlqSeq, archived, pointer }: DlqEntry,
  { keys, kept, journaled }: Discarding,
  signal: AbortSignal | undefined,
): Promise<{ readonly is: 'discarded' } | Skipped> {
  const { link, places, clock, identity } = pipeline;
  return persistently(async () => {
    let by = journaled?.task;
    for (const key of keys) {
      const at = isoOfMs(clock.now());
      const facts = { kind: 'DISCARDED', at, worker: identity.worker, ...author } as const;
      const task = await journalOnce(pipeline, recordAbout(key, facts));
      if (!journaled) by = task;
    }
    // By sequence: a newer dead letter of the same event stays. One that is gone already is as good as deleted.
    const removed = archived
      ? await deleteDocument(pipeline, dlqSeq)
      : await link.deleteMessage(places.dlq.stream, dlqSeq);
    if (kept && pointer) await removeKept(pipeline, pointer.consumer, pointer.origin);
    // Of what is only left over nothing is journaled.
    if (keys.length === 0 && !journaled) return removed ? { is: 'discarded' } : alreadyRemoved;
    // Who removes what another one has left there has finished it.
    return by === author.task || (journaled && removed) ? { is: 'discarded' } : doneBy('discarded', by);
  }, signal);
}
