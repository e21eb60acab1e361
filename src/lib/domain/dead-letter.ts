import { reasonOf } from './failure.js';
import type { Pointer } from './pointer.js';
import type { Attempts } from './record.js';

/** What a dead letter says about itself, without a look at its original. */
export interface DeadLetter {
  /** `<consumer>/<origin sequence>`, e.g. `notifications-consumer/42`. */
  readonly id: string;
  /** The consumer that gave up on the event. */
  readonly consumer: string;
  /** Stream of the original. */
  readonly stream: string;
  /** Sequence of the original in its stream. */
  readonly seq: number;
  /** Subject of the original. */
  readonly subject: string;
  /** The last failure, on one line of at most 256 bytes. */
  readonly reason: string;
  /** 12 hexadecimal digits; equal for failures that differ only in numbers, ids and addresses. */
  readonly fingerprint: string;
  /** Attempts made in each stage of the last cycle. */
  readonly attempts: Attempts;
  /** How many times it was replayed before; starts at 0. */
  readonly cycle: number;
  /** When it came to the DLQ, ISO. */
  readonly deadAt: string;
}

export interface DeadLetterId {
  readonly consumer: string;
  readonly seq: number;
}

export function formatDeadLetterId(id: DeadLetterId): string {
  return `${id.consumer}/${id.seq}`;
}

/** Undefined when the text is no `<consumer>/<sequence>`. */
export function parseDeadLetterId(text: string): DeadLetterId | undefined {
  const found = /^([A-Za-z0-9_-]{1,128})\/([1-9]\d{0,15})$/.exec(text);
  const seq = Number(found?.[2]);
  return found?.[1] && Number.isSafeInteger(seq) ? { consumer: found[1], seq } : undefined;
}

export function deadLetterOf(pointer: Pointer, deadAt: string): DeadLetter {
  const { consumer, origin, failure, attempts, cycle } = pointer;
  return {
    id: formatDeadLetterId({ consumer, seq: origin.seq }),
    consumer,
    stream: origin.stream,
    seq: origin.seq,
    subject: origin.subject,
    reason: reasonOf(failure),
    fingerprint: failure.fingerprint,
    attempts,
    cycle,
    deadAt,
  };
}
