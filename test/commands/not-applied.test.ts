import { afterAll, beforeEach, expect, test } from 'vitest';
import { startNats } from '../support/nats-server.js';
import { makeProject, type Project } from '../support/project.js';

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { mailer: { events: ['totp.requested'], handler: './handler.mjs' } },
};
const next = 'plutomi-events pipeline apply';

const server = await startNats();
afterAll(() => server[Symbol.asyncDispose]());
let project: Project;
beforeEach(async () => {
  project = await makeProject(server.url, config, { 'handler.mjs': 'export default async () => {};\n' });
});

test('status says once that nothing is there, and what to run; its JSON says it of each', async () => {
  const { exitCode, stdout } = await project.cli(['pipeline', 'status']);
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').slice(1)).toEqual(['', 'the server has none of its streams', `→ ${next}`]);
  const { streams } = JSON.parse((await project.cli(['pipeline', 'status', '--json'])).stdout);
  expect(streams).toHaveLength(6);
  for (const one of streams) expect(one).toMatchObject({ problem: 'the server has no such stream' });
});

test('metrics says so at once', async () => {
  const started = performance.now();
  const { exitCode, stdout } = await project.cli(['pipeline', 'metrics', '--over', '30s', '--json']);
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'NO_STREAM', suggestions: expect.arrayContaining([next]) },
  });
});

test.each([
  ['events', 'explain', 'events/1'],
  ['events', 'explain', 'mailer/1'],
  ['events', 'explain', 'login-4711'],
  ['dlq', 'show', 'mailer/1'],
  ['dlq', 'show', 'login-4711'],
])('%s %s %s: the stream is not there', async (...words) => {
  const { exitCode, stdout } = await project.cli([...words, '--json']);
  expect(exitCode).toBe(1);
  const { error } = JSON.parse(stdout);
  expect(error).toMatchObject({ code: 'NO_STREAM', suggestions: expect.arrayContaining([next]) });
  expect(error.suggestions.join()).not.toContain('dlq list');
});

test('verify names each that is missing, and the command once', async () => {
  const { exitCode, stdout } = await project.cli(['pipeline', 'verify']);
  expect(exitCode).toBe(1);
  expect(stdout.match(/^drift .* it is missing$/gm)).toHaveLength(12);
  expect(stdout.split(`${next} --dry-run`)).toHaveLength(2);
  expect(stdout.split('\n').at(-1)).toBe(`see the plan: ${next} --dry-run`);
  // Each stands for itself there.
  const { problems } = JSON.parse((await project.cli(['pipeline', 'verify', '--json'])).stdout);
  for (const { detail } of problems) expect(detail).toContain(`${next} --dry-run`);
});
