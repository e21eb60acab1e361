import { JetStreamApiError } from '@nats-io/jetstream';
import { type Msg, NoRespondersError } from '@nats-io/transport-node';
import { parseJson } from '../domain/decode.js';
import type { PlutomiError } from '../errors.js';
import { translateError } from './errors.js';
import type { Inbox, Question } from './inbox.js';
import type { ApiError } from './stored-message.js';
import type { Bytes } from './wire.js';

/** The server's word that a message is stored. `duplicate`: its id was seen inside the window, nothing was stored. */
export interface PublishAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

interface PublishAnswer extends Partial<PublishAck> {
  readonly error?: ApiError;
}

/** Hears what became of a message. Must not throw. */
export type PublishListener = (answer: PublishAck | PlutomiError) => void;

class Publication implements Question {
  deadline = 0;
  size = 0;

  constructor(
    readonly subject: string,
    public payload: Bytes,
    public headers: string,
    readonly timeoutMs: number,
    private readonly answers: AnswerReader,
    private readonly listener: PublishListener,
  ) {}

  get what(): string {
    return `publish to ${this.subject}`;
  }

  take(msg: Msg): boolean {
    const answer = this.answers.read(msg);
    this.listener(answer instanceof Error ? translateError(answer, this.what) : answer);
    return true;
  }

  fail(error: PlutomiError): void {
    this.listener(error);
  }
}

/**
 * Publishes to streams, each message with the server's word that it is stored. Where that word can't come any more
 * nobody knows whether the message is stored: publish it again with the same id.
 */
export class AckedPublisher {
  private readonly answers = new AnswerReader();

  constructor(
    private readonly inbox: Inbox,
    /** ms */
    private readonly timeoutMs: number,
  ) {}

  /** `headers` as they go over the wire; empty for none. Calls back, since a promise costs as much as the sending. */
  publish(
    subject: string,
    payload: Bytes,
    headers: string,
    listener: PublishListener,
    timeoutMs = this.timeoutMs,
  ): void {
    this.inbox.ask(new Publication(subject, payload, headers, timeoutMs, this.answers, listener));
  }
}

/** Reads `{stream, seq, duplicate?}`, `{error}`, or a status when nobody listens. */
class AnswerReader {
  /** The bytes before the sequence in the last answer that had nothing behind it: most answers begin alike. */
  private before: Uint8Array = new Uint8Array();
  private stream = '';

  read(msg: Msg): PublishAck | Error {
    const { data } = msg;
    const seq = this.seqAfterKnown(data);
    if (seq > 0) return { stream: this.stream, seq, duplicate: false };
    if (data.length === 0 && msg.headers?.code === 503) return new NoRespondersError(msg.subject);
    return this.parse(data);
  }

  /** The sequence of an answer that differs from the last one in nothing else; 0: it is another one. */
  private seqAfterKnown(data: Uint8Array): number {
    const { before } = this;
    const end = data.length - 1;
    if (before.length === 0 || end <= before.length || data[end] !== closingBrace) return 0;
    for (let i = 0; i < before.length; i++) if (data[i] !== before[i]) return 0;
    let seq = 0;
    for (let i = before.length; i < end; i++) {
      const digit = (data[i] as number) - zero;
      if (digit < 0 || digit > 9) return 0;
      seq = seq * 10 + digit;
    }
    return seq;
  }

  private parse(data: Uint8Array): PublishAck | Error {
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString();
    const decoded = parseJson(text);
    if (!decoded.ok) return new Error(`the answer is not a publish acknowledgement: ${decoded.reason}`);
    const answer = decoded.value as PublishAnswer;
    if (answer.error) return new JetStreamApiError(answer.error);
    const { stream, seq, duplicate = false } = answer;
    if (!stream || !seq) return new Error('the answer is not a publish acknowledgement');
    if (text.endsWith(`"seq":${seq}}`)) {
      this.before = data.slice(0, data.length - `${seq}}`.length);
      this.stream = stream;
    }
    return { stream, seq, duplicate };
  }
}

const closingBrace = 0x7d;
const zero = 0x30;
