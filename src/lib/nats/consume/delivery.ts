import { Match, type Msg } from '@nats-io/transport-node';
import { isCount } from '../../domain/decode.js';
import { isNanos, type Nanos } from '../../domain/time.js';
import type { Link } from '../link.js';
import { headersOf, type MessageHeaders, msgIdHeader } from '../wire/message.js';
import { findHeader, mayHaveServerNote, rawHeaders } from '../wire/raw-message.js';
import { serverNoteOf } from '../server-note.js';

/**
 * Where the stream stands in $JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<cseq>.<time>.<pending>; newer servers put
 * domain and account before it.
 */
function ackPlace(tokens: readonly string[]): number | undefined {
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  return tokens.length >= 11 ? 4 : 2;
}

/** A message as a consumer delivered it. Its ack subject carries all that is known about it. */
export class Delivery {
  /** The client makes another view of them each time. */
  private bytes: Uint8Array | undefined;

  private constructor(
    private readonly msg: Msg,
    readonly stream: string,
    readonly consumer: string,
    /** Sequence in the stream. */
    readonly seq: number,
    /** How often it was delivered, this time included. Not a number of attempts. */
    readonly deliveries: number,
    /** How many this consumer delivered, this one included: a gap means that one got lost on its way. */
    readonly consumerSeq: number,
    readonly time: Nanos,
    /** Messages that the consumer still has for us after this one. */
    readonly pending: number,
  ) {}

  /** Undefined when the message carries no ack subject: it was not delivered by a consumer. */
  static from(msg: Msg): Delivery | undefined {
    const tokens = msg.reply?.split('.') ?? [];
    const at = ackPlace(tokens);
    if (at === undefined) return undefined;
    const stream = tokens[at];
    const consumer = tokens[at + 1];
    if (!stream || !consumer || tokens.length < 9) return undefined;
    const deliveries = Number(tokens[at + 2]);
    const seq = Number(tokens[at + 3]);
    const consumerSeq = Number(tokens[at + 4]);
    const time = tokens[at + 5];
    const pending = Number(tokens[at + 6]);
    // Whoever may publish to our inbox may have written it.
    if (!isCount(deliveries) || !isCount(seq) || !isCount(consumerSeq) || !isCount(pending)) return undefined;
    return isNanos(time)
      ? new Delivery(msg, stream, consumer, seq, deliveries, consumerSeq, time, pending)
      : undefined;
  }

  get subject(): string {
    return this.msg.subject;
  }

  get data(): Uint8Array {
    this.bytes ??= this.msg.data;
    return this.bytes;
  }

  get headers(): MessageHeaders {
    return headersOf(this.msg.headers);
  }

  /** The first value of a header, whatever the case of its name, without decoding the others; an empty one is none. */
  header(name: string): string | undefined {
    const raw = rawHeaders(this.msg);
    if (raw !== undefined) return findHeader(raw, name);
    const { headers } = this.msg;
    if (!headers) return undefined;
    return headers.get(name, headers.has(name) ? Match.Exact : Match.IgnoreCase) || undefined;
  }

  /** See `serverNoteOf`. */
  get serverNote(): string | undefined {
    return mayHaveServerNote(this.msg) ? serverNoteOf((name) => this.header(name)) : undefined;
  }

  /** The id that its publisher gave it. */
  get msgId(): string | undefined {
    return this.header(msgIdHeader);
  }

  get replySubject(): string {
    return this.msg.reply ?? '';
  }
}

/** Would an answer to a delivery of this consumer go to this subject? */
export function isAckOf(subject: string, stream: string, consumer: string): boolean {
  const tokens = subject.split('.');
  const at = ackPlace(tokens);
  return at !== undefined && tokens[at] === stream && tokens[at + 1] === consumer;
}

/** What can be said to the server about a delivery. */
export type Verdict = '+ACK' | '-NAK' | '+WPI' | '+TERM' | `-NAK {"delay": ${number}}` | `+TERM ${string}`;

export function nakVerdict(delayMs: number): Verdict {
  return delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs) * 1_000_000}}` : '-NAK';
}

/** The reason stands in the server's advisory, on one line. */
export function termVerdict(reason: string | undefined): Verdict {
  const line = reason?.replaceAll(/\s+/g, ' ').trim() ?? '';
  return line === '' ? '+TERM' : `+TERM ${line}`;
}

/** Says it without waiting: what gets lost on the way comes back as a redelivery. */
export function tell(link: Link, delivery: Delivery, verdict: Verdict): void {
  link.send(delivery.replySubject, verdict);
}

/** Says it and waits until the server has it. False: no answer within `timeoutMs`, so it is unknown. */
export async function tellConfirmed(
  link: Link,
  delivery: Delivery,
  verdict: Verdict,
  timeoutMs: number,
): Promise<boolean> {
  try {
    await link.nc.request(delivery.replySubject, verdict, { timeout: timeoutMs });
    return true;
  } catch {
    return false;
  }
}
