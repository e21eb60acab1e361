import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

async function run(words: readonly string[], options: { cwd: string; home: string }) {
  const { cwd, home } = options;
  const env = { PATH: process.env['PATH'] ?? '', HOME: home };
  return execa(process.execPath, [bin, ...words], { cwd, env, extendEnv: false, reject: false });
}

test('~/ is the home folder also where no shell replaces it', async () => {
  const cwd = await temporaryFolder();
  const home = await temporaryFolder();
  await mkdir(join(home, 'conf'));
  await writeFile(join(home, 'conf', 'p.json'), '{ "name": "at-home" }');
  const { stdout } = await run(['config', 'show', '--config=~/conf/p.json'], { cwd, home });
  expect(stdout).toContain(`file: ${home}/conf/p.json\nname: at-home`);
  const { stderr } = await run(['dlq', 'list', '--creds=~/no.creds'], { cwd, home });
  expect(stderr).toContain(`--creds: can't read ${home}/no.creds: there is no such file`);
});

test('a file flag of which a variable was not set is refused as empty', async () => {
  const cwd = await temporaryFolder();
  for (const flag of ['config', 'creds', 'tlsca']) {
    const { exitCode, stderr } = await run(['dlq', 'list', `--${flag}=`], { cwd, home: cwd });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining(`--${flag}: expected the path of a file, found "" (empty)`),
    });
  }
});

test('the contexts of the nats CLI are listed without the one that is not there', async () => {
  const cwd = await temporaryFolder();
  const { stderr } = await run(['dlq', 'list', '--context', 'nope'], { cwd, home: cwd });
  expect(stderr).toContain('→ nats context ls   # the contexts of the nats CLI');
});

test('another dash before a flag does not make a reason of it', async () => {
  const cwd = await temporaryFolder();
  const { exitCode, stderr } = await run(['dlq', 'replay', '—all'], { cwd, home: cwd });
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('→ did you mean: --all'),
  });
  expect(await run(['pipeline', 'apply', '—yes'], { cwd, home: cwd })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('→ did you mean: --yes'),
  });
});
