import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const library = pathToFileURL(join(root, 'dist/lib/index.js')).href;

/** Runs a program of one module; gives what it printed. */
async function run(program: string, flags: readonly string[] = [], env: Record<string, string> = {}) {
  const words = [...flags, '--input-type=module', '--eval', program];
  return (await execa(process.execPath, words, { cwd: root, env })).stdout;
}

test('the library is plain modules: to import it loads nothing of the command line, of oclif or of the log', async () => {
  const hook = `
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) { writeSync(1, url + '\\n'); return next(url, context); }`;
  const program = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
    await import('${library}');`;
  const loaded = (await run(program)).split('\n').map((url) => url.replace(pathToFileURL(root).href, ''));
  expect(loaded).toContain('dist/lib/nats/connect/connect.js');
  expect(loaded.filter((file) => /dist\/cli|oclif|inquirer|chalk|cli-table3|jiti|pino/.test(file))).toEqual(
    [],
  );
});

test('to import it writes nothing, and reads nothing of the environment', async () => {
  const home = await temporaryFolder();
  const program = `
    const reads = [];
    const note = (name) => {
      // Node itself reads some while it loads a module.
      const caller = new Error().stack.split('\\n').find((line) => !/note|Object\\.(?:get|has|ownKeys)/.test(line) && line.includes(' at '));
      if (!caller.includes('node:internal')) reads.push(String(name) + caller);
    };
    process.env = new Proxy(process.env, {
      get: (target, name) => (note(name), target[name]),
      has: (target, name) => (note(name), name in target),
      ownKeys: (target) => (note('all'), Reflect.ownKeys(target)),
    });
    await import('${library}');
    console.log(JSON.stringify(reads));`;
  const permission = ['--permission', '--experimental-permission'].find((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag),
  );
  // Node refuses every write, to whatever folder.
  const flags = [permission ?? '', '--allow-fs-read=*', '--no-warnings'];
  const printed = await run(program, flags, { HOME: home, XDG_CACHE_HOME: join(home, 'cache') });
  expect(JSON.parse(printed)).toEqual([]);
  expect(await readdir(home)).toEqual([]);
});

test('each of its modules is one source of ours, without a package in it', async () => {
  const folder = join(root, 'dist/lib');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  expect(files).toContain('index.js');
  for (const file of files) {
    const source = await readFile(join(root, 'src/lib', file.replace(/\.js$/, '.ts')), 'utf8');
    const built = await readFile(join(folder, file), 'utf8');
    expect(built.length, file).toBeLessThan(source.length * 1.2);
  }
});
