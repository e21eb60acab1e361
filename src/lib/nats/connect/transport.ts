import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { NodeConnectionOptions, ServerInfo } from '@nats-io/transport-node';
import { NodeTransport } from '@nats-io/transport-node/lib/node_transport.js';

/** One try to connect: what its sockets must obey, and what they call when the server has closed one. */
export interface Attempt {
  /** Aborted: the try is given up, and none of its sockets stays open. */
  readonly signal: AbortSignal;
  /** The server has closed a connection that it had accepted; `error` says why, where that is known. */
  readonly onLost: (error: Error | undefined) => void;
}

export type AttemptOptions = NodeConnectionOptions & { readonly attempt: Attempt };

interface Host {
  readonly hostname: string;
  readonly port: number;
  readonly tlsName: string;
}

const silent = 'it closed the connection before saying anything';

/**
 * The client's transport, which closes the socket of every try that failed or was given up; the client itself leaves
 * it open, and an open socket keeps a process. With TLS first, whoever ends TLS need not be the server.
 */
export class Transport extends NodeTransport {
  private attempt: Attempt | undefined;

  override async connect(host: Host, options: NodeConnectionOptions): Promise<void> {
    const { attempt } = options as AttemptOptions;
    this.attempt = attempt;
    attempt.signal.throwIfAborted();
    const giveUp = (): void => this.discard();
    attempt.signal.addEventListener('abort', giveUp);
    try {
      await super.connect(host, options);
      void this.closed().then((error) => attempt.onLost(error ?? undefined));
    } finally {
      attempt.signal.removeEventListener('abort', giveUp);
    }
  }

  override async dial({ hostname, port }: Omit<Host, 'tlsName'>): Promise<Socket> {
    const socket = connectTcp(port, hostname);
    socket.setNoDelay(true);
    this.socket = socket;
    await once(socket, 'connect', { signal: this.attempt?.signal });
    return socket;
  }

  override async tlsFirst(host: Omit<Host, 'tlsName'>): Promise<TLSSocket> {
    await this.dial(host);
    return this.startTLS();
  }

  override async peekInfo(): Promise<ServerInfo> {
    const info = await super.peekInfo().catch((error: unknown) => {
      throw error ?? new Error(silent);
    });
    return this.options.tls?.handshakeFirst === true ? { ...info, tls_required: true } : info;
  }

  override async close(error?: Error): Promise<void> {
    await super.close(error);
    if (!this.connected) this.discard();
  }
}
