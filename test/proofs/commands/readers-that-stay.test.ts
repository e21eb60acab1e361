import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, describe, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../../support/project.js';
import { openTerminal } from '../../support/tmux.js';
import { openUnreadPipe, type UnreadPipe } from '../../support/unread-pipe.js';

// What becomes of a command whose reader is there and does not read: a stuck log driver, Ctrl-S on a terminal.

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const config = {
  name: 'readers',
  events: { 'job.done': {} },
  consumers: { worker: { events: ['job.done'], handler: './worker.mjs', attempts: 1, retry: false } },
};
const failing = handlerText("throw new Error('x'.repeat(500));");
const printing = handlerText("console.log('x'.repeat(2000)); console.error('x'.repeat(2000));");
// Prints where nobody reads, then blocks the event loop.
const blocking = handlerText("console.log('x'.repeat(200_000)); for (;;);");

async function projectWith(handler: string): Promise<{ project: Project; url: string }> {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, { 'worker.mjs': handler });
  await project.cli(['pipeline', 'apply', '--yes']);
  return { project, url };
}

type Running = ChildProcess & { readonly ended: Promise<unknown[]> };

/** Starts a command in the project's folder with these as its stdout and stderr. */
function start(
  { folder }: Project,
  url: string,
  words: readonly string[],
  stdout: UnreadPipe,
  stderr: UnreadPipe | 'pipe' = 'pipe',
): Running {
  const child = spawn(process.execPath, [bin, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NATS_URL: url, OUT: join(folder, 'out.log') },
    stdio: ['ignore', stdout.fd, stderr === 'pipe' ? 'pipe' : stderr.fd],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return Object.assign(child, { ended: once(child, 'exit') });
}

/** Its stdout waits for room: the event loop watches it, which is where a write that did not fit leaves it. */
async function waitsForReader({ pid }: ChildProcess): Promise<void> {
  const folder = `/proc/${pid}/fdinfo`;
  const watched = async (): Promise<boolean> => {
    const infos = (await readdir(folder)).map((fd) => readFile(join(folder, fd), 'utf8').catch(() => ''));
    return (await Promise.all(infos)).some((info) => /^tfd: +1 /m.test(info));
  };
  await eventually(`process ${pid} waits for the reader of its stdout`, watched, 30_000);
}

const handled = (project: Project, count: number): Promise<void> =>
  eventually(`${count} events are handled`, async () => (await project.lines()).length >= count, 30_000);

describe('a log that nobody reads', () => {
  test('holds the worker up in nothing: it handles all, ends in order, and has kept what it logged', async () => {
    const { project, url } = await projectWith(failing);
    await project.cli(['events', 'publish', 'job.done', '--count', '500']);
    const pipe = await openUnreadPipe();
    const run = start(
      project,
      url,
      ['pipeline', 'run', '--log-level', 'debug', '--stall-timeout', '5s'],
      pipe,
    );
    await handled(project, 500);
    const written = text(pipe.read());
    run.kill('SIGTERM');
    expect(await run.ended).toEqual([0, null]);
    const lines = (await written).trim().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((message) => message === 'attempt failed')).toHaveLength(500);
    expect(messages[0]).toMatch(/^pipeline runs/);
    expect(messages.at(-1)).toMatch(/^stopped;/);
  }, 90_000);

  test.each([
    ['fail', failing],
    ['print', printing],
  ])(
    'and is never read: the worker ends all the same; its handlers %s',
    async (_what, handler) => {
      const { project, url } = await projectWith(handler);
      await project.cli(['events', 'publish', 'job.done', '--count', '300']);
      const run = start(project, url, ['pipeline', 'run'], await openUnreadPipe(), await openUnreadPipe());
      await handled(project, 300);
      run.kill('SIGTERM');
      expect(await run.ended).toEqual([0, null]);
    },
    90_000,
  );

  test('on a terminal that is held with Ctrl-S', async () => {
    const { project, url } = await projectWith(failing);
    const env = { NATS_URL: url, OUT: join(project.folder, 'out.log') };
    const words = [process.execPath, bin, 'pipeline', 'run', '--stall-timeout', '5s'];
    await using terminal = await openTerminal(words, { cwd: project.folder, env });
    await terminal.waitFor('pipeline runs');
    await terminal.press('C-s');
    await project.cli(['events', 'publish', 'job.done', '--count', '500']);
    await handled(project, 500);
    await terminal.press('C-q');
    await terminal.press('C-c');
    expect(await terminal.exitCode(30_000)).toBe(0);
  }, 90_000);

  test('the last line of the watchdog goes to stderr then', async () => {
    const { project, url } = await projectWith(blocking);
    await project.cli(['events', 'publish', 'job.done']);
    const words = ['pipeline', 'run', '--stall-timeout', '1s'];
    const run = start(project, url, words, await openUnreadPipe());
    const stderr = text(run.stderr as Readable);
    expect(await run.ended).toEqual([null, 'SIGKILL']);
    expect(JSON.parse(await stderr)).toMatchObject({ level: 'fatal', stalledMs: expect.any(Number) });
  }, 60_000);

  test('a handler that prints to a held terminal and blocks there is ended by the watchdog', async () => {
    const { project, url } = await projectWith(blocking);
    const env = { NATS_URL: url, OUT: join(project.folder, 'out.log') };
    const words = [process.execPath, bin, 'pipeline', 'run', '--stall-timeout', '1s'];
    const withPid = ['sh', '-c', 'echo $$ > pid; exec "$@"', 'sh', ...words];
    await using terminal = await openTerminal(withPid, { cwd: project.folder, env });
    await terminal.waitFor('pipeline runs');
    const [pid] = await project.lines('pid');
    await terminal.press('C-s');
    await project.cli(['events', 'publish', 'job.done']);
    await eventually('the worker has ended', () => !existsSync(`/proc/${pid}/fd/1`), 30_000);
    await terminal.press('C-q');
    expect(await terminal.exitCode()).toBe(137);
  }, 60_000);
});

describe('a result that nobody reads', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a command that reads, with 130',
    async (signal) => {
      const { project, url } = await projectWith(failing);
      await project.cli(['events', 'publish', 'job.done']);
      await project.start().until('dead letter');
      for (const words of [
        ['config', 'show'],
        ['dlq', 'list'],
        ['dlq', 'export', '--with-data'],
        ['dlq', 'watch', '--all'],
        ['advisories', 'tail', '--since', '1h'],
      ]) {
        const run = start(project, url, words, await openUnreadPipe());
        await waitsForReader(run);
        run.kill(signal);
        expect(await run.ended, words.join(' ')).toEqual([130, null]);
      }
    },
    90_000,
  );

  test('a command that writes finishes; a signal then ends it with the code of what was done', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, { 'worker.mjs': failing });
    const apply = start(project, url, ['pipeline', 'apply', '--yes', '--json'], await openUnreadPipe());
    await eventually('it is applied', async () => {
      return (await project.cli(['pipeline', 'apply', '--check'])).exitCode === 0;
    });
    await waitsForReader(apply);
    apply.kill('SIGTERM');
    expect(await apply.ended).toEqual([0, null]);

    const words = ['events', 'publish', 'job.done', '--count', '2000', '--json'];
    const publish = start(project, url, words, await openUnreadPipe());
    const link = await connectTo(url);
    await eventually('all are stored', async () => {
      return (await link.streamInfo('events'))?.state.messages === 2000;
    });
    await waitsForReader(publish);
    publish.kill('SIGINT');
    expect(await publish.ended).toEqual([0, null]);
  }, 90_000);
});
