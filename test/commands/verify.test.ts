import { expect, test } from 'vitest';
import { consumer } from '../support/dead-letters.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../support/project.js';

const config = {
  name: 'plutomi',
  events: { 'totp.requested': {} },
  consumers: {
    [consumer]: {
      events: ['totp.requested'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '10m', attempts: 1 },
    },
  },
};

/** A project whose two events wait in the retry stage; the pointer of the first is removed. */
async function broken(): Promise<Project> {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const p = await makeProject(server.url, config, {
    'handler.mjs': handlerText("throw new Error('connection refused');"),
  });
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  await p.cli(['events', 'publish', 'totp.requested', '--count', '2']);
  await expect
    .poll(async () => (await link.streamInfo('events-retry'))?.state.messages, { timeout: 20_000 })
    .toBe(2);
  run.child.kill('SIGTERM');
  await run.ended;
  const pointer = await link.readLast('events-retry', `events-retry.${consumer}.1`);
  await link.deleteMessage('events-retry', pointer?.seq ?? 0);
  return p;
}

test('pipeline verify --help names the codes apart, so that no line breaks within one', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config, { 'handler.mjs': handlerText('') });
  const { stdout } = await p.cli(['pipeline', 'verify', '--help']);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('<options: single-replica | replica-behind | ');
});

test('pipeline verify --ignore leaves out warnings of that code, never a problem; an unknown code is told what exists', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config, { 'handler.mjs': handlerText('') });
  await p.cli(['pipeline', 'apply', '--yes']);
  const all = await p.cli(['pipeline', 'verify']);
  expect(all.stdout).toContain('sync-interval: ');
  const fewer = await p.cli([
    'pipeline',
    'verify',
    '--ignore',
    'sync-interval',
    '--ignore',
    'single-replica',
  ]);
  expect(fewer).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('warning') });
  const json = await p.cli(['pipeline', 'verify', '--json', '--ignore', 'sync-interval']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: true,
    warnings: [{ kind: 'single-replica' }],
    waiting: [],
  });
  const unknown = await p.cli(['pipeline', 'verify', '--ignore', 'sync-intervall']);
  expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
  expect(unknown.stderr).toContain('sync-intervall');
  expect(unknown.stderr).toContain('single-replica');
}, 60_000);

test('pipeline verify: exit 1 and the problem, --repair asks, and mends it with --yes', async () => {
  const p = await broken();
  const found = await p.cli(['pipeline', 'verify', '--json']);
  expect(found.exitCode).toBe(1);
  const { problems, warnings, ...rest } = JSON.parse(found.stdout);
  expect(rest).toMatchObject({
    pipeline: 'plutomi',
    ok: false,
    checked: { exhaustions: 2, pointers: 1, deadLetters: 0, originals: 1, inFlight: 0 },
  });
  expect(problems).toEqual([
    {
      kind: 'pointer-missing',
      id: `${consumer}/1`,
      detail: expect.stringContaining('neither waiting there nor finished'),
      repairable: true,
    },
  ]);
  expect(warnings).toContainEqual({ kind: 'sync-interval', detail: expect.stringContaining('always') });

  const human = await p.cli(['pipeline', 'verify']);
  expect(human).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('pipeline verify --repair') });
  expect(human.stdout).toMatch(new RegExp(`^pointer-missing  ${consumer}/1  `, 'm'));
  expect(human.stdout.endsWith('\n1 problem')).toBe(true);

  expect(await p.cli(['pipeline', 'verify', '--repair'])).toMatchObject({ exitCode: 2, stdout: '' });
  const repaired = await p.cli(['pipeline', 'verify', '--repair', '--yes', '--json']);
  expect(repaired.exitCode).toBe(0);
  expect(JSON.parse(repaired.stdout)).toMatchObject({
    ok: true,
    problems: [],
    repaired: [{ kind: 'pointer-missing', id: `${consumer}/1` }],
  });
  const after = await p.cli(['pipeline', 'verify']);
  expect(after).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nnothing is broken$/) });
  expect(await p.cli(['pipeline', 'verify', '--yes'])).toMatchObject({ exitCode: 2 });
}, 60_000);
