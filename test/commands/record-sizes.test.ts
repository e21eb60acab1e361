import { expect, test } from 'vitest';
import { updateStream } from '../../src/lib/nats/objects.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const config = {
  name: 'plutomi',
  events: { 'totp.requested': {} },
  consumers: { 'notifications-consumer': { events: ['totp.requested'], handler: './handler.mjs' } },
};

test('limits that records do not fit into are told by apply, run and verify', async () => {
  const server = await natsForTest({ config: 'max_payload: 20000' });
  const p = await makeProject(server.url, config, { 'handler.mjs': 'export default async () => {};\n' });
  const cut = 'max_payload of the server is 20000 bytes';
  const refused = 'max_msg_size of events-advisories is 1000 bytes';

  const applied = await p.cli(['pipeline', 'apply', '--yes']);
  expect(applied.stderr).toContain(cut);
  expect(applied.stderr).not.toContain('max_msg_size');
  const fine = await p.cli(['pipeline', 'verify', '--json']);
  expect(fine.exitCode).toBe(0);
  expect(JSON.parse(fine.stdout).warnings).toContainEqual({
    kind: 'record-limit',
    detail: expect.stringContaining(cut),
  });

  const link = await connectTo(server.url);
  await updateStream(link, 'events-advisories', { max_msg_size: 1000 });
  expect((await p.cli(['pipeline', 'apply', '--check'])).stderr).toContain(refused);
  const wrong = await p.cli(['pipeline', 'verify', '--json']);
  expect(wrong.exitCode).toBe(1);
  expect(JSON.parse(wrong.stdout).problems).toEqual([
    {
      kind: 'record-limit',
      stream: 'events-advisories',
      detail: expect.stringContaining('nats stream edit events-advisories --max-msg-size=-1'),
      repairable: false,
    },
  ]);
  const run = p.start([]);
  await run.until('pipeline runs');
  const told = run.logs().map(({ level, msg }) => [level, msg]);
  expect(told).toContainEqual(['warn', expect.stringContaining(cut)]);
  expect(told).toContainEqual(['error', expect.stringContaining(refused)]);
});
