import {
  type ConsumerInfo,
  JetStreamApiError,
  type JetStreamManager,
  type StreamInfo,
  type StreamInfoRequestOptions,
  type StreamState,
} from '@nats-io/jetstream';
import { OperationError, type PlutomiError } from '../errors.js';
import type { Clock } from '../flow/clock.js';
import { apiCodeOf, translateError } from './errors.js';
import { apiCode } from './wire/api-code.js';
import type { Home } from './home.js';
import { type LastMessages, LastOfEach } from './read/last-of-each.js';
import type { StoredMessage } from './wire/message.js';
import { readEach } from './read/read-each.js';
import { ReadTogether } from './read/read-together.js';
import type { StreamReader } from './read/stream-reader.js';
import { more, type Requests } from './wire/requests.js';
import { versionAtLeast } from './server-version.js';
import {
  type ApiError,
  type DirectEnd,
  readAnswer,
  readDirectAnswer,
  readGetAnswer,
} from './wire/stored-message.js';

const isStreamName = /^[^\s.*>/\\]+$/;

/** What a deletion may answer when the message is no longer there. */
const goneCodes: readonly number[] = [
  apiCode.messageDeleteFailed,
  apiCode.sequenceNotFound,
  apiCode.messageNotFound,
];

/** What a connection asks of streams: single messages, many, what a stream is, and to delete a message. */
export abstract class StreamAccess implements StreamReader {
  private readonly lastOfEach = new Map<string, LastOfEach>();
  private readonly readTogether = new Map<string, ReadTogether>();
  private readonly streamWatchers = new Set<(info: StreamInfo) => void>();

  protected constructor(
    protected readonly requests: Requests,
    readonly jsm: JetStreamManager,
    readonly apiPrefix: string,
    /** The JetStream domain that all answers must come from. */
    readonly home: Home,
    readonly clock: Clock,
  ) {}

  /** Version of the server that this connection is on, e.g. `2.15.1`. */
  abstract get serverVersion(): string;

  /** Largest message that the server takes, headers included, in bytes. */
  abstract get maxPayload(): number;

  /** Why the connection has ended for good; undefined: it has not, or it was closed here. */
  abstract get endReason(): PlutomiError | undefined;

  /** As `translateError`, of what was done over this connection. */
  translate(error: unknown, what: string): PlutomiError {
    return translateError(error, what, this.endReason);
  }

  /** The message at a sequence, from any replica: fast, may be stale. Undefined: not there. */
  async readDirect(stream: string, seq: number): Promise<StoredMessage | undefined> {
    const what = `read message ${seq} of the stream ${stream}`;
    const subject = this.apiSubject('DIRECT.GET', stream);
    return this.requests.ask(what, subject, `{"seq":${seq}}`, (msg) => {
      const answer = readDirectAnswer(stream, msg);
      if ('message' in answer) return answer.message;
      if (answer.status === 404) return undefined;
      throw new OperationError(`${what}: ${answer.description} (${answer.status})`);
    });
  }

  /**
   * Calls `take` with up to `count` messages from `seq` on, at most `maxBytes` of them, from any replica. Needs
   * nats-server 2.11.
   */
  async readDirectFrom(
    stream: string,
    seq: number,
    count: number,
    maxBytes: number,
    take: (message: StoredMessage) => void,
  ): Promise<void> {
    const subject = this.apiSubject('DIRECT.GET', stream);
    const query = `{"seq":${seq},"batch":${count},"max_bytes":${maxBytes}}`;
    return this.requests.ask(`read ${stream} from ${seq}`, subject, query, (msg) => {
      const answer = readDirectAnswer(stream, msg);
      if ('message' in answer) take(answer.message);
      return 'message' in answer && answer.isOneOfMany ? more : undefined;
    });
  }

  /** As `readDirect`, but many calls in the same turn make few questions, and whatever goes wrong is undefined. */
  readNear(stream: string, seq: number): Promise<StoredMessage | undefined> {
    let together = this.readTogether.get(stream);
    if (!together) {
      together = new ReadTogether(this, stream);
      this.readTogether.set(stream, together);
    }
    return together.read(seq);
  }

  /** Gives `take` the messages at these sequences, of those that are there, from any replica: may be stale. */
  readEach(stream: string, seqs: readonly number[], take: (message: StoredMessage) => void): Promise<void> {
    return readEach(this, stream, seqs, take);
  }

  /** Calls `take` with the last message of each of at most 1,024 subjects, from any replica. Needs nats-server 2.11. */
  async readLastDirect(
    stream: string,
    subjects: readonly string[],
    take: (message: StoredMessage) => void,
  ): Promise<DirectEnd> {
    const subject = this.apiSubject('DIRECT.GET', stream);
    const query = JSON.stringify({ multi_last: subjects, batch: 1024 });
    return this.requests.ask(`read ${stream}`, subject, query, (msg) => {
      const answer = readDirectAnswer(stream, msg);
      if (!('message' in answer)) return answer;
      take(answer.message);
      return more;
    });
  }

  /**
   * The last message of each of these subjects that has one, as the stream's leader knows them. Many calls at the
   * same time make few questions.
   */
  readLastOfEach(stream: string, subjects: readonly string[]): Promise<LastMessages> {
    let last = this.lastOfEach.get(stream);
    if (!last) {
      last = new LastOfEach(this, stream, versionAtLeast(this.serverVersion, '2.11.0'));
      this.lastOfEach.set(stream, last);
    }
    return last.read(subjects);
  }

  /** The message at a sequence, from the stream's leader. Undefined: not there. */
  readFromLeader(stream: string, seq: number): Promise<StoredMessage | undefined> {
    return this.getMessage(stream, { seq });
  }

  /** The last message of a subject, from the stream's leader. Undefined: there is none. */
  readLast(stream: string, subject: string): Promise<StoredMessage | undefined> {
    return this.getMessage(stream, { last_by_subj: subject });
  }

  /** The first message at or after `seq` whose subject matches, from the stream's leader. */
  readNext(stream: string, subject: string, seq: number): Promise<StoredMessage | undefined> {
    return this.getMessage(stream, { seq, next_by_subj: subject });
  }

  private async getMessage(stream: string, query: object): Promise<StoredMessage | undefined> {
    const payload = JSON.stringify(query);
    const what = `read the stream ${stream}`;
    return this.requests.ask(what, this.apiSubject('STREAM.MSG.GET', stream), payload, (msg) => {
      const answer = readGetAnswer(stream, msg);
      if (!('error' in answer)) return answer;
      if (answer.error.err_code === apiCode.messageNotFound) return undefined;
      throw new JetStreamApiError(answer.error);
    });
  }

  private apiSubject(verb: string, stream: string): string {
    // In a subject it would be another stream, or several.
    if (!isStreamName.test(stream)) throw new OperationError(`no stream can be named "${stream}"`);
    return `${this.apiPrefix}.${verb}.${stream}`;
  }

  /** Deletes one message by its sequence. False: it was not there any more, or was replaced. */
  async deleteMessage(stream: string, seq: number): Promise<boolean> {
    const subject = this.apiSubject('STREAM.MSG.DELETE', stream);
    return this.requests.ask(`delete ${stream} ${seq}`, subject, `{"seq":${seq},"no_erase":true}`, (msg) => {
      const { error, success } = readAnswer(msg) as { error?: ApiError; success?: boolean };
      if (!error) return success === true;
      if (goneCodes.includes(error.err_code)) return false;
      throw new JetStreamApiError(error);
    });
  }

  /** Calls back with what is learned of streams for whatever reason. Returns a function that stops it. */
  watchStreams(watcher: (info: StreamInfo) => void): () => void {
    this.streamWatchers.add(watcher);
    return () => this.streamWatchers.delete(watcher);
  }

  /** A stream's config and state; undefined: there is no such stream. */
  streamInfo(stream: string, subjectsFilter?: string): Promise<StreamInfo | undefined> {
    return this.askInfo(stream, subjectsFilter === undefined ? {} : { subjects_filter: subjectsFilter });
  }

  /** A stream's state with the sequences of all its deleted messages; undefined: there is no such stream. */
  async deletedIn(stream: string): Promise<StreamState | undefined> {
    return (await this.askInfo(stream, { deleted_details: true }))?.state;
  }

  private async askInfo(
    stream: string,
    options: Partial<StreamInfoRequestOptions>,
  ): Promise<StreamInfo | undefined> {
    try {
      const info = await this.jsm.streams.info(stream, options);
      this.home.learn(info);
      for (const watcher of this.streamWatchers) watcher(info);
      return info;
    } catch (error) {
      if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
      throw this.translate(error, `stream ${stream}`);
    }
  }

  /**
   * A consumer's config and state; undefined: there is no such consumer or stream. @throws PlutomiError as the server
   * answers
   */
  async consumerInfo(stream: string, consumer: string): Promise<ConsumerInfo | undefined> {
    try {
      return await this.jsm.consumers.info(stream, consumer);
    } catch (error) {
      const code = apiCodeOf(error);
      if (code === apiCode.consumerNotFound || code === apiCode.streamNotFound) return undefined;
      throw this.translate(error, `consumer ${stream} ${consumer}`);
    }
  }
}
