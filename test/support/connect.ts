import { connect } from '../../src/lib/nats/connect.js';
import type { Link } from '../../src/lib/nats/link.js';

export type TestLink = Link & AsyncDisposable;

/** A connection of a test to a server's URL. Dispose of it: `await using link = await connectTo(nats.url)`. */
export async function connectTo(url: string, name = 'test'): Promise<TestLink> {
  const link = await connect({ servers: url.split(','), source: 'the test', name, timeoutMs: 5000 });
  return Object.assign(link, { [Symbol.asyncDispose]: () => link.close() });
}
