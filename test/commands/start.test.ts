import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const bin = fileURLToPath(new URL('bin/run.js', root));
const run = (...words: string[]) =>
  execa(process.execPath, [bin, ...words], { reject: false, stdin: 'ignore' });

test('--version says name, version, platform and Node, as oclif would', async () => {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
    version: string;
  };
  const expected = `plutomi-events/${version} ${process.platform}-${process.arch} node-${process.version}`;
  expect(await run('--version')).toMatchObject({ exitCode: 0, stdout: expected, stderr: '' });
});

test('--help names every topic; help of a command has its purpose, examples and each default', async () => {
  const { stdout } = await run('--help');
  for (const topic of ['pipeline', 'dlq', 'advisories', 'events', 'config', 'server'])
    expect(stdout).toContain(topic);
  const manifest = JSON.parse(await readFile(new URL('oclif.manifest.json', root), 'utf8')) as {
    commands: Record<string, { summary: string; examples?: unknown[]; flags: Record<string, unknown> }>;
  };
  for (const [id, command] of Object.entries(manifest.commands)) {
    const help = (await run(...id.split(':'), '--help')).stdout.replaceAll(/\s+/g, ' ');
    expect(help, id).toContain(command.summary);
    expect(help, id).toContain('EXAMPLES');
    for (const flag of Object.keys(command.flags)) expect(help, id).toContain(`--${flag}`);
    expect(help, id).toContain('--timeout=<duration> [default: 5s]');
  }
}, 60_000);

test.each([
  [['pipline', 'run'], 'pipeline run'],
  [['dlq', 'lst'], 'dlq list'],
  [['run'], 'pipeline run'],
  [['pipline'], 'pipeline --help'],
  [['evnts', 'quickly'], 'events --help'],
])('an unknown command %j is exit 2, with and without --json, with the nearest one', async (words, near) => {
  const plain = await run(...words);
  expect(plain).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining(`did you mean: plutomi-events ${near}`),
  });
  const json = await run(...words, '--json');
  expect(json.exitCode).toBe(2);
  expect(JSON.parse(json.stdout)).toMatchObject({
    error: { code: 'UNKNOWN_COMMAND', suggestions: [`did you mean: plutomi-events ${near}`] },
  });
});

test('an unknown flag is exit 2 with one line and no secret of the command line', async () => {
  const plain = await run('dlq', 'list', '--password', 'hunter2', '--no-such-flag');
  expect(plain.exitCode).toBe(2);
  expect(plain.stderr).toContain('no-such-flag');
  const json = await run('dlq', 'list', '--password', 'hunter2', '--no-such-flag', '--json');
  expect(json.exitCode).toBe(2);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'USAGE' } });
  expect(plain.stderr + plain.stdout + json.stdout + json.stderr).not.toContain('hunter2');
});
