import { expect, onTestFinished, test } from 'vitest';
import { startNats } from '../support/nats-server.js';
import { forge, startExternalWorker } from '../support/external.js';
import { connectTo } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';

const config = {
  name: 'plutomi',
  events: { job: {}, mail: {} },
  consumers: {
    mailer: { events: ['mail'], handler: './handler.mjs', attempts: 1, retry: false },
    rust: {
      external: true,
      events: ['job'],
      attempts: 2,
      ackWait: '500ms',
      onDeadLetter: { handler: './told.mjs' },
    },
  },
};

/** Who runs the pipeline may not listen to the server's advisories. */
const users = `accounts { A { jetstream: enabled, users: [
  { user: all, password: p },
  { user: deaf, password: p, permissions: { subscribe: { deny: ["$JS.EVENT.>"] } } }
] } }
no_auth_user: all`;

test('an external consumer from the config to its dead letters, with the real binary', async () => {
  const server = await startNats({ config: users });
  onTestFinished(() => server.stop());
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, config, {
    'handler.mjs': handlerText("throw new Reject('no');"),
    'told.mjs': `import { appendFileSync } from 'node:fs';
export default (letter) => appendFileSync(process.env.OUT, \`told \${letter.id}\\n\`);
`,
  });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  const shown = JSON.parse((await p.cli(['config', 'show', '--json'])).stdout) as typeof config;
  expect(shown.consumers.rust).toMatchObject({ external: true, attempts: 2, ackWait: '500ms', backoff: [] });

  // Only the alerts of one process, and the handlers of another, which can't listen.
  const alerts = p.start(['--only', 'rust']);
  const deaf = p.start(['--only', 'mailer', '--user', 'deaf', '--password', 'p']);
  await Promise.all([alerts.until('pipeline runs'), deaf.until('can not listen')]);
  startExternalWorker(server.url, 'rust');
  await p.cli(['events', 'publish', 'job', '--data', '{"do":"term","reason":"no such job"}']);
  await p.cli(['events', 'publish', 'mail', '--data', '{}']);
  await p.cli(['events', 'publish', 'job', '--data', '{"do":"nak"}']);
  await expect
    .poll(async () => (await p.lines()).filter((line) => line.startsWith('told')), { timeout: 20_000 })
    .toHaveLength(2);
  expect((await p.lines()).toSorted()).toEqual(['main 1 2', 'told rust/1', 'told rust/3']);
  await expect
    .poll(async () => (await link.streamInfo('events-dlq'))?.state.messages, { timeout: 20_000 })
    .toBe(3);
  await forge(link, { seq: 1 });

  const list = JSON.parse((await p.cli(['dlq', 'list', '--json'])).stdout) as { items: { id: string }[] };
  expect(list.items.map(({ id }) => id).toSorted()).toEqual(['mailer/2', 'rust/1', 'rust/3']);
  const alone = await p.cli(['dlq', 'replay', 'rust/1', '--yes', '--json']);
  expect(alone.exitCode).toBe(1);
  expect(JSON.parse(alone.stdout)).toMatchObject({
    error: { code: 'REPLAY_REFUSED', message: expect.stringContaining('rust is external') },
  });
  const among = await p.cli(['dlq', 'replay', '--all', '--yes', '--json']);
  expect(among.exitCode).toBe(5);
  expect(JSON.parse(among.stdout)).toMatchObject({
    selected: 3,
    replayed: 1,
    skipped: [
      { id: 'rust/1', reason: expect.stringContaining('no retry stage') },
      { id: 'rust/3', reason: expect.stringContaining('no retry stage') },
    ],
  });
  const unknown = await p.cli(['pipeline', 'run', '--only', 'go']);
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain('it has mailer, rust');
  expect((await p.cli(['pipeline', 'verify'])).exitCode).toBe(0);
  const tail = await p.cli(['advisories', 'tail', '--no-follow', '--consumer', 'rust', '--json']);
  const lines = tail.stdout.split('\n').filter(Boolean);
  const sources = lines.map((line) => JSON.parse(line) as { kind: string; source: string });
  expect(sources).toContainEqual(expect.objectContaining({ kind: 'MSG_TERMINATED', source: 'server' }));
  expect(sources).toContainEqual(expect.objectContaining({ kind: 'MSG_TERMINATED', source: 'pipeline' }));
  for (const run of [alerts, deaf]) {
    run.child.kill('SIGTERM');
    expect((await run.ended).exitCode).toBe(0);
  }
}, 60_000);
