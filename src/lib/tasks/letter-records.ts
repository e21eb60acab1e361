import { metaConsumers } from '../domain/consumer-names.js';
import { parseDeadLetterId } from '../domain/dead-letter.js';
import { type Key, sameOrigin } from '../domain/key.js';
import type { JournalRecord, RecordOf } from '../domain/record.js';
import { decodeRecord } from '../domain/record-decode.js';
import { outcomeBy } from '../domain/standing.js';
import { recordSubject } from '../domain/subjects.js';
import type { FrozenLetter } from '../domain/task.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** What the journal says of a dead letter that a task is about. */
export interface LetterRecords {
  /** It was replayed: by whichever task `task` says. */
  readonly replayed: RecordOf<'REPLAYED'>;
  /** What its replay ends with. */
  readonly key: Key;
  /** How it ended; undefined: it has not yet, or the journal no longer knows. */
  readonly outcome: 'resolved' | 'deadAgain' | undefined;
}

/** Why a dead letter was left to which another task did this. */
export function doneByReason(did: string, task: string | undefined): string {
  return `it was ${did} by ${task ?? 'another'}`;
}

/** Letters that are asked about together. */
const atOnce = 3000;

/** What the journal knows of each of these, in their order; undefined: not that it was replayed in this cycle. */
export async function readLetterRecords(
  pipeline: Pipeline,
  letters: readonly FrozenLetter[],
): Promise<(LetterRecords | undefined)[]> {
  const found: (LetterRecords | undefined)[] = [];
  for (let from = 0; from < letters.length; from += atOnce) {
    found.push(...(await readSome(pipeline, letters.slice(from, from + atOnce))));
  }
  return found;
}

async function readSome(
  { link, places: { journal } }: Pipeline,
  letters: readonly FrozenLetter[],
): Promise<(LetterRecords | undefined)[]> {
  const subjects = letters.map((letter) => subjectsOf(journal.root, letter));
  const found = await link.readLastOfEach(journal.stream, subjects.flat());
  const recordAt = (subject: string | undefined): JournalRecord | undefined => {
    const message = found.get(subject ?? '');
    const decoded = message && decodeRecord(message.data);
    return decoded?.ok ? decoded.value : undefined;
  };
  return subjects.map(([first, ...ends]) => {
    const replayed = recordAt(first);
    if (replayed?.kind !== 'REPLAYED') return undefined;
    const outcomes = ends.flatMap((subject) => {
      const record = recordAt(subject);
      return record && sameOrigin(record.origin, replayed.origin) ? (outcomeBy(record) ?? []) : [];
    });
    // A record that a meta-consumer could not route was routed by this: there is nothing more to wait for.
    const isMeta = replayed.tier === 'meta';
    const outcome = isMeta || outcomes.includes('resolved') ? 'resolved' : outcomes[0];
    const { tier, consumer, origin, cycle } = replayed;
    return { replayed, key: { tier, consumer, origin, stage: 'retry', cycle }, outcome };
  });
}

function subjectsOf(root: string, { id, cycle }: FrozenLetter): string[] {
  const named = parseDeadLetterId(id);
  if (!named) return [];
  const tier = named.consumer === metaConsumers.main ? 'meta' : 'business';
  const about = { tier, ...named, cycle: cycle + 1 } as const;
  const replayed = recordSubject(root, { ...about, kind: 'REPLAYED', stage: 'dlq' });
  if (tier === 'meta') return [replayed];
  const ends = (['RESOLVED', 'ROUTED'] as const).map((kind) =>
    recordSubject(root, { ...about, kind, stage: 'retry' }),
  );
  return [replayed, ...ends];
}
