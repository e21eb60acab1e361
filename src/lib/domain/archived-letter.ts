import { type Decoded, isCount, isText, isTime, type JsonObject, malformed } from './decode.js';
import { bodyOfPointer, type Pointer, pointerInBody } from './pointer.js';

/** A dead letter that is kept out of the DLQ, and who took it out, when and why. */
export interface ArchivedLetter {
  /** Names this archiving of it: its records have it too. */
  readonly archive: string;
  /** As it stood in the DLQ. */
  readonly pointer: Pointer;
  /** When it died, ISO. */
  readonly deadAt: string;
  /** Where it stood in the DLQ. */
  readonly dlqSeq: number;
  /** When it was archived, ISO. */
  readonly at: string;
  /** `user@host`. */
  readonly operator: string;
  readonly task: string;
  readonly note?: string;
}

/** The document that keeps it. */
export function archivedDocument({ pointer, ...facts }: ArchivedLetter): object {
  return { v: 1, ...facts, pointer: bodyOfPointer(pointer) };
}

export function decodeArchived(document: JsonObject): Decoded<ArchivedLetter> {
  const { v, archive, deadAt, dlqSeq, at, operator, task, note } = document;
  const body = document['pointer'];
  if (v !== 1) return malformed('v: expected 1');
  if (!isText(archive) || !isText(operator) || !isText(task))
    return malformed('archive, operator, task: expected texts');
  if (!isTime(deadAt) || !isTime(at)) return malformed('deadAt, at: expected ISO times');
  if (!isCount(dlqSeq)) return malformed('dlqSeq: expected a count');
  if (typeof body !== 'object' || body === null) return malformed('pointer: expected an object');
  const pointer = pointerInBody(body as JsonObject, undefined);
  if (!pointer.ok) return malformed(`pointer: ${pointer.reason}`);
  if (pointer.value.stage !== 'dlq') return malformed('pointer: stage: expected dlq');
  const why = isText(note) ? { note } : {};
  const [diedAt, archivedAt] = [deadAt, at].map((time) => new Date(time).toISOString()) as [string, string];
  return {
    ok: true,
    value: {
      archive,
      pointer: pointer.value,
      deadAt: diedAt,
      dlqSeq,
      at: archivedAt,
      operator,
      task,
      ...why,
    },
  };
}
