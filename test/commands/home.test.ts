import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

// A loop of Node's own cannot be timed out from within: the command is another process.
test.each(['/proc', '/proc/none/such', '/dev/null', '', 'relative'])(
  'a command with a config in TypeScript works with HOME=%j, and leaves nothing where it is used',
  async (home) => {
    const cwd = await temporaryFolder();
    await writeFile(
      join(cwd, 'plutomi-events.config.ts'),
      "export default { name: 'home' as string, events: { 'job.done': {} }, consumers: {} };\n",
    );
    for (const env of [{ HOME: home }, { HOME: cwd, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home }]) {
      const { exitCode, stdout, stderr, timedOut } = await execa(process.execPath, [bin, 'config', 'show'], {
        cwd,
        env: { PATH: process.env['PATH'] ?? '', ...env },
        extendEnv: false,
        reject: false,
        timeout: 20_000,
        forceKillAfterDelay: 100,
      });
      expect({ exitCode, stderr, timedOut }, stdout).toEqual({ exitCode: 0, stderr: '', timedOut: false });
    }
    await expect(stat(join(cwd, 'relative'))).rejects.toThrow();
  },
  60_000,
);

test('no code is run that lies in the folder of a user, or where a relative HOME leads to', async () => {
  const cwd = await temporaryFolder();
  const data = join(cwd, 'home', '.local', 'share', 'plutomi-events');
  const plugin = join(data, 'node_modules', 'foreign');
  await mkdir(plugin, { recursive: true });
  const dependencies = {
    oclif: { plugins: [{ name: 'foreign', type: 'user' }] },
    dependencies: { foreign: '1.0.0' },
  };
  await writeFile(join(data, 'package.json'), JSON.stringify(dependencies));
  const pjson = { name: 'foreign', version: '1.0.0', oclif: { hooks: { init: './hook.cjs' } } };
  await writeFile(join(plugin, 'package.json'), JSON.stringify(pjson));
  await writeFile(join(plugin, 'hook.cjs'), "module.exports = () => console.log('foreign code runs');\n");
  for (const HOME of ['home', join(cwd, 'home')]) {
    const options = { cwd, env: { PATH: process.env['PATH'] ?? '', HOME }, extendEnv: false } as const;
    const { stdout } = await execa(process.execPath, [bin, 'config', 'schema', 'name'], options);
    expect(stdout).not.toContain('foreign');
  }
});
