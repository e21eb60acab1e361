import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { connect } from '../../src/lib/nats/connect/connect.js';
import type { Link } from '../../src/lib/nats/link.js';
import { freePorts, startNats, type TestServer } from './nats-server.js';

/** Two servers with JetStream in the domains `hub` and `leaf`: plain subjects cross between them. */
export interface HubAndLeaf {
  readonly hub: TestServer;
  readonly leaf: TestServer;
  stop(): Promise<void>;
}

/** `denied` does not cross. */
export async function startHubAndLeaf(denied: readonly string[] = []): Promise<HubAndLeaf> {
  const [port] = await freePorts(1);
  const deny = JSON.stringify(denied);
  const hub = await startNats({
    name: 'hub',
    config: `jetstream { domain: hub }\nleafnodes { listen: "127.0.0.1:${port}" }`,
  });
  const leaf = await startNats({
    name: 'leaf',
    config: `jetstream { domain: leaf }\nleafnodes { reconnect: 1, remotes: [{ url: "nats://127.0.0.1:${port}", deny_imports: ${deny}, deny_exports: ${deny} }] }`,
  });
  await joined(leaf.url);
  return { hub, leaf, stop: async () => void (await Promise.all([leaf.stop(), hub.stop()])) };
}

/** The hub's JetStream answers to who is connected to the leaf. */
async function joined(url: string): Promise<void> {
  const link = await connect({
    servers: [url],
    source: 'test',
    name: 'test',
    timeoutMs: 1000,
    domain: 'hub',
  });
  try {
    for (let tries = 0; tries < 200; tries++) {
      const answer = await link.streamInfo('none').catch((error: unknown) => error);
      if (answer === undefined) return;
      await delay(50);
    }
    throw new Error('the leaf node did not join the hub');
  } finally {
    await link.close();
  }
}

/** A connection to one of the two that works in a domain; closed when the test ends. */
export async function connectIn(server: TestServer, domain?: string, timeoutMs = 2000): Promise<Link> {
  const link = await connect({
    servers: [server.url],
    source: 'test',
    name: 'test',
    timeoutMs,
    ...(domain === undefined ? {} : { domain }),
  });
  onTestFinished(() => link.close());
  return link;
}
