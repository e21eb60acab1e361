import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import type { Alert } from '../../../src/lib/domain/alert.js';
import { alertHook } from '../../support/alert-hook.js';
import { eventually } from '../../support/eventually.js';
import { startNats } from '../../support/nats-server.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../../support/project.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { usersOfAllRoles } from '../../support/users.js';

const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString('base64')}`;
const files = {
  'handler.mjs': handlerText("throw new Error('connect ECONNREFUSED 10.0.4.17:587');"),
  'alerts.mjs': `import { appendFileSync } from 'node:fs';
export default async (alert) => appendFileSync(process.env.OUT + '.alerts', alert.condition + ' ' + alert.state + '\\n');
`,
  '.env': `PLUTOMI_ALERTS_SECRET=${secret}\n`,
};

const configOf = (alerts: Record<string, unknown>): Record<string, unknown> => ({
  name: 'test',
  consumers: { mail: { subjects: ['events.>'], handler: './handler.mjs', attempts: 1, retry: false } },
  alerts,
});

async function publishMany(url: string, count: number): Promise<void> {
  const link = await connectTo(url);
  await Promise.all(
    Array.from({ length: count }, (_, n) => link.publish('events.order.placed', `{"n":${n}}`)),
  );
}

const firing = (p: ReturnType<Project['start']>): string[] =>
  p
    .logs()
    .filter(({ msg }) => msg === 'alert')
    .map(({ condition }) => String(condition));

test('1,000 dead letters of one cause are one alert of each condition, of three processes', async () => {
  const server = await natsForTest();
  const hook = await alertHook((n) => (n === 0 ? 500 : 204));
  const alerts = { newGroup: true, count: 10, rate: '100/1m', webhook: hook.url, handler: './alerts.mjs' };
  const p = await makeProject(server.url, configOf(alerts), files);
  await p.cli(['pipeline', 'apply', '--yes']);
  const runs = [p.start(), p.start(), p.start()];
  for (const run of runs) await run.until('pipeline runs');
  await publishMany(server.url, 1000);
  const link = await connectTo(server.url);
  const buried = async () => (await link.streamInfo('events-dlq'))?.state.messages === 1000;
  await eventually('all are dead', buried, 60_000);
  await eventually('each is told', () => hook.taken().length >= 3, 60_000);
  // Whatever is told a second time is told by the next looks.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const names = ['count', 'newGroup', 'rate'];
  expect(
    hook
      .taken()
      .map(({ condition }) => condition)
      .toSorted(),
  ).toEqual(names);
  expect(runs.flatMap(firing).toSorted()).toEqual(names);
  expect((await p.lines('out.log.alerts')).toSorted()).toEqual(names.map((name) => `${name} firing`));
  expect(hook.requests).toHaveLength(4);
  for (const { headers, body } of hook.requests) {
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const expected = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(120);
  }
  const group = hook.taken().find(({ condition }) => condition === 'newGroup')?.group;
  expect(JSON.parse((await p.cli(['dlq', 'groups', '--json'])).stdout)).toMatchObject({
    groups: [{ id: group?.id, count: 1000, status: 'new' }],
  });
  const shown = await p.cli(['config', 'show', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    alerts: { webhook: expect.stringMatching(/^http:.*\/…$/) },
  });
  const logs = runs.map((run) => JSON.stringify(run.logs())).join('\n');
  expect(shown.stdout + logs).not.toMatch(/T0KEN|whsec/);
}, 180_000);

test('an alert of a process that is killed while it tells it is told by another one', async () => {
  const server = await natsForTest();
  // The first never answers.
  const hook = await alertHook((n) => (n === 0 ? new Promise<number>(() => {}) : 204));
  const p = await makeProject(server.url, configOf({ newGroup: true, webhook: hook.url }), files);
  await p.cli(['pipeline', 'apply', '--yes']);
  const first = p.start();
  await first.until('pipeline runs');
  await publishMany(server.url, 5);
  await first.until('alert');
  await eventually('it is on its way', async () => firing(first).length === 1);
  await new Promise((resolve) => setTimeout(resolve, 500));
  first.child.kill('SIGKILL');
  await first.ended;
  expect(hook.taken()).toEqual([]);
  const second = p.start();
  await second.until('pipeline runs');
  await eventually('it is told', () => hook.taken().length === 1, 60_000);
  expect(hook.taken()).toMatchObject([
    { condition: 'newGroup', state: 'firing', group: { consumer: 'mail' } },
  ]);
}, 120_000);

test('a limit that a deploy raises: the old process and the new one tell once, and once more when the old one has ended', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, configOf({ count: 1 }), {
    ...files,
    'raised.json': JSON.stringify(configOf({ count: 10 })),
  });
  await p.cli(['pipeline', 'apply', '--yes']);
  const old = p.start();
  await old.until('pipeline runs');
  const young = p.start(['--config', 'raised.json']);
  await young.until('pipeline runs');
  await publishMany(server.url, 5);
  const told = (): string[] =>
    [old, young].flatMap((run) =>
      run
        .logs()
        .map(({ msg }) => String(msg))
        .filter((msg) => msg === 'alert' || msg === 'alert is over'),
    );
  await eventually('it fires', () => told().length === 1, 30_000);
  // Longer than the 30 s for which it is calm by the higher limit.
  await new Promise((resolve) => setTimeout(resolve, 55_000));
  expect(told()).toEqual(['alert']);
  old.child.kill('SIGTERM');
  await old.ended;
  await eventually('it is over', () => told().length === 2, 60_000);
  expect(told()).toEqual(['alert', 'alert is over']);
}, 240_000);

test('a secret that is none ends the start, and is not shown; so does a handler that is not there', async () => {
  const server = await natsForTest();
  const alerts = { count: 1, webhook: 'http://127.0.0.1:9/x' };
  const broken = await makeProject(server.url, configOf(alerts), {
    ...files,
    '.env': 'PLUTOMI_ALERTS_SECRET=hunter2\n',
  });
  await broken.cli(['pipeline', 'apply', '--yes']);
  const run = broken.start();
  const { exitCode, stdout, stderr } = await run.ended;
  expect(exitCode).toBe(2);
  expect(stdout + stderr).not.toContain('hunter2');
  expect(stdout + stderr).toContain(
    'PLUTOMI_ALERTS_SECRET: expected whsec_ and base64 of 24 to 64 bytes, found something else',
  );
  const without = await makeProject(server.url, configOf({ count: 1, handler: './gone.mjs' }), files);
  const ended = await without.start().ended;
  expect(ended.exitCode).toBe(2);
  expect(ended.stdout + ended.stderr).toContain(
    'alerts.handler: expected a module, found no file for "./gone.mjs"',
  );
}, 60_000);

test('a runner with the permissions of its role tells on the subject; without them it says what it lacks', async () => {
  const folder = await temporaryFolder();
  const config = configOf({ newGroup: true, count: 0, expiring: '1h', subject: 'alerts.here' });
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'handler.mjs'), files['handler.mjs']);
  const server = await startNats({ config: await usersOfAllRoles(folder) });
  onTestFinished(() => server.stop());
  const other = configOf({ count: 0, subject: 'elsewhere' });
  const p = await makeProject(server.url, config, { ...files, 'other.json': JSON.stringify(other) });
  const as = (user: string): string[] => [
    '--user',
    user,
    '--password',
    'secret',
    '--inbox-prefix',
    `_INBOX_${user}`,
  ];
  expect(await p.cli(['pipeline', 'apply', '--yes', ...as('ci')])).toMatchObject({ exitCode: 0 });
  const nc = await connectNats({ servers: server.url, user: 'admin', pass: 'secret' });
  onTestFinished(() => nc.close());
  const heard: Alert[] = [];
  nc.subscribe('alerts.here', {
    callback: (_error, message) => void heard.push(message.json<{ data: Alert }>().data),
  });
  await nc.flush();
  const run = p.start(as('runner'));
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'events.order.placed', '--data', '{}', ...as('publisher')]);
  await eventually('both are heard', () => heard.length === 2, 30_000);
  expect(heard.map(({ condition }) => condition).toSorted()).toEqual(['count', 'newGroup']);
  const wrong = run.logs().filter(({ level, msg }) => level === 'warn' && String(msg).includes('alert'));
  expect(wrong).toEqual([]);
  run.child.kill('SIGTERM');
  await run.ended;
  const jsm = await jetstreamManager(nc);
  const info = await jsm.streams.info('events-operations', { subjects_filter: 'events-operations.alert.>' });
  expect(Object.keys(info.state.subjects ?? {})).toHaveLength(2);
  await jsm.streams.purge('events-operations', { filter: 'events-operations.alert.count' });
  const refused = p.start([...as('runner'), '--config', 'other.json']);
  await refused.until('an alert was not taken');
  expect(refused.logs().find(({ msg }) => String(msg).startsWith('an alert was not taken'))).toMatchObject({
    place: 'subject',
    error: expect.stringContaining('this user lacks the permission to publish to elsewhere'),
  });
}, 90_000);
