import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/lib/nats/connect/connect.js';
import { checkTopology, planTopology } from '../../src/lib/topology/apply.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { startNats } from '../support/nats-server.js';

const users = `authorization {
  users: [
    { user: admin, password: secret }
    { user: reader, password: secret, permissions: { publish: { deny: ["$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.DURABLE.CREATE.>"] } } }
    { user: stranger, password: secret, permissions: { publish: { deny: ["$JS.API.STREAM.LIST"] } } }
  ]
}`;

async function connectAs(user: string, url: string) {
  const auth = { user, password: 'secret' };
  const link = await connect({ servers: [url], source: 'the test', name: user, timeoutMs: 2000, auth });
  return Object.assign(link, { [Symbol.asyncDispose]: () => link.close() });
}

describe('a user who may not do everything', () => {
  it('gets a plan with unknown numbers where it may not count', async () => {
    await using nats = await startNats({ config: users });
    await using admin = await connectAs('admin', nats.url);
    await applyTopology(admin, makeConfig({ consumers: [{ name: 'audit', subjects: ['events.a'] }] }));
    await admin.publish('events.b', '1');
    await using reader = await connectAs('reader', nats.url);
    const wider = makeConfig({ consumers: [{ name: 'audit', subjects: ['events.a', 'events.b'] }] });
    const plan = await planTopology(pipelineOf(reader, wider));
    expect(plan.changes.find(({ name }) => name === 'audit')?.consequences).toEqual([
      { what: 'skipped', role: 'events', subject: 'events.b', count: null },
    ]);
  });

  it('is told what it may not do, exit 4; a check before a run needs no lists', async () => {
    await using nats = await startNats({ config: users });
    await using stranger = await connectAs('stranger', nats.url);
    expect((await checkTopology(pipelineOf(stranger, makeConfig()))).changes).toHaveLength(12);
    await expect(planTopology(pipelineOf(stranger, makeConfig()))).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      exitCode: 4,
      message: expect.stringContaining('list the streams'),
    });
  });
});
