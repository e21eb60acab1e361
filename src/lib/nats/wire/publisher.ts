import { JetStreamApiError } from '@nats-io/jetstream';
import { type Msg, NoRespondersError, TimeoutError } from '@nats-io/transport-node';
import { parseJson } from '../../domain/decode.js';
import type { PlutomiError } from '../../errors.js';
import { translateError, UnreachableError } from '../errors.js';
import { apiCode } from './api-code.js';
import type { Home } from '../home.js';
import { WrongDomainError } from '../wrong-domain.js';
import type { Inbox, PendingRequest } from './inbox.js';
import type { ApiError } from './stored-message.js';
import type { Bytes } from './wire.js';

/** The server's word that a message is stored. */
export interface PublishAck {
  /** Name of the stream that took it. */
  readonly stream: string;
  /** Its sequence there; of a duplicate, that of the first. */
  readonly seq: number;
  /** Its id was seen inside the duplicate window, and nothing was stored now. */
  readonly duplicate: boolean;
}

interface PublishAnswer extends Partial<PublishAck> {
  readonly domain?: string;
  readonly error?: ApiError;
}

/** Hears what became of a message. Must not throw. */
export type PublishListener = (answer: PublishAck | PlutomiError) => void;

/** What a stream answered that is not the one that was meant: the right answer may still come. */
class Elsewhere {
  constructor(
    readonly stream: string,
    readonly domain: string | undefined,
    /** It did not even take the message. */
    readonly refusal?: JetStreamApiError,
  ) {}
}

export interface PublicationFacts {
  /** What is meant to store it. */
  readonly stream?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

class Publication implements PendingRequest {
  deadline = 0;
  size = 0;
  private elsewhere: Elsewhere | undefined;

  constructor(
    readonly subject: string,
    public payload: Bytes,
    public headers: string,
    readonly timeoutMs: number,
    private readonly answers: AnswerReader,
    private readonly listener: PublishListener,
    private readonly stream: string | undefined,
  ) {}

  get what(): string {
    return `publish to ${this.subject}`;
  }

  take(msg: Msg): boolean {
    const answer = this.answers.read(msg);
    if (answer instanceof Elsewhere) {
      this.elsewhere = answer;
      return false;
    }
    this.listener(answer instanceof Error ? translateError(answer, this.what) : answer);
    return true;
  }

  fail(error: PlutomiError): void {
    this.listener(this.elsewhere === undefined ? error : this.failElsewhere(error, this.elsewhere));
  }

  /** Only a stream that was not meant has answered. Where the connection broke, that is unknown. */
  private failElsewhere(error: PlutomiError, answered: Elsewhere): PlutomiError {
    if (!(error instanceof UnreachableError && error.cause instanceof TimeoutError)) return error;
    if (answered.refusal) return translateError(answered.refusal, this.what);
    const meant = { stream: this.stream, domain: this.answers.domain };
    return new WrongDomainError(this.what, error, meant, answered);
  }
}

/**
 * Publishes to streams, each message with the server's word that it is stored. Where that word can't come any more
 * it is unknown whether the message is stored: publish it again with the same id.
 */
export class AckedPublisher {
  private readonly answers: AnswerReader;

  constructor(
    private readonly inbox: Inbox,
    /** ms */
    private readonly timeoutMs: number,
    home: Home,
  ) {
    this.answers = new AnswerReader(home);
  }

  /**
   * `headers` as they go over the wire; empty for none. `stream` is what is meant to store it, for errors. Calls
   * back, since a promise costs as much as the sending.
   */
  publish(
    subject: string,
    payload: Bytes,
    headers: string,
    listener: PublishListener,
    { stream, timeoutMs = this.timeoutMs }: PublicationFacts = {},
  ): void {
    this.inbox.ask(new Publication(subject, payload, headers, timeoutMs, this.answers, listener, stream));
  }
}

/** Reads `{stream, domain?, seq, duplicate?}`, `{error, stream}`, or a status when nothing listens. */
class AnswerReader {
  /** The bytes before the sequence in the last answer that had nothing behind it: most answers begin alike. */
  private before: Uint8Array = new Uint8Array();
  private stream = '';
  /** The domain that such an answer is from: it was checked once for all that begin like it. */
  private from: string | undefined;

  constructor(private readonly home: Home) {}

  get domain(): string | undefined {
    return this.home.domain;
  }

  read(msg: Msg): PublishAck | Elsewhere | Error {
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
    if (before.length === 0 || this.from !== this.home.domain) return 0;
    if (end <= before.length || data[end] !== closingBrace) return 0;
    for (let i = 0; i < before.length; i++) if (data[i] !== before[i]) return 0;
    let seq = 0;
    for (let i = before.length; i < end; i++) {
      const digit = (data[i] as number) - zero;
      if (digit < 0 || digit > 9) return 0;
      seq = seq * 10 + digit;
    }
    return seq;
  }

  private parse(data: Uint8Array): PublishAck | Elsewhere | Error {
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString();
    const decoded = parseJson(text);
    if (!decoded.ok) return new Error(`the answer is not a publish acknowledgement: ${decoded.reason}`);
    const answer = decoded.value as PublishAnswer;
    const { stream, domain, seq, duplicate = false } = answer;
    if (answer.error) {
      const error = new JetStreamApiError(answer.error);
      // Not the stream that the message named. Outside domains one stream has a subject, and no other will answer.
      return error.code === apiCode.otherStream && this.home.domain !== ''
        ? new Elsewhere(stream ?? '', domain, error)
        : error;
    }
    if (!stream || !seq) return new Error('the answer is not a publish acknowledgement');
    if (!this.home.isFrom(domain)) return new Elsewhere(stream, domain);
    if (text.endsWith(`"seq":${seq}}`)) {
      this.before = data.slice(0, data.length - `${seq}}`.length);
      this.stream = stream;
      this.from = this.home.domain;
    }
    return { stream, seq, duplicate };
  }
}

const closingBrace = 0x7d;
const zero = 0x30;
