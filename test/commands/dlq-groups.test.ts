import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { incident } from '../../bench/fixtures/incident.mjs';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { concurrently } from '../../src/lib/flow/concurrently.js';
import { bury, consumer } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { type Ended, makeProject } from '../support/project.js';
import { openTerminal, type Terminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

interface Desk {
  readonly bed: TestBed;
  readonly cli: (...words: string[]) => Promise<Ended>;
  readonly dlq: (...words: string[]) => Promise<Ended>;
  readonly terminal: (...words: string[]) => Promise<Terminal>;
}

async function desk(): Promise<Desk> {
  const bed = await testBed();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const project = await makeProject(bed.server.url, config, files);
  return {
    bed,
    cli: (...words) => project.cli(words),
    dlq: (...words) => project.cli(['dlq', ...words]),
    terminal: (...words) =>
      openTerminal([process.execPath, bin, 'dlq', ...words], {
        cwd: project.folder,
        env: { NATS_URL: bed.server.url },
        columns: 80,
        rows: 24,
      }),
  };
}

interface ShownGroup {
  readonly id: string;
  readonly count: number;
  readonly name: string;
  readonly code: string | null;
  readonly shape: string;
  readonly status: string;
  readonly counts: readonly number[];
}

async function groupsOf({ dlq }: Desk, ...words: string[]): Promise<ShownGroup[]> {
  return readJson('dlq groups', (await dlq('groups', '--json', ...words)).stdout)['groups'] as ShownGroup[];
}

const refused = makeFailure('error', 'Error', 'connect ECONNREFUSED 10.0.4.17:587');
const rejected = makeFailure('rejected', 'SmtpError', '550 mailbox unavailable');

describe('dlq groups', () => {
  it('says that nothing is dead', async () => {
    const { dlq } = await desk();
    expect(await dlq('groups')).toMatchObject({ exitCode: 0, stdout: '', stderr: 'no dead letters' });
    const { stdout, stderr } = await dlq('groups', '--json');
    expect(stderr).toBe('');
    expect(readJson('dlq groups', stdout)).toEqual({ total: 0, shown: 0, letters: 0, groups: [] });
  });

  it('lists the id that dlq show names, of whatever shape the dead letter is', async () => {
    const one = await desk();
    const messages = ['order_items', 'users'].map((table) => `no access to ${table} for reports`);
    for (const message of messages) await bury(one.bed, { failure: makeFailure('error', 'Error', message) });
    const [group, ...others] = await groupsOf(one);
    expect([group?.count, others]).toEqual([2, []]);
    for (const seq of [1, 2]) {
      const id = `${consumer}/${seq}`;
      expect((await one.dlq('show', id)).stdout).toMatch(new RegExp(`^ +group +${group?.id}$`, 'm'));
      expect(readJson('dlq show', (await one.dlq('show', id, '--json')).stdout)['group']).toBe(group?.id);
    }
    const listed = await one.dlq('list', `group:${group?.id}`);
    expect(listed.stdout).toContain(`${consumer}/1 `);
    expect(listed.stdout).toContain(`${consumer}/2 `);
    // What was decided about one shape is known of the other.
    expect((await one.dlq('assign', group?.id ?? '', 'ana')).exitCode).toBe(0);
    expect((await one.dlq('show', `${consumer}/2`)).stdout).toMatch(/assigned to +ana/);
  }, 30_000);

  it('shows the largest groups first, and how many there are', async () => {
    const one = await desk();
    for (const failure of [refused, rejected, refused]) await bury(one.bed, { failure });
    const { exitCode, stdout, stderr } = await one.dlq('groups', '--limit', '1');
    const [first, second] = await groupsOf(one);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^COUNT +STATUS +GROUP .*\\n +2  new +${first?.id} `));
    expect(stdout).toContain(`  ${consumer}  Error: connect econnrefused <host> 587`);
    expect(stderr).toContain('1 of 2 groups, 3 dead letters; show more with --limit');
    expect(stderr).toContain(`dlq show ${consumer}/3`);
    expect(stderr).toContain(`dlq replay group:${first?.id} --dry-run`);
    expect([first?.code, second?.code, second?.name]).toEqual(['ECONNREFUSED', '550', 'SmtpError']);
    expect(await groupsOf(one, 'name:SmtpError', '--limit', '5')).toMatchObject([{ id: second?.id }]);
  });

  it('counts archived ones where that is asked for', async () => {
    const one = await desk();
    for (const failure of [refused, rejected, refused]) await bury(one.bed, { failure });
    const archive = ['archive', `${consumer}/1`, `${consumer}/2`, '--reason', 'why', '--yes'];
    expect(await one.dlq(...archive)).toMatchObject({ exitCode: 0 });
    const counts = async (...words: string[]): Promise<number[]> =>
      (await groupsOf(one, ...words)).map(({ count }) => count);
    expect(await counts()).toEqual([1]);
    expect(await counts('status:archived')).toEqual([1, 1]);
    expect(await counts('status:*')).toEqual([2, 1]);
  });

  it('an incident of a thousand dead letters and three causes is three groups, and each id selects its own', async () => {
    const one = await desk();
    await concurrently(incident(), 64, async ({ name, message }) =>
      bury(one.bed, { failure: makeFailure('error', name, message) }),
    );
    const groups = await groupsOf(one);
    expect(groups.map(({ count }) => count)).toEqual([600, 300, 100]);
    for (const { id, count, counts } of groups) {
      expect(counts.reduce((sum, one) => sum + one, 0)).toBe(count);
      const found = await one.dlq('list', `group:${id}`, '--limit', '1', '--json');
      expect(readJson('dlq list', found.stdout)).toMatchObject({ total: count });
    }
    const by = await one.dlq('list', '--group-by', 'reason', '--json');
    const reasons = readJson('dlq list --group-by', by.stdout) as {
      total: number;
      groups: { count: number; fingerprint: string }[];
    };
    expect([reasons.total, ...reasons.groups.map(({ count }) => count)]).toEqual([1000, 600, 300, 100]);
    for (const { fingerprint, count } of reasons.groups) {
      const found = await one.dlq('list', '--reason', fingerprint, '--limit', '1', '--json');
      expect(readJson('dlq list', found.stdout)).toMatchObject({ total: count });
    }
  });
});

test('plans of the verbs have the groups of dlq groups: of one consumer each', async () => {
  const one = await desk();
  await bury(one.bed, { failure: refused });
  await bury(one.bed, { failure: refused });
  await bury(one.bed, { consumer: 'other', failure: refused });
  const idsOf = (groups: unknown): unknown =>
    (groups as ShownGroup[]).map(({ id, count }) => `${id} ${count}`).toSorted((a, b) => a.localeCompare(b));
  const shown = idsOf(await groupsOf(one));
  expect(shown).toHaveLength(2);
  for (const verb of [['replay'], ['archive', '--reason', 'no']]) {
    const { stdout } = await one.dlq(...verb, '--all', '--dry-run', '--json');
    expect(idsOf((JSON.parse(stdout) as { plan: { groups: unknown } }).plan.groups)).toEqual(shown);
  }
  const { stdout } = await one.dlq('replay', '--all', '--plan', '--json');
  expect(idsOf((JSON.parse(stdout) as { groups: unknown }).groups)).toEqual(shown);
});

describe('dlq groups --watch', () => {
  it('needs a terminal, or --json', async () => {
    const { dlq } = await desk();
    expect(await dlq('groups', '--watch')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('with --json it prints a line each time') as string,
    });
  });

  it('shows what dies meanwhile on a screen of its own, and leaves the terminal as it was', async () => {
    const one = await desk();
    await bury(one.bed, { failure: refused });
    await using pane = await one.terminal('groups', '--watch');
    await pane.waitFor(/1 group, 1 dead letter, at/);
    expect((await pane.state()).alternateScreen).toBe(true);
    await bury(one.bed, { failure: refused });
    const text = await pane.waitFor(/1 group, 2 dead letters, at/);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    const { alternateScreen, cursorShown } = await pane.state();
    expect([alternateScreen, cursorShown]).toEqual([false, true]);
    expect(await pane.text()).not.toMatch(/1 group|Error/);
  });

  it('says that the server is away, and goes on when it is back', { timeout: 60_000 }, async () => {
    const one = await desk();
    await bury(one.bed, { failure: refused });
    await using pane = await one.terminal('groups', '--watch', '--timeout', '1s');
    await pane.waitFor(/1 group, 1 dead letter, at/);
    await one.bed.server.pause();
    await pane.waitFor(/no answer|can't connect|not connected|connection/i);
    await one.bed.server.restart();
    await pane.waitFor(/q quit/);
    expect(await pane.text()).toContain('1 group, 1 dead letter, at');
    await pane.press('q');
    expect(await pane.exitCode()).toBe(0);
  });
});

describe('dlq ack, mute, assign and note', () => {
  it('keep what was decided, by whom, and show it', async () => {
    const one = await desk();
    await bury(one.bed, { failure: refused });
    const { id } = (await groupsOf(one))[0] ?? { id: '' };
    const keep = async (...words: string[]): Promise<Record<string, unknown>> => {
      const { exitCode, stdout } = await one.dlq(...words, '--json');
      expect([words, exitCode]).toEqual([words, 0]);
      return readJson('dlq ack', stdout);
    };
    expect(await keep('ack', id, '--dry-run')).toMatchObject({ status: 'new', history: [] });
    expect(await keep('ack', id.slice(0, 6), '--incident', 'INC-4711')).toMatchObject({
      id,
      status: 'open',
      incident: 'INC-4711',
    });
    expect(await keep('assign', `group:${id}`, 'ana')).toMatchObject({ assignee: 'ana' });
    expect(await keep('note', id, 'SMTP is down')).toMatchObject({ note: 'SMTP is down' });
    const muted = await keep('mute', id, '--until', '24h');
    expect([muted['status'], String(muted['mutedUntil']).length]).toEqual(['muted', 24]);
    const { stdout, stderr } = await one.dlq('groups');
    expect(stdout).toMatch(/INC-4711; assigned to ana; muted until 2.* UTC; SMTP is down/);
    expect(stderr).toContain('1 group, 1 dead letter');
    const shown = await one.dlq('show', `${consumer}/1`);
    expect(shown.stdout).toMatch(
      new RegExp(`group +${id}\\n +incident +INC-4711\\n +assigned to +ana\\n +note +SMTP is down\\n`),
    );
    expect(readJson('dlq show', (await one.dlq('show', `${consumer}/1`, '--json')).stdout)).toMatchObject({
      group: id,
      name: 'Error',
      code: 'ECONNREFUSED',
      decided: { note: 'SMTP is down', assignee: 'ana', incident: 'INC-4711' },
    });
    await keep('unmute', id);
    await keep('assign', id, '--none');
    const last = await keep('note', id, '--none');
    expect(last).toMatchObject({ status: 'open', note: null, assignee: null, mutedUntil: null });
    const history = last['history'] as { by: string; did: string }[];
    expect(history.map(({ did }) => did.replace(/muted until 2.*/, 'muted until'))).toEqual([
      'acknowledged',
      'incident INC-4711',
      'assigned to ana',
      'noted: SMTP is down',
      'muted until',
      'unmuted',
      'assigned to nobody',
      'removed the note',
    ]);
    expect(history.every(({ by }) => by.includes('@'))).toBe(true);
    // Again: it stands already.
    expect((await keep('ack', id))['history']).toEqual(history);
    const text = await one.dlq('ack', id);
    expect(text.stderr).toContain(`keeping about group ${id} (1 of ${consumer}) on 127.0.0.1`);
    expect(text.stdout).toMatch(new RegExp(`^${id}  open, 1 dead letter\n  ${consumer}  Error: connect`));
  }, 90_000);

  it('mute until the next pipeline apply, also one that changes nothing', async () => {
    const one = await desk();
    await bury(one.bed, { failure: refused });
    const { id } = (await groupsOf(one))[0] ?? { id: '' };
    const status = async (): Promise<unknown> => (await groupsOf(one))[0]?.status;
    expect(await one.cli('pipeline', 'apply', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await one.dlq('mute', id, '--until', 'deploy')).toMatchObject({ exitCode: 0 });
    expect(await status()).toBe('muted');
    expect(await one.cli('pipeline', 'apply', '--check')).toMatchObject({ exitCode: 0 });
    expect(await one.cli('pipeline', 'apply', '--dry-run')).toMatchObject({ exitCode: 0 });
    expect(await status()).toBe('muted');
    expect(await one.cli('pipeline', 'apply')).toMatchObject({ exitCode: 0 });
    expect(await status()).toBe('open');
  });

  it('say that something is kept once the name of a protected pipeline was given, and not before', async () => {
    const one = await desk();
    await bury(one.bed, { failure: refused });
    const { id } = (await groupsOf(one))[0] ?? { id: '' };
    const files = { 'handler.mjs': 'export default async () => {};\n' };
    const safe = await makeProject(one.bed.server.url, { ...config, protected: true }, files);
    const verbs = [
      ['ack', id],
      ['mute', id, '--until', '1h'],
      ['unmute', id],
      ['assign', id, 'ana'],
      ['note', id, 'restore first'],
    ];
    for (const words of verbs) {
      const without = await safe.cli(['dlq', ...words]);
      expect([words, without.exitCode, without.stderr.includes('keeping')]).toEqual([words, 2, false]);
      expect(without.stderr).toContain('needs --confirm test');
    }
    const given = await safe.cli(['dlq', 'note', id, 'restore first', '--confirm', 'test']);
    expect(given).toMatchObject({ exitCode: 0 });
    expect(given.stderr).toContain(`keeping about group ${id}`);
    await using terminal = await openTerminal([process.execPath, bin, 'dlq', 'note', id, 'another'], {
      cwd: safe.folder,
      env: { NATS_URL: one.bed.server.url },
    });
    const asked = await terminal.waitFor("type the pipeline's name:");
    expect(asked).toContain(`Keep about group ${id} (1 of ${consumer}) on 127.0.0.1`);
    expect(asked).toContain(': note: another?');
    expect(asked).not.toContain('keeping');
    await terminal.press('t', 'e', 's', 't', 'Enter');
    expect(await terminal.exitCode()).toBe(0);
    expect(await terminal.text()).toContain(`keeping about group ${id}`);
  }, 60_000);

  it('refuse what is no group, and what can not be meant', async () => {
    const one = await desk();
    await bury(one.bed, { failure: refused });
    const { id } = (await groupsOf(one))[0] ?? { id: '' };
    const wrong: readonly [readonly string[], number, string][] = [
      [['ack', id.replace(/^./, (char) => (char === '0' ? '1' : '0'))], 1, `the nearest: ${id}`],
      [['ack', 'nope'], 2, 'at least its first 6 characters, found "nope"'],
      [['ack'], 2, 'dlq groups'],
      [['mute', id], 2, '--until'],
      [['mute', id, '--until', 'tomorrow'], 2, 'found "tomorrow"'],
      [['mute', id, '--until', '2020-01-01'], 2, 'which is not to come'],
      [['assign', id], 2, '--none'],
      [['note', id, 'text', '--none'], 2, '--none'],
      [['note', id, ' '], 2, 'note: expected some text, found " "'],
      [['ack', id, '--incident', ''], 2, '--incident: expected some text'],
    ];
    for (const [words, exitCode, text] of wrong) {
      const ended = await one.dlq(...words);
      expect([words, ended.exitCode, ended.stderr]).toEqual([words, exitCode, expect.stringContaining(text)]);
    }
  });
});
