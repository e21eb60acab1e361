import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../../support/project.js';

// What becomes of a command when nobody reads what it writes, or when it has nowhere to write to.

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const config = {
  name: 'readers',
  events: { 'job.done': {} },
  consumers: { worker: { events: ['job.done'], handler: './worker.mjs', retry: false } },
};
const files = { 'worker.mjs': handlerText("console.log('from the handler'); console.error('again');") };

/** Runs words of a shell in the project's folder; `pe` is the command. Returns the exit code of `pe`. */
async function shell(project: Project, url: string, script: string): Promise<string> {
  const { stdout } = await execa('bash', ['-c', `pe() { ${process.execPath} ${bin} "$@"; }\n${script}`], {
    cwd: project.folder,
    env: { NATS_URL: url, OUT: join(project.folder, 'out.log') },
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
  });
  return stdout.trim();
}

describe('a reader that leaves', () => {
  test.each([
    ['stdout', 'pe pipeline apply --yes | true; echo ${PIPESTATUS[0]}'],
    ['stderr', 'pe pipeline apply --yes --json 2> >(true) >/dev/null; echo $?'],
    ['both', '{ pe pipeline apply --yes; echo $? > code; } 2>&1 | true; cat code'],
  ])(
    'of %s: apply finishes what it has begun',
    async (_what, script) => {
      const { url } = await natsForTest();
      const project = await makeProject(url, config, files);
      expect(await shell(project, url, script)).toBe('0');
      expect(await project.cli(['pipeline', 'apply', '--check'])).toMatchObject({ exitCode: 0 });
    },
    60_000,
  );

  test('publishing many: all of them are stored, and the exit code says so', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    await project.cli(['pipeline', 'apply', '--yes']);
    const script = '{ pe events publish job.done --count 3000; echo $? > code; } 2>&1 | true; cat code';
    expect(await shell(project, url, script)).toBe('0');
    const info = await (await connectTo(url)).streamInfo('events');
    expect(info?.state.messages).toBe(3000);
  }, 60_000);

  test('reading only: ends quietly, with 0', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    await project.cli(['pipeline', 'apply', '--yes']);
    const scripts = [
      'pe dlq list | true',
      'pe dlq export --format csv | true',
      'pe dlq watch --all --duration 1s | true',
      'pe config show | true',
      'pe --help | true',
      'pe advisories tail --no-follow | true',
      'pe events publish job.done --count 3 | true',
      'pe events tail --all --no-follow | true',
      'pe events tail --all --count 3 --json | head -1 >/dev/null',
      'pe events tail --group readers --all --no-follow | true',
    ];
    for (const script of scripts)
      expect(await shell(project, url, `${script}; echo \${PIPESTATUS[0]}`), script).toBe('0');
  }, 60_000);

  test('of the log: the worker goes on, whatever its handlers print, and ends in order', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    await project.cli(['pipeline', 'apply', '--yes']);
    const run = spawn(process.execPath, [bin, 'pipeline', 'run'], {
      cwd: project.folder,
      env: { PATH: process.env['PATH'], NATS_URL: url, OUT: join(project.folder, 'out.log') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void run.kill('SIGKILL'));
    await once(run.stdout, 'data');
    run.stdout.destroy();
    run.stderr.destroy();
    await project.cli(['events', 'publish', 'job.done', '--count', '20']);
    await expect.poll(() => project.lines(), { timeout: 20_000 }).toHaveLength(20);
    run.kill('SIGTERM');
    expect(await once(run, 'exit')).toEqual([0, null]);
  }, 60_000);
});

test('a reader that is slow gets all of it, however much it is', async () => {
  const events = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`job.number-${i}`, {}]));
  const project = await makeProject('', { ...config, events: { ...config.events, ...events } }, files);
  // The pipe is full before anything of it is read.
  const out = await shell(
    project,
    '',
    'pe config show --json | { sleep 1; cat; }; code=${PIPESTATUS[0]}; echo; echo $code',
  );
  const [json = '', code] = out.split('\n').filter((line) => line !== '');
  expect(json.length).toBeGreaterThan(100_000);
  expect(JSON.parse(json)).toMatchObject({ name: 'readers' });
  expect(code).toBe('0');
}, 60_000);

test.skipIf(!existsSync('/dev/full'))(
  'a full disk: what only reads fails, what has changed something says what it did',
  async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    expect(await shell(project, url, 'pe pipeline apply --yes > /dev/full 2>err; echo $?')).toBe('0');
    expect(await shell(project, url, 'pe config show > /dev/full 2>err; echo $?; head -1 err')).toMatch(
      /^1\nError: can't write the result: ENOSPC/,
    );
  },
  60_000,
);

describe('without stdin, stdout and stderr', () => {
  const none = '<&- >&- 2>&-';
  test('every command does what it does, with its exit code', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, files);
    const calls: readonly (readonly [string, number])[] = [
      ['--help', 0],
      ['dlq list --help', 0],
      ['--version', 0],
      ['dlq list --limt 3', 2],
      ['config show', 0],
      ['config schema', 0],
      ['pipeline permissions --role viewer', 0],
      ['pipeline apply', 2],
      ['pipeline apply --check', 3],
      ['pipeline apply --yes', 0],
      ['pipeline verify', 0],
      ['events publish job.done --data -', 0],
      ['events explain 1', 0],
      ['events explain 7', 1],
      ['dlq list', 0],
      ['dlq export', 0],
      ['dlq watch --duration 1s', 0],
      ['dlq report --since 1h', 0],
      ['operations log', 0],
      ['dlq show worker/1', 1],
      ['dlq replay --all --yes', 0],
      ['advisories tail --no-follow', 0],
      ['events tail --all --no-follow', 0],
      ['events tail --core --duration 100ms', 0],
      ['server stop', 1],
      ['dlq list --server nats://127.0.0.1:1', 4],
    ];
    for (const [words, exitCode] of calls) {
      expect(await shell(project, url, `(pe ${words} ${none}); echo $?`), words).toBe(String(exitCode));
    }
    expect(
      await shell(
        project,
        url,
        `(timeout -s INT 3 ${process.execPath} ${bin} pipeline run ${none}); echo $?`,
      ),
    ).toMatch(/^(?:0|124)$/);
  }, 120_000);
});
