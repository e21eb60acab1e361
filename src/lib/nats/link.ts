import {
  type ConsumerInfo,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
  type StreamInfoRequestOptions,
  type StreamState,
} from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { OperationError, type PlutomiError } from '../errors.js';
import { apiCode, apiCodeOf, NotAllowedError, translateError } from './errors.js';
import { encodeFor, type OutgoingHeaders, type PublishConditions } from './headers.js';
import { type LastMessages, LastOfEach } from './last-of-each.js';
import type { StoredMessage } from './message.js';
import { Home } from './home.js';
import { Outbox } from './outbox.js';
import { Inbox } from './inbox.js';
import { AckedPublisher, type PublishAck, type PublishListener } from './publisher.js';
import { readEach } from './read-each.js';
import { ReadTogether } from './read-together.js';
import { more, Requests } from './requests.js';
import { versionAtLeast } from './server-version.js';
import {
  type ApiError,
  type DirectEnd,
  readAnswer,
  readDirectAnswer,
  readGetAnswer,
} from './stored-message.js';
import { describeServers, type ConnectionTarget } from './target.js';
import { type Bytes, Wire } from './wire.js';

export type { PublishAck, PublishListener };

export interface PublishOptions extends PublishConditions {
  /** By name, or all of them, conditions included, as `encodeHeaders` gives them. */
  readonly headers?: OutgoingHeaders | string;
  /** How long the answer may take, ms. Default: the timeout of the connection. */
  readonly timeoutMs?: number;
}

/** So long the server may take to answer when the connection is closed, ms. */
const closeWaitMs = 500;

const isStreamName = /^[^\s.*>/\\]+$/;

/** What a deletion may answer when the message is not there any more. */
const goneCodes: readonly number[] = [
  apiCode.messageDeleteFailed,
  apiCode.sequenceNotFound,
  apiCode.messageNotFound,
];

export type LinkWatcher = (state: 'disconnected' | 'reconnected', server: string) => void;

/**
 * One connection and what this project does over it. The only object that the rest of the library sees of
 * the client.
 */
export class Link {
  /** The JetStream domain that all answers must come from. */
  readonly home: Home;
  private readonly wire: Wire;
  private readonly inbox: Inbox;
  private readonly publisher: AckedPublisher;
  private readonly requests: Requests;
  private readonly outbox = new Outbox();
  private readonly lastOfEach = new Map<string, LastOfEach>();
  private readonly readTogether = new Map<string, ReadTogether>();

  private constructor(
    readonly nc: NatsConnection,
    readonly jsm: JetStreamManager,
    readonly target: ConnectionTarget,
    readonly apiPrefix: string,
  ) {
    this.wire = new Wire(nc);
    this.inbox = new Inbox(nc, this.wire, target.inboxPrefix);
    this.home = new Home(apiPrefix, nc.info);
    this.publisher = new AckedPublisher(this.inbox, target.timeoutMs, this.home);
    this.requests = new Requests(this.inbox, target.timeoutMs);
  }

  static async over(nc: NatsConnection, target: ConnectionTarget): Promise<Link> {
    // Always the prefix, never `domain`: direct gets know only the prefix.
    const apiPrefix =
      target.apiPrefix ?? (target.domain === undefined ? '$JS.API' : `$JS.${target.domain}.API`);
    const jsm = await jetstreamManager(nc, { timeout: target.timeoutMs, apiPrefix, checkAPI: false });
    const link = new Link(nc, jsm, target, apiPrefix);
    void link.followStatus();
    return link;
  }

  /** Version of the server that this connection is on, e.g. `2.15.1`. */
  get serverVersion(): string {
    return this.nc.info?.version ?? '0.0.0';
  }

  /** The server's address, printable. */
  get server(): string {
    return describeServers([this.nc.getServer()]);
  }

  /** The server may place several replicas of a stream: it is in a cluster, or JetStream is behind another one. */
  get clustered(): boolean {
    return this.nc.info?.cluster !== undefined || this.apiPrefix !== '$JS.API';
  }

  /** Largest message that the server takes, headers included, in bytes. */
  get maxPayload(): number {
    return this.nc.info?.max_payload ?? 1_048_576;
  }

  get connected(): boolean {
    return !this.nc.isClosed() && !this.down;
  }

  private down = false;

  private readonly watchers = new Set<LinkWatcher>();

  private async followStatus(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'error') this.refused(status.error);
      if (status.type !== 'disconnect' && status.type !== 'reconnect') continue;
      this.down = status.type === 'disconnect';
      if (this.down) this.inbox.disconnected();
      else this.inbox.connected();
      if (!this.down) this.home.reconnected(this.nc.info);
      for (const watcher of this.watchers) watcher(this.down ? 'disconnected' : 'reconnected', this.server);
    }
    this.inbox.closed();
  }

  /** Calls back at each disconnect and reconnect; returns how to stop that. */
  watch(watcher: LinkWatcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private readonly refusalWatchers = new Set<(error: NotAllowedError) => void>();

  private refused(error: Error): void {
    this.inbox.refused(error);
    if (!(error instanceof PermissionViolationError)) return;
    for (const watcher of this.refusalWatchers) watcher(new NotAllowedError(this.server, error));
  }

  /**
   * Calls back whenever the server says that this user lacks a permission: the only word about what was sent without
   * waiting for an answer. Returns how to stop that.
   */
  watchRefusals(watcher: (error: NotAllowedError) => void): () => void {
    this.refusalWatchers.add(watcher);
    return () => this.refusalWatchers.delete(watcher);
  }

  /** Resolves when the connection is closed for good, with the reason where it was not closed by `close`. */
  async closed(): Promise<PlutomiError | undefined> {
    const reason = await this.nc.closed();
    return reason
      ? translateError(reason, `connect again to ${describeServers(this.target.servers)}`)
      : undefined;
  }

  /** Sends at the end of this turn of the event loop, and waits for no answer: it may get lost on its way. */
  send(subject: string, payload: Bytes): void {
    this.atEndOfTurn(() => {
      if (this.wire.isOpen) this.sendNow(subject, payload);
    });
  }

  /** Sends without waiting for an answer, which goes to `reply` where that is given. Throws when the connection is closed. */
  sendNow(subject: string, payload: Bytes, reply = ''): void {
    this.wire.publish(subject, reply, '', payload);
  }

  /** Calls back when all else of this turn is to be sent: what is published then goes out with it. */
  atEndOfTurn(send: () => void): void {
    this.outbox.add(send);
  }

  /** Publishes to a stream and waits for the server's word that it is stored. */
  publish(subject: string, data: Bytes, options: PublishOptions = {}): Promise<PublishAck> {
    const { headers, expectStream, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      const encoded = typeof headers === 'string' ? headers : encodeFor(subject, headers, options);
      this.publisher.publish(subject, data, encoded, settling(resolve, reject), {
        stream: expectStream,
        timeoutMs,
      });
    });
  }

  /**
   * As `publish`, for very many: `headers` as `encodeHeaders` gives them, and no promise for each. `meant` names the
   * stream that is to store it, for errors.
   */
  publishEncoded(
    subject: string,
    data: Bytes,
    headers: string,
    listener: PublishListener,
    meant?: { readonly stream: string },
  ): void {
    this.publisher.publish(subject, data, headers, listener, meant);
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
   * Gives `take` up to `count` messages from this sequence on, and as many bytes, from any replica. nats-server 2.11
   * or newer.
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

  /**
   * Gives `take` the last message of each of these subjects, at most 1,024, from any replica. `status` 204: these
   * were all that it has, up to `upToSeq`; 404: it has none. nats-server 2.11 or newer.
   */
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
      return info;
    } catch (error) {
      if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
      throw translateError(error, `stream ${stream}`);
    }
  }

  async consumerInfo(stream: string, consumer: string): Promise<ConsumerInfo | undefined> {
    try {
      return await this.jsm.consumers.info(stream, consumer);
    } catch (error) {
      const code = apiCodeOf(error);
      if (code === apiCode.consumerNotFound || code === apiCode.streamNotFound) return undefined;
      throw translateError(error, `consumer ${stream} ${consumer}`);
    }
  }

  /** The name of this user's account; undefined: the server does not tell. */
  async account(): Promise<string | undefined> {
    const answer = await this.requests.ask('ask for the account', '$SYS.REQ.USER.INFO', '', readAnswer);
    const { data } = answer as { data?: { account?: unknown } };
    return typeof data?.account === 'string' ? data.account : undefined;
  }

  /** Sends what is buffered and waits until the server has it. */
  async flush(): Promise<void> {
    this.outbox.empty();
    this.wire.flush();
    await this.nc.flush();
  }

  /** Flushes and closes, also when the server is silent. Never throws: there is nothing left to be done about it. */
  async close(): Promise<void> {
    const timer = setTimeout(() => void this.nc.close().catch(() => {}), closeWaitMs);
    try {
      this.outbox.empty();
      this.wire.flush();
      if (this.down) await this.nc.close();
      else await Promise.race([this.nc.drain(), this.nc.closed()]);
    } catch {
      await this.nc.close().catch(() => {});
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Made here, where nothing of the message is in sight: what waits for its answer must not keep it. */
function settling(resolve: (ack: PublishAck) => void, reject: (error: Error) => void): PublishListener {
  return (answer) => (answer instanceof Error ? reject(answer) : resolve(answer));
}
