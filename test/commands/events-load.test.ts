import { fileURLToPath } from 'node:url';
import { DiscardPolicy } from '@nats-io/jetstream';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const config = {
  name: 'test',
  events: { job: {}, note: {} },
  consumers: { worker: { events: ['job'], handler: './handler.mjs' } },
};
const files = { 'handler.mjs': 'export default () => {};\n' };

let nats: TestServer;
let project: Project;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
// The streams of the shared server stay.
beforeEach(async () => {
  project = await makeProject(nats.url, config, files);
  expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
});

const load = (...words: string[]) => project.cli(['events', 'load', ...words]);
const stored = async (): Promise<number> =>
  (await (await connectTo(nats.url)).streamInfo('events'))?.state.messages ?? 0;

describe('events load', () => {
  test('in a folder with a config: 200 a second for 5 seconds are 1,000 events, sent and stored', async () => {
    const before = await stored();
    const ended = await load('--rate', '200', '--duration', '5', '--json');
    expect(ended).toMatchObject({ exitCode: 0 });
    const found = readJson('events load', ended.stdout);
    expect(found).toMatchObject({ sent: 1000, stored: 1000, duplicates: 0, errors: 0 });
    expect(found['publishMs']).toMatchObject({ p99: expect.any(Number) });
    expect(await stored()).toBe(before + 1000);
    expect(ended.stderr).toContain('load events.load on ');
    expect(ended.stderr).toContain('no consumer of the config reads them');
  }, 30_000);

  test('where consumers read the events they are named, and it needs --yes', async () => {
    const words = ['--type', 'job', '--rate', '20/s', '--duration', '500ms', '--end-to-end', '--size', '64'];
    const before = await stored();
    const refused = await load(...words);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('load events.job on ');
    expect(refused.stderr).toContain('1 consumer reads them, and runs its handler on each: worker');
    expect(refused.stderr).toContain('events load needs --yes');
    expect(await stored()).toBe(before);

    const ended = await load(...words, '--yes');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stdout).toMatch(/^ {2}stored {6}10$/m);
    expect(ended.stdout).toMatch(
      /^ {2}end to end {2}p50 [\d.]+ m?s, p90 [\d.]+ m?s, p99 [\d.]+ m?s, max [\d.]+ m?s$/m,
    );
    const log = await project.cli(['operations', 'log', '--json']);
    expect(JSON.parse(log.stdout)).toMatchObject({
      operations: expect.arrayContaining([expect.objectContaining({ did: 'loaded', count: 10 })]),
    });
  });

  test('a protected pipeline asks for its name, whoever reads the events', async () => {
    const guarded = await makeProject(nats.url, { ...config, protected: true }, files);
    const words = ['events', 'load', '--rate', '20', '--duration', '0.5s'];
    const refused = await guarded.cli(words);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('--confirm test');
    expect(await guarded.cli([...words, '--confirm', 'test'])).toMatchObject({ exitCode: 0 });
  });

  test('--at-least: a rate that is lower is exit 1, and said', async () => {
    const words = ['--rate', '50', '--duration', '1', '--json'];
    const below = await load(...words, '--at-least', '100/s');
    expect(below).toMatchObject({ exitCode: 1 });
    expect(below.stderr).toContain('the rate is below --at-least 100/s');
    expect(readJson('events load', below.stdout)).toMatchObject({ stored: 50 });
    expect(await load(...words, '--at-least', '10')).toMatchObject({ exitCode: 0 });
  });

  test('some that fail are exit 5, and named; when all do, their error is told', async () => {
    const small = await makeProject(nats.url, config, files);
    const link = await connectTo(nats.url);
    const messages = await stored();
    await link.jsm.streams.update('events', { max_msgs: messages + 5, discard: DiscardPolicy.New });
    const words = ['events', 'load', '--rate', '20', '--duration', '1'];
    const some = await small.cli(words);
    expect(some).toMatchObject({ exitCode: 5 });
    expect(some.stdout).toMatch(/^ {2}errors {6}15\n {14}15: .*maximum messages/m);
    const none = await small.cli([...words, '--json']);
    expect(none.exitCode).toBe(1);
    expect(JSON.parse(none.stdout)).toMatchObject({ error: { code: 'STORE_FULL' } });
    await link.jsm.streams.update('events', { max_msgs: -1, discard: DiscardPolicy.Old });
  });

  test('Ctrl-C ends it with what was measured by then, and 130; on a terminal a line says how far it is', async () => {
    const child = execa(process.execPath, [bin, 'events', 'load', '--duration', '10m', '--json'], {
      cwd: project.folder,
      env: { NATS_URL: nats.url },
      reject: false,
      stdin: 'ignore',
    });
    const before = await stored();
    await eventually('some are stored', async () => (await stored()) > before + 10, 20_000);
    child.kill('SIGINT');
    const { exitCode, stdout } = await child;
    expect(exitCode).toBe(130);
    const { sent, stored: counted } = readJson('events load', stdout);
    expect(sent).toBe(counted);
    expect(await stored()).toBe(before + Number(counted));

    const command = [process.execPath, bin, 'events', 'load', '--type', 'job', '--duration', '10m'];
    await using terminal = await openTerminal(command, {
      cwd: project.folder,
      columns: 80,
      env: { NATS_URL: nats.url },
    });
    await terminal.waitFor('Publish these events?');
    await terminal.press('y', 'Enter');
    await terminal.waitFor(/\d\.\ds of 10m: \d+ sent, \d+\/s, p99 [\d.]+ m?s/);
    await terminal.press('C-c');
    expect(await terminal.exitCode()).toBe(130);
    expect(await terminal.text()).toMatch(/^ {2}sent {8}\d+$/m);
  }, 60_000);

  test('answered no on a terminal, nothing is published', async () => {
    const command = [process.execPath, bin, 'events', 'load', '--type', 'job'];
    const before = await stored();
    await using terminal = await openTerminal(command, { cwd: project.folder, env: { NATS_URL: nats.url } });
    await terminal.waitFor('Publish these events?');
    await terminal.press('n', 'Enter');
    expect(await terminal.exitCode()).toBe(1);
    expect(await terminal.text()).toContain('nothing was published: the answer was no');
    expect(await stored()).toBe(before);
  }, 30_000);
});

describe('events load refuses', () => {
  test.each<[readonly string[], string, RegExp]>([
    [['--rate', '0'], 'USAGE', /--rate: expected a number per second above 0 like 100\/s, or max, found "0"/],
    [['--rate', 'fast'], 'USAGE', /--rate: .* found "fast"/],
    [['--rate', '-5'], 'USAGE', /--rate/],
    [['--at-least', '0/s'], 'USAGE', /--at-least: expected a number per second above 0/],
    [['--duration', 'soon'], 'USAGE', /--duration: expected a duration like 30s, 5m or 7d, found "soon"/],
    [['--duration', '0'], 'USAGE', /--duration: expected a duration from 1ms/],
    [['--publishers', '0'], 'USAGE', /--publishers: expected a whole number from 1 to 64/],
    [['--size', '10', '--data', 'x'], 'USAGE', /--data/],
    [['--type', 'jbo'], 'UNKNOWN_EVENT_TYPE', /unknown event type "jbo"/],
    [['--type', 'other.subject'], 'UNKNOWN_EVENT_TYPE', /other\.subject/],
    [['--data', '{{nn}}'], 'BAD_TEMPLATE', /unknown placeholder \{\{nn\}\}/],
    [['--data', '@nowhere.json'], 'DATA_UNREADABLE', /nowhere\.json/],
  ])('%j', async (words, code, reason) => {
    const ended = await load(...words, '--json');
    expect(ended.exitCode).toBe(2);
    const { error } = readJson('error', ended.stdout) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code, message: expect.stringMatching(reason) });
  });

  test('a server that is not there, and one without the streams', async () => {
    expect(await load('--server', 'nats://127.0.0.1:1')).toMatchObject({ exitCode: 4 });
    const { url } = await natsForTest();
    const missing = await load('--server', url, '--json');
    expect(missing.exitCode).toBe(1);
    expect(readJson('error', missing.stdout)).toMatchObject({
      error: { code: 'NO_STREAM', suggestions: [expect.stringContaining('pipeline apply')] },
    });
  });
});
