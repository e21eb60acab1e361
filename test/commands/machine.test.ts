import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { runOnTerminal } from '../support/on-terminal.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

test('in a folder that was removed, a command says so, and help and version work', async () => {
  const cwd = join(await temporaryFolder(), 'gone');
  const run = async (...words: string[]) => {
    await mkdir(cwd);
    // The shell is in the folder before it goes.
    const script = `rmdir ../gone; exec "$0" "$@"`;
    return execa('sh', ['-c', script, process.execPath, bin, ...words], { cwd, reject: false });
  };
  for (const words of [
    ['dlq', 'list'],
    ['pipeline', 'run'],
    ['config', 'show'],
    ['dlq', 'list', '--nope'],
  ]) {
    const { exitCode, stderr } = await run(...words);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: [
        'Error: the folder that this runs in was removed',
        '  → cd to one that is there; of a folder that was made anew: cd "$PWD"',
      ].join('\n'),
    });
  }
  const { stdout } = await run('dlq', 'list', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } });
  expect(await run('dlq', 'lst')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('did you mean: plutomi-events dlq list'),
  });
  expect(await run('--version')).toMatchObject({ exitCode: 0 });
  expect(await run('dlq', 'list', '--help')).toMatchObject({ exitCode: 0 });
});

test.each(['/proc', '/nowhere'])(
  'what the machine refuses is no bug of ours, and temporary files can go elsewhere: TMPDIR=%s',
  async (TMPDIR) => {
    const words = ['examples', 'run', 'plutomi'];
    const { exitCode, stderr } = await execa(process.execPath, [bin, ...words], {
      env: { TMPDIR },
      reject: false,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: the system refuses mkdtemp \S+: no such file or directory \(ENOENT\)\n/);
    expect(stderr).toContain('→ name another folder for temporary files: TMPDIR');
  },
);

test('a terminal that says it has no columns is taken for one of 80', async () => {
  const cwd = await temporaryFolder();
  const list = [process.execPath, bin, 'examples', 'list'];
  const written = await runOnTerminal(
    [['stty', 'cols', '80'], list, ['stty', 'cols', '0', 'rows', '0'], list],
    { cwd, columns: 80 },
  );
  expect(written.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  expect(written[3]?.raw).toBe(written[1]?.raw);
});
