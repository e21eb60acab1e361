import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

// Who starts a command, and with what around it: containers, npm, signals in its first moment.

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const library = new URL('../../dist/lib/index.js', import.meta.url).href;
const config = {
  name: 'starts',
  events: { 'job.done': {} },
  consumers: { worker: { events: ['job.done'], handler: './worker.mjs' } },
};
const files = { 'worker.mjs': handlerText('') };
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('a user id without an entry, and without SHELL, HOME and USER', () => {
  const asNobody = [
    '--reuid',
    '12345',
    '--regid',
    '12345',
    '--clear-groups',
    'env',
    '-i',
    `PATH=${process.env['PATH']}`,
  ];

  test('commands work, and say who did it', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    await chmod(project.folder, 0o755);
    await mkdir(join(project.folder, 'home'), { mode: 0o555 });
    for (const home of [[], [`HOME=${join(project.folder, 'home')}`]]) {
      for (const words of [
        ['--help'],
        ['pipeline', 'apply', '--yes', '--json'],
        ['dlq', 'list', '--json'],
        ['pipeline', 'verify'],
      ]) {
        const { exitCode, stderr } = await execa(
          'setpriv',
          [...asNobody, ...home, `NATS_URL=${url}`, process.execPath, bin, ...words],
          { cwd: project.folder, reject: false, stdin: 'ignore' },
        );
        expect({ exitCode, stderr }, words.join(' ')).toEqual({ exitCode: 0, stderr: '' });
      }
    }
  }, 60_000);

  test('the library reads its environment', async () => {
    const text = `import(${JSON.stringify(library)}).then(({ readEnvironment }) => console.log(readEnvironment().home))`;
    const { stdout } = await execa('setpriv', [...asNobody, process.execPath, '-e', text], { reject: false });
    expect(stdout).toBe('/');
  });
});

test.skipIf(!isRoot)(
  'as process 1 on a terminal, one Ctrl-C drains',
  async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, {
      'worker.mjs': handlerText(
        "const { existsSync } = await import('node:fs'); while (!existsSync('go')) await new Promise((next) => setTimeout(next, 20)); appendFileSync(out, 'finished\\n');",
      ),
    });
    await project.cli(['pipeline', 'apply', '--yes']);
    await project.cli(['events', 'publish', 'job.done']);
    const command = ['unshare', '--pid', '--fork', '--kill-child', process.execPath, bin, 'pipeline', 'run'];
    await using terminal = await openTerminal(command, {
      cwd: project.folder,
      env: { NATS_URL: url, OUT: join(project.folder, 'out.log') },
    });
    await eventually('the handler runs', async () => (await project.lines()).length === 1, 20_000);
    await terminal.press('C-c');
    await terminal.waitFor('stopping: nothing more is pulled');
    await writeFile(join(project.folder, 'go'), '');
    expect(await terminal.exitCode()).toBe(0);
    expect(await project.lines()).toContain('finished');
    expect(await terminal.text()).not.toContain('second signal');
  },
  60_000,
);

test('started by npm, the worker ends in order when npm is gone', async () => {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, files);
  await project.cli(['pipeline', 'apply', '--yes']);
  const script = `${process.execPath} ${bin} pipeline run`;
  await writeFile(
    join(project.folder, 'package.json'),
    JSON.stringify({ name: 't', scripts: { worker: script } }),
  );
  const log = join(project.folder, 'log');
  const npm = spawn('bash', ['-c', `exec npm run worker > ${log} 2>&1`], {
    cwd: project.folder,
    env: {
      PATH: process.env['PATH'],
      HOME: project.folder,
      NATS_URL: url,
      OUT: join(project.folder, 'out.log'),
    },
    stdio: 'ignore',
  });
  onTestFinished(() => void npm.kill('SIGKILL'));
  const says = (text: string) => async (): Promise<boolean> =>
    (await readFile(log, 'utf8').catch(() => '')).includes(text);
  await eventually('it runs', says('pipeline runs'), 20_000);
  npm.kill('SIGTERM');
  await eventually('it stops', says('"stopped; what is not processed'), 20_000);
}, 60_000);

test('interrupted in its first moment, a command ends with 130', async () => {
  const project = await makeProject('', config, files);
  // Sent as soon as anything could hear it, long before the command is loaded.
  const preload = join(project.folder, 'interrupt.mjs');
  const look =
    "const look = () => process.listenerCount('SIGINT') > 0 ? process.kill(process.pid, 'SIGINT') : setImmediate(look);\n";
  await writeFile(preload, `${look}look();\n`);
  const { exitCode, signal } = await execa(process.execPath, ['--import', preload, bin, 'config', 'schema'], {
    cwd: project.folder,
    reject: false,
    stdin: 'ignore',
  });
  expect({ exitCode, signal }).toEqual({ exitCode: 130, signal: undefined });
});
