import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject, type Project, type RunningCommand } from '../support/project.js';

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { 'notifications-consumer': { events: ['totp.requested'], handler: './handler.ts' } },
};
const handler = `
import { appendFileSync } from 'node:fs';
import { greeting } from './lib/greeting.js';
export default async (event) => {
  if (event.data.slow) {
    appendFileSync(process.env.OUT, 'begun\\n');
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  appendFileSync(process.env.OUT, greeting + ' ' + process.env.WHO + '\\n');
};
`;

function count(run: RunningCommand, message: string): number {
  return run.logs().filter(({ msg }) => String(msg).startsWith(message)).length;
}

const times = (run: RunningCommand, message: string, wanted: number): Promise<unknown> =>
  eventually(`"${message}" ${wanted} times`, () => count(run, message) === wanted, 30_000);

async function publish(p: Project, data = '{}'): Promise<void> {
  expect((await p.cli(['events', 'publish', 'totp.requested', '--data', data])).exitCode).toBe(0);
}

test('run --watch starts anew when what it depends on changes; in hand is finished, and what is broken replaces nothing', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config, { '.env': 'WHO=Ada\n', 'handler.ts': handler });
  // In one step, as editors do: a file that is half written would be one change more.
  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(join(p.folder, '.new'), text);
    await rename(join(p.folder, '.new'), join(p.folder, file));
  };
  const lines = (wanted: string[]): Promise<unknown> =>
    eventually(
      `the handler wrote ${wanted.join()}`,
      async () => JSON.stringify(await p.lines()) === JSON.stringify(wanted),
      20_000,
    );
  await mkdir(join(p.folder, 'lib'));
  await write('lib/greeting.ts', 'export const greeting: string = ;\n');

  // Nothing runs yet: it waits for the change that repairs it.
  const run = p.start(['--apply', '--watch']);
  await times(run, 'the pipeline does not run', 1);
  await write('lib/greeting.ts', "export const greeting: string = 'hello';\n");
  await times(run, 'pipeline runs', 1);
  await publish(p);
  await lines(['hello Ada']);

  // What it has in hand is finished by the old handler before the new one begins.
  await publish(p, '{"slow":true}');
  await lines(['hello Ada', 'begun']);
  await write('lib/greeting.ts', "export const greeting: string = 'good day';\n");
  await times(run, 'pipeline runs', 2);
  await publish(p);
  await lines(['hello Ada', 'begun', 'hello Ada', 'good day Ada']);
  const change = run.logs().findLast(({ msg }) => msg === 'changed: starting anew');
  expect(change).toMatchObject({ level: 'info', files: ['lib/greeting.ts'] });

  // A config with an error is said, and what runs goes on.
  await write('plutomi-events.config.json', '{ "name": "test", "consumer": {} }');
  await times(run, 'what has changed can not be loaded', 1);
  expect([count(run, 'pipeline runs'), count(run, 'stopped; what is not processed')]).toEqual([2, 1]);
  await write('plutomi-events.config.json', JSON.stringify(config));
  await times(run, 'pipeline runs', 3);
  await write('.env', 'WHO=Grace\n');
  await times(run, 'pipeline runs', 4);
  await publish(p);
  await lines(['hello Ada', 'begun', 'hello Ada', 'good day Ada', 'good day Grace']);

  run.child.kill('SIGINT');
  const { exitCode, stderr } = await run.ended;
  expect(exitCode).toBe(0);
  expect(count(run, 'stopped; what is not processed')).toBe(4);
  expect(stderr).toContain('consumer: unknown key; did you mean consumers?');
  expect(stderr).not.toMatch(/^\s+at /m);
}, 90_000);

test('run --watch without a config is exit 2; Ctrl-C after a failed start has its exit code; the children end with it', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config, {});
  expect((await p.cli(['pipeline', 'run', '--watch', '--config', 'none.json'])).exitCode).toBe(2);
  const failed = p.start(['--watch']);
  await times(failed, 'the pipeline does not run', 1);
  failed.child.kill('SIGTERM');
  expect((await failed.ended).exitCode).toBe(2);

  await writeFile(join(p.folder, 'handler.ts'), 'export default async () => console.log(event.id);');
  const killed = p.start(['--apply', '--watch']);
  await times(killed, 'pipeline runs', 1);
  killed.child.kill('SIGKILL');
  // Its output is open until the last child has left.
  await killed.ended;
  expect(count(killed, 'stopped; what is not processed')).toBe(1);
}, 90_000);
