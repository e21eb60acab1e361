import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { openTerminal } from '../../support/tmux.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
let cwd: string;

const run = (...words: string[]) =>
  execa(process.execPath, [bin, ...words], { reject: false, stdin: 'ignore', cwd });

beforeEach(async () => {
  cwd = await temporaryFolder();
  const events = { 'totp.requested': {}, 'order.placed': {} };
  const config = JSON.stringify({ name: 'usage', events });
  await writeFile(path.join(cwd, 'plutomi-events.config.json'), config);
});

interface ErrorJson {
  readonly error: { readonly code: string; readonly message: string; readonly suggestions: string[] };
}

describe('words that a command can not take', () => {
  test.each<[typed: string, message: string, ...suggestions: string[]]>([
    ['dlq list --limt 3', 'unknown flag --limt', 'did you mean: --limit'],
    ['dlq list --zzz', 'unknown flag --zzz'],
    ['dlq list -timeout', 'unknown flag -timeout', 'reasons without this word: -reason:timeout'],
    ['dlq list --pasword=hunter2', 'unknown flag --pasword', 'did you mean: --password'],
    ['advisories tail extra', 'advisories tail takes no argument, found extra'],
    ['advisories tail extra more', 'advisories tail takes no argument, found extra more'],
    ['advisories tail --since 3h extra', 'advisories tail takes no argument, found extra'],
    ['dlq show a/1 b/2', 'dlq show takes one argument, found b/2'],
    ['dlq list --json=false', '--json takes no value: give it to turn it on'],
    ['dlq list --limit', '--limit needs a value: <n>, maximum number of dead letters'],
    ['dlq list --limit 0', '--limit: expected a whole number of at least 1, found "0"'],
    ['dlq list --since 5min', '--since: expected a duration', 'did you mean: --since 5m'],
    ['dlq list --timeout 5sec', '--timeout: expected a duration', 'did you mean: --timeout 5s'],
    ['dlq list --limit 3 --limit 4', '--limit: given more than once'],
    ['dlq list --group-by', '--group-by needs a value: reason, consumer or subject'],
    [
      'dlq list --group-by reasons',
      '--group-by: expected reason, consumer or subject, found "reasons"',
      'did you mean: --group-by reason',
    ],
    ['advisories tail --kind RESOLVD', '--kind: expected ', 'did you mean: --kind RESOLVED'],
    ['pipeline verify --yes', '--yes needs --repair'],
    ['pipeline permissions', '--role is required: publisher, runner, operator, ci or viewer'],
    [
      'events publish',
      'events publish <type>: which type?',
      'event types of the config: totp.requested, order.placed',
    ],
    ['dlq show', 'dlq show <id>: which id?', 'see which there are: plutomi-events dlq list'],
    ['events explain', 'events explain <event>: which event?'],
  ])('%s: %s', async (typed, message, ...first) => {
    const words = typed.split(' ');
    const plain = await run(...words);
    const next = [...first, `plutomi-events ${words[0]} ${words[1]} --help`];
    expect(plain).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`Error: ${message}`) });
    for (const line of next) expect(plain.stderr).toContain(`\n  → ${line}`);
    expect(plain.stderr).not.toMatch(/Warning|Note:/);
    const json = await run(...words, '-o', 'json');
    expect(json.stderr).toBe('');
    const { error } = JSON.parse(json.stdout) as ErrorJson;
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
    expect(error.suggestions).toEqual(expect.arrayContaining(next));
    expect(`${plain.stderr}${json.stdout}`).not.toContain('hunter2');
  });

  test.each([
    ['apply', 'did you mean: plutomi-events pipeline apply'],
    ['dlq quickly', 'plutomi-events dlq --help'],
    ['nope --help', 'plutomi-events --help'],
    ['help pipline run', 'did you mean: plutomi-events pipeline run'],
  ])('%s names no command: %s', async (typed, next) => {
    const { exitCode, stderr, stdout } = await run(...typed.split(' '));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^Error: unknown command/);
    expect(stderr).toContain(next);
  });

  test.each<[string[], string, string]>([
    [['--server'], '--server needs a value: <url>', 'plutomi-events --help'],
    [['--json', '--server'], '--server needs a value', 'plutomi-events --help'],
    [['--server='], '--server needs a value', 'usage: plutomi-events <command> [FLAGS]'],
    [
      ['--server', 'dlq', 'list'],
      '--server needs a value: it took the dlq of dlq list',
      'plutomi-events --help',
    ],
    [['--json', '--'], 'no command stands before --', 'plutomi-events --help'],
    [['', 'list'], 'the command is an empty text', 'plutomi-events --help'],
    [['dlq', '--server'], '--server needs a value', 'usage: plutomi-events dlq <command> [FLAGS]'],
    [['dlq', ''], 'the command behind dlq is an empty text', 'plutomi-events dlq --help'],
    [['dlq', '--nope'], 'unknown flag --nope', 'plutomi-events dlq --help'],
  ])('%j: no command, and what stands there can not be meant', async (words, message, next) => {
    const { exitCode, stdout, stderr } = await run(...words);
    const said = words.includes('--json') ? stdout : stderr;
    expect([exitCode, words.includes('--json') ? stderr : stdout]).toEqual([2, '']);
    expect(said).toContain(message);
    expect(said).toContain(next);
  });

  test('an unknown flag before any command', async () => {
    const { exitCode, stderr } = await run('--pasword=hunter2');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Error: unknown flag --pasword, and no command');
    expect(stderr).not.toContain('hunter2');
  });
});

test('json in two forms that contradict each other', async () => {
  const { exitCode, stdout, stderr } = await run('dlq', 'list', '-o', 'ndjson', '--json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    error: { message: '--output and --json: give only one of them' },
  });
});

describe('help', () => {
  test('the first page has every command, examples and what to read next', async () => {
    const { stdout, exitCode } = await run();
    expect(exitCode).toBe(0);
    const docs = /\S+docs\/README\.md/.exec(stdout)?.[0] ?? '';
    expect(await readFile(docs, 'utf8')).toContain('# ');
    for (const text of ['<command> [FLAGS]', 'dlq list', 'pipeline apply', 'EXAMPLES', 'LEARN MORE']) {
      expect(stdout).toContain(text);
    }
    for (const words of [['help'], ['--help'], ['-h'], ['--no-color']]) {
      expect((await run(...words)).stdout).toBe(stdout);
    }
  });

  test('help dlq list is dlq list --help; flags that every command has may stand first', async () => {
    const { stdout, exitCode } = await run('dlq', 'list', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('$ plutomi-events dlq list [<selection>…] [FLAGS]');
    expect(stdout.split('List the dead letters: what died, when and why.')).toHaveLength(2);
    expect((await run('help', 'dlq', 'list')).stdout).toBe(stdout);
    expect((await run('--timeout', '3s', 'dlq', 'list', '-h')).stdout).toBe(stdout);
    expect((await run('dlq', 'list', 'extra', '--help')).stdout).toBe(stdout);
  });

  test.each([40, 80, 200])(
    'fits a terminal of %d columns',
    async (columns) => {
      const script = [[], ['dlq', 'list'], ['events', 'explain'], ['dlq']]
        .map((words) => `${process.execPath} ${bin} ${words.join(' ')} --help`)
        .join(' && ');
      await using pane = await openTerminal(['sh', '-c', script], { cwd, columns, rows: 50 });
      expect(await pane.exitCode()).toBe(0);
      // Command lines and paths stay whole, to be copied.
      const prose = (await pane.text()).split('\n').filter((line) => !/^ *\$ |\/docs\/|\| /.test(line));
      for (const line of prose) expect(line.length).toBeLessThanOrEqual(columns);
      expect(prose.join(' ').replaceAll(/\s+/g, ' ')).toContain('a duration before now');
    },
    60_000,
  );

  test('help of a topic lists its commands', async () => {
    const { stdout } = await run('events');
    expect(stdout).toContain('show what became of one');
    expect(stdout).toContain('events explain');
    expect((await run('help', 'events')).stdout).toBe(stdout);
  });

  test('version is --version; --json alone lists the commands', async () => {
    expect((await run('version')).stdout).toBe((await run('--version')).stdout);
    const listed = JSON.parse((await run('--json')).stdout) as { commands: { name: string }[] };
    expect(listed.commands.map(({ name }) => name)).toContain('dlq list');
  });
});

test('-o json is --json, for results and for errors', async () => {
  const shown = await run('config', 'show', '-o', 'json');
  expect(shown.stdout).toBe((await run('config', 'show', '--json')).stdout);
  expect(JSON.parse(shown.stdout)).toMatchObject({ name: 'usage' });
  const wrong = await run('config', 'show', '--output', 'json', '--config', 'none.json');
  expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
});
