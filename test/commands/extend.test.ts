import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const noting = `import { appendFileSync } from 'node:fs';
export default (event, { consumer }) => appendFileSync(process.env.OUT, \`\${consumer} \${event.type} \${event.subject}\\n\`);
`;
const before = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { 'notifications-consumer': { events: ['totp.requested'], handler: './note.mjs' } },
};
const after = {
  ...before,
  events: { ...before.events, 'application.moved': { subject: 'events.ats.application.moved' } },
  consumers: {
    ...before.consumers,
    'search-consumer': { events: ['totp.requested', 'application.moved'], handler: './note.mjs' },
  },
};

test('a new event type and its consumer are a change of the config, and what was published before reaches them', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, before, { 'note.mjs': noting });
  const first = p.start(['--apply']);
  await first.until('pipeline runs');
  expect(await p.cli(['events', 'publish', 'application.moved'])).toMatchObject({ exitCode: 2 });
  expect(await p.cli(['events', 'publish', 'totp.requested'])).toMatchObject({ exitCode: 0 });
  await expect.poll(() => p.lines()).toEqual(['notifications-consumer totp.requested events.totp.requested']);
  first.child.kill('SIGTERM');
  await first.ended;

  await writeFile(join(p.folder, 'plutomi-events.config.json'), JSON.stringify(after));
  const plan = await p.cli(['pipeline', 'apply', '--yes', '--json']);
  const { changes } = JSON.parse(plan.stdout) as { changes: { action: string; name: string }[] };
  expect(changes.filter(({ action }) => action !== 'none')).toMatchObject([
    { action: 'create', name: 'search-consumer-dlq' },
    { action: 'create', name: 'search-consumer-retry' },
    { action: 'create', name: 'search-consumer' },
  ]);
  p.start();
  expect(await p.cli(['events', 'publish', 'application.moved'])).toMatchObject({ exitCode: 0 });
  await expect
    .poll(async () => (await p.lines()).toSorted(), { timeout: 10_000 })
    .toEqual([
      'notifications-consumer totp.requested events.totp.requested',
      'search-consumer application.moved events.ats.application.moved',
      'search-consumer totp.requested events.totp.requested',
    ]);
});
