import { createConnection, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP proxy in front of a test server. */
export interface TestProxy {
  readonly url: string;
  /** How many connections there are now. */
  readonly connections: number;
  /** Resets every connection. */
  cut(): void;
  /** What the server says on the connections of now never arrives. */
  swallowAnswers(): void;
  close(): void;
}

export async function startProxy(port: number): Promise<TestProxy> {
  const pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  const server = createServer((client) => {
    const upstream = createConnection({ port, host: '127.0.0.1' });
    const pair = { client, upstream };
    pairs.add(pair);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const { client, upstream } of pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  };
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return pairs.size;
    },
    cut,
    swallowAnswers() {
      for (const { upstream } of pairs) {
        upstream.unpipe();
        upstream.resume();
      }
    },
    close() {
      cut();
      server.close();
    },
  };
}
