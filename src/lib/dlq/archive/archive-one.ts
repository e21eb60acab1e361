import { concurrently } from '../../flow/concurrently.js';
import { type ArchivedLetter, archivedDocument, decodeArchived } from '../../domain/archived-letter.js';
import { formatDeadLetterId } from '../../domain/dead-letter.js';
import { sameOrigin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import { smallerPointers } from '../../domain/smaller.js';
import { isoOfMs } from '../../domain/time.js';
import { recordAbout } from '../../journal/record-about.js';
import { writeRecord } from '../../journal/write-record.js';
import { TooLargeError } from '../../nats/errors.js';
import { updateDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { archivedSubject, type DlqEntry } from '../../pointers/entry.js';
import type { Original } from '../../pointers/original.js';
import { suggestCommand, type Suggestion } from '../../suggestion.js';
import type { StatesOf } from '../originals.js';
import type { Author, Skipped } from '../plan/carry-out.js';
import { doneBy } from '../plan/journal-once.js';
import { persistently } from '../plan/persistently.js';
import type { SkipDecision } from '../plan/plan-letters.js';
import { isWaitingAgain, letterKey, replayBegun, standingsOfLetters } from '../state.js';

/** What archiving a dead letter means, by what the server holds now. */
export type ArchiveDecision =
  | SkipDecision
  | { readonly do: 'archive'; readonly pointer: Pointer; readonly original?: Original['state'] };

const lookupsAtOnce = 64;

/** What archiving each of these means, in their order; with the states of their originals where `statesOf` is given. Writes nothing. */
export async function decideArchives(
  pipeline: Pipeline,
  entries: readonly DlqEntry[],
  statesOf?: StatesOf,
): Promise<ArchiveDecision[]> {
  const pointers = entries.flatMap(({ pointer }) => pointer ?? []);
  const [standings, states] = await Promise.all([
    standingsOfLetters(pipeline, pointers),
    statesOf?.(pointers),
  ]);
  const standingOf = new Map(pointers.map((pointer, i) => [pointer, standings[i]]));
  const stateOf = new Map(pointers.map((pointer, i) => [pointer, states?.[i]]));
  const decided = await concurrently(entries, lookupsAtOnce, async (entry): Promise<ArchiveDecision> => {
    const { pointer, letter, archived } = entry;
    if (archived) return { do: 'skip', reason: 'it is archived already' };
    if (!pointer) return { do: 'skip', reason: letter.reason, suggestions: [discardCommand(letter.id)] };
    const standing = standingOf.get(pointer) ?? { is: 'dead' };
    if (standing.is === 'replayed' || (await isWaitingAgain(pipeline, pointer)))
      return { do: 'skip', reason: replayBegun };
    if (standing.is === 'discarded')
      return {
        do: 'skip',
        reason: 'its discard was interrupted: discard it again to remove it from the DLQ',
      };
    if (standing.is === 'moved') {
      const reason = `it was moved to ${standing.to}, which has its event now, and this dead letter is left over`;
      return { do: 'skip', reason, suggestions: [discardCommand(letter.id)] };
    }
    const original = stateOf.get(pointer);
    return { do: 'archive', pointer, ...(original === undefined ? {} : { original }) };
  });
  // Without a signal, each was looked at.
  return decided as ArchiveDecision[];
}

/** `status`: of one that is archived. */
export function discardCommand(id: string, status?: 'archived'): Suggestion {
  const flags = { ...(status === undefined ? {} : { archived: true as const }), reason: { blank: 'text' } };
  return suggestCommand('dlq discard', { args: [id], flags });
}

/**
 * Archives one dead letter: the document that keeps it, then ARCHIVED, then the deletion of exactly this dead letter.
 * Every write can be repeated, so that it can be killed between any two of them and run again: who began it, when and
 * why stays.
 */
export function archiveOne(
  pipeline: Pipeline,
  author: Author,
  { dlqSeq, letter }: DlqEntry,
  { pointer }: Exclude<ArchiveDecision, SkipDecision>,
  signal: AbortSignal | undefined,
): Promise<{ readonly is: 'archived' } | Skipped> {
  const { link, places, clock } = pipeline;
  const at = isoOfMs(clock.now());
  const { deadAt: _restored, ...bare } = pointer;
  const wanted = { archive: clock.uuid(), pointer: bare, deadAt: letter.deadAt, dlqSeq, at, ...author };
  return persistently(async () => {
    const kept = await keep(pipeline, wanted);
    if (!kept || !isSameLetter(kept, wanted)) return { is: 'skipped', ...occupied(wanted) };
    await journalArchive(pipeline, kept);
    // By sequence: a newer dead letter of the same event stays. One that is gone already is as good as deleted.
    const removed = await link.deleteMessage(places.dlq.stream, dlqSeq);
    // Who removes what another one has left there has finished it.
    return removed || kept.task === author.task ? { is: 'archived' } : doneBy('archived', kept.task);
  }, signal);
}

export async function journalArchive(pipeline: Pipeline, kept: ArchivedLetter): Promise<void> {
  const { pointer, archive, at, deadAt, operator, task, note } = kept;
  const { worker } = pipeline.identity;
  const why = note === undefined ? {} : { note };
  const facts = { kind: 'ARCHIVED', at, archive, deadAt, worker, operator, task, ...why } as const;
  await writeRecord(pipeline, recordAbout(letterKey(pointer), facts));
}

/** Stores it, made smaller where it has to be; resolves with what stands there then. */
async function keep(pipeline: Pipeline, wanted: ArchivedLetter): Promise<ArchivedLetter | undefined> {
  const smaller = smallerPointers(wanted.pointer);
  for (let version = wanted; ; ) {
    try {
      return await store(pipeline, version);
    } catch (error) {
      const next = error instanceof TooLargeError ? smaller.next() : undefined;
      if (!next || next.done) throw error;
      version = { ...wanted, pointer: next.value };
    }
  }
}

/** One that is there already stays, but for an earlier archiving of the same event: what it kept has been put back since. */
async function store(pipeline: Pipeline, wanted: ArchivedLetter): Promise<ArchivedLetter | undefined> {
  const { consumer, origin, cycle } = wanted.pointer;
  const subject = archivedSubject(pipeline.places.operations.root, consumer, origin.seq);
  let found: ArchivedLetter | undefined;
  await updateDocument<object>(
    pipeline,
    subject,
    (document) => {
      const decoded = decodeArchived(document);
      found = decoded.ok ? decoded.value : undefined;
      return decoded;
    },
    (current) => {
      if (!current) found = undefined;
      const isBehind =
        found === undefined ||
        (!isSameLetter(found, wanted) &&
          sameOrigin(found.pointer.origin, origin) &&
          found.pointer.cycle <= cycle);
      if (!isBehind) return undefined;
      found = wanted;
      return archivedDocument(wanted);
    },
  );
  return found;
}

/** The same message of the DLQ. */
function isSameLetter(one: ArchivedLetter, other: ArchivedLetter): boolean {
  return (
    one.dlqSeq === other.dlqSeq &&
    one.pointer.cycle === other.pointer.cycle &&
    sameOrigin(one.pointer.origin, other.pointer.origin)
  );
}

function occupied({ pointer }: ArchivedLetter): Omit<Skipped, 'is'> {
  const id = formatDeadLetterId({ consumer: pointer.consumer, seq: pointer.origin.seq });
  const reason = `another event that had its sequence in a stream that was recreated is archived as ${id}`;
  return {
    reason,
    suggestions: [
      suggestCommand('dlq show', { args: [id], flags: { archived: true } }),
      discardCommand(id, 'archived'),
    ],
  };
}
