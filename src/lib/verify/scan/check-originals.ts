import { formatDeadLetterId } from '../../domain/dead-letter.js';
import { type Key, sameOrigin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import { keyOf } from '../../dlq/state.js';
import { lastRecords } from '../../journal/read.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { archivedSubject, readArchivedEntry } from '../../pointers/entry.js';
import { editedVersions } from '../../pointers/kept/edited-versions.js';
import { statesOfEvents } from '../../pointers/kept/event-of.js';
import { keptKey } from '../../pointers/kept/kept-key.js';
import { lastPointer, readPointer } from '../../pointers/write-pointer.js';
import { type Finding, findingOf } from '../verification.js';

export interface OriginalsScan {
  originals: number;
  readonly findings: Finding[];
  /** Ids of dead letters whose original is not there any more: nothing that breaks a promise. */
  readonly gone: { count: number; first: string | undefined };
}

/** Looks for the event of each pointer. `countsGone`: what is missing, and was not kept, counts. */
export async function checkOriginals(
  pipeline: Pipeline,
  pointers: readonly Pointer[],
  scan: OriginalsScan,
  countsGone = true,
): Promise<void> {
  const states = await statesOfEvents(pipeline, pointers);
  scan.originals += pointers.length;
  const again = pointers.filter(({ cycle }) => cycle > 0);
  const versions = await editedVersions(pipeline, again);
  const editedOf = new Map(again.map((pointer, i) => [pointer, versions[i]]));
  for (const pointer of again) {
    const { edited } = pointer;
    if (edited === undefined || editedOf.get(pointer)?.cycle === edited) continue;
    if (await isStillThere(pipeline, pointer)) scan.findings.push(versionFinding(pipeline, pointer, edited));
  }
  const gone = pointers.filter((pointer, i) => states[i]?.state !== 'present' && !editedOf.get(pointer));
  const kept = await lastRecords(
    pipeline,
    gone.map((pointer) => [keptKey(pointer), 'KEPT']),
  );
  const stateOf = new Map(pointers.map((pointer, i) => [pointer, states[i]?.state]));
  for (const [i, pointer] of gone.entries()) {
    const state = stateOf.get(pointer);
    if (state === undefined || state === 'present') continue;
    const wasKept = kept[i]?.record.at;
    if (wasKept !== undefined) {
      // What is over is removed meanwhile.
      if (await isStillThere(pipeline, pointer))
        scan.findings.push(removedFinding(pipeline, pointer, wasKept));
    } else if (!countsGone) continue;
    else if (pointer.stage === 'dlq') {
      scan.gone.count++;
      scan.gone.first ??= formatDeadLetterId({ consumer: pointer.consumer, seq: pointer.origin.seq });
    } else scan.findings.push(originalFinding(keyOf(pointer, pointer.stage), state));
  }
}

/** Its handler would get nothing: the retry stage gives it up, and it is a dead letter again. */
function versionFinding({ places }: Pipeline, pointer: Pointer, edited: number): Finding {
  return findingOf(
    keyOf(pointer, pointer.stage),
    'original-missing',
    `its event was edited for cycle ${edited}, and ${places.kept.stream} does not have that version any more`,
  );
}

/** In its place, or in that of an archived one. */
async function isStillThere(pipeline: Pipeline, pointer: Pointer): Promise<boolean> {
  const { link, places, config } = pipeline;
  const { consumer, origin, stage } = pointer;
  const isIt = (found: Pointer | undefined): boolean =>
    found !== undefined && sameOrigin(found.origin, origin) && found.cycle === pointer.cycle;
  const message = await lastPointer(link, places[stage], consumer, origin.seq);
  if (isIt(message && readPointer(message))) return true;
  const { stream, root } = places.operations;
  if (stage !== 'dlq' || !(await link.streamInfo(stream))) return false;
  const archived = await link.readLast(stream, archivedSubject(root, consumer, origin.seq));
  return isIt(archived && readArchivedEntry(config, archived)?.pointer);
}

/** Kept before it aged out, and gone since: only a hand can have removed it, as long as its pointer is there. */
function removedFinding({ places }: Pipeline, pointer: Pointer, at: string): Finding {
  const { stage, origin } = pointer;
  const what = stage === 'dlq' ? 'the dead letter' : 'its pointer in the retry stage';
  return findingOf(
    keyOf(pointer, stage),
    'original-missing',
    `${what} names ${origin.stream} ${origin.seq}, which was kept in ${places.kept.stream} at ${at}, and is not there any more`,
  );
}

function originalFinding(key: Key, state: 'missing' | 'replaced'): Finding {
  const { stream, seq } = key.origin;
  const where = 'its pointer in the retry stage';
  return state === 'missing'
    ? findingOf(key, 'original-missing', `${where} names ${stream} ${seq}, which is no longer there`)
    : findingOf(
        key,
        'original-replaced',
        `${where} names another event than the one at ${stream} ${seq} now`,
      );
}
