import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/lib/nats/connect.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { makeConfig } from '../support/config.js';
import { startNats } from '../support/nats-server.js';

describe('pipeline apply', () => {
  it('creates everything, and the second time nothing', async () => {
    await using nats = await startNats();
    const link = await connect({ servers: [nats.url], source: 'test', name: 'test', timeoutMs: 5000 });
    const config = makeConfig();
    const first = await planTopology(link, config);
    expect(await applyPlan(link, first)).toBe(10);
    const second = await planTopology(link, config);
    expect(second.changes.filter((c) => c.action !== 'none')).toEqual([]);
    await link.close();
  });
});
