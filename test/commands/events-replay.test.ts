import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { connectTo } from '../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const config = {
  name: 'test',
  events: { job: {}, note: {} },
  consumers: { worker: { events: ['job'], handler: './handler.mjs' } },
};
const files = {
  'handler.mjs': handlerText("if (event.data.n === 2) throw new Error('no such user');"),
  'told.mjs': `import { appendFileSync } from 'node:fs';
export default (event) => appendFileSync(process.env.OUT, JSON.stringify([event.seq, event.replayed]) + '\\n');\n`,
  'broken.mjs': 'export default 42;\n',
  'prints.mjs': `import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export default async ({ data }, { log }) => {
  // How far it is, is told ten times a second.
  if (data.n === 1) await sleep(200);
  while (data.n === 2 && !existsSync('go')) await sleep(20);
  console.log('printed ' + data.n);
  log.info('logged');
};\n`,
};

let nats: TestServer;
let project: Project;
let link: Link;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  link = await connectTo(nats.url);
  for (const name of ['events', 'events-operations', 'copy'])
    await link.jsm.streams.delete(name).catch(() => {});
  await link.jsm.streams.add({ name: 'copy', subjects: ['copy.>'] });
  project = await makeProject(nats.url, config, files);
  expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  for (const n of [1, 2, 3]) await link.publish('events.job', `{"n":${n}}`, { msgId: `job-${n}` });
  await link.publish('events.note', '"\u001b[2J"');
});

const replay = (...words: string[]) => project.cli(['events', 'replay', ...words]);
const stored = async (stream: string): Promise<number> =>
  (await link.streamInfo(stream))?.state.messages ?? 0;

describe('events replay', () => {
  test('--hours, for a handler: as pipeline run calls it; one that fails is exit 5', async () => {
    const failed = await replay('job', '--hours', '2', '--handler', './handler.mjs', '--json');
    expect(failed.exitCode).toBe(5);
    expect(readJson('events replay', failed.stdout)).toMatchObject({
      read: 3,
      written: 2,
      failed: 1,
      firstSeq: 1,
      lastSeq: 3,
      problems: [{ message: 'Error: no such user', seq: 2, count: 1 }],
    });
    expect(await project.lines()).toEqual(['main 1 1', 'main 1 2', 'main 1 3']);

    const told = await replay('--since', '1h', '--handler', 'told.mjs');
    expect(told).toMatchObject({ exitCode: 0 });
    expect(told.stdout).toMatch(/^4 read, 4 handled: 1 to 4, in [\d.]+s$/);
    expect(told.stderr).toMatch(/, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m);
    expect((await project.lines()).slice(3)).toEqual(['[1,true]', '[2,true]', '[3,true]', '[4,true]']);
  });

  test('what a handler prints stands on lines of its own on a terminal, and is not in the JSON', async () => {
    const words = ['events', 'replay', 'job', '--all', '--handler', './prints.mjs'];
    await using terminal = await openTerminal([process.execPath, bin, ...words], {
      cwd: project.folder,
      columns: 80,
      env: { NATS_URL: nats.url },
    });
    await terminal.waitFor(/1 of 3 read/);
    await writeFile(join(project.folder, 'go'), '');
    expect(await terminal.exitCode(30_000)).toBe(0);
    const lines = (await terminal.text()).split('\n').map((line) => line.trimEnd());
    expect(lines.filter((line) => /printed|logged/.test(line))).toEqual([
      'printed 1',
      expect.stringMatching(/^\S+ INFO: .*logged/),
      'printed 2',
      expect.stringMatching(/^\S+ INFO: .*logged/),
      'printed 3',
      expect.stringMatching(/^\S+ INFO: .*logged/),
    ]);
    const json = await replay('job', '--all', '--handler', './prints.mjs', '--json');
    expect(readJson('events replay', json.stdout)).toMatchObject({ read: 3 });
    expect(json.stderr).toContain('printed 1');
  }, 60_000);

  test('--to: nothing is asked where nobody reads; it stands in the operations log', async () => {
    const ended = await replay('--all', '--to', 'events.>=copy.>', '--json');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stderr).toContain('no consumer reads them there');
    expect(readJson('events replay', ended.stdout)).toMatchObject({
      read: 4,
      written: 4,
      failed: 0,
      lastSeq: 4,
    });
    expect((await link.readFromLeader('copy', 1))?.subject).toBe('copy.job');
    const log = await project.cli(['operations', 'log']);
    expect(log.stdout).toMatch(/ replayed events +4 /);
  });

  test('back onto what consumers read: they are named, and it needs --yes', async () => {
    const words = ['job', '--from-seq', '1', '--to', 'events.>=events.>'];
    const refused = await replay(...words);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('1 consumer reads them there, and will be given each: worker');
    expect(refused.stderr).toContain('events replay needs --yes');
    expect(await stored('events')).toBe(4);
    expect(await replay(...words, '--yes')).toMatchObject({ exitCode: 0 });
    expect(await stored('events')).toBe(7);

    const command = [process.execPath, bin, 'events', 'replay', ...words];
    await using terminal = await openTerminal(command, {
      cwd: project.folder,
      columns: 80,
      env: { NATS_URL: nats.url },
    });
    await terminal.waitFor('Publish these events?');
    await terminal.press('n', 'Enter');
    expect(await terminal.exitCode()).toBe(1);
    expect(await terminal.text()).toContain('nothing was published: the answer was no');
    expect(await stored('events')).toBe(7);
  }, 30_000);

  test('--dry-run shows the plan alone; --name makes a second run store nothing twice', async () => {
    const words = ['--all', '--to', 'events.>=copy.>', '--name', 'load-1'];
    const plan = await replay(...words, '--dry-run', '--json');
    expect(plan).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readJson('events replay', plan.stdout)).toMatchObject({
      read: 0,
      plan: { events: 4, target: { subject: 'copy.>', streams: ['copy'], consumers: [], ids: 'load-1' } },
    });
    expect(await stored('copy')).toBe(0);
    expect(await replay(...words)).toMatchObject({ exitCode: 0 });
    const again = await replay(...words);
    expect(again.stdout).toMatch(/^4 read, 4 written, 4 of them were there already: 1 to 4/);
    expect(await stored('copy')).toBe(4);
  });

  test('--to-server and --to-context: another server, which gets none of the credentials of this one', async () => {
    await using other = await startNats();
    const there = await connectTo(other.url);
    await there.jsm.streams.add({ name: 'all', subjects: ['events.>'] });
    const byUrl = await replay('--all', '--to-server', other.url, '--keep-ids', '--json');
    expect(byUrl).toMatchObject({ exitCode: 0 });
    expect((await there.readFromLeader('all', 1))?.headers['Nats-Msg-Id']).toEqual(['job-1']);

    const contexts = join(project.folder, '.config', 'nats', 'context');
    await mkdir(contexts, { recursive: true });
    await writeFile(join(contexts, 'staging.json'), JSON.stringify({ url: other.url }));
    const words = ['note', '--all', '--to-context', 'staging', '--to', 'events.copied'];
    const byContext = await replay(...words);
    expect(byContext).toMatchObject({ exitCode: 0 });
    expect(await there.readLast('all', 'events.copied')).toBeDefined();

    const options = { cwd: project.folder, reject: false, stdin: 'ignore' } as const;
    const env = {
      NATS_URL: nats.url,
      XDG_CONFIG_HOME: join(project.folder, '.config'),
      PLUTOMI_PROTECTED: 'staging',
    };
    const guarded = await execa(process.execPath, [bin, 'events', 'replay', ...words, '--yes'], {
      ...options,
      env,
    });
    expect(guarded.exitCode).toBe(2);
    expect(guarded.stderr).toContain('the context staging is protected');
    expect(await replay('--all', '--to-context', 'nowhere')).toMatchObject({ exitCode: 2 });
  });

  test('--output ndjson: an event a line, safe to print, and the result on stderr', async () => {
    const ended = await replay('--all', '--output', 'ndjson', '--until', '0s');
    expect(ended).toMatchObject({ exitCode: 0 });
    const lines = ended.stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ seq, data, subject, id }) => [seq, data, subject, id])).toEqual([
      [1, { n: 1 }, 'events.job', 'job-1'],
      [2, { n: 2 }, 'events.job', 'job-2'],
      [3, { n: 3 }, 'events.job', 'job-3'],
      [4, '"\u001b[2J"', 'events.note', null],
    ]);
    expect(ended.stdout).not.toContain('\u001b');
    expect(ended.stderr).toMatch(/^4 read, 4 printed: 1 to 4, in [\d.]+s$/m);
  });

  test('Ctrl-C ends it between two events, and says where to go on; killed, it is run again', async () => {
    const words = ['events', 'replay', '--all', '--to', 'events.>=copy.>', '--rate', '1', '--name', 'slow'];
    const env = { NATS_URL: nats.url };
    const options = { cwd: project.folder, env, reject: false, stdin: 'ignore' } as const;
    const child = execa(process.execPath, [bin, ...words, '--json'], options);
    await eventually('the first is written', async () => (await stored('copy')) > 0, 20_000);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(130);
    const { lastSeq, stopped } = readJson('events replay', stdout);
    expect(stopped).toEqual({ code: 'INTERRUPTED', message: 'interrupted' });
    expect(stderr).toContain(`all up to ${String(lastSeq)} is done\n`);
    const next = `--from-seq ${Number(lastSeq) + 1} --to 'events.>=copy.>' --name slow --rate 1 --json`;
    expect(stderr).toContain(`go on: plutomi-events events replay ${next}`);

    const killed = execa(process.execPath, [bin, ...words.slice(0, -1), 'killed'], options);
    const before = await stored('copy');
    await eventually('one is written', async () => (await stored('copy')) > before, 20_000);
    killed.kill('SIGKILL');
    await killed;
    const again = await replay('--all', '--to', 'events.>=copy.>', '--name', 'killed');
    expect(again).toMatchObject({ exitCode: 0 });
    const ids: (string | undefined)[] = [];
    for (let seq = 1; seq <= (await stored('copy')); seq++)
      ids.push((await link.readFromLeader('copy', seq))?.headers['Nats-Msg-Id']?.[0]);
    expect(ids.filter((id) => id?.startsWith('killed'))).toEqual(
      [1, 2, 3, 4].map((n) => `killed-events-${n}`),
    );
    const log = await project.cli(['operations', 'log']);
    expect(log.stdout).toMatch(/replayed events, no end/);
  }, 60_000);

  test('the command that goes on can be run as it is printed, with all that it was called with', async () => {
    const words = ['job', 'note', '--since', '1h', '--until', '2999-01-01', '--rate', '1', '--yes'];
    const to = ['--to-server', nats.url, '--to', 'events.>=copy.>', '--server', nats.url];
    const env = { NATS_URL: 'nats://127.0.0.1:9', PATH: process.env['PATH'] ?? '' };
    const options = { cwd: project.folder, env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
    const child = execa(process.execPath, [bin, 'events', 'replay', ...words, ...to], options);
    await eventually('the first is written', async () => (await stored('copy')) > 0, 20_000);
    child.kill('SIGTERM');
    const { stderr } = await child;
    const next = /^go on: plutomi-events (.*)$/m.exec(stderr)?.[1] ?? '';
    expect(next).toMatch(/^events replay job note --from-seq \d+ --until 2999-01-01T\S+ /);
    const before = await stored('copy');
    const script = `'${process.execPath}' '${bin}' ${next.replace('--rate 1', '--rate 100')}`;
    expect(await execa('sh', ['-c', script], options)).toMatchObject({ exitCode: 0 });
    expect([before < 4, await stored('copy')]).toEqual([true, 4]);
    const ids: (string | undefined)[] = [];
    for (let seq = 1; seq <= 4; seq++)
      ids.push((await link.readFromLeader('copy', seq))?.headers['Nats-Msg-Id']?.[0]);
    // As if it had never ended: of one name.
    expect(new Set(ids.map((id) => id?.replace(/-\d+$/, ''))).size).toBe(1);
  }, 60_000);

  test('the server goes away in the middle of a read: an error, and no crash', async () => {
    await using own = await startNats();
    const there = await makeProject(own.url, config, files);
    await there.cli(['pipeline', 'apply', '--yes']);
    const direct = await connectTo(own.url);
    for (let n = 0; n < 20; n++) await direct.publish('events.note', String(n));
    const words = ['events', 'replay', '--all', '--output', 'ndjson', '--rate', '2', '--timeout', '1s'];
    const env = { NATS_URL: own.url };
    const child = execa(process.execPath, [bin, ...words], {
      cwd: there.folder,
      env,
      reject: false,
      stdin: 'ignore',
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await eventually('it prints', () => printed.includes('"seq":2'), 20_000);
    await own.kill9();
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(stderr).not.toMatch(/^ {4}at /m);
  }, 60_000);
});

test('what reads like the types of the config and is no subject of theirs: what would match is said', async () => {
  const types = { name: 'test', events: { 'order.created': {}, 'order.paid': {} }, consumers: {} };
  const shop = await makeProject(nats.url, types, {});
  const run = (...words: string[]) => shop.cli(['events', ...words]);
  const meant = 'did you mean events.order.*? It matches order.created, order.paid';
  for (const words of [
    ['tail', 'order.*', '--no-follow'],
    ['replay', 'order.*', '--all', '--output', 'ndjson'],
    ['replay', '--all', '--to', 'order.*=copy.*'],
  ]) {
    const { exitCode, stderr } = await run(...words);
    expect([words, exitCode]).toEqual([words, 2]);
    expect(stderr).toContain(`  → ${meant}`);
  }
  // A subscription hears what nobody stores: it is no error there.
  const core = await run('tail', 'order.*', '--core', '--duration', '200ms');
  expect(core).toMatchObject({ exitCode: 0 });
  expect(core.stderr).toContain(`no event type of the config has the subject order.*: ${meant}`);
  const below = await run('tail', 'events.order', '--no-follow');
  expect(below).toMatchObject({ exitCode: 0 });
  expect(below.stderr).toContain('events.order: did you mean events.order.>?');
  const replayed = await run('replay', 'events.order', '--all', '--output', 'ndjson');
  expect(replayed.stderr).toContain('events.order: did you mean events.order.>?');
  const to = await run('replay', '--all', '--to', 'order.paid', '--yes');
  expect(to).toMatchObject({ exitCode: 1 });
  expect(to.stderr).toContain('order.paid is an event type: its subject is events.order.paid');
  for (const words of [['order.paid'], ['events.order.*'], ['events.>'], []]) {
    const { stderr } = await run('tail', ...words, '--no-follow');
    expect([words, stderr.includes('did you mean')]).toEqual([words, false]);
  }
}, 60_000);

describe('events replay refuses', () => {
  test.each<[readonly string[], string, RegExp]>([
    [['--all'], 'USAGE', /what to do with the events/],
    [['--output', 'ndjson'], 'USAGE', /where to begin/],
    [['--all', '--since', '1h', '--output', 'ndjson'], 'USAGE', /--since and --all|--all and --since/],
    [
      ['--hours', '0', '--output', 'ndjson'],
      'USAGE',
      /--hours: expected a number of hours above 0, found "0"/,
    ],
    [['--since', 'once', '--output', 'ndjson'], 'USAGE', /found "once"/],
    [['--since', '2999-01-01', '--output', 'ndjson'], 'USAGE', /nothing is stored yet/],
    [
      ['--from-seq', '99', '--output', 'ndjson'],
      'USAGE',
      /ends at 4: expected a sequence up to that, found 99/,
    ],
    [['other.x', '--all', '--output', 'ndjson'], 'UNKNOWN_SUBJECT', /no event has the subject other\.x/],
    [['--all', '--to', 'events.*=copy.>'], 'BAD_MAPPING', /wildcards that/],
    [['--all', '--to', 'nowhere.x'], 'NO_STREAM', /no stream on/],
    [['--all', '--to-server', ''], 'USAGE', /--to-server/],
    [
      ['--all', '--to', 'copy.x', '--speed', '0x'],
      'USAGE',
      /--speed: expected a speed like 1x, 10x or 0\.5x, or max/,
    ],
    [['--all', '--to', 'copy.x', '--rate', '0'], 'USAGE', /--rate/],
    [['--all', '--handler', 'broken.mjs'], 'CONFIG_INVALID', /default export, found number/],
    [['--all', '--handler', 'missing.mjs'], 'CONFIG_INVALID', /missing\.mjs/],
    [['--all', '--output', 'ndjson', '--keep-ids'], 'USAGE', /--keep-ids is for events that are published/],
    [['--all', '--handler', 'told.mjs', '--name', 'x'], 'USAGE', /--name is for events that are published/],
  ])('%j', async (words, code, reason) => {
    const ended = await replay(...words, ...(words.includes('ndjson') ? [] : ['--json']));
    expect(ended.exitCode).toBe(code === 'NO_STREAM' ? 1 : 2);
    if (words.includes('ndjson')) return expect(ended.stderr).toMatch(reason);
    const { error } = readJson('error', ended.stdout) as { error: { code: string; message: string } };
    expect(
      `${error.code} ${error.message} ${JSON.stringify((error as { problems?: unknown }).problems ?? '')}`,
    ).toMatch(reason);
    expect(error.code).toBe(code);
  });

  test('a target that is the source', async () => {
    const ended = await replay('--all', '--to-server', nats.url, '--json');
    expect(ended.exitCode).toBe(2);
    expect(readJson('error', ended.stdout)).toMatchObject({ error: { code: 'TARGET_IS_SOURCE' } });
    expect(await stored('events')).toBe(4);
  });
});
