import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { codeBlocks, readDoc } from '../support/markdown.js';
import { natsForTest } from '../support/pipeline.js';
import { makeDatabase, postgresForFile } from '../support/postgres.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { eventually } from '../support/eventually.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = path.join(root, 'bin', 'run.js');
const postgres = await postgresForFile();
const doc = await readDoc('outbox.md');

const config = { name: 'shop', events: { 'order.placed': {} }, consumers: {} };
const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    types: ['node'],
    outDir: 'dist',
  },
};

/** A project with the programs of the page; the packages are those of this one. */
async function projectOfPage(): Promise<string> {
  const folder = await temporaryFolder();
  const modules = path.join(folder, 'node_modules');
  await mkdir(path.join(modules, '@types'), { recursive: true });
  await symlink(root, path.join(modules, 'plutomi-events'));
  for (const name of ['pg', '@types/pg', '@types/node'])
    await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
  const files = {
    'package.json': { type: 'module' },
    'tsconfig.json': tsconfig,
    'plutomi-events.config.json': config,
  };
  for (const [file, content] of Object.entries(files))
    await writeFile(path.join(folder, file), JSON.stringify(content));
  for (const { text } of codeBlocks(doc, 'ts'))
    await writeFile(path.join(folder, /^\/\/ (\S+)/.exec(text)?.[1] ?? 'unnamed'), text);
  return folder;
}

test('the programs of docs/outbox.md compile and run, and the command publishes what they have added', async () => {
  const folder = await projectOfPage();
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = await execa(process.execPath, [tsc], { cwd: folder, reject: false });
  expect(compiled.stdout).toBe('');
  const { url, pool } = await makeDatabase(postgres);
  await pool.query('create table orders (id text, amount int)');
  const server = await natsForTest();
  const env = { PATH: process.env['PATH'] ?? '', NATS_URL: server.url, DATABASE_URL: url };
  const options = { cwd: folder, env, extendEnv: false, reject: false } as const;
  const cli = (...words: readonly string[]) => execa(process.execPath, [bin, ...words], options);
  await cli('pipeline', 'apply', '--yes');

  const missing = await cli('outbox', 'relay', '--once', '--json');
  expect(missing.exitCode).toBe(1);
  expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: 'NO_TABLE' } });

  const placed = await execa(process.execPath, ['dist/place-order.js'], options);
  expect(placed.stderr).toBe('');
  const relayed = await cli('outbox', 'relay', '--install', '--once', '--json');
  expect(JSON.parse(relayed.stdout)).toEqual({ published: 1, duplicates: 0, refused: 0 });
  expect(relayed.exitCode).toBe(0);
  const [sql = ''] = codeBlocks(doc, 'sql').map(({ text }) => text);
  const { rows } = await pool.query<{ sql: string }>('select count(*) from outbox');
  expect(rows).toEqual([{ count: '0' }]);
  const { makeOutbox } = await import('../../src/lib/postgres/index.js');
  const { makeConfig } = await import('../support/config.js');
  expect(makeOutbox({ config: makeConfig() } as Parameters<typeof makeOutbox>[0]).sql).toBe(sql.trim());

  await pool.query(
    `insert into outbox (event_id, type, subject, payload) values ('x', 'x', 'elsewhere', ''), ('y', 'order.placed', 'events.order.placed', '{}')`,
  );
  const partly = await cli('outbox', 'relay', '--once');
  expect(partly.stdout).toBe('published 1; refused 1, which stay in the table');
  expect(partly.stderr).toContain('an event is refused: it stays');
  expect(partly.exitCode).toBe(5);

  const running = cli('outbox', 'relay');
  onTestFinished(() => void running.kill('SIGKILL'));
  let log = '';
  running.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await eventually('it runs', () => log.includes('relaying the outbox'), 20_000);
  running.kill('SIGTERM');
  expect(await running).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^published 0/) });
}, 90_000);

test('what is wrong with a database is said, and its password is not', async () => {
  const server = await natsForTest();
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  const cli = (words: readonly string[], DATABASE_URL = '') =>
    execa(process.execPath, [bin, 'outbox', 'relay', ...words], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', NATS_URL: server.url, DATABASE_URL },
      extendEnv: false,
      reject: false,
    });
  const refused = await cli([], 'postgres://ada:geheim@127.0.0.1:9/shop');
  expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
  expect(refused.stderr).toContain("can't connect to the database 127.0.0.1:9/shop");
  const wrong = await cli(['--database', 'mysql://ada:geheim@127.0.0.1:9/shop']);
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  const none = await cli([]);
  expect(none.exitCode).toBe(2);
  expect(none.stderr).toContain('DATABASE_URL');
  expect(`${refused.stderr}${wrong.stderr}`).not.toContain('geheim');
}, 60_000);
