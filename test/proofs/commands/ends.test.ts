import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../src/lib/nats/connect/connect.js';
import { listConsumers } from '../../../src/lib/nats/objects.js';
import { eventually } from '../../support/eventually.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { deadPorts, listen } from '../../support/ports.js';
import { makeProject, type Project } from '../../support/project.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

// A command ends when its result or its error is told, whatever answers at the other end.

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const library = new URL('../../../dist/lib/index.js', import.meta.url).href;
const config = {
  name: 'ends',
  events: { 'job.done': {} },
  consumers: { worker: { events: ['job.done'], handler: './worker.mjs' } },
};
const files = { 'worker.mjs': 'export default async () => {};\n' };

const others = [
  ['pipeline', 'run'],
  ['pipeline', 'apply', '--yes'],
  ['events', 'publish', 'job.done'],
  ['advisories', 'tail'],
];

/** Ends by itself or is killed, and then has no exit code. */
const longestMs = 20_000;

describe.each(Object.entries(deadPorts))('a port that %s', (what, open) => {
  test('a command says that it can not connect, and ends with 4', async () => {
    const port = await open(3000);
    const project = await makeProject('', config, files);
    await refused(project, ['dlq', 'list', '--server', `nats://127.0.0.1:${port}`]);
    await refused(project, ['dlq', 'list', '--server', `tls://127.0.0.1:${port}`]);
    if (!what.includes('silent')) return;
    for (const words of others) await refused(project, [...words, '--server', `nats://127.0.0.1:${port}`]);
  }, 120_000);

  test('a program that uses the library ends by itself', async () => {
    const port = await open(3000);
    const folder = await temporaryFolder();
    const text = `import { connect } from ${JSON.stringify(library)};
const target = { source: 'test', name: 'test', timeoutMs: 300 };
for (const scheme of ['nats', 'tls']) {
  const servers = [scheme + '://127.0.0.1:${port}'];
  await connect({ ...target, servers, ...(scheme === 'tls' ? { tls: {} } : {}) }).catch(({ code }) => console.log(code));
}
`;
    await writeFile(join(folder, 'program.mjs'), text);
    const { exitCode, stdout, stderr } = await execa(process.execPath, ['program.mjs'], {
      cwd: folder,
      reject: false,
      timeout: longestMs,
    });
    expect({ exitCode, stdout, stderr }, what).toEqual({
      exitCode: 0,
      stdout: 'CANNOT_CONNECT\nCANNOT_CONNECT',
      stderr: '',
    });
  }, 60_000);
});

async function refused({ folder }: Project, words: readonly string[]): Promise<void> {
  const options = { cwd: folder, env: {}, reject: false, stdin: 'ignore', timeout: longestMs } as const;
  const call = async (more: readonly string[]) =>
    execa(process.execPath, [bin, ...words, '--timeout', '300ms', ...more], options);
  const [text, json] = await Promise.all([call([]), call(['--json'])]);
  expect({ code: text.exitCode, stderr: text.stderr }, words.join(' ')).toEqual({
    code: 4,
    stderr: expect.stringMatching(/^Error: can't connect to [^\n]+(?:\n {2}→ [^\n]+)+$/),
  });
  expect(json.exitCode, words.join(' ')).toBe(4);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'CANNOT_CONNECT' } });
}

describe('a nats-server that stops answering', () => {
  test('while it is followed: Ctrl-C ends it all the same', async () => {
    const server = await natsForTest();
    const project = await makeProject(server.url, config, files);
    expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
    const tail = execa(process.execPath, [bin, 'advisories', 'tail', '--server', server.url], {
      cwd: project.folder,
      reject: false,
      timeout: longestMs,
    });
    const link = await connectTo(server.url);
    const followed = async (): Promise<boolean> =>
      (await listConsumers(link, 'events-advisories')).some(({ name }) => name.startsWith('reader-'));
    await eventually('the journal is followed', followed);
    process.kill(server.pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
    tail.kill('SIGINT');
    expect(await tail).toMatchObject({ exitCode: 130 });
  }, 60_000);

  test('before it: it ends with 4', async () => {
    const server = await natsForTest();
    process.kill(server.pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
    await refused(await makeProject('', config, files), ['dlq', 'list', '--server', server.url]);
  }, 60_000);

  test('the shortest time-out against a healthy one: it ends with 4', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    const ended = await execa(process.execPath, [bin, 'dlq', 'list', '--timeout', '1ms', '--server', url], {
      cwd: project.folder,
      reject: false,
      timeout: longestMs,
    });
    expect(ended.exitCode).toBe(4);
  }, 60_000);

  test('several that are silent share the time of one', async () => {
    const ports = await Promise.all([1, 2, 3].map(() => listen(createServer())));
    const project = await makeProject('', config, files);
    const urls = ports.map((port) => `127.0.0.1:${port}`).join(',');
    await refused(project, ['dlq', 'list', '--server', urls]);
  }, 60_000);

  test('one of several that is silent does not keep from the others', async () => {
    const { url } = await natsForTest();
    const silent = await listen(createServer());
    for (let i = 0; i < 4; i++) {
      const link = await connect({
        servers: [`nats://127.0.0.1:${silent}`, url],
        source: 'test',
        name: 'test',
        timeoutMs: 2000,
      });
      await link.close();
    }
  }, 60_000);
});

describe('a duration that no timer can keep', () => {
  test.each([
    ['dlq list --timeout 30d', '--timeout: expected a duration from 1ms to 24d, found "30d"'],
    ['dlq list --timeout 0s', '--timeout: expected a duration from 1ms to 24d, found "0s"'],
    ['pipeline run --drain-timeout 25d', '--drain-timeout: expected a duration at most 24d, found "25d"'],
    ['pipeline run --stall-timeout 0s', '--stall-timeout: expected a duration from 1ms to 24d, found "0s"'],
    [
      'dlq replay --all --wait --wait-timeout 100d',
      '--wait-timeout: expected a duration from 1ms to 24d, found "100d"',
    ],
  ])('%s is refused', async (words, message) => {
    const project = await makeProject('', config, files);
    const { exitCode, stderr } = await project.cli(words.split(' '));
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  test('0 is one for --drain-timeout, and the longest is kept', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    await project.cli(['pipeline', 'apply', '--yes']);
    for (const duration of ['0s', '24d']) {
      const run = project.start(['--drain-timeout', duration]);
      await run.until('pipeline runs');
      run.child.kill('SIGTERM');
      expect(await run.ended).toMatchObject({ exitCode: 0, stderr: '' });
    }
  }, 60_000);
});
