import { expect, test } from 'vitest';
import { configFrom } from '../../src/lib/config/load.js';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import { EventRegistry } from '../../src/lib/handlers/event.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { connectTo } from '../support/connect.js';
import { startNats } from '../support/nats-server.js';
import { pipelineOf } from '../support/pipeline-of.js';

const config = await configFrom(
  {
    name: 'shop',
    events: {
      'totp.requested': { subject: 'events.{tenant}.totp.requested' },
      plain: {},
    },
    consumers: {
      mailer: { events: ['totp.requested'], handler: './mailer.mjs' },
      acme: { subjects: ['events.acme.>'], handler: './acme.mjs' },
    },
  },
  { folder: '/p' },
);

test('an event goes to the subject of its tenant, its consumers read all of them or one, and the type is found again', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  const pipeline = pipelineOf(link, config);
  await applyPlan(pipeline, await planTopology(pipeline));
  expect((await link.consumerInfo('events', 'mailer'))?.config).toMatchObject({
    filter_subjects: ['events.*.totp.requested'],
  });
  const publisher = new Publisher(pipeline);
  const publish = publisher.publish.bind(publisher);
  await publish('totp.requested', { tenant: 'acme' });
  await publish('totp.requested', '{"tenant": 9007199254740993}');
  await publish('totp.requested', { tenant: 'acme' }, { headers: { Tenant: 'bolt' } });
  await publish(
    'totp.requested',
    { tenant: 'a.b' },
    { headers: { tenant: 'x' }, params: { tenant: 'core' } },
  );
  await publish('events.direct.totp.requested', 'no JSON');
  const subjects = ['acme', '9007199254740993', 'bolt', 'core', 'direct'].map(
    (one) => `events.${one}.totp.requested`,
  );
  const registry = new EventRegistry(config);
  for (const [i, subject] of subjects.entries()) {
    const stored = await link.readDirect('events', i + 1);
    expect(stored?.subject).toBe(subject);
    expect(stored?.headers['Event-Type']).toEqual(['totp.requested']);
    expect(registry.typeOf(subject)).toBe('totp.requested');
  }
  expect((await link.consumerInfo('events', 'mailer'))?.num_pending).toBe(5);
  expect((await link.consumerInfo('events', 'acme'))?.num_pending).toBe(1);

  for (const [data, message] of [
    [{}, 'its tenant is missing'],
    ['not JSON', 'its tenant is missing'],
    [{ tenant: 'a.b' }, 'expected text without dots, blanks and wildcards as its tenant, found "a.b"'],
    [{ tenant: '' }, 'found ""'],
    [{ tenant: '>' }, 'found ">"'],
    [{ tenant: ['a'] }, 'found an object'],
  ] as const) {
    await expect(publish('totp.requested', data)).rejects.toMatchObject({
      code: 'SUBJECT_PART',
      exitCode: 2,
      message: expect.stringContaining(`totp.requested goes to events.{tenant}.totp.requested: `),
    });
    await expect(publish('totp.requested', data)).rejects.toThrow(message);
  }
  expect((await link.streamInfo('events'))?.state.messages).toBe(5);
});
