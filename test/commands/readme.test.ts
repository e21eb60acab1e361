import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { stopFolderServer } from '../../src/lib/dev-server/folder-server.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { eventually } from '../support/eventually.js';
import { serverBinary } from '../support/nats-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The code blocks of a language, in order. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code]) => code ?? '',
  );
}

test('the start of the README works as written, in an empty folder', async () => {
  const markdown = await readFile(join(root, 'README.md'), 'utf8');
  const folder = await temporaryFolder();
  onTestFinished(
    async () => void (await stopFolderServer({ cwd: folder, clock: systemClock, pid: process.pid })),
  );
  await writeFile(join(folder, 'plutomi-events.config.json'), blocks(markdown, 'json')[0] ?? '');
  await writeFile(join(folder, 'notifications.mjs'), blocks(markdown, 'js')[0] ?? '');
  const inShell = blocks(markdown, 'sh');
  const first = inShell.findIndex((code) => code.includes('server start'));
  // What runs until Ctrl-C ends its block.
  expect(inShell[first]?.trimEnd().split('\n').at(-1)).toContain('pipeline run');
  const commands = inShell
    .slice(first, first + 2)
    .flatMap((code) => code.split('\n'))
    .filter((line) => line.startsWith('npx plutomi-events '))
    .map((line) =>
      line.replace(/\s+#.*$/, '').replace('npx plutomi-events', `node ${join(root, 'bin', 'run.js')}`),
    );
  expect(commands.length).toBe(4);
  const env = { PATH: process.env['PATH'] ?? '', NATS_SERVER_BIN: await serverBinary() };
  const options = {
    cwd: folder,
    env,
    extendEnv: false,
    shell: true,
    reject: false,
    stdin: 'ignore',
  } as const;
  const [start, apply, run, publish] = commands;

  expect((await execa(start ?? '', options)).exitCode).toBe(0);
  expect((await execa(`${apply} --yes`, options)).exitCode).toBe(0);
  const worker = execa(`exec ${run}`, options);
  let log = '';
  worker.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  expect((await execa(publish ?? '', options)).exitCode).toBe(0);
  await eventually('the handler has run', () => log.includes('to ada@example.com: 314159'), 20_000);
  worker.kill('SIGTERM');
  expect((await worker).exitCode).toBe(0);
});

test('the commands and flags that the README names exist', async () => {
  const markdown = await readFile(join(root, 'README.md'), 'utf8');
  const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, { flags: Record<string, unknown> }>;
  };
  const flags = new Set(Object.values(manifest.commands).flatMap((command) => Object.keys(command.flags)));
  flags.add('help');
  const named = [...markdown.matchAll(/(?<=[\s`])--([a-z][a-z-]*)/g)].map(([, flag]) => flag ?? '');
  expect(named.filter((flag) => !flags.has(flag))).toEqual([]);
  for (const id of Object.keys(manifest.commands)) {
    const [topic = '', verb = ''] = id.split(':');
    const one = verb === '' ? `\`${topic}\`` : `\`${topic} [a-z]*\`|\`${topic} ${verb}`;
    expect(markdown, id).toMatch(new RegExp(one));
  }
});
