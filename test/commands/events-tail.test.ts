import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listConsumers } from '../../src/lib/nats/objects.js';
import { columnsOf } from '../../src/lib/render/columns.js';
import { consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const modes: string[][] = [[], ['--json'], ['--output', 'ndjson']];

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

interface Desk {
  readonly bed: TestBed;
  readonly project: Project;
  readonly tail: (...words: string[]) => ReturnType<Project['cli']>;
}

async function desk(url?: string): Promise<Desk> {
  const bed = await testBed();
  const project = await makeProject(url ?? bed.server.url, config, {
    'handler.mjs': 'export default () => {};\n',
  });
  return { bed, project, tail: (...words) => project.cli(['events', 'tail', ...words]) };
}

/** A tail that runs on; killed when the test ends. */
function start({ bed, project }: Desk, ...words: string[]) {
  const child = execa(process.execPath, [bin, 'events', 'tail', ...words], {
    cwd: project.folder,
    env: { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()));
  return { child, out, lines: () => linesOf(out.stdout) };
}

const linesOf = (stdout: string): string[] => stdout.split('\n').filter((line) => line !== '');

const readers = async ({ bed }: Desk): Promise<string[]> =>
  (await listConsumers(bed.link, 'events')).map(({ name }) => name).filter((name) => name !== consumer);

const seqsOf = (stdout: string): number[] =>
  linesOf(stdout).map((line) => (JSON.parse(line) as { readonly seq: number }).seq);

describe.each(modes)('events tail %s', (...mode) => {
  it('prints what is there and ends with 0: all of it, some subjects, so many, up to a time', async () => {
    const here = await desk();
    const { bed, tail } = here;
    await bed.publish('totp.requested', { n: 1 });
    await bed.publish('user.created', { text: 'a\u001b[2Jb\u202ec' });
    await bed.publish('user.created', new Uint8Array([0xff, 0x1b]));
    for (const [words, count] of [
      [['--all', '--no-follow'], 3],
      [['--no-follow'], 3],
      [['--no-follow', '--new'], 0],
      [['--all', '--count', '2'], 2],
      [['--all', '--duration', '1s'], 3],
      [['--from-seq', '2', '--no-follow'], 2],
      [['--since', '1h', '--until', '0s'], 3],
      [['--since', '2h', '--until', '1h'], 0],
      [['totp.requested, events.none', '--all', '--no-follow'], 1],
      [['events.user.*', 'totp.requested', '--last-per-subject', '--no-follow'], 2],
    ] as const) {
      const { exitCode, stdout, stderr } = await tail(...words, ...mode);
      expect([words, exitCode, linesOf(stdout).length], stderr).toEqual([words, 0, count]);
      expect(stdout).not.toMatch(/\u001b|\u202e/);
      expect(stderr).toMatch(new RegExp(`^${count} events?(?:, events/\\d.*)?, in \\d`, 'm'));
      if (mode.length > 0) for (const line of linesOf(stdout)) readJson('events tail', line);
    }
    expect(await readers(here)).toEqual([]);
  }, 60_000);

  it('follows until Ctrl-C, and exits 130 then', async () => {
    const here = await desk();
    const { bed } = here;
    await bed.publish('totp.requested', {});
    const { child, lines, out } = start(here, ...mode);
    await eventually('it follows', async () => (await readers(here)).length === 1, 20_000);
    await bed.publish('totp.requested', { n: 2 });
    await eventually('the event is there', () => lines().length === 1);
    expect(out.stdout).toContain(mode.length === 0 ? '#2' : '"seq":2');
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect([exitCode, stderr]).toEqual([130, expect.stringMatching(/^1 event, events\/2, in [\d.]+s$/)]);
    expect(await readers(here)).toEqual([]);
  }, 30_000);

  it('says what is wrong, with the exit codes 2 and 4', async () => {
    const { bed, project, tail } = await desk();
    const taken = await tail('--group', consumer, ...mode);
    expect([taken.exitCode, taken.stdout + taken.stderr]).toEqual([
      2,
      expect.stringContaining('name of a consumer of the pipeline'),
    ]);
    for (const words of [
      ['orders.>'],
      ['totp.requested,'],
      ['events..a'],
      ['--since', 'soon'],
      ['--from-seq', '0'],
      ['--all', '--since', '1h'],
      ['--until', '1h'],
      ['--core', '--group', 'a'],
      ['--queue', 'a'],
      ['--group', 'a b'],
      ['--group', `${consumer}-retry`],
    ]) {
      const { exitCode, stdout, stderr } = await tail(...words, ...mode);
      expect([words, exitCode], stdout + stderr).toEqual([words, 2]);
    }
    expect((await tail('--server', 'nats://127.0.0.1:9', ...mode)).exitCode).toBe(4);
    await bed.link.jsm.streams.delete('events');
    const { exitCode, stdout, stderr } = await project.cli(['events', 'tail', ...mode]);
    expect([exitCode, stdout + stderr]).toEqual([1, expect.stringContaining('stream events is not on')]);
  }, 60_000);
});

describe('events tail', () => {
  it('says where a start is not there yet, and waits for it', async () => {
    const here = await desk();
    const { bed, tail } = here;
    await bed.publish('user.created', {});
    const beyond = await tail('--from-seq', '9', '--no-follow');
    expect(beyond).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringContaining('the last one is 1'),
    });
    const future = await tail('--since', new Date(Date.now() + 3_600_000).toISOString(), '--no-follow');
    expect(future).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringContaining('still to come'),
    });
    const { child, out } = start(here, '--from-seq', '3', '--count', '1', '--json');
    await eventually('it follows', async () => (await readers(here)).length === 1, 20_000);
    await bed.publish('user.created', {});
    await bed.publish('user.created', {});
    expect((await child).exitCode).toBe(0);
    expect(seqsOf(out.stdout)).toEqual([3]);
  }, 30_000);

  it('waits for a server that goes away, says so, and goes on without a gap or a repeat', async () => {
    const here = await desk();
    const { bed } = here;
    const publish = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await bed.publish('user.created', { n });
    };
    await publish(20);
    const { child, out, lines } = start(here, '--all', '--count', '40', '--json');
    await eventually('the first are there', () => lines().length === 20, 20_000);
    await bed.server.kill9();
    await eventually('it says so', () => out.stderr.includes('connection lost; reconnecting'), 20_000);
    await bed.server.restart();
    await eventually('the connection is back', () => bed.link.connected, 20_000);
    await publish(20);
    expect((await child).exitCode).toBe(0);
    expect(seqsOf(out.stdout)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    expect(out.stderr).toContain('connected again');
  }, 60_000);

  it('two of a group share 1,000 events, none twice; what one has not written goes to the other', async () => {
    const here = await desk();
    const { bed } = here;
    await Promise.all(Array.from({ length: 1000 }, (_, n) => bed.publish('user.created', { n })));
    const tails = [1, 2].map(() => start(here, '--group', 'g', '--all', '--json'));
    const seqs = (): number[] =>
      tails.flatMap(({ out }) => seqsOf(out.stdout.slice(0, out.stdout.lastIndexOf('\n') + 1)));
    await eventually('all are written', () => seqs().length === 1000, 30_000);
    for (const { child } of tails) child.kill('SIGINT');
    for (const { child } of tails) expect((await child).exitCode).toBe(130);
    expect(seqs().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    const info = await bed.link.consumerInfo('events', 'g');
    expect(info).toMatchObject({ num_pending: 0, num_ack_pending: 0, ack_floor: { stream_seq: 1000 } });
    expect(tails.map(({ out }) => out.stderr).join('')).toMatch(/group g is new, and stays/);
    // The start is that of the durable, and so are the subjects.
    await bed.publish('user.created');
    const again = await here.tail('--group', 'g', '--all', '--no-follow', '--json');
    expect(again.stderr).toContain('group g goes on where it is: the start that was given is ignored');
    expect(seqsOf(again.stdout)).toEqual([1001]);
    const other = await here.tail('totp.requested', '--group', 'g');
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('group g reads >') });
  }, 60_000);

  it('of a group that is stopped by --count, another one gets the rest at once', async () => {
    const { bed, tail } = await desk();
    for (let n = 0; n < 10; n++) await bed.publish('user.created');
    const first = await tail('--group', 'g', '--all', '--count', '3', '--json');
    const rest = await tail('--group', 'g', '--no-follow', '--json');
    expect([first, rest].map(({ exitCode, stdout }) => [exitCode, seqsOf(stdout)])).toEqual([
      [0, [1, 2, 3]],
      [0, [4, 5, 6, 7, 8, 9, 10]],
    ]);
  }, 30_000);

  it('ends with 1 where the durable of its group is deleted', async () => {
    const here = await desk();
    const { bed } = here;
    const { child, out } = start(here, '--group', 'g');
    await eventually('it follows', () => out.stderr.includes('group g is new'), 20_000);
    await bed.link.jsm.consumers.delete('events', 'g');
    const { exitCode, stderr } = await child;
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('group g: its durable consumer was deleted'),
    ]);
  }, 30_000);

  it('refuses a group that is a consumer of another kind', async () => {
    const { bed, tail } = await desk();
    await bed.link.jsm.consumers.add('events', { durable_name: 'silent', ack_policy: 'none' });
    expect(await tail('--group', 'silent')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("can't be shared"),
    });
  });

  it('prints 1 MB of binary: its size, its base64, its bytes', async () => {
    const { bed, project, tail } = await desk();
    const bytes = Buffer.alloc(1_000_000, 0xff);
    await bed.publish('user.created', bytes);
    expect((await tail('--all', '--no-follow')).stdout).toMatch(/\(1000000 bytes that are not text\)$/);
    const line = JSON.parse((await tail('--all', '--no-follow', '--json')).stdout) as Record<string, unknown>;
    expect(line['encoding']).toBe('base64');
    expect(Buffer.from(String(line['data']), 'base64').equals(bytes)).toBe(true);
    const raw = await execa(process.execPath, [bin, 'events', 'tail', '--all', '--no-follow', '--raw'], {
      cwd: project.folder,
      env: { NATS_URL: bed.server.url },
      encoding: 'buffer',
      stripFinalNewline: false,
    });
    expect(Buffer.from(raw.stdout).equals(Buffer.concat([bytes, Buffer.from('\n')]))).toBe(true);
  }, 30_000);

  it('with --core hears what is published, once in a queue, and leaves nothing on the server', async () => {
    const here = await desk();
    const { bed } = here;
    const all = start(here, '--core', 'events.*.created', 'events.user.>', '--json');
    const queue = [1, 2].map(() => start(here, '--core', '--queue', 'q', '--json'));
    for (const { out } of [all, ...queue]) {
      await eventually('it listens', () => out.stderr.includes('listening on'), 20_000);
    }
    for (let n = 0; n < 20; n++) await bed.publish('user.created', { n }, `id-${n}`);
    // What no stream stores is heard too.
    await eventually('all are heard', () => all.lines().length === 20);
    await eventually('the queue has all', () => queue.flatMap(({ lines }) => lines()).length === 20);
    expect(await readers(here)).toEqual([]);
    for (const { child } of [all, ...queue]) child.kill('SIGINT');
    const ended = await Promise.all([all, ...queue].map(({ child }) => child));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([130, 130, 130]);
    const heard = queue
      .flatMap(({ lines }) => lines())
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(20);
    for (const line of all.lines()) {
      readJson('events tail', line);
      expect(JSON.parse(line)).toMatchObject({ stream: null, seq: null, type: 'user.created' });
    }
    expect(all.out.stderr).toContain('at most once');
  }, 60_000);

  it('fits into 40 columns', async () => {
    const { bed, project } = await desk();
    await bed.publish('totp.requested', { text: `${'wide 日本語 '.repeat(20)}\u001b[2J` });
    await bed.publish(`user.${'long-'.repeat(20)}`, { n: 1 });
    await using terminal = await openTerminal(
      [process.execPath, bin, 'events', 'tail', '--all', '--count', '2'],
      {
        cwd: project.folder,
        env: { NATS_URL: bed.server.url },
        columns: 40,
      },
    );
    expect(await terminal.exitCode(30_000)).toBe(0);
    const lines = linesOf(await terminal.text());
    expect(lines.slice(-4, -1)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}#1 {6}totp\.requested {2}\{.*…$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}#2 {6}user\.long.*…$/),
      expect.stringMatching(/^2 events, events\/1 to events\/2, in /),
    ]);
    expect(lines.map((line) => columnsOf(line)).filter((columns) => columns > 40)).toEqual([]);
  }, 60_000);
});
