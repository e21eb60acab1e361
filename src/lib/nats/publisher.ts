import { JetStreamApiError } from '@nats-io/jetstream';
import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  type PublishOptions,
  type Subscription,
  TimeoutError,
} from '@nats-io/transport-node';
import { messageOf } from '../errors.js';
import { translateError, UnreachableError } from './errors.js';

/** The server's word that a message is stored. `duplicate`: its id was seen inside the window, nothing was stored. */
export interface PublishAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** A message that waits for its answer. */
interface Waiting {
  readonly subject: string;
  readonly bytes: number;
  /** Monotonic ms; without an answer by then there is none. */
  readonly deadline: number;
  readonly resolve: (ack: PublishAck) => void;
  readonly reject: (error: Error) => void;
}

/** What the client asks for while it publishes, and keeps nothing of: one serves all messages. */
class WireOptions {
  reply = '';
  headers: MsgHdrs | undefined;
  private encoded: Uint8Array = new Uint8Array();
  /** The client asks headers for nothing but their bytes. */
  private readonly wireHeaders = { encode: () => this.encoded } as unknown as MsgHdrs;

  with(reply: string, headers: Uint8Array): this {
    this.reply = reply;
    this.encoded = headers;
    this.headers = headers.length === 0 ? undefined : this.wireHeaders;
    return this;
  }
}

/**
 * Most messages without an answer, and their bytes. The server keeps what it has not stored yet in a queue of
 * 10,000 messages a stream and refuses what goes beyond, so several processes at this bound are still served.
 */
const windowSize = 2048;
const windowBytes = 16 * 1024 * 1024;

/**
 * Publishes to streams, each message with the server's word that it is stored. All answers come to one inbox: a
 * token in the reply subject says whose it is. A request for each message, as the client makes it, costs four
 * promises and a timer more.
 *
 * A message whose answer can't come any more, since the connection broke, is rejected at once and not after its
 * timeout: publish it again with the same id. While there is no connection nothing is sent, as the client forgets
 * what it could not send; it waits, within its timeout.
 */
export class AckedPublisher {
  private readonly waiting = new Map<number, Waiting>();
  private readonly queue: (() => void)[] = [];
  private readonly wire = new WireOptions();
  private readonly answers = new AnswerReader();
  private bytes = 0;
  private lastToken = 0;
  private sub: Subscription | undefined;
  private prefix = '';
  private timer: NodeJS.Timeout | undefined;
  private checkAt = Number.POSITIVE_INFINITY;
  private down = false;

  constructor(
    private readonly nc: NatsConnection,
    private readonly inboxPrefix: string | undefined,
    /** ms */
    private readonly timeoutMs: number,
  ) {}

  /** `headers` as they go over the wire; empty for none. */
  publish(
    subject: string,
    data: Uint8Array | string,
    headers: Uint8Array,
    timeoutMs = this.timeoutMs,
  ): Promise<PublishAck> {
    if (!this.down && this.queue.length === 0 && this.hasRoom) {
      return this.send(subject, data, headers, performance.now() + timeoutMs);
    }
    return this.sendLater(subject, data, headers, performance.now() + timeoutMs);
  }

  /** The connection broke: answers that are on their way are lost, and what was sent may be stored or not. */
  disconnected(): void {
    this.down = true;
    this.rejectAll(
      (subject) =>
        new UnreachableError(
          `publish to ${subject}`,
          undefined,
          'the connection broke before the answer came',
        ),
    );
  }

  connected(): void {
    this.down = false;
    this.admit();
  }

  /** The connection is closed for good: nothing is answered any more, and what waits finds it closed. */
  closed(): void {
    clearTimeout(this.timer);
    this.disconnected();
    this.connected();
  }

  /** The server refused something of this connection, perhaps one of these messages. */
  refused(error: Error): void {
    if (!(error instanceof PermissionViolationError) || error.operation !== 'publish') return;
    this.rejectAll((subject) => translateError(error, `publish to ${subject}`), error.subject);
  }

  private get hasRoom(): boolean {
    return this.waiting.size < windowSize && this.bytes < windowBytes;
  }

  private async sendLater(
    subject: string,
    data: Uint8Array | string,
    headers: Uint8Array,
    deadline: number,
  ): Promise<PublishAck> {
    await this.turn(subject, deadline);
    return this.send(subject, data, headers, deadline);
  }

  /** Resolves when there is room and a connection, in order of asking. */
  private turn(subject: string, deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.queue.splice(this.queue.indexOf(enter), 1);
        const reason = this.down ? 'the connection is down' : 'no answer in time to those before it';
        reject(new UnreachableError(`publish to ${subject}`, undefined, reason));
      }, deadline - performance.now());
      this.queue.push(enter);
    });
  }

  /** Lets in as many as there is room for. */
  private admit(): void {
    const room = windowSize - this.waiting.size;
    if (this.down || room <= 0 || this.bytes >= windowBytes) return;
    for (const enter of this.queue.splice(0, room)) enter();
  }

  private send(
    subject: string,
    data: Uint8Array | string,
    headers: Uint8Array,
    deadline: number,
  ): Promise<PublishAck> {
    return new Promise((resolve, reject) => {
      const token = ++this.lastToken;
      const bytes = data.length + headers.length;
      try {
        if (this.sub === undefined) this.listen();
        this.nc.publish(subject, data, this.wire.with(this.prefix + token, headers) as PublishOptions);
      } catch (error) {
        reject(translateError(error, `publish to ${subject}`));
        return;
      }
      this.waiting.set(token, { subject, bytes, deadline, resolve, reject });
      this.bytes += bytes;
      if (deadline < this.checkAt) this.checkWhen(deadline);
    });
  }

  private listen(): void {
    const inbox = createInbox(this.inboxPrefix ?? '_INBOX');
    this.prefix = `${inbox}.`;
    this.sub = this.nc.subscribe(`${inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.answered(msg);
        else this.inboxRefused(error);
      },
    });
  }

  /** This user may not listen to its inbox; the next message tries again, with another one. */
  private inboxRefused(error: Error): void {
    this.sub = undefined;
    this.rejectAll((subject) => translateError(error, `publish to ${subject}`));
  }

  private answered(msg: Msg): void {
    const token = Number(msg.subject.slice(this.prefix.length));
    const waiting = this.waiting.get(token);
    // The answer to one that was given up.
    if (waiting === undefined) return;
    this.forget(token, waiting);
    const answer = this.answers.read(msg);
    if (answer instanceof Error) waiting.reject(translateError(answer, `publish to ${waiting.subject}`));
    else waiting.resolve(answer);
    if (this.queue.length > 0) this.admit();
  }

  private forget(token: number, { bytes }: Waiting): void {
    this.waiting.delete(token);
    this.bytes -= bytes;
  }

  private rejectAll(errorFor: (subject: string) => Error, only?: string): void {
    for (const [token, waiting] of this.waiting) {
      if (only !== undefined && waiting.subject !== only) continue;
      this.forget(token, waiting);
      waiting.reject(errorFor(waiting.subject));
    }
    this.admit();
  }

  /** One timer for all that wait. */
  private checkWhen(deadline: number): void {
    clearTimeout(this.timer);
    this.checkAt = deadline;
    this.timer = setTimeout(() => this.checkDeadlines(), deadline - performance.now());
  }

  private checkDeadlines(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [token, waiting] of this.waiting) {
      if (waiting.deadline > now) next = Math.min(next, waiting.deadline);
      else {
        this.forget(token, waiting);
        waiting.reject(translateError(new TimeoutError(), `publish to ${waiting.subject}`));
      }
    }
    this.checkAt = Number.POSITIVE_INFINITY;
    if (next !== this.checkAt) this.checkWhen(next);
    this.admit();
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
    let answer: Partial<PublishAck> & { error?: { code: number; err_code: number; description: string } };
    try {
      answer = JSON.parse(text);
    } catch (error) {
      return new Error(`the answer is not a publish acknowledgement: ${messageOf(error)}`);
    }
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
