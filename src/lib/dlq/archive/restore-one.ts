import { concurrently } from '../../flow/concurrently.js';
import type { ArchivedLetter } from '../../domain/archived-letter.js';
import { maxRoutableBytes } from '../../domain/decode.js';
import { sameOrigin } from '../../domain/key.js';
import { encodePointer, type Pointer } from '../../domain/pointer.js';
import type { LetterStanding } from '../../domain/standing.js';
import { isoOfMs } from '../../domain/time.js';
import { lastRecords } from '../../journal/read.js';
import { recordAbout } from '../../journal/record-about.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { deleteDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DlqEntry } from '../../pointers/entry.js';
import type { Original } from '../../pointers/original.js';
import { lastPointer, readPointer, writePointer } from '../../pointers/write-pointer.js';
import { suggestCommand } from '../../suggestion.js';
import type { StatesOf } from '../originals.js';
import type { Author, Skipped } from '../plan/carry-out.js';
import { doneBy, journalOnce } from '../plan/journal-once.js';
import { persistently } from '../plan/persistently.js';
import type { SkipDecision } from '../plan/plan-letters.js';
import { isWaitingAgain, letterKey, standingsOfLetters } from '../state.js';
import { discardCommand, journalArchive } from './archive-one.js';

/** What restoring an archived dead letter means, by what the server holds now. */
export type RestoreDecision =
  | SkipDecision
  | {
      /** `forget`: it was restored, and has moved on since; only its document is left of what was interrupted. */
      readonly do: 'restore' | 'forget';
      readonly archived: ArchivedLetter;
      /** The journal has it already, under this task. */
      readonly journaled?: { readonly task: string | undefined };
      readonly original?: Original['state'];
    };

const lookupsAtOnce = 64;

/** What restoring each of these means, in their order; with the states of their originals where `statesOf` is given. Writes nothing. */
export async function decideRestores(
  pipeline: Pipeline,
  entries: readonly DlqEntry[],
  statesOf?: StatesOf,
): Promise<RestoreDecision[]> {
  const kept = entries.flatMap(({ archived }) => archived ?? []);
  const pointers = kept.map(({ pointer }) => pointer);
  const [standings, restored, states] = await Promise.all([
    standingsOfLetters(pipeline, pointers),
    lastRecords(
      pipeline,
      pointers.map((pointer) => [letterKey(pointer), 'RESTORED']),
    ),
    statesOf?.(pointers),
  ]);
  const placeOf = new Map(kept.map((one, i) => [one, i]));
  const decided = await concurrently(entries, lookupsAtOnce, async (entry): Promise<RestoreDecision> => {
    const { archived, letter } = entry;
    const i = archived && placeOf.get(archived);
    if (!archived || i === undefined) return { do: 'skip', reason: 'it is in the DLQ, and not archived' };
    const standing = standings[i] ?? { is: 'dead' };
    const record = restored[i]?.record;
    const isRestored = record?.kind === 'RESTORED' && record.archive === archived.archive;
    const journaled = isRestored ? { journaled: { task: record.task } } : {};
    const over = (await isWaitingAgain(pipeline, archived.pointer)) ? replayed : overBecause(standing);
    if (over !== undefined && isRestored) return { do: 'forget', archived, ...journaled };
    if (over !== undefined) {
      return { do: 'skip', reason: over, suggestions: [discardCommand(letter.id, 'archived')] };
    }
    const original = states?.[i];
    return { do: 'restore', archived, ...journaled, ...(original === undefined ? {} : { original }) };
  });
  // Without a signal, each was looked at.
  return decided as RestoreDecision[];
}

const replayed = 'it was replayed after its archiving had been interrupted: what is archived is left over';

/** Its event is elsewhere, or was given up. */
function overBecause(standing: LetterStanding): string | undefined {
  switch (standing.is) {
    case 'replayed':
      return replayed;
    case 'discarded':
      return 'its discard was interrupted: discard it again';
    case 'moved':
      return `it was moved to ${standing.to} after its archiving had been interrupted: what is archived is left over`;
    default:
      return undefined;
  }
}

/**
 * Restores one archived dead letter: the pointer in the DLQ, with its time of death, then RESTORED, then the removal of
 * the document. Every write can be repeated, so that it can be killed between any two of them and run again.
 */
export function restoreOne(
  pipeline: Pipeline,
  author: Author,
  { dlqSeq: documentSeq, letter }: DlqEntry,
  decision: Exclude<RestoreDecision, SkipDecision>,
  signal: AbortSignal | undefined,
): Promise<{ readonly is: 'restored' } | Skipped> {
  const { link, places, clock, identity } = pipeline;
  const { archived, journaled } = decision;
  const { pointer, deadAt, archive } = archived;
  return persistently(async () => {
    let by = journaled?.task;
    if (decision.do === 'restore') {
      await endArchiving(pipeline, archived);
      const { written } = await writePointer(link, places.dlq, withDeath(pointer, deadAt));
      if (!written && !(await letterOf(pipeline, archived))) {
        const reason = 'the DLQ has a later dead letter under the same id';
        const suggestions = [
          suggestCommand('dlq show', { args: [letter.id] }),
          discardCommand(letter.id, 'archived'),
        ];
        return { is: 'skipped', reason, suggestions };
      }
      const at = isoOfMs(clock.now());
      const facts = { kind: 'RESTORED', at, archive, worker: identity.worker, ...author } as const;
      if (!journaled) by = await journalOnce(pipeline, recordAbout(letterKey(pointer), facts));
    }
    // This version of it: another archiving of the same dead letter stays.
    const removed = await deleteDocument(pipeline, documentSeq);
    // Who removes what another one has left there has finished it.
    return by === author.task || (journaled && removed) ? { is: 'restored' } : doneBy('restored', by);
  }, signal);
}

/** One that would be too large with its time of death to be read is put back without. */
function withDeath(pointer: Pointer, deadAt: string): Pointer {
  const whole = { ...pointer, deadAt };
  return Buffer.byteLength(encodePointer(whole)) > maxRoutableBytes ? pointer : whole;
}

/**
 * The dead letter that was archived is in the DLQ still: whoever archives it may be about to delete it. So it is deleted
 * here, and what is restored is another message.
 */
async function endArchiving(pipeline: Pipeline, archived: ArchivedLetter): Promise<void> {
  const there = await letterOf(pipeline, archived);
  if (there?.seq !== archived.dlqSeq) return;
  await journalArchive(pipeline, archived);
  await pipeline.link.deleteMessage(there.stream, there.seq);
}

/** The dead letter of this event and cycle that is in the DLQ. */
export async function letterOf(
  { link, places }: Pipeline,
  { pointer }: Pick<ArchivedLetter, 'pointer'>,
): Promise<StoredMessage | undefined> {
  const { consumer, origin, cycle } = pointer;
  const message = await lastPointer(link, places.dlq, consumer, origin.seq);
  const found = message && readPointer(message);
  return found && sameOrigin(found.origin, origin) && found.cycle === cycle ? message : undefined;
}
