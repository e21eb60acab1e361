import { type ArchivedLetter, decodeArchived } from '../domain/archived-letter.js';
import type { PipelineConfig } from '../config/resolved.js';
import {
  type DeadLetter,
  deadLetterOf,
  formatDeadLetterId,
  parseDeadLetterId,
} from '../domain/dead-letter.js';
import { type Failure, makeFailure, reasonOf } from '../domain/failure.js';
import { decodeObject } from '../domain/decode.js';
import { operationsFilter, operationsSubject } from '../domain/operations-subjects.js';
import { decodePointer, type Pointer } from '../domain/pointer.js';
import { pointerSubject } from '../domain/subjects.js';
import { isoOfNanos } from '../domain/time.js';
import type { StoredMessage } from '../nats/wire/message.js';

/** A message of the DLQ: a dead letter, or something else that was put there. Or a dead letter that is archived. */
export interface DlqEntry {
  /** Its sequence in the DLQ stream; of an archived one, that of its document. */
  readonly dlqSeq: number;
  readonly letter: DeadLetter;
  /** Undefined when it is not a pointer; `letter.reason` then says why. */
  readonly pointer?: Pointer;
  /** It is archived. */
  readonly archived?: ArchivedLetter;
}

/** What is read of a message of the DLQ, stored or delivered. */
type FoundMessage = Pick<StoredMessage, 'subject' | 'seq' | 'time' | 'data'>;

/**
 * What a message of the DLQ says. One that is not a pointer becomes an entry too, so that it is seen: under the
 * consumer and sequence that its subject names, else as `<stream>/<sequence>` of the DLQ itself.
 */
export function readEntry(config: PipelineConfig, message: FoundMessage): DlqEntry {
  const storedAt = isoOfNanos(message.time);
  // Nothing in the DLQ is due at a time.
  const decoded = decodePointer(message.data, undefined);
  const refusal = decoded.ok ? misplaced(config, message.subject, decoded.value) : decoded.reason;
  if (decoded.ok && refusal === undefined) {
    return {
      dlqSeq: message.seq,
      letter: deadLetterOf(decoded.value, diedAt(decoded.value, storedAt)),
      pointer: decoded.value,
    };
  }
  return { dlqSeq: message.seq, letter: foreignLetter(config, message, storedAt, refusal ?? '') };
}

/** A restored one has its time of death with it; nothing is stored before it died. */
function diedAt({ deadAt }: Pointer, storedAt: string): string {
  return deadAt !== undefined && Date.parse(deadAt) < Date.parse(storedAt) ? deadAt : storedAt;
}

/** The archived dead letter in a message of the operations stream; undefined: it holds none that belongs there. */
export function readArchivedEntry(
  { roots }: PipelineConfig,
  { subject, seq, data }: Pick<StoredMessage, 'subject' | 'seq' | 'data'>,
): (DlqEntry & Required<Pick<DlqEntry, 'pointer' | 'archived'>>) | undefined {
  const object = decodeObject(data);
  const decoded = object.ok ? decodeArchived(object.value) : object;
  if (!decoded.ok) return undefined;
  const { pointer, deadAt } = decoded.value;
  if (archivedSubject(roots.operations, pointer.consumer, pointer.origin.seq) !== subject) return undefined;
  return { dlqSeq: seq, letter: deadLetterOf(pointer, deadAt), pointer, archived: decoded.value };
}

export function archivedSubject(root: string, consumer: string, seq: number): string {
  return operationsSubject(root, 'archived', consumer, seq);
}

/** All archived dead letters; with a consumer, its own. */
export function archivedFilter(root: string, consumer?: string): string {
  return consumer === undefined
    ? operationsFilter(root, 'archived')
    : operationsSubject(root, 'archived', consumer, '>');
}

function misplaced({ roots }: PipelineConfig, subject: string, pointer: Pointer): string | undefined {
  if (pointer.stage !== 'dlq') return 'stage: expected dlq';
  const expected = pointerSubject(roots.dlq, pointer.consumer, pointer.origin.seq);
  return expected === subject ? undefined : `its body belongs on ${expected}, not on ${subject}`;
}

function foreignLetter(
  config: PipelineConfig,
  message: FoundMessage,
  deadAt: string,
  why: string,
): DeadLetter {
  const { name } = config.streams.dlq;
  const named = addressOf(config.roots.dlq, message.subject);
  const { consumer, seq } = named ?? { consumer: name, seq: message.seq };
  const failure: Failure = makeFailure('malformed', 'Error', `not a pointer: ${why}`);
  return {
    id: formatDeadLetterId({ consumer, seq }),
    consumer,
    stream: named ? config.streams.events.name : name,
    seq,
    subject: message.subject,
    reason: reasonOf(failure),
    fingerprint: failure.fingerprint,
    attempts: { main: 0, retry: 0 },
    cycle: 0,
    deadAt,
  };
}

function addressOf(root: string, subject: string): ReturnType<typeof parseDeadLetterId> {
  if (!subject.startsWith(`${root}.`)) return undefined;
  const [consumer, seq, more] = subject.slice(root.length + 1).split('.');
  return more === undefined ? parseDeadLetterId(`${consumer}/${seq}`) : undefined;
}
