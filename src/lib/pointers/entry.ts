import type { PipelineConfig } from '../config/resolved.js';
import {
  type DeadLetter,
  deadLetterOf,
  formatDeadLetterId,
  parseDeadLetterId,
} from '../domain/dead-letter.js';
import { type Failure, makeFailure, reasonOf } from '../domain/failure.js';
import { decodePointer, type Pointer } from '../domain/pointer.js';
import { pointerSubject } from '../domain/subjects.js';
import { isoOfNanos } from '../domain/time.js';
import type { StoredMessage } from '../nats/wire/message.js';

/** A message of the DLQ: a dead letter, or something else that was put there. */
export interface DlqEntry {
  /** Its sequence in the DLQ stream. */
  readonly dlqSeq: number;
  readonly letter: DeadLetter;
  /** Undefined when it is not a pointer; `letter.reason` then says why. */
  readonly pointer?: Pointer;
}

/** What is read of a message of the DLQ, stored or delivered. */
type FoundMessage = Pick<StoredMessage, 'subject' | 'seq' | 'time' | 'data'>;

/**
 * What a message of the DLQ says. One that is not a pointer becomes an entry too, so that it is seen: under the
 * consumer and sequence that its subject names, else as `<stream>/<sequence>` of the DLQ itself.
 */
export function readEntry(config: PipelineConfig, message: FoundMessage): DlqEntry {
  const deadAt = isoOfNanos(message.time);
  // Nothing in the DLQ is due at a time.
  const decoded = decodePointer(message.data, undefined);
  const refusal = decoded.ok ? misplaced(config, message.subject, decoded.value) : decoded.reason;
  if (decoded.ok && refusal === undefined) {
    return { dlqSeq: message.seq, letter: deadLetterOf(decoded.value, deadAt), pointer: decoded.value };
  }
  return { dlqSeq: message.seq, letter: foreignLetter(config, message, deadAt, refusal ?? '') };
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
