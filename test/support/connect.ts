import { connect, type ConnectOptions } from '../../src/lib/nats/connect/connect.js';
import type { Link } from '../../src/lib/nats/link.js';

export type TestLink = Link & AsyncDisposable;

/**
 * A connection of a test to a server's URL. Dispose of it: `await using link = await connectTo(nats.url)`.
 * `timeoutMs`: how long it waits for an answer; 5 s unless told.
 */
export async function connectTo(
  url: string,
  name = 'test',
  timeoutMs = 5000,
  options: ConnectOptions = {},
): Promise<TestLink> {
  const link = await connect({ servers: url.split(','), source: 'the test', name, timeoutMs }, options);
  return Object.assign(link, { [Symbol.asyncDispose]: () => link.close() });
}
