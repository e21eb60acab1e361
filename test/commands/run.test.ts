import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { handlerText, makeProject, type Project } from '../support/project.js';
import { natsForTest } from '../support/pipeline.js';
import { serverBinary } from '../support/nats-server.js';

const consumer = {
  events: ['totp.requested'],
  handler: './handler.mjs',
  attempts: 2,
  backoff: ['20ms'],
  retry: { delay: '50ms', attempts: 2, backoff: ['20ms'] },
};
const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { 'notifications-consumer': consumer },
};

async function project(body: string, overrides: Record<string, unknown> = {}): Promise<Project> {
  const server = await natsForTest();
  return makeProject(server.url, { ...config, ...overrides }, { 'handler.mjs': handlerText(body) });
}

test('run without apply names what is missing, exit 1; with --apply it runs', async () => {
  const p = await project('');
  const refused = await p.cli(['pipeline', 'run', '--json']);
  expect(refused.exitCode).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: {
      code: 'NOT_APPLIED',
      message: expect.stringContaining('create stream events'),
      suggestions: ['plutomi-events pipeline apply', 'plutomi-events pipeline run --apply'],
    },
  });
  const plain = await p.cli(['pipeline', 'run']);
  expect(plain).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('pipeline apply') });

  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  expect((await p.cli(['pipeline', 'apply', '--check'])).exitCode).toBe(0);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: running handlers finish, nothing new starts, exit 0',
  async (signal) => {
    const p = await project("await new Promise((r) => setTimeout(r, 700)); appendFileSync(out, 'done\\n');", {
      consumers: { 'notifications-consumer': { ...consumer, concurrency: 1 } },
    });
    const run = p.start(['--apply']);
    await run.until('pipeline runs');
    await p.cli(['events', 'publish', 'totp.requested', '--data', '{}', '--count', '3']);
    await expect.poll(() => p.lines()).toHaveLength(1);
    run.child.kill(signal);
    const { exitCode } = await run.ended;
    expect(exitCode).toBe(0);
    expect(await p.lines()).toEqual(['main 1 1', 'done']);
    expect(run.logs().map((line) => line['msg'])).toContainEqual(
      expect.stringContaining('stays on the server'),
    );
  },
);

test('what a handler keeps open does not keep the process', async () => {
  const p = await project('setInterval(() => {}, 60_000);');
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested']);
  await expect.poll(() => p.lines()).toHaveLength(1);
  run.child.kill('SIGTERM');
  expect((await run.ended).exitCode).toBe(0);
  expect(run.logs().at(-1)).toMatchObject({ msg: expect.stringMatching(/^stopped; /) });
});

test('a handler that outlasts the drain timeout is left; a second signal ends at once', async () => {
  const p = await project('await new Promise(() => {});');
  const run = p.start(['--apply', '--drain-timeout', '300ms']);
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested']);
  await expect.poll(() => p.lines()).toHaveLength(1);
  run.child.kill('SIGTERM');
  expect((await run.ended).exitCode).toBe(0);
  expect(run.logs().at(-1)).toMatchObject({ unfinished: 1 });

  const second = p.start(['--drain-timeout', '10m']);
  await second.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested']);
  // The first one was taken back, and comes to the next process at once.
  await expect.poll(() => p.lines()).toHaveLength(3);
  second.child.kill('SIGTERM');
  await second.until('stopping');
  const again = setInterval(() => second.child.kill('SIGTERM'), 200);
  onTestFinished(() => clearInterval(again));
  expect((await second.ended).exitCode).toBe(130);
});

test('one request that comes twice, as of timeout and npm, is one', async () => {
  const p = await project('await new Promise((done) => setTimeout(done, 1500));');
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested']);
  await expect.poll(() => p.lines()).toHaveLength(1);
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT'] as const) run.child.kill(signal);
  expect((await run.ended).exitCode).toBe(0);
  expect(run.logs().at(-1)).toMatchObject({ msg: expect.stringMatching(/^stopped; /) });
});

test('--only runs one consumer; an unknown name is exit 2 with the nearest', async () => {
  const p = await project('', {
    consumers: {
      'notifications-consumer': consumer,
      'analytics-consumer': { ...consumer, handler: './handler.mjs' },
    },
  });
  const wrong = await p.cli(['pipeline', 'run', '--only', 'analytic-consumer', '--json']);
  expect(wrong.exitCode).toBe(2);
  expect(JSON.parse(wrong.stdout).error.suggestions).toEqual(['did you mean: --only analytics-consumer']);
  const run = p.start(['--apply', '--only', 'analytics-consumer']);
  await run.until('pipeline runs');
  expect(run.logs()[0]?.['consumers']).toEqual([
    'meta-consumer',
    'meta-consumer-retry',
    'meta-consumer-dlq',
    'analytics-consumer',
    'analytics-consumer-retry',
    'analytics-consumer-dlq',
  ]);
});

test('a handler without default export, or that throws while loading, is exit 2 before anything connects', async () => {
  const p = await makeProject('nats://127.0.0.1:1', config, { 'handler.mjs': 'export const x = 1;' });
  expect(await p.cli(['pipeline', 'run'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('a function as its default export'),
  });
  const q = await makeProject('nats://127.0.0.1:1', config, {
    'handler.mjs': "throw new Error('broken at load');",
  });
  const failed = await q.cli(['pipeline', 'run']);
  expect(failed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('broken at load') });
  expect(failed.stderr).not.toContain('    at ');
});

test('no server: exit 4', async () => {
  const p = await makeProject('nats://127.0.0.1:1', config, { 'handler.mjs': handlerText('') });
  expect(await p.cli(['pipeline', 'run', '--timeout', '1s'])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('127.0.0.1:1'),
  });
});

test('the log names event, consumer, stage, attempt and origin; payloads and headers never', async () => {
  const p = await project("if (event.id === 'bad') throw new Error('SES is down');");
  const run = p.start(['--apply', '--log-level', 'debug']);
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested', '--id', 'good', '--data', '{"code":"secret-123456"}']);
  await p.cli([
    'events',
    'publish',
    'totp.requested',
    '--id',
    'bad',
    '--data',
    '{"code":"secret-123456"}',
    '--header',
    'X-Token: secret-header',
  ]);
  // The dead letter may be told before whoever put it there says so.
  await Promise.all([run.until('dead letter'), run.until('routed to dlq')]);
  const facts = {
    consumer: 'notifications-consumer',
    origin: 'events/2',
    subject: 'events.totp.requested',
    eventId: 'bad',
  };
  const find = (message: string) => run.logs().filter((line) => line['msg'] === message);
  expect(find('succeeded')).toMatchObject([
    { level: 'debug', eventId: 'good', stage: 'main', attempt: 1, origin: 'events/1' },
  ]);
  expect(find('attempt failed')).toMatchObject([
    { level: 'warn', ...facts, stage: 'main', attempt: 1, of: 2, reason: 'SES is down' },
    { ...facts, stage: 'main', attempt: 2 },
    { ...facts, stage: 'retry', attempt: 1 },
    { ...facts, stage: 'retry', attempt: 2 },
  ]);
  expect(find('routed to retry')).toMatchObject([{ level: 'info', ...facts }]);
  expect(find('routed to dlq')).toMatchObject([{ level: 'debug', ...facts }]);
  expect(find('dead letter')).toMatchObject([
    { level: 'error', id: 'notifications-consumer/2', reason: 'SES is down' },
  ]);
  expect(JSON.stringify(run.logs())).not.toContain('secret-');
});

test('--embedded starts a server that other commands of the folder find, and stops it', async () => {
  process.env['NATS_SERVER_BIN'] ??= await serverBinary();
  const p = await makeProject('', config, { 'handler.mjs': handlerText('') });
  const refused = await p.cli(['pipeline', 'run', '--embedded', '--json']);
  // Its server has ended: it is the one that works.
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: { code: 'NOT_APPLIED', suggestions: ['plutomi-events pipeline run --embedded --apply'] },
  });
  const run = p.start(['--embedded', '--apply']);
  await run.until('pipeline runs');
  const published = await p.cli(['events', 'publish', 'totp.requested', '--json']);
  expect(JSON.parse(published.stdout)).toMatchObject({ stream: 'events', seq: 1, duplicate: false });
  await expect.poll(() => p.lines()).toEqual(['main 1 1']);
  run.child.kill('SIGTERM');
  expect((await run.ended).exitCode).toBe(0);
  expect((await p.cli(['events', 'publish', 'totp.requested', '--timeout', '1s'])).exitCode).toBe(4);
});

test('a dead letter reaches the handler and the webhook of the config, again after a failure', async () => {
  const { createServer } = await import('node:http');
  const bodies: unknown[] = [];
  const hook = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.statusCode = bodies.length === 1 ? 500 : 204;
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const { port } = hook.address() as { port: number };
  const server = await natsForTest();
  const onDeadLetter = { handler: './alert.mjs', webhook: `http://127.0.0.1:${port}/hook` };
  const p = await makeProject(
    server.url,
    { ...config, consumers: { 'notifications-consumer': { ...consumer, retry: false, onDeadLetter } } },
    {
      'handler.mjs': handlerText("throw new Reject('no');"),
      'alert.mjs':
        "import { appendFileSync } from 'node:fs';\nexport default (letter) => appendFileSync(process.env.OUT, `alert ${letter.id}\\n`);\n",
    },
  );
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested']);
  await expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(2);
  hook.close();
  expect(bodies[1]).toMatchObject({
    id: 'notifications-consumer/1',
    reason: expect.stringContaining('no'),
    attempts: { main: 1, retry: 0 },
  });
  expect(await p.lines()).toEqual([
    'main 1 1',
    'alert notifications-consumer/1',
    'alert notifications-consumer/1',
  ]);
});

/** Starts `pipeline run` as process 1 of a pid namespace, as a container does. */
async function startAsFirst(p: Project, url: string, words: readonly string[]) {
  const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
  const env = { PATH: process.env['PATH'] ?? '', NATS_URL: url, OUT: join(p.folder, 'out.log') };
  const child = execa(
    'unshare',
    ['--pid', '--fork', '--kill-child', process.execPath, bin, 'pipeline', 'run', ...words],
    {
      cwd: p.folder,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('as the first process of a container it ends a blocked handler too, with the exit code of a killed process', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config, { 'handler.mjs': handlerText('for (;;);') });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  expect((await p.cli(['events', 'publish', 'totp.requested'])).exitCode).toBe(0);
  const { exitCode, stdout } = await startAsFirst(p, server.url, ['--stall-timeout', '1s']);
  expect(exitCode).toBe(137);
  expect(stdout).toContain('a handler has blocked the event loop');
});
