import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { stopFolderServer } from '../../../src/lib/dev-server/folder-server.js';
import { findExample, listExamples } from '../../../src/lib/examples/catalog.js';
import { layOut, newFolder } from '../../../src/lib/examples/lay-out.js';
import { systemClock } from '../../../src/lib/flow/clock.js';
import { eventually } from '../../support/eventually.js';
import { installPackage } from '../../support/installed-package.js';
import { codeBlocks } from '../../support/markdown.js';
import { serverBinary } from '../../support/nats-server.js';
import { natsForTest } from '../../support/pipeline.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bin = join(root, 'bin', 'run.js');
const examples = await listExamples(root);
const ofNames = examples.map(({ name }) => name);

/** What is inherited must not matter: a server that is not there, and a pipeline that is another. */
const misleading = { NATS_URL: 'nats://127.0.0.1:1', NATS_CONTEXT: 'nobody', PLUTOMI_PIPELINE: 'another' };

async function environment(extra: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  return { ...misleading, NATS_SERVER_BIN: await serverBinary(), ...extra };
}

interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What it ran in. */
  readonly folder: string;
}

/** Runs an example in an empty folder; what is kept of it goes away with the test. */
async function runExample(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const cwd = await temporaryFolder();
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, 'examples', 'run', ...words], {
    cwd,
    env: await environment(env),
    reject: false,
    stdin: 'ignore',
  });
  const folder = folderIn(stderr);
  if (folder !== '') onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { exitCode, stdout, stderr, folder };
}

function folderIn(stderr: string): string {
  return / runs in (\S+)$/m.exec(stderr)?.[1] ?? '';
}

interface Shown {
  /** What is set for it alone: `NAME=value` before the command. */
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  readonly output: readonly string[];
}

/** The commands of the `console` blocks of a README, each with what is shown below it. */
function shownIn(readme: string): Shown[] {
  return codeBlocks(readme, 'console').flatMap(({ text }) =>
    text
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [line = '', ...output] = part.trimEnd().split('\n');
        const parts = line.replace(/\s+#.*$/, '').matchAll(/'([^']*)'|(\S+)/g);
        const words = [...parts].map(([, quoted, word]) => quoted ?? word ?? '');
        const settings = words.filter((word) => /^[A-Z_]+=/.test(word));
        const env = Object.fromEntries(settings.map((word) => word.split('=') as [string, string]));
        return { env, words: words.slice(settings.length), output };
      }),
  );
}

/**
 * The shown lines stand in what was printed, each right behind the one before; `…` is any text, alone on a line any
 * lines. Before and behind them may be more, such as warnings.
 */
function expectShown(printed: string, { words, output }: Shown): void {
  const lines = stripVTControlCharacters(printed).trimEnd().split('\n');
  let next = 0;
  let anywhere = true;
  for (const line of output) {
    if (line.trim() === '…') {
      anywhere = true;
      continue;
    }
    const pattern = new RegExp(`^${line.split('…').map(escaped).join('.*')} *$`);
    const last = anywhere ? lines.length : next + 1;
    const found = lines.findIndex((one, i) => i >= next && i < last && pattern.test(one));
    expect(found, `${words.join(' ')} shows, behind line ${next}: ${line}\n${printed}`).toBeGreaterThan(-1);
    next = found + 1;
    anywhere = false;
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** The words behind `plutomi-events`, however it is called there. */
function ownWords({ words }: Shown): readonly string[] {
  const at = words.indexOf('plutomi-events');
  if (at === -1) throw new Error(`a README shows what the tests can't run: ${words.join(' ')}`);
  return words.slice(at + 1);
}

test('each folder with an example.mjs is listed, and has a README', async () => {
  const files = await readdir(join(root, 'examples'), { recursive: true });
  const folders = files.filter((file) => file.endsWith('example.mjs')).map((file) => dirname(file));
  expect(ofNames.toSorted()).toEqual(folders.toSorted());
  expect(files).toEqual(expect.arrayContaining(folders.map((folder) => join(folder, 'README.md'))));
});

test.each(ofNames)(
  '%s ends with an account that adds up, and its README shows what is printed',
  async (name) => {
    const ran = await runExample([name, '--keep', '--explain']);
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^It adds up\.$/m);
    expect(ran.stdout).toMatch(/^ {3}nats CLI: nats /m);
    const shown = shownIn(await readFile(join(root, 'examples', name, 'README.md'), 'utf8'));
    const isRun = (one: Shown): boolean => ownWords(one).slice(0, 3).join(' ') === `examples run ${name}`;
    expect(shown.filter(isRun).length).toBeGreaterThan(0);
    const explained = /^ {3}nats CLI: .*\n(?: {5}.*\n)*/gm;
    for (const one of shown.filter(isRun)) {
      const isOther = Object.keys(one.env).length > 0;
      const { stdout } = isOther ? await runExample([name], one.env) : ran;
      expectShown(one.words.includes('--explain') ? stdout : stdout.replaceAll(explained, ''), one);
    }
    const others = shown.filter((one) => !isRun(one));
    if (others.length > 0) await expectCommands(ran.folder, name, others);
  },
  120_000,
);

/** The commands of a README work in the folder that an example has left. */
async function expectCommands(folder: string, name: string, shown: readonly Shown[]): Promise<void> {
  const env = await environment({ NATS_URL: '', NATS_CONTEXT: '', PLUTOMI_PIPELINE: '' });
  const options = { cwd: join(folder, name), env, reject: false, stdin: 'ignore', all: true } as const;
  await execa(process.execPath, [bin, 'server', 'start'], { ...options, cwd: folder });
  onTestFinished(
    async () => void (await stopFolderServer({ cwd: folder, clock: systemClock, pid: process.pid })),
  );
  for (const one of shown) {
    const { all, exitCode } = await execa(process.execPath, [bin, ...ownWords(one)], options);
    expect([one.words.join(' '), exitCode], all).toEqual([one.words.join(' '), 0]);
    expectShown(all, one);
  }
}

test.each(ofNames)(
  '%s with one event dropped: its account finds that, exit 1, and the folder stays',
  async (name) => {
    const ran = await runExample([name], { EXAMPLE_BREAK: 'drop' });
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(1);
    expect(ran.stdout).toMatch(/^It does not add up: /m);
    expect(ran.stderr).toContain(`its files and logs are in ${ran.folder}`);
    expect(existsSync(join(ran.folder, name, 'example.mjs'))).toBe(true);
  },
  120_000,
);

test('an example leaves nothing behind, and --json prints its result alone', async () => {
  const { exitCode, stdout, stderr, folder } = await runExample(['notes/1-pub-sub', '--json']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ name: 'notes/1-pub-sub', exitCode: 0, folder, kept: false });
  expect(stderr).toContain('It adds up.');
  expect(existsSync(folder)).toBe(false);
});

test('--server takes another server, and needs a yes for it', async () => {
  const { url } = await natsForTest();
  const refused = await runExample(['notes/1-pub-sub', '--server', url]);
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('--yes');
  const ran = await runExample(['notes/1-pub-sub', '--server', url, '--yes']);
  expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stderr).toMatch(new RegExp(`^on: ${escaped(url)}$`, 'm'));
});

test('--stay goes on until Ctrl-C, which ends everything in order', async () => {
  const cwd = await temporaryFolder();
  const child = execa(process.execPath, [bin, 'examples', 'run', 'notes/1-pub-sub', '--stay'], {
    cwd,
    env: await environment(),
    reject: false,
    stdin: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  await eventually('it stays', () => text.includes('Ctrl-C ends it'), 60_000);
  const folder = folderIn(text);
  const server = JSON.parse(await readFile(join(folder, '.plutomi-events', 'server.json'), 'utf8')) as {
    pid: number;
  };
  expect(process.kill(server.pid, 0)).toBe(true);
  child.kill('SIGINT');
  expect((await child).exitCode).toBe(0);
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  expect(existsSync(folder)).toBe(false);
});

test('npm run dev in a folder that was laid out runs the pipeline, and again after a change', async () => {
  const example = await findExample(root, 'plutomi');
  const folder = await newFolder(example);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { place } = await layOut(example, {
    root,
    folder,
    onStep: () => {},
    signal: new AbortController().signal,
  });
  const env = await environment({ NATS_URL: '', NATS_CONTEXT: '', PLUTOMI_PIPELINE: '' });
  const child = execa('npm', ['run', 'dev'], { cwd: place, env, reject: false, stdin: 'ignore' });
  onTestFinished(() => void child.kill('SIGTERM'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const runs = (): number => text.split('pipeline runs').length - 1;
  await eventually('the pipeline runs', () => runs() === 1, 60_000);
  const handler = join(place, 'handlers', 'moves.mjs');
  await writeFile(handler, `${await readFile(handler, 'utf8')}\n// changed\n`);
  await eventually('it runs again', () => runs() === 2, 60_000);
  const server = JSON.parse(await readFile(join(place, '.plutomi-events', 'server.json'), 'utf8')) as {
    pid: number;
  };
  child.kill('SIGTERM');
  await child;
  await eventually('its nats-server is gone', () => !isRunning(server.pid), 60_000);
}, 180_000);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a name that is not there, or none: the error says which there are', async () => {
  const env = await environment();
  const options = { cwd: await temporaryFolder(), env, reject: false } as const;
  const run = (...words: string[]) => execa(process.execPath, [bin, 'examples', ...words], options);
  const unknown = await run('run', 'pub-sub');
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain('no example "pub-sub"');
  expect(unknown.stderr).toContain('did you mean: plutomi-events examples run notes/1-pub-sub');
  expect((await run('run', '../kit')).stderr).toContain('no example "../kit"');
  const none = await run('run');
  expect(none.exitCode).toBe(2);
  for (const name of ofNames) expect(none.stderr).toContain(`plutomi-events examples run ${name}`);
  const { items } = JSON.parse((await run('list', '--json')).stdout) as { items: unknown[] };
  expect(items).toEqual(
    examples.map(({ name, title, seconds, packages }) => ({ name, title, seconds, packages })),
  );
});

test('an example runs from the installed package, in an empty folder', async () => {
  const project = join(await temporaryFolder(), 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"name":"project","private":true}');
  await installPackage(project);
  const name = ['jelmore', 'plutomi'].find((one) => ofNames.includes(one)) ?? 'notes/1-pub-sub';
  const command = join(project, 'node_modules', '.bin', 'plutomi-events');
  const { exitCode, stdout, stderr } = await execa(command, ['examples', 'run', name], {
    cwd: project,
    env: await environment(),
    reject: false,
    stdin: 'ignore',
  });
  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^It adds up\.$/m);
  expect(await readdir(project)).toEqual(['node_modules', 'package-lock.json', 'package.json']);
}, 180_000);
