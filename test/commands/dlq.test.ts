import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { type Ended, makeProject } from '../support/project.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const modes: string[][] = [[], ['--json']];

interface Desk {
  readonly bed: TestBed;
  readonly folder: string;
  readonly dlq: (...words: string[]) => Promise<Ended>;
}

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

/** A pipeline on a server of its own, and a folder with its config. */
async function desk(url?: string): Promise<Desk> {
  const bed = await testBed();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const project = await makeProject(url ?? bed.server.url, config, files);
  return { bed, folder: project.folder, dlq: (...words) => project.cli(['dlq', ...words]) };
}

/** What an error says on stdout with --json, else on stderr; nothing else is on stdout. */
function errorOf(ended: Ended, mode: readonly string[]): string {
  if (mode.length > 0) return JSON.stringify(readJson('error', ended.stdout));
  expect(ended.stdout).toBe('');
  return ended.stderr;
}

describe.each(modes)('dlq list %s', (...mode) => {
  it('exits 0 with the dead letters, and with none', async () => {
    const { bed, dlq } = await desk();
    const empty = await dlq('list', ...mode);
    expect(empty.exitCode).toBe(0);
    if (mode.length > 0) expect(readJson('dlq list', empty.stdout)).toEqual({ total: 0, items: [] });
    else expect([empty.stdout, empty.stderr]).toEqual(['', 'no dead letters']);

    const { id } = await bury(bed);
    await bury(bed);
    const { exitCode, stdout, stderr } = await dlq('list', '--limit', '1', ...mode);
    expect(exitCode).toBe(0);
    if (mode.length > 0) {
      expect(readJson('dlq list', stdout)).toMatchObject({ total: 2, items: [{ id }] });
      expect(stderr).toBe('');
    } else {
      expect(stdout).toContain(id);
      expect(stderr).toContain('1 of 2');
      expect(stderr).toContain(`plutomi-events dlq show ${id}`);
    }
  });

  it('exits 0 with groups', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    const { exitCode, stdout } = await dlq('list', '--group-by', 'reason', ...mode);
    expect(exitCode).toBe(0);
    if (mode.length > 0) {
      const { groups } = readJson('dlq list --group-by', stdout) as { groups: unknown[] };
      expect(groups).toHaveLength(1);
    } else expect(stdout).toMatch(/^COUNT\s+REASON/);
  });

  it('exits 2 for a flag that can not be meant', async () => {
    const { dlq } = await desk();
    const wrong = [
      ['--since', 'yesterday'],
      ['--until', '2026-13-40'],
      ['--limit', '0'],
      ['--group-by', 'color'],
      ['--subject', 'events..totp'],
      ['--consumer', 'a b'],
      ['--nonsense', '1'],
    ] as const;
    // The sentences are the same: all of them with --json, two without.
    for (const [flag, value] of mode.length > 0 ? wrong : wrong.slice(0, 2)) {
      const ended = await dlq('list', flag, value, ...mode);
      expect([flag, ended.exitCode]).toEqual([flag, 2]);
      expect(errorOf(ended, mode)).toContain(flag.slice(2));
    }
  });

  it('exits 4 when nobody listens there', async () => {
    const { dlq } = await desk('nats://127.0.0.1:9');
    const ended = await dlq('list', ...mode);
    expect(ended.exitCode).toBe(4);
    expect(errorOf(ended, mode)).toContain('127.0.0.1:9');
  });
});

describe('dlq list', () => {
  it('marks what was replayed and died again, and lists only that with --cycle', async () => {
    const { bed, dlq } = await desk();
    const first = await bury(bed);
    expect((await dlq('list')).stdout).not.toContain('CYCLE');
    const again = await bury(bed, { cycle: 2 });
    expect((await dlq('list')).stdout).toMatch(
      /^ID +DIED +TRIES +CYCLE +ORIGINAL.*\n.* 3\+3 +0 .*\n.* 3\+3 +2 /,
    );
    const ids = async (cycle: string): Promise<unknown> =>
      (
        readJson('dlq list', (await dlq('list', '--json', '--cycle', cycle)).stdout)['items'] as {
          id: string;
        }[]
      ).map(({ id }) => id);
    expect(await ids('0')).toEqual([first.id]);
    expect(await ids('1+')).toEqual([again.id]);
    expect(await ids('1')).toEqual([]);
    expect(await ids('2')).toEqual([again.id]);
    expect((await dlq('replay', '--cycle', '1+', '--dry-run')).stdout).toMatch(/replay +1 of 1 selected/);
    const wrong = await dlq('list', '--cycle', 'many');
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('like 0, 1 or 1+')]);
  });

  it('passes its filters on', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    const found = async (...words: string[]): Promise<unknown> =>
      readJson('dlq list', (await dlq('list', '--json', ...words)).stdout)['total'];
    expect(
      await found('--consumer', consumer, '--subject', 'events.*.requested', '--reason', 'REFUSED'),
    ).toBe(1);
    expect(await found('--since', '1h', '--until', new Date(Date.now() + 60_000).toISOString())).toBe(1);
    for (const words of [
      ['--consumer', 'meta-consumer'],
      ['--subject', 'events.other'],
      ['--reason', 'other'],
      ['--until', '1h'],
      ['--since', '2999-01-01'],
    ]) {
      expect([words, await found(...words)]).toEqual([words, 0]);
    }
  });

  it('exits 2 for names that nothing has, as dlq replay does', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    for (const words of [['list'], ['list', '--group-by', 'reason'], ['replay', '--dry-run']]) {
      const { exitCode, stdout, stderr } = await dlq(...words, '--consumer', 'notification-consumer');
      expect({ words, exitCode, stdout }).toEqual({ words, exitCode: 2, stdout: '' });
      expect(stderr).toContain('→ did you mean: --consumer notifications-consumer');
      expect((await dlq(...words, '--subject', 'event.>')).exitCode).toBe(2);
    }
  });

  it('prints nothing that a terminal would obey', async () => {
    const { bed, dlq } = await desk();
    const nasty = '\u001b[2Jboom\u0007\u202e';
    const failure = { kind: 'error', name: nasty, message: nasty, fingerprint: '0123456789ab' } as const;
    const { id } = await bury(bed, { failure, data: new TextEncoder().encode(nasty) });
    await bed.link.publish('events-dlq.x.y', nasty);
    for (const words of [
      ['list'],
      ['show', id],
      ['list', '--group-by', 'reason'],
      ['replay', '--all', '--dry-run'],
    ]) {
      const { stdout, stderr } = await dlq(...words);
      expect(stdout).toContain('boom');
      // oxlint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

describe.each(modes)('dlq show %s', (...mode) => {
  it('exits 0 with the dead letter', async () => {
    const { bed, dlq } = await desk();
    const { id } = await bury(bed, { data: { email: 'a@b.c' } });
    const { exitCode, stdout, stderr } = await dlq('show', id, ...mode);
    expect(exitCode).toBe(0);
    if (mode.length > 0) {
      expect(readJson('dlq show', stdout)).toMatchObject({
        id,
        event: { data: { email: 'a@b.c' } },
        history: [],
      });
    } else {
      expect(stdout).toContain('"email": "a@b.c"');
      expect(stderr).toContain(`plutomi-events dlq replay ${id}`);
    }
  });

  it('exits 1 for an unknown id, and 2 without one', async () => {
    const { dlq } = await desk();
    const unknown = await dlq('show', `${consumer}/9`, ...mode);
    expect(unknown.exitCode).toBe(1);
    expect(errorOf(unknown, mode)).toMatch(/no dead letter notifications-consumer\/9/);
    const missing = await dlq('show', ...mode);
    expect(missing.exitCode).toBe(2);
    expect(errorOf(missing, mode)).toContain('id');
  });
});

describe.each(modes)('dlq replay %s', (...mode) => {
  const result = (ended: Ended): Record<string, unknown> | undefined =>
    mode.length > 0 ? readJson('dlq replay', ended.stdout) : undefined;

  it('exits 0 when all were replayed and, with --wait, resolved', async () => {
    const { bed, dlq } = await desk();
    const { id } = await bury(bed);
    await bury(bed);
    await bed.run({ [consumer]: async () => {} });
    const one = await dlq('replay', id, '--wait', '--yes', '--note', 'it is back', ...mode);
    expect(one.exitCode).toBe(0);
    const all = await dlq('replay', '--all', '-y', ...mode);
    expect(all.exitCode).toBe(0);
    if (mode.length > 0) {
      const counts = { selected: 1, replayed: 1, skipped: [] };
      expect(result(one)).toMatchObject({ ...counts, resolved: 1, pending: 0 });
      expect(result(all)).toMatchObject({ ...counts, resolved: 0, pending: 1 });
    } else {
      expect(one.stdout).toBe('1 of 1 replayed, 1 resolved');
      expect(all.stdout).toBe('1 of 1 replayed');
    }
    expect(one.stderr).toMatch(/server +127\.0\.0\.1:\d+\n +pipeline +test\n/);
    // One form: text. A line for each dead letter is for --log-level debug.
    expect(one.stderr).not.toMatch(/^\{/m);
    const [replayed] = await bed.journal('REPLAYED');
    expect(replayed?.record).toMatchObject({
      note: 'it is back',
      operator: expect.stringMatching(/^.+@.+$/),
    });
  });

  it('exits 0 when nothing matches, and after a dry run, and changes nothing', async () => {
    const { bed, dlq } = await desk();
    const nothing = await dlq('replay', '--all', ...mode);
    expect(nothing.exitCode).toBe(0);
    expect(nothing.stderr).toBe('no dead letters to replay');
    if (mode.length > 0) expect(result(nothing)).toMatchObject({ task: null, selected: 0 });

    await bury(bed);
    const dry = await dlq('replay', '--all', '--dry-run', ...mode);
    expect(dry.exitCode).toBe(0);
    if (mode.length > 0) {
      expect(result(dry)).toMatchObject({
        task: null,
        selected: 1,
        replayed: 0,
        plan: { replayable: 1, missing: 0 },
      });
    } else expect(dry.stdout).toMatch(/replay +1 of 1 selected/);
    expect(await bed.dead(consumer, 1)).toBeDefined();
    expect(await bed.journal()).toEqual([]);
  });

  it('exits 1 for an unknown id alone', async () => {
    const { dlq } = await desk();
    const ended = await dlq('replay', `${consumer}/9`, '--yes', ...mode);
    expect(ended.exitCode).toBe(1);
    expect(errorOf(ended, mode)).toContain(`no dead letter ${consumer}/9`);
  });

  it('exits 2 without --yes, without a selection, and with two kinds of them; nothing is changed', async () => {
    const { bed, dlq } = await desk();
    const { id } = await bury(bed);
    for (const [words, says] of [
      [['--all'], '--yes'],
      [[id], '--yes'],
      [[], 'give ids, terms, filters or --all'],
      [[id, '--all'], 'combined with'],
      [['--all', '--limit', '1'], 'combined with'],
      [['--all', '--wait-timeout', '1s', '--yes'], 'wait'],
    ] as const) {
      const ended = await dlq('replay', ...words, ...mode);
      expect([words, ended.exitCode]).toEqual([words, 2]);
      expect(errorOf(ended, mode)).toContain(says);
    }
    expect(await bed.dead(consumer, 1)).toBeDefined();
  });

  it('exits 4 when nobody listens there', async () => {
    const { dlq } = await desk('nats://127.0.0.1:9');
    const ended = await dlq('replay', '--all', '--yes', ...mode);
    expect(ended.exitCode).toBe(4);
    expect(errorOf(ended, mode)).toContain('127.0.0.1:9');
  });

  it('exits 5 when some are skipped, or all', async () => {
    const { bed, dlq } = await desk();
    const { id } = await bury(bed);
    const unknown = `${consumer}/9`;
    const partly = await dlq('replay', id, unknown, '--yes', ...mode);
    expect(partly.exitCode).toBe(5);
    if (mode.length > 0) {
      expect(result(partly)).toMatchObject({
        selected: 2,
        replayed: 1,
        skipped: [{ id: unknown, reason: 'no such dead letter' }],
      });
    } else expect(partly.stdout).toBe('1 of 2 replayed, 1 skipped');
    await bury(bed);
    await bed.link.deleteMessage('events', 2);
    const all = await dlq('replay', '--all', '--yes', ...mode);
    expect(all.exitCode).toBe(5);
    expect(all.stderr).toContain('the original is missing');
    if (mode.length > 0) expect(result(all)).toMatchObject({ task: null, selected: 1, replayed: 0 });
  });

  it('exits 5 with --wait when one is dead again, or still pending', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    const pending = await dlq('replay', '--all', '--wait', '--wait-timeout', '200ms', '--yes', ...mode);
    expect(pending.exitCode).toBe(5);
    if (mode.length > 0) expect(result(pending)).toMatchObject({ replayed: 1, pending: 1 });
    else expect(pending.stdout).toBe('1 of 1 replayed, 0 resolved, 1 still pending');
    await bed.run({
      [consumer]: async () => {
        throw new Error('still down');
      },
    });
    await eventually('it is dead again', async () => (await bed.dead(consumer, 1)) !== undefined);
    const dead = await dlq('replay', '--all', '--wait', '--yes', ...mode);
    expect(dead.exitCode).toBe(5);
    if (mode.length > 0) expect(result(dead)).toMatchObject({ deadAgain: 1, pending: 0 });
    else {
      expect(dead.stdout).toBe('1 of 1 replayed, 0 resolved, 1 dead again');
      const [, command = ''] = /see why: \S*plutomi-events dlq (.+)/.exec(dead.stderr) ?? [];
      expect((await dlq(...command.split(' '))).stdout).toContain(`${consumer}/1`);
    }
  });

  it('exits 130 when it is interrupted, and says what was done', async () => {
    const { bed, folder } = await desk();
    await bury(bed);
    const words = ['dlq', 'replay', '--all', '--wait', '--yes', ...mode];
    const child = execa(process.execPath, [bin, ...words], {
      cwd: folder,
      env: { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await eventually('it waits', () => stderr.includes('waiting for the outcome of'));
    child.kill('SIGINT');
    const ended = await child;
    expect(ended.exitCode).toBe(130);
    if (mode.length > 0) {
      expect(readJson('dlq replay', ended.stdout)).toMatchObject({
        interrupted: true,
        replayed: 1,
        pending: 1,
      });
    } else expect(ended.stdout).toBe('Interrupted: 1 of 1 replayed, 0 resolved, 1 still pending');
  });

  it('says of how many it waits for the outcome: of those that were replayed, in each step', async () => {
    const { bed, dlq } = await desk();
    for (const _ of [1, 2, 3]) await bury(bed);
    await bed.link.deleteMessage('events', 3);
    const notes = ({ stderr }: { readonly stderr: string }): (string | undefined)[] =>
      stderr.split('\n').filter((line) => line.includes('waiting for the outcome'));
    const words = ['replay', '--all', '--yes', '--wait-timeout', '100ms', ...mode];
    const canary = await dlq(...words, '--canary', '1,rest');
    expect(notes(canary)).toEqual([
      'step 1 of 2: waiting for the outcome of 1 (Ctrl-C only stops the waiting)',
    ]);
    const rest = await dlq(...words, '--wait');
    expect(notes(rest)).toEqual(['waiting for the outcome of 1 (Ctrl-C only stops the waiting)']);
  });
});

describe('dlq list --output ndjson', () => {
  it('prints each item of --json on a line of its own', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    await bury(bed);
    await bury(bed);
    const json = readJson('dlq list', (await dlq('list', '--limit', '2', '--json')).stdout);
    const { exitCode, stdout, stderr } = await dlq('list', '--limit', '2', '--output', 'ndjson');
    expect(exitCode).toBe(0);
    const items = stdout.split('\n').map((line): unknown => JSON.parse(line));
    expect({ total: 3, items }).toEqual(json);
    expect(stderr).toContain('2 of 3');
  });

  it('prints nothing where there is none, and is neither --json nor a count', async () => {
    const { dlq } = await desk();
    const empty = await dlq('list', '--output', 'ndjson');
    expect([empty.exitCode, empty.stdout, empty.stderr]).toEqual([0, '', 'no dead letters']);
    const both = await dlq('list', '--output', 'ndjson', '--json');
    expect(both.exitCode).toBe(2);
    const counted = await dlq('list', '--output', 'ndjson', '--group-by', 'reason');
    expect([counted.exitCode, counted.stderr]).toEqual([
      2,
      expect.stringContaining('--group-by counts them'),
    ]);
  });
});

describe('dlq replay --rate', () => {
  it('is told in the plan; 0 is no limit; anything else is a usage error', async () => {
    const { bed, dlq } = await desk();
    await bury(bed);
    const plan = async (...words: string[]): Promise<string> =>
      (await dlq('replay', '--all', '--dry-run', ...words)).stdout;
    expect(await plan('--rate', '7/s')).toContain('at most 7/s');
    expect(await plan('--rate', '0')).not.toContain('at most');
    // The same on a terminal and in a script.
    expect(await plan()).toContain('at most 500/s');
    const wrong = await dlq('replay', '--all', '--yes', '--rate', 'fast');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('a number per second like 500/s');
  });
});
