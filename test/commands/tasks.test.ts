import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { startNats } from '../support/nats-server.js';
import { makeConfig } from '../support/config.js';
import { connect } from '../../src/lib/nats/connect/connect.js';
import { testBed } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { usersOfAllRoles } from '../support/users.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

async function place(count: number) {
  const bed = await testBed({ consumers: [{ name: consumer, start: { at: 'new' } }] });
  for (let i = 0; i < count; i++) await bury(bed);
  const project = await makeProject(bed.server.url, config, { 'handler.mjs': 'export default () => {};\n' });
  const cli = (...words: string[]) => project.cli(words);
  return { bed, cli, folder: project.folder };
}

it('a plan is stored, shown, carried out, watched, and tells of each', async () => {
  const { bed, cli } = await place(2);
  const planned = await cli('dlq', 'replay', '--all', '--plan', '--name', 'INC-4711', '--json');
  expect(planned).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('task INC-4711 (replay-') });
  const plan = readJson('dlq replay --plan', planned.stdout);
  expect(plan).toMatchObject({ name: 'INC-4711', selected: 2, skipped: [], missing: 0 });
  expect(await bed.journal()).toEqual([]);
  const listed = readJson('tasks list', (await cli('tasks', 'list', '--json')).stdout);
  expect(listed).toMatchObject({ total: 1, tasks: [{ id: plan['task'], state: 'planned', rate: 500 }] });
  expect(await cli('dlq', 'replay', '--task', 'INC-4711')).toMatchObject({ exitCode: 2 });
  await bed.run({ [consumer]: async () => {} });
  const carried = await cli('dlq', 'replay', '--task', 'INC-4711', '--yes', '--wait', '--json');
  expect(carried).toMatchObject({ exitCode: 0 });
  expect(readJson('dlq replay', carried.stdout)).toMatchObject({
    name: 'INC-4711',
    state: 'done',
    resolved: 2,
  });
  const watched = await cli('tasks', 'watch', 'INC-4711', '--json');
  expect(watched).toMatchObject({ exitCode: 0 });
  expect(readJson('tasks show', watched.stdout)).toMatchObject({ done: 2, resolved: 2 });
  const shown = await cli('tasks', 'show', 'INC-4711');
  expect(shown.stdout).toContain('2 of 2 done, 2 resolved');
  const again = await cli('tasks', 'cancel', 'INC-4711', '--yes', '--json');
  expect(again).toMatchObject({ exitCode: 1 });
  expect(readJson('error', again.stdout)).toMatchObject({ error: { code: 'TASK_ENDED' } });
});

it('says that the server is away; ended at once, it says what was done and how to go on', async () => {
  const { bed, cli, folder } = await place(60);
  const words = ['dlq', 'replay', '--all', '--yes', '--rate', '10', '--timeout', '1s'];
  const env = { NATS_URL: bed.server.url };
  const child = execa(process.execPath, [bin, ...words], {
    cwd: folder,
    env,
    reject: false,
    stdin: 'ignore',
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await eventually('some are replayed', async () => (await bed.journal('REPLAYED')).length > 3, 20_000);
  await bed.server.pause();
  await eventually('it says so', () => stderr.includes('connection lost; reconnecting'), 10_000);
  child.kill('SIGINT');
  await eventually('it is stopping', () => stderr.includes('stopping: '), 10_000);
  await sleep(600);
  child.kill('SIGINT');
  expect(await child).toMatchObject({ exitCode: 130 });
  const task = /Error: interrupted: task (replay-\w+) had replayed \d+ here/.exec(stderr)?.[1] ?? '';
  expect(stderr).toContain(`dlq replay --task ${task}`);
  await bed.server.restart();
  const rest = await cli('dlq', 'replay', '--task', task, '--yes', '--json');
  expect(rest).toMatchObject({ exitCode: 0 });
  expect(readJson('dlq replay', rest.stdout)).toMatchObject({ state: 'done', replayed: 60 });
}, 60_000);

it('a task is cancelled with --yes only, and a name is given once', async () => {
  const { cli } = await place(1);
  await cli('dlq', 'replay', '--all', '--plan', '--name', 'INC-1');
  const second = await cli('dlq', 'replay', '--all', '--plan', '--name', 'INC-1');
  expect(second.stderr).toContain('another unfinished task is called INC-1');
  expect(await cli('tasks', 'cancel', 'INC-1')).toMatchObject({ exitCode: 2 });
  const dry = await cli('tasks', 'cancel', 'INC-1', '--dry-run', '--json');
  expect(readJson('tasks show', dry.stdout)).toMatchObject({ state: 'planned' });
  const cancelled = await cli('tasks', 'cancel', 'INC-1', '--yes', '--json');
  expect(readJson('tasks show', cancelled.stdout)).toMatchObject({ state: 'cancelled' });
  expect(await cli('dlq', 'replay', '--task', 'INC-1', '--yes')).toMatchObject({ exitCode: 1 });
  expect(await cli('tasks', 'watch', 'INC-1')).toMatchObject({ exitCode: 5 });
});

it('is carried out without a task where there can be none, and says so', async () => {
  const { bed, cli } = await place(2);
  await bed.link.jsm.streams.delete('events-operations');
  const canary = await cli('dlq', 'replay', '--all', '--yes', '--canary', '1,rest', '--json');
  expect(readJson('error', canary.stdout)).toMatchObject({ error: { code: 'NO_STREAM' } });
  const plain = await cli('dlq', 'replay', '--all', '--yes', '--json');
  expect(plain).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('replayed without a task') });
  expect(readJson('dlq replay', plain.stdout)).toMatchObject({ replayed: 2, name: null, state: null });
  expect(readJson('tasks list', (await cli('tasks', 'list', '--json')).stdout)).toEqual({
    total: 0,
    tasks: [],
  });
});

it('is planned, carried out and cancelled by an operator, and seen by a viewer', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  const users = await usersOfAllRoles(folder);
  // One with the permissions of before there were tasks.
  const operator = join(folder, 'operator.conf');
  const before = (await readFile(operator, 'utf8')).replaceAll('events-operations.>', 'nothing.at.all');
  await writeFile(join(folder, 'publisher.conf'), before.replaceAll('_INBOX_operator', '_INBOX_publisher'));
  const server = await startNats({ config: users });
  onTestFinished(() => server.stop());
  const project = await makeProject(server.url, config, { 'handler.mjs': 'throw 1' });
  const as = (user: string, ...words: string[]) =>
    project.cli([...words, '--user', user, '--password', 'secret', '--inbox-prefix', `_INBOX_${user}`]);
  expect(await as('ci', 'pipeline', 'apply', '--yes')).toMatchObject({ exitCode: 0 });
  const link = await connect({
    servers: [server.url],
    source: 'the test',
    name: 'admin',
    auth: { user: 'admin', password: 'secret' },
    timeoutMs: 5000,
  });
  onTestFinished(() => link.close());
  const ground = { link, config: makeConfig() };
  for (let i = 0; i < 2; i++) await bury(ground);
  const planned = await as('operator', 'dlq', 'replay', `${consumer}/1`, '--plan', '--name', 'A', '--json');
  expect(planned).toMatchObject({ exitCode: 0 });
  expect(await as('viewer', 'tasks', 'list')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('A'),
  });
  expect(await as('viewer', 'tasks', 'show', 'A')).toMatchObject({ exitCode: 0 });
  expect(await as('viewer', 'tasks', 'cancel', 'A', '--yes')).toMatchObject({ exitCode: 4 });
  expect(await as('operator', 'dlq', 'replay', '--task', 'A', '--yes')).toMatchObject({ exitCode: 0 });
  const old = await as('publisher', 'dlq', 'replay', `${consumer}/2`, '--yes', '--json');
  expect(old).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('replayed without a task') });
});

it.each([
  [['--canary', '1,10'], '--canary: expected steps that end with rest'],
  [['--stop-on', 'failed>5'], "--stop-on: expected 'failed>5%' or new-group"],
  [['--name', ' x'], '--name: expected a name like INC-4711'],
  [['--plan', '--wait'], '--plan stores the plan and stops'],
  [['--plan', '--dry-run'], '--dry-run'],
  [['--wait-timeout', '1s'], '--wait-timeout needs --wait, --canary or --stop-on'],
  [['--task', 'x', '--rate', '1'], "--task carries on what was planned, and how: it can't be combined with"],
])('dlq replay --all %j is wrong usage', async (words, message) => {
  const project = await makeProject('nats://127.0.0.1:1', config, {});
  const all = words.includes('--task') ? [] : ['--all'];
  const { exitCode, stderr } = await project.cli(['dlq', 'replay', ...all, ...words]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});
