import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { connectTo } from '../support/connect.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal, type Terminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = (events: Record<string, unknown>) => ({
  name: 'plutomi',
  streams: { events },
  events: { 'totp.requested': {} },
  consumers: { 'notifications-consumer': { events: ['totp.requested'], handler: './handler.mjs' } },
});

interface Applying {
  readonly url: string;
  readonly project: Project;
  readonly terminal: (words?: readonly string[], env?: Record<string, string>) => Promise<Terminal>;
  readonly rewrite: (events: Record<string, unknown>) => Promise<void>;
}

async function applying(): Promise<Applying> {
  const { url } = await natsForTest();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const project = await makeProject(url, config({ maxAge: '7d' }), files);
  return {
    url,
    project,
    terminal: (words = [], env = {}) =>
      openTerminal([process.execPath, bin, 'pipeline', 'apply', ...words], {
        cwd: project.folder,
        env: { NATS_URL: url, ...env },
        rows: 80,
      }),
    rewrite: (events) =>
      writeFile(join(project.folder, 'plutomi-events.config.json'), JSON.stringify(config(events))),
  };
}

const question = /Make these 12 changes on 127\.0\.0\.1:\d+\?/;
const green = '\u001b[32m';
const yellow = '\u001b[33m';
const red = '\u001b[31m';

test('shows the plan in colour, asks, and does it after yes', async () => {
  const { terminal, url } = await applying();
  await using pane = await terminal();
  const shown = await pane.waitFor(question);
  expect(shown).toMatch(/plutomi on 127\.0\.0\.1:\d+/);
  expect(shown).toContain('12 to create.');
  expect(await pane.colored()).toContain(`${green}+ create stream events-advisories`);
  await pane.press('y', 'Enter');
  expect(await pane.exitCode()).toBe(0);
  expect(await pane.text()).toContain('the server matches the config');
  await using link = await connectTo(url);
  expect(await link.streamInfo('events')).toBeDefined();
});

test.each([
  ['no', ['n', 'Enter']],
  ['Enter alone', ['Enter']],
])('%s means no: nothing is done, exit 1', async (_, keys) => {
  const { terminal, url } = await applying();
  await using pane = await terminal();
  await pane.waitFor(question);
  await pane.press(...keys);
  expect(await pane.exitCode()).toBe(1);
  expect(await pane.text()).toContain('nothing was changed');
  await using link = await connectTo(url);
  expect(await link.streamInfo('events')).toBeUndefined();
});

test('Ctrl-C at the question ends it: nothing is done, exit 130', async () => {
  const { terminal, url } = await applying();
  await using pane = await terminal();
  await pane.waitFor(question);
  await pane.press('C-c');
  expect(await pane.exitCode()).toBe(130);
  await using link = await connectTo(url);
  expect(await link.streamInfo('events')).toBeUndefined();
});

test('--yes does not ask', async () => {
  const { terminal } = await applying();
  await using pane = await terminal(['--yes']);
  expect(await pane.exitCode()).toBe(0);
  expect(await pane.text()).not.toMatch(question);
});

test('a change is yellow, with the old value red and the new one green; a replacement is red', async () => {
  const { terminal, project, rewrite } = await applying();
  await project.cli(['pipeline', 'apply', '--yes']);
  await rewrite({ maxAge: '3d' });
  await using update = await terminal(['--dry-run']);
  expect(await update.exitCode()).toBe(0);
  const diff = await update.colored();
  expect(diff).toContain(`${yellow}~ update stream events`);
  expect(diff).toContain(`${red}7d`);
  expect(diff).toContain(`${green}3d`);

  await rewrite({ maxAge: '7d', storage: 'memory' });
  await using refused = await terminal();
  expect(await refused.exitCode()).toBe(1);
  expect(await refused.colored()).toContain(`${red}-/+ replace stream events`);
  expect(await refused.text()).not.toContain('Make th');

  await using replaced = await terminal(['--replace', 'events']);
  await replaced.waitFor(/Make these 2 changes/);
  await replaced.press('y', 'Enter');
  expect(await replaced.exitCode()).toBe(0);
});

test('what a lower limit ends, and what is left behind, is asked about, with the numbers above', async () => {
  const { terminal, project, url, rewrite } = await applying();
  await project.cli(['pipeline', 'apply', '--yes']);
  await using link = await connectTo(url);
  for (let i = 0; i < 5; i++) await link.publish('events.totp.requested', '{}');
  await rewrite({ maxMsgs: 2 });
  await using lower = await terminal();
  const asked = await lower.waitFor(/Make this change on/);
  expect(asked).toContain('! 3 events exceed the new limit and are removed at once');
  expect(asked).toContain('What is marked with ! in events will be lost.');
  await lower.press('n', 'Enter');
  expect(await lower.exitCode()).toBe(1);
  expect((await link.streamInfo('events'))?.state.messages).toBe(5);

  const file = join(project.folder, 'plutomi-events.config.json');
  await writeFile(file, JSON.stringify({ ...config({}), consumers: {} }));
  await using left = await terminal();
  expect(await left.waitFor(/Leave it on/)).toContain('! 5 events are not delivered yet');
  await left.press('y', 'Enter');
  expect(await left.exitCode()).toBe(0);
  await using again = await terminal();
  expect(await again.exitCode()).toBe(0);
  expect(await again.text()).toContain('No changes.');
}, 60_000);

test.each([
  [['--no-color'], {}],
  [[], { NO_COLOR: '1' }],
  [[], { TERM: 'dumb' }],
] as const)('no colour with %j %j', async (words, env) => {
  const { terminal } = await applying();
  await using pane = await terminal([...words, '--check'], env);
  expect(await pane.exitCode()).toBe(3);
  expect(await pane.colored()).not.toContain('\u001b[3');
});
