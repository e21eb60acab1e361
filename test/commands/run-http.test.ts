import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { sumOf } from '../support/metrics.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../support/project.js';

const name = 'notifications-consumer';
const config = {
  name: 'test',
  events: { 'totp.requested': {}, 'totp.sent': {} },
  consumers: { [name]: { events: ['totp.requested'], handler: './handler.mjs', attempts: 1, retry: false } },
};

async function project(body: string): Promise<Project> {
  const server = await natsForTest();
  return makeProject(server.url, config, { 'handler.mjs': handlerText(body) });
}

function urlIn(logs: readonly Record<string, unknown>[]): string {
  return String(logs.find(({ msg }) => String(msg).startsWith('answers /livez'))?.['url']);
}

test('run --http answers probes and scrapes, counts what handlers publish, and ends with the pipeline', async () => {
  const p = await project(`
    const { openPipeline } = await import('plutomi-events');
    await using opened = await openPipeline();
    await opened.publish('totp.sent', {});
  `);
  const run = p.start(['--apply', '--http', '0']);
  await run.until('pipeline runs');
  const url = urlIn(run.logs());
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  await eventually('it is ready', async () => (await get('/readyz')) === 'ok\n');
  expect([await get('/livez'), await get('/startupz')]).toEqual(['ok\n', 'ok\n']);
  await p.cli(['events', 'publish', 'totp.requested', '--data', '{}', '--count', '3']);
  await eventually(
    'all are counted',
    async () => sumOf(await get('/metrics'), 'plutomi_attempts_total', name, '"main"', '"ok"') === 3,
    20_000,
  );
  expect(sumOf(await get('/metrics'), 'plutomi_published_total', 'type="totp.sent"')).toBe(3);
  run.child.kill('SIGTERM');
  expect((await run.ended).exitCode).toBe(0);
  await expect(get('/livez')).rejects.toThrow();
});

test('without it, nothing listens and nothing is loaded for it', async () => {
  const p = await project('');
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  expect(run.logs().filter(({ url }) => url !== undefined)).toEqual([]);
});

test('a port that is taken is exit 1 before anything runs; what is no address is exit 2', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const p = await project('');
  const taken = await p.cli(['pipeline', 'run', '--apply', '--http', `${port}`, '--json']);
  expect(taken.exitCode).toBe(1);
  expect(JSON.parse(taken.stdout)).toMatchObject({
    error: { code: 'CANNOT_LISTEN', message: expect.stringContaining(`127.0.0.1:${port}`) },
  });
  expect((await p.cli(['pipeline', 'apply', '--check'])).exitCode).toBe(3);
  const wrong = await p.cli(['pipeline', 'run', '--http', ':9464', '--json']);
  expect(wrong.exitCode).toBe(2);
  expect(JSON.parse(wrong.stdout).error).toMatchObject({
    message: '--http: expected <host>:<port> or a port from 0 to 65535, found ":9464"',
    suggestions: expect.arrayContaining(['for this machine alone: 127.0.0.1:9464']),
  });
});
