import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa, parseCommandString } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { concurrently } from '../../../src/lib/flow/concurrently.js';
import { eventually } from '../../support/eventually.js';
import { tableRows } from '../../support/markdown.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { freePorts } from '../../support/nats-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bin = join(root, 'bin', 'run.js');
const config = join(root, 'examples', 'jelmore', 'plutomi-events.config.mjs');
const readme = await readFile(join(root, 'examples', 'jelmore', 'README.md'), 'utf8');

/** What stands in the second column of the table: a program's line, or a command. */
const ours = tableRows(readme)
  .filter(({ section }) => section === 'From the Python version')
  .flatMap(({ cells }) => [...(cells[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
const lines = ours.filter((code) => code.endsWith(';') && code.includes('pipeline.'));
const commands = ours.filter((code) => code.startsWith('plutomi-events '));
const stays = (command: string): boolean => / (?:tail|watch|run)\b/.test(command);

test('each line of the table from Python calls and scripts to ours works', { timeout: 300_000 }, async () => {
  expect([lines.length, commands.length]).toEqual([8, 14]);
  const [monitor] = await freePorts(1);
  const { url } = await natsForTest({ config: `http: "127.0.0.1:${monitor}"` });
  const folder = await temporaryFolder();
  const env = { PATH: process.env['PATH'] ?? '', NATS_URL: url, JELMORE_DEMO: '1' };
  const options = { cwd: folder, env, extendEnv: false, reject: false, stdin: 'ignore', all: true } as const;
  // What needs neither schemas nor handlers reads the config from the server, which is quicker.
  const cli = (words: readonly string[]) => {
    const needsFile = ['apply', 'run', 'publish'].includes(words[1] ?? '');
    return execa(process.execPath, [bin, ...words, ...(needsFile ? ['--config', config] : [])], options);
  };
  expect((await cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);

  const program = join(folder, 'program.mjs');
  await writeFile(program, programOf(lines));
  const ran = await execa(process.execPath, [program], options);
  expect(ran.exitCode, ran.all).toBe(0);
  // Two events published, a handler that sees both, a list of both, no dead letter, and nobody who runs the groups.
  expect(ran.stdout).toMatch(/^session\.output .*\nsession\.failed .*\n1\n2\n0\n(?:ok|degraded)\n\{/);

  const followers = commands.filter(stays).map((command) => {
    const child = cli(wordsOf(command));
    onTestFinished(() => void child.kill('SIGKILL'));
    const follower = { command, child, text: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      follower.text += chunk.toString();
    });
    return follower;
  });
  const link = await connectTo(url);
  const hears = followers.filter(({ command }) => !command.includes('dlq watch'));
  await eventually(
    'each follower has shown something',
    async () => {
      await link.publish('jelmore.session.created', '{"session_id":"s","payload":{}}');
      return hears.every(({ text }) => text !== '');
    },
    120_000,
  );

  const others = commands.filter((command) => !stays(command));
  await concurrently(others, 2, async (command) => {
    const words = wordsOf(command.replace('http://localhost:8222', `http://127.0.0.1:${monitor}`));
    const { exitCode, all } = await cli(words);
    // Health and doctor judge: that nobody runs three of the groups is no fault of theirs.
    const fine = /health|doctor/.test(command) ? [0, 1] : [0];
    expect(fine, `${command}\n${all}`).toContain(exitCode);
  });
  for (const { child } of followers) child.kill('SIGINT');
  for (const { child, command } of followers) {
    const { exitCode, all } = await child;
    expect([0, 130], `${command}\n${all}`).toContain(exitCode);
  }
});

/** Without a terminal nobody can be asked, and a minute of load is as good as a second. */
function wordsOf(command: string): string[] {
  const spaced = command.replaceAll(/'([^']*)'/g, (_, text: string) => text.replaceAll(' ', String.raw`\ `));
  const words = parseCommandString(spaced.replace(/(load .*--duration) 60$/, '$1 1')).slice(1);
  return [...words, ...(/ replay --all| load /.test(command) ? ['--yes'] : [])];
}

function programOf(code: readonly string[]): string {
  const library = pathToFileURL(join(root, 'dist', 'lib', 'index.js')).href;
  return `import { openPipeline } from ${JSON.stringify(library)};
const pipeline = await openPipeline({ config: ${JSON.stringify(config)} });
${code.map((line) => `{\n${line}\n}`).join('\n')}
await pipeline.close();
`;
}
