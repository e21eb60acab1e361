import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import type { ConnectionError, PlutomiError } from '../errors.js';
import type { Clock } from '../flow/clock.js';
import { within } from '../flow/within.js';
import { NotAllowedError, translateError, UnreachableError } from './errors.js';
import { encodeFor, type OutgoingHeaders, type PublishConditions } from './wire/headers.js';
import { Home } from './home.js';
import { EndOfTurn } from './wire/end-of-turn.js';
import { Inbox } from './wire/inbox.js';
import { AckedPublisher, type PublishAck, type PublishListener } from './wire/publisher.js';
import { Requests } from './wire/requests.js';
import { readAnswer } from './wire/stored-message.js';
import { StreamAccess } from './stream-access.js';
import { otherCluster } from './connect/cluster.js';
import { describeServers, type ConnectionTarget } from './connect/target.js';
import { type Bytes, Wire } from './wire/wire.js';

export type { PublishAck, PublishListener };

/** How a message is published. */
export interface PublishOptions extends PublishConditions {
  /** By name, or all of them, conditions included, as `encodeHeaders` gives them. */
  readonly headers?: OutgoingHeaders | string;
  /** How long the answer may take, ms. Default: the timeout of the connection. */
  readonly timeoutMs?: number;
}

/** So long the server may take to answer when the connection is closed, ms. */
const closeWaitMs = 500;

/** Told of each change, with the address of the server that it is about. */
export type LinkWatcher = (state: 'disconnected' | 'reconnected', server: string) => void;

/** Told once that the connection is closed for good; with the reason, unless `close` closed it. */
export type EndWatcher = (reason: PlutomiError | undefined) => void;

/**
 * One connection and what this project does over it. The only object that the rest of the library sees of
 * the client.
 */
export class Link extends StreamAccess {
  private readonly wire: Wire;
  private readonly inbox: Inbox;
  private readonly publisher: AckedPublisher;
  private readonly endOfTurn = new EndOfTurn();

  private constructor(
    readonly nc: NatsConnection,
    jsm: JetStreamManager,
    readonly target: ConnectionTarget,
    apiPrefix: string,
    clock: Clock,
  ) {
    const wire = new Wire(nc);
    const inbox = new Inbox(nc, wire, clock, target.inboxPrefix);
    super(new Requests(inbox, target.timeoutMs), jsm, apiPrefix, new Home(apiPrefix, nc.info), clock);
    this.wire = wire;
    this.inbox = inbox;
    this.publisher = new AckedPublisher(inbox, target.timeoutMs, this.home);
  }

  /** Wraps a connection of the NATS client. Programs call `connect` instead. */
  static async over(nc: NatsConnection, target: ConnectionTarget, clock: Clock): Promise<Link> {
    // Always the prefix, never `domain`: direct gets know only the prefix.
    const apiPrefix =
      target.apiPrefix ?? (target.domain === undefined ? '$JS.API' : `$JS.${target.domain}.API`);
    const jsm = await jetstreamManager(nc, { timeout: target.timeoutMs, apiPrefix, checkAPI: false });
    const link = new Link(nc, jsm, target, apiPrefix, clock);
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

  /** False while the connection is lost or closed. */
  get connected(): boolean {
    return !this.nc.isClosed() && !this.down;
  }

  private down = false;
  private refusal: ConnectionError | undefined;

  private readonly watchers = new Set<LinkWatcher>();

  private async followStatus(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'error') this.refused(status.error);
      if (status.type !== 'disconnect' && status.type !== 'reconnect') continue;
      if (status.type === 'reconnect' && this.leaveOther()) break;
      this.down = status.type === 'disconnect';
      if (this.down) this.inbox.disconnected();
      else this.inbox.connected();
      if (!this.down) this.home.reconnected(this.nc.info);
      for (const watcher of this.watchers) watcher(this.down ? 'disconnected' : 'reconnected', this.server);
    }
    const reason = await this.closed();
    this.inbox.closed(reason);
    this.end = { reason };
    for (const watcher of this.endWatchers) watcher(reason);
    this.endWatchers.clear();
  }

  private end: { readonly reason: PlutomiError | undefined } | undefined;
  private readonly endWatchers = new Set<EndWatcher>();

  /** Why the connection has ended for good; undefined: it has not, or it was closed here. */
  get endReason(): PlutomiError | undefined {
    return this.end?.reason;
  }

  /** It is closed for good. */
  get isOver(): boolean {
    return this.nc.isClosed();
  }

  /** Calls back when the connection is closed for good, at once where it is. Returns a function that stops it. */
  watchEnd(watcher: EndWatcher): () => void {
    if (this.end) watcher(this.end.reason);
    else this.endWatchers.add(watcher);
    return () => this.endWatchers.delete(watcher);
  }

  /** One of several servers may be in another cluster: nothing is sent to it. */
  private leaveOther(): boolean {
    this.refusal = otherCluster(this.target, this.server, this.nc.info?.cluster);
    if (this.refusal === undefined) return false;
    void this.nc.close();
    return true;
  }

  /** Calls back at each disconnect and reconnect. Returns a function that stops it. */
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
   * Calls back whenever the server says that this user lacks a permission: the only news about what was sent without
   * waiting for an answer. Returns a function that stops it.
   */
  watchRefusals(watcher: (error: NotAllowedError) => void): () => void {
    this.refusalWatchers.add(watcher);
    return () => this.refusalWatchers.delete(watcher);
  }

  /** Resolves when the connection is closed and won't come back; with the reason, unless `close` closed it. */
  async closed(): Promise<PlutomiError | undefined> {
    const reason = await this.nc.closed();
    if (this.refusal) return this.refusal;
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
  sendNow(subject: string, payload: Bytes, reply = '', headers = ''): void {
    this.wire.publish(subject, reply, headers, payload);
  }

  /** Calls back when all else of this turn is to be sent: what is published then goes out with it. */
  atEndOfTurn(send: () => void): void {
    this.endOfTurn.add(send);
  }

  /** Publishes to a stream and waits until the server confirms that it is stored. */
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
    meant?: {
      /** Its name. */
      readonly stream: string;
    },
  ): void {
    this.publisher.publish(subject, data, headers, listener, meant);
  }

  /** The name of this user's account; undefined: the server does not say. */
  async account(): Promise<string | undefined> {
    const answer = await this.requests.ask('ask for the account', '$SYS.REQ.USER.INFO', '', readAnswer);
    const { data } = answer as { data?: { account?: unknown } };
    return typeof data?.account === 'string' ? data.account : undefined;
  }

  /** Sends what is buffered and waits until the server has it. @throws UnreachableError where it does not answer in time */
  async flush(): Promise<void> {
    this.endOfTurn.empty();
    this.wire.flush();
    const flushed = this.nc.flush();
    if (!(await within(this.target.timeoutMs, flushed))) throw noAnswer();
    await flushed;
  }

  /** Flushes and closes, also when the server is silent. Never throws: nothing could be done about it. */
  async close(): Promise<void> {
    const timer = setTimeout(() => void this.nc.close().catch(() => {}), closeWaitMs);
    try {
      this.endOfTurn.empty();
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

function noAnswer(): UnreachableError {
  return new UnreachableError('wait for the server', undefined, 'no answer in time');
}

/** Made here, where nothing of the message is in sight: what waits for its answer must not keep it. */
function settling(resolve: (ack: PublishAck) => void, reject: (error: Error) => void): PublishListener {
  return (answer) => (answer instanceof Error ? reject(answer) : resolve(answer));
}
