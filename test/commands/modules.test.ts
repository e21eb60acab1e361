import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Each in a process of its own: what was loaded before, and what ends a process, are facts of the whole process.

const root = new URL('../../', import.meta.url);
const bin = fileURLToPath(new URL('bin/run.js', root));
const library = new URL('dist/lib/index.js', root).href;

async function folderWith(name: string, text: string) {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, name), text);
  const env = { HOME: cwd, XDG_CACHE_HOME: join(cwd, '.cache') };
  return { cwd, env, reject: false, stdin: 'ignore', timeout: 30_000 } as const;
}

const run = (options: Awaited<ReturnType<typeof folderWith>>, ...words: string[]) =>
  execa(process.execPath, [bin, ...words], options);

const compiled = `Object.defineProperty(exports, '__esModule', { value: true });`;

test.each([
  ['CommonJS', 'js', `module.exports = { name: 'p' };`],
  ['CommonJS with names', 'cjs', `exports.name = 'p';`],
  ['compiled to CommonJS', 'js', `${compiled} exports.default = { name: 'p' };`],
  ['a promise', 'js', `module.exports = Promise.resolve({ name: 'p' });`],
  ['an ES module', 'mjs', `export default { name: 'p' };`],
  ['TypeScript', 'ts', `export default { name: 'p' as string };`],
])('a config (%s) can be loaded again and again by one process', async (_, extension, text) => {
  const file = `plutomi-events.config.${extension}`;
  const options = await folderWith(file, text);
  const { url } = await natsForTest();
  const program = `
    import { openPipeline } from ${JSON.stringify(library)};
    for (let i = 0; i < 3; i++) {
      const pipeline = await openPipeline({ config: ${JSON.stringify(`./${file}`)}, server: ${JSON.stringify(url)} });
      console.log(pipeline.config.name);
      await pipeline.close();
    }`;
  const { stdout, stderr } = await execa(
    process.execPath,
    ['--input-type=module', '--eval', program],
    options,
  );
  expect({ stdout, stderr }).toEqual({ stdout: 'p\np\np', stderr: '' });
});

test.each([
  ['waits for ever', `await new Promise(() => {});`, 'it waits (await) for something that never comes'],
  ['is a promise that never settles', '', 'it waits (await) for something that never comes'],
  ['ends the process', `process.exit(0);`, 'it called process.exit'],
  ['ends the process by what it said before', `process.exit();`, 'it called process.exit'],
])('a config that %s is an error and no success', async (_, first, reason) => {
  const value = first === '' ? 'new Promise(() => {})' : `{ name: 'p' }`;
  const options = await folderWith('c.mjs', `${first}\nexport default ${value};\n`);
  const plain = await run(options, 'config', 'show', '-c', 'c.mjs');
  expect(plain).toMatchObject({ exitCode: 2, stdout: '' });
  expect(plain.stderr).toContain(`can't load ${join(options.cwd, 'c.mjs')}: ${reason}`);
  const json = await run(options, 'config', 'show', '-c', 'c.mjs', '--json');
  expect(json).toMatchObject({ exitCode: 2, stderr: '' });
  expect((JSON.parse(json.stdout) as { error: object }).error).toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a config that ends the process with an exit code of its own does so', async () => {
  const options = await folderWith('c.mjs', `console.error('no'); process.exit(7);`);
  expect(await run(options, 'config', 'show', '-c', 'c.mjs')).toMatchObject({ exitCode: 7, stderr: 'no' });
});
