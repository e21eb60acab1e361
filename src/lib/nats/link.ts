import {
  type ConsumerInfo,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type MsgHdrs, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { nanosOfRfc3339 } from '../domain/time.js';
import { apiCode, apiCodeOf, NotAllowedError, translateError } from './errors.js';
import { encodeHeaders, type OutgoingHeaders, type PublishConditions } from './headers.js';
import { headersOf, type MessageHeaders, type StoredMessage } from './message.js';
import { AckedPublisher, type PublishAck } from './publisher.js';
import { describeServers, type ConnectionTarget } from './target.js';

export type { PublishAck };

export interface PublishOptions extends PublishConditions {
  /** By name, or all of them, conditions included, as `encodeHeaders` gives them. */
  readonly headers?: OutgoingHeaders | Uint8Array;
  /** How long the answer may take, ms. Default: the timeout of the connection. */
  readonly timeoutMs?: number;
}

export type LinkWatcher = (state: 'disconnected' | 'reconnected', server: string) => void;

/**
 * One connection and what this project does over it. The only object that the rest of the library sees of
 * the client.
 */
export class Link {
  private readonly publisher: AckedPublisher;

  private constructor(
    readonly nc: NatsConnection,
    readonly jsm: JetStreamManager,
    readonly target: ConnectionTarget,
    readonly apiPrefix: string,
  ) {
    this.publisher = new AckedPublisher(nc, target.inboxPrefix, target.timeoutMs);
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
      if (this.down) this.publisher.disconnected();
      else this.publisher.connected();
      for (const watcher of this.watchers) watcher(this.down ? 'disconnected' : 'reconnected', this.server);
    }
    this.publisher.closed();
  }

  /** Calls back at each disconnect and reconnect; returns how to stop that. */
  watch(watcher: LinkWatcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private readonly refusalWatchers = new Set<(error: NotAllowedError) => void>();

  private refused(error: Error): void {
    this.publisher.refused(error);
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

  /** Resolves when the connection is closed for good. */
  async closed(): Promise<void> {
    await this.nc.closed();
  }

  /** Publishes to a stream and waits for the server's word that it is stored. */
  publish(subject: string, data: Uint8Array | string, options: PublishOptions = {}): Promise<PublishAck> {
    const { headers, timeoutMs } = options;
    try {
      const encoded = headers instanceof Uint8Array ? headers : encodeHeaders(headers, options);
      return this.publisher.publish(subject, data, encoded, timeoutMs);
    } catch (error) {
      return Promise.reject(translateError(error, `publish to ${subject}`));
    }
  }

  /** The message at a sequence, from any replica: fast, may be stale. Undefined: not there. */
  async readDirect(stream: string, seq: number): Promise<StoredMessage | undefined> {
    try {
      const found = await this.jsm.direct.getMessage(stream, { seq });
      return found
        ? { ...toStored(stream, found), headers: withoutDirect(headersOf(found.header)) }
        : undefined;
    } catch (error) {
      throw translateError(error, `read ${stream} ${seq}`);
    }
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
    return this.getMessage(stream, { seq, next_by_subj: subject } as { seq: number });
  }

  private async getMessage(
    stream: string,
    query: { seq: number } | { last_by_subj: string },
  ): Promise<StoredMessage | undefined> {
    try {
      const found = await this.jsm.streams.getMessage(stream, query);
      return found ? toStored(stream, found) : undefined;
    } catch (error) {
      if (apiCodeOf(error) === apiCode.messageNotFound) return undefined;
      throw translateError(error, `read ${stream} ${JSON.stringify(query)}`);
    }
  }

  /** Deletes one message by its sequence. False: it was not there any more, or was replaced. */
  async deleteMessage(stream: string, seq: number): Promise<boolean> {
    try {
      return await this.jsm.streams.deleteMessage(stream, seq, false);
    } catch (error) {
      const code = apiCodeOf(error);
      if (
        code === apiCode.messageDeleteFailed ||
        code === apiCode.sequenceNotFound ||
        code === apiCode.messageNotFound
      )
        return false;
      throw translateError(error, `delete ${stream} ${seq}`);
    }
  }

  /** A stream's config and state; undefined: there is no such stream. */
  async streamInfo(stream: string, subjectsFilter?: string): Promise<StreamInfo | undefined> {
    try {
      return await this.jsm.streams.info(
        stream,
        subjectsFilter === undefined ? {} : { subjects_filter: subjectsFilter },
      );
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

  /** Sends what is buffered and waits until the server has it. */
  async flush(): Promise<void> {
    await this.nc.flush();
  }

  /** Flushes and closes. Never throws: there is nothing left to be done about it. */
  async close(): Promise<void> {
    try {
      if (this.down) await this.nc.close();
      else await this.nc.drain();
    } catch {
      await this.nc.close().catch(() => {});
    }
  }
}

interface Found {
  readonly subject: string;
  readonly seq: number;
  readonly timestamp: string;
  readonly data: Uint8Array;
  readonly header: MsgHdrs;
}

function toStored(stream: string, found: Found): StoredMessage {
  return {
    stream,
    subject: found.subject,
    seq: found.seq,
    time: nanosOfRfc3339(found.timestamp) ?? '0',
    data: found.data,
    headers: headersOf(found.header),
  };
}

/** Direct reads say in headers which message this is; the publisher did not write those. */
const directHeaders = new Set(['Nats-Stream', 'Nats-Subject', 'Nats-Sequence', 'Nats-Time-Stamp']);

function withoutDirect(headers: MessageHeaders): MessageHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !directHeaders.has(name)));
}
