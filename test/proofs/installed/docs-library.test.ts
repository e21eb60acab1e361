import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import * as library from '../../../src/lib/index.js';
import { eventually } from '../../support/eventually.js';
import { codeBlocks, codeSpans, readDoc, tableRows } from '../../support/markdown.js';
import { installPackage } from '../../support/installed-package.js';
import { natsForTest } from '../../support/pipeline.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const doc = await readDoc('library.md');

/** The programs of docs/library.md by the file name in their first line. */
const programs = new Map(
  codeBlocks(doc, 'ts').map(({ text }) => [/^\/\/ (\S+)/.exec(text)?.[1] ?? '', text] as const),
);

const config = {
  name: 'library',
  events: { 'totp.requested': {} },
  consumers: {
    'notifications-consumer': {
      events: ['totp.requested'],
      handler: './dist/handlers/notifications.js',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '20ms', attempts: 1 },
    },
  },
};

const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noUncheckedIndexedAccess: true,
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules', '@types')],
    rootDir: '.',
    outDir: 'dist',
  },
  include: ['.'],
};

/** A user's project that has the package installed, with the programs in it; compiled, so that their types hold. */
async function compiledProject(): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(path.join(folder, 'handlers'));
  for (const [file, text] of programs) await writeFile(path.join(folder, file), text);
  const files = {
    'package.json': { name: 'project', private: true, type: 'module' },
    'tsconfig.json': tsconfig,
    'plutomi-events.config.json': config,
  };
  for (const [file, content] of Object.entries(files)) {
    await writeFile(path.join(folder, file), JSON.stringify(content));
  }
  await installPackage(folder);
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, exitCode } = await execa(process.execPath, [tsc], { cwd: folder, reject: false });
  expect(stdout).toBe('');
  expect(exitCode).toBe(0);
  return folder;
}

test('the programs of docs/library.md compile and do what they say', async () => {
  expect([...programs.keys()]).toEqual([
    'five.ts',
    'handlers/notifications.ts',
    'publish.ts',
    'elsewhere.ts',
    'publish-many.ts',
    'replay-events.ts',
    'run.ts',
    'incident.ts',
    'read.ts',
    'member.ts',
    'itself.ts',
  ]);
  const server = await natsForTest();
  const folder = await compiledProject();
  // As the command line finds it: by the variables of this folder.
  await writeFile(path.join(folder, '.env'), `NATS_URL=${server.url}\n`);
  const env = {
    NATS_URL: undefined,
    OTHER_SERVER: server.url,
    MAIL_API: 'http://127.0.0.1:1/send',
    HOME: folder,
  };
  const options = { cwd: folder, env, reject: false } as const;
  const node = (file: string) => execa(process.execPath, [path.join('dist', file)], options);

  const worker = node('run.js');
  onTestFinished(() => void worker.kill('SIGKILL'));
  let log = '';
  worker.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const streamsAreThere = async (): Promise<boolean> => {
    const { stdout } = await node('publish-many.js');
    return stdout === 'stored as events/1, before\n2 events, 2 of them stored before';
  };
  await eventually('the events are published, and a second time known', streamsAreThere, 25_000);
  const dead = (): number => log.split('somebody should look at this').length - 1;
  await eventually(`three events are dead:\n${log}`, () => dead() === 3, 20_000);

  const { stdout, exitCode } = await node('incident.js');
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').toSorted((a, b) => a.localeCompare(b))).toEqual([
    '3 × TypeError: fetch failed; cause: bad port',
    '3 replayed, 0 skipped',
    expect.stringMatching(
      /^notifications-consumer\/1 \{"email":"ada@example.com","code":"314159"\} \d+ records$/,
    ),
    expect.stringMatching(/^notifications-consumer\/2 /),
    expect.stringMatching(/^notifications-consumer\/3 /),
  ]);
  await eventually('all three died again', () => dead() === 6, 20_000);
  const published = await node('publish.js');
  expect(published.stdout).toMatch(
    /^stored as events\/4\n(notifications-consumer\/[123] TypeError.*\n?){3}$/,
  );
  const command = await execa(
    process.execPath,
    [path.join(root, 'bin', 'run.js'), 'dlq', 'list', '--json'],
    options,
  );
  expect(JSON.parse(command.stdout)).toMatchObject({ total: expect.any(Number) });
  const five = await node('five.js');
  expect(five.stdout).toBe("totp.requested { email: 'eve@example.com', code: '161803' }");
  const replayed = await node('replay-events.js');
  expect(replayed.stdout).toBe("5 read, 0 failed, up to 5 { 'example.com': 5 }");
  const elsewhere = await node('elsewhere.js');
  expect(elsewhere.stdout).toBe(`library on ${new URL(server.url).host}, as ada@desk`);
  worker.kill('SIGTERM');
  expect((await worker).exitCode).toBe(0);

  const read = await node('read.js');
  expect(read.stdout).toMatch(/^1 totp\.requested \{.*\n2 totp\.requested \{.*\n3 totp\.requested \{.*$/);

  const itself = await node('itself.js');
  expect(itself.stdout).toMatch(
    /^notifications-consumer\/\d+: TypeError.*\n(not )?ready\nnotifications-consumer \d+ 0 \d+$/m,
  );

  /** A process of the group, and the events that it has had. */
  const member = (child: ReturnType<typeof node>) => {
    onTestFinished(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const seqs = (): number[] => [...text.matchAll(/^(\d+) /gm)].map(([, seq]) => Number(seq));
    return { child, text: () => text, seqs };
  };
  const members = [member(node('member.js')), member(node('member.js'))];
  for (const one of members) await eventually('it listens', () => one.text().includes('listening'), 20_000);
  const words = ['events', 'publish', 'totp.requested', '--count', '50', '--data', '{}'];
  await execa(process.execPath, [path.join(root, 'bin', 'run.js'), ...words], options);
  const shared = (): number[] => members.flatMap((one) => one.seqs());
  await eventually('the two have all', () => shared().length >= 50, 20_000);
  for (const one of members) {
    expect(one.seqs().length).toBeGreaterThan(0);
    one.child.kill('SIGTERM');
    expect((await one.child).exitCode).toBe(0);
  }
  expect(shared().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 7));
}, 180_000);

test('docs/library.md names every function and class that the library exports', () => {
  const spans = codeSpans(doc);
  expect(Object.keys(library).filter((name) => /^[a-zA-Z]+$/.test(name) && !spans.includes(name))).toEqual([
    'minimumServerVersion',
    'WrongSequenceError',
  ]);
  const rows = tableRows(doc).filter(({ section }) => section === 'What there is');
  const values = rows.flatMap(({ cells }) => codeSpans((cells[1] ?? '').replace(/types .*/, '')));
  expect(values.filter((name) => !(name in library))).toEqual([]);
});
