import { type Decoded, isCount, isText, type JsonObject, malformed } from '../domain/decode.js';
import type { Kind } from '../domain/fingerprint-similar.js';
import { operationsSubject } from '../domain/operations-subjects.js';
import type { FrozenLetter, Task } from '../domain/task.js';
import { concurrently } from '../flow/concurrently.js';
import type { Link } from '../nats/link.js';
import { createDocument, type Decode, readDocument } from '../operations/documents.js';
import { OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Suggestion } from '../suggestion.js';

/** Why a dead letter is left as it is. */
export interface SkippedBecause {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** Why, in words. */
  readonly reason: string;
  /** What to do about it. */
  readonly suggestions?: readonly Suggestion[];
}

/** What a task is about, as it was frozen. */
export interface Frozen {
  /** In the order in which they are dealt with. */
  readonly letters: readonly FrozenLetter[];
  /** Left by the plan. */
  readonly skipped: readonly SkippedBecause[];
}

/** The letters of one part, and those that its plan left. */
export interface LetterPart extends Frozen {}

/** More letters are not in one part, so that what is known of them fits into one document. */
const mostLetters = 2000;
/** A part is no larger, whatever the server takes. */
const mostBytes = 262_144;
/** Of what the server takes: headers, and the rest of the document. */
const share = 0.7;
export const partsAtOnce = 64;

type Sized<T> = readonly [row: T, bytes: number];

function sized<T>(row: T): Sized<T> {
  return [row, Buffer.byteLength(JSON.stringify(row)) + 1];
}

/** Rows in parts that fit into a message each. */
export function inParts<T>(link: Pick<Link, 'maxPayload'>, rows: readonly T[]): T[][] {
  const room = Math.min(mostBytes, link.maxPayload * share);
  const parts: T[][] = [];
  let part: T[] = [];
  let used = 0;
  for (const [row, bytes] of rows.map(sized)) {
    if (part.length > 0 && (used + bytes > room || part.length >= mostLetters)) {
      parts.push(part);
      part = [];
      used = 0;
    }
    part.push(row);
    used += bytes;
  }
  return part.length > 0 ? [...parts, part] : parts;
}

interface PartBody {
  readonly v: 1;
  readonly letters: readonly (readonly unknown[])[];
  readonly skipped: readonly SkippedBecause[];
}

type Row = readonly [id: string, dlqSeq: number, cycle: number] | readonly [SkippedBecause];

/** What is frozen, as the bodies of its parts. */
export function letterParts(link: Pick<Link, 'maxPayload'>, { letters, skipped }: Frozen): PartBody[] {
  const rows: Row[] = [
    ...letters.map(({ id, dlqSeq, cycle }) => [id, dlqSeq, cycle] as const),
    ...skipped.map((one) => [one] as const),
  ];
  return inParts(link, rows).map((part) => ({
    v: 1,
    letters: part.filter((row) => row.length === 3),
    skipped: part.flatMap((row) => (row.length === 1 ? row : [])),
  }));
}

function decodeLetters({ letters, skipped }: JsonObject): Decoded<LetterPart> {
  if (!Array.isArray(letters) || !Array.isArray(skipped))
    return malformed('letters, skipped: expected lists');
  const frozen: FrozenLetter[] = [];
  for (const row of letters as unknown[]) {
    const [id, dlqSeq, cycle] = Array.isArray(row) ? (row as unknown[]) : [];
    if (!isText(id) || !isCount(dlqSeq) || !isCount(cycle))
      return malformed('letters: expected [id, dlqSeq, cycle]');
    frozen.push({ id, dlqSeq, cycle });
  }
  const valid = (skipped as unknown[]).every((one) => {
    const { id, reason } = (one ?? {}) as Partial<SkippedBecause>;
    return isText(id) && typeof reason === 'string';
  });
  if (!valid) return malformed('skipped: expected {id, reason}');
  return { ok: true, value: { letters: frozen, skipped: skipped as SkippedBecause[] } };
}

const decodeKinds: Decode<readonly Kind[]> = ({ kinds }) => {
  const valid =
    Array.isArray(kinds) &&
    kinds.every((one) => {
      const { fingerprint, name, code, shape } = (one ?? {}) as Partial<Kind>;
      return (
        isText(fingerprint) &&
        typeof name === 'string' &&
        typeof code === 'string' &&
        Array.isArray(shape?.words) &&
        Array.isArray(shape.fixed)
      );
    });
  return valid ? { ok: true, value: kinds as Kind[] } : malformed('kinds: expected what tells causes apart');
};

export type PartName = 'letters' | 'kinds' | 'progress';

export function partSubject({ places }: Pipeline, id: string, name: PartName, part: number): string {
  return operationsSubject(places.operations.root, 'task', id, name, part);
}

/** Stores parts, many at once; one that is there already is the same. */
export async function storeParts(
  pipeline: Pipeline,
  id: string,
  name: PartName,
  bodies: readonly object[],
): Promise<void> {
  await concurrently(
    bodies.map((body, part) => [part, body] as const),
    partsAtOnce,
    ([part, body]) => createDocument(pipeline, partSubject(pipeline, id, name, part), body),
  );
}

async function readParts<T>(
  pipeline: Pipeline,
  { id, name: taskName }: Task,
  name: PartName,
  count: number,
  decode: Decode<T>,
): Promise<T[]> {
  const places = Array.from({ length: count }, (_, part) => part);
  const found = await concurrently(places, partsAtOnce, (part) =>
    readDocument(pipeline, partSubject(pipeline, id, name, part), decode),
  );
  return found.map((part, at) => {
    if (part) return part.value;
    throw new OperationError(
      `task ${taskName} (${id}): part ${at + 1} of ${count} of its ${name} is not there any more`,
      { code: 'TASK_INCOMPLETE', suggestions: ['plan it again: its dead letters are in the DLQ as before'] },
    );
  });
}

/** The parts of what a task is about, in order. @throws OperationError `TASK_INCOMPLETE` */
export function readLetterParts(pipeline: Pipeline, task: Task): Promise<LetterPart[]> {
  return readParts(pipeline, task, 'letters', task.parts, decodeLetters);
}

/** The causes that a task had when it was planned. @throws OperationError `TASK_INCOMPLETE` */
export async function readKinds(pipeline: Pipeline, task: Task): Promise<Kind[]> {
  return (await readParts(pipeline, task, 'kinds', task.kindParts, decodeKinds)).flat();
}
