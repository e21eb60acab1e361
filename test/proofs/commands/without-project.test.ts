import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { bury, consumer } from '../../support/dead-letters.js';
import { readJson } from '../../support/json-schemas.js';
import { natsForTest, type TestBed, testBed } from '../../support/pipeline.js';
import { type Ended, makeProject, type Project } from '../../support/project.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTerminal } from '../../support/tmux.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const handler = { 'handler.mjs': 'export default async () => {};\n' };
const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

/** Runs the binary in a folder without a project. */
async function empty(url: string | undefined, env: Readonly<Record<string, string>> = {}) {
  const cwd = await temporaryFolder();
  const server = url === undefined ? {} : { NATS_URL: url };
  const all = { PATH: process.env['PATH'] ?? '', HOME: cwd, ...server, ...env };
  return async (...words: string[]): Promise<Ended> => {
    const options = { cwd, env: all, extendEnv: false, reject: false, stdin: 'ignore' } as const;
    const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...words], options);
    return { exitCode, stdout, stderr };
  };
}

interface Desk {
  readonly bed: TestBed;
  readonly project: Project;
  readonly desk: Awaited<ReturnType<typeof empty>>;
}

/** A pipeline with dead letters, applied from a project that is gone then. */
async function deskWith(changes: object = {}, deadLetters = 2): Promise<Desk> {
  const bed = await testBed();
  for (let i = 0; i < deadLetters; i++) await bury(bed);
  const project = await makeProject(bed.server.url, { ...config, ...changes }, handler);
  const applied = await project.cli(['pipeline', 'apply', '--confirm', 'test']);
  expect(applied).toMatchObject({ exitCode: 0 });
  return { bed, project, desk: await empty(bed.server.url) };
}

describe('in an empty folder, with the address alone', () => {
  it('dead letters are listed, shown, replayed, archived, restored and discarded; events explained and verified', async () => {
    const { bed, desk } = await deskWith({}, 4);
    const ok = async (...words: string[]): Promise<unknown> => {
      const { exitCode, stdout, stderr } = await desk(...words, '--json');
      expect([words, exitCode, exitCode === 0 ? '' : stdout + stderr]).toEqual([words, 0, '']);
      return stdout === '' ? undefined : JSON.parse(stdout.split('\n')[0] ?? '');
    };
    expect(await ok('dlq', 'list')).toMatchObject({ total: 4 });
    expect(await ok('dlq', 'show', `${consumer}/1`)).toMatchObject({ id: `${consumer}/1` });
    expect(await ok('dlq', 'replay', `${consumer}/1`, '--yes')).toMatchObject({ replayed: 1 });
    expect(await ok('dlq', 'archive', `${consumer}/2`, '--reason', 'why', '--yes')).toMatchObject({
      archived: 1,
    });
    expect(await ok('dlq', 'restore', `${consumer}/2`, '--yes')).toMatchObject({ restored: 1 });
    expect(await ok('dlq', 'discard', `${consumer}/3`, '--reason', 'why', '--yes')).toMatchObject({
      discarded: 1,
    });
    expect(await ok('events', 'explain', '1')).toMatchObject({ consumers: [{ consumer }] });
    expect(await ok('pipeline', 'verify')).toMatchObject({ pipeline: 'test', ok: true });
    expect(await ok('advisories', 'tail', '--no-follow', '--count', '1')).toMatchObject({
      source: 'pipeline',
    });
    expect(await ok('pipeline', 'permissions', '--role', 'viewer')).toMatchObject({ pipeline: 'test' });
    expect(await ok('events', 'publish', 'totp.requested')).toMatchObject({ seq: 5 });
    expect(await ok('config', 'show')).toMatchObject({
      file: null,
      applied: { file: 'plutomi-events.config.json' },
      consumers: { [consumer]: { handler: null } },
    });
    expect(await bed.parked(consumer, 1)).toMatchObject({ cycle: 1 });
  }, 90_000);

  it('what runs handlers, and what applies, says that it lacks the config file', async () => {
    const { desk } = await deskWith({}, 0);
    for (const words of [
      ['pipeline', 'run'],
      ['pipeline', 'apply', '--check'],
    ]) {
      const { exitCode, stderr } = await desk(...words);
      expect(stderr).toContain('no config file: looked for plutomi-events.config.ts');
      expect(exitCode).toBe(2);
    }
  });

  it('without a pipeline, or without a server, it says both ways', async () => {
    const { url } = await natsForTest();
    const nothing = await (await empty(url))('dlq', 'list');
    expect(nothing).toMatchObject({ exitCode: 2 });
    expect(nothing.stderr).toMatch(/no config file: looked for .*; and there is no pipeline on nats:/);
    expect(nothing.stderr).toContain('store it on the server: plutomi-events pipeline apply');
    const unnamed = await (await empty(undefined))('dlq', 'list');
    expect(unnamed.stderr).toMatch(/no config file: .*no server was named to read it from|no pipeline on/);
    expect(unnamed.exitCode).toBe(2);
  });

  it('of several pipelines, --pipeline or PLUTOMI_PIPELINE chooses, and suggestions repeat the flag', async () => {
    const { bed, desk } = await deskWith();
    const streams = Object.fromEntries(
      ['events', 'retry', 'dlq', 'advisories'].map((role) => [role, { name: `orders-${role}` }]),
    );
    const other = await makeProject(bed.server.url, { ...config, name: 'orders', streams }, handler);
    expect(await other.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
    const several = await desk('dlq', 'list');
    expect(several).toMatchObject({ exitCode: 2 });
    expect(several.stderr).toMatch(
      /2 pipelines on .*: orders, test.*\n.*--pipeline orders\n.*--pipeline test/s,
    );
    expect(JSON.parse((await desk('dlq', 'list', '--pipeline', 'orders', '--json')).stdout)).toMatchObject({
      total: 0,
    });
    const byVariable = await empty(bed.server.url, { PLUTOMI_PIPELINE: 'test' });
    expect(JSON.parse((await byVariable('dlq', 'list', '--json')).stdout)).toMatchObject({ total: 2 });
    const shown = await desk('dlq', 'show', `${consumer}/1`, '--pipeline', 'test');
    expect(shown.stderr).toContain(`dlq replay ${consumer}/1 --pipeline test`);
    // Beside the config file of another one.
    const wrong = await other.cli(['dlq', 'list', '--pipeline', 'test', '--json']);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'OTHER_PIPELINE' } });
    expect(await other.cli(['dlq', 'list', '--pipeline', 'orders'])).toMatchObject({ exitCode: 0 });
  });
});

it('a type with a schema is not published without it', async () => {
  const bed = await testBed();
  const project = await makeProject(bed.server.url, {}, handler);
  await rm(join(project.folder, 'plutomi-events.config.json'));
  const text = `const validate = (value) => ({ value });
const schema = { '~standard': { version: 1, vendor: 'mine', validate } };
export default { ...${JSON.stringify(config)}, events: { 'totp.requested': { schema } } };\n`;
  await writeFile(join(project.folder, 'plutomi-events.config.mjs'), text);
  expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  expect(await project.cli(['events', 'publish', 'totp.requested'])).toMatchObject({ exitCode: 0 });
  const desk = await empty(bed.server.url);
  const { exitCode, stderr } = await desk('events', 'publish', 'totp.requested');
  expect(stderr).toContain('totp.requested has a schema in the config file');
  expect(exitCode).toBe(1);
});

it('a config that differs from what was applied is said, stored by apply, and no change to --check', async () => {
  const { project } = await deskWith({}, 0);
  expect((await project.cli(['pipeline', 'apply', '--check'])).stderr).not.toContain('differs');
  const changed = { ...config, consumers: { [consumer]: { ...config.consumers[consumer], timeout: '7s' } } };
  await writeFile(join(project.folder, 'plutomi-events.config.json'), JSON.stringify(changed));
  const said = `differs from the config on the server (plutomi-events.config.json, applied at `;
  const key = `consumers.${consumer}.timeout`;
  const check = await project.cli(['pipeline', 'apply', '--check']);
  expect(check).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(said) });
  expect(check.stderr).toContain(`${key}; pipeline apply stores it`);
  const verified = await project.cli(['pipeline', 'verify']);
  expect(verified.stdout).toContain('applied-config');
  expect((await project.cli(['config', 'show', '--applied'])).stderr).toContain(key);
  expect((await project.cli(['config', 'show'])).stderr).toBe('');
  // Nobody is asked.
  expect(await project.cli(['pipeline', 'apply'])).toMatchObject({ exitCode: 0 });
  const shown = await project.cli(['config', 'show', '--applied', '--json']);
  expect(shown.stderr).toBe('');
  expect(JSON.parse(shown.stdout)).toMatchObject({ consumers: { [consumer]: { timeout: '7s' } } });
  // Handlers are looked for by what runs them.
  await rm(join(project.folder, 'handler.mjs'));
  expect(await project.cli(['dlq', 'list'])).toMatchObject({ exitCode: 0 });
  expect((await project.cli(['pipeline', 'apply', '--check'])).stderr).toContain(
    'no file for "./handler.mjs"',
  );
});

describe('a protected pipeline', () => {
  const id = `${consumer}/1`;

  it('needs its name without a terminal, after the plan; --yes is not enough, a wrong one is refused', async () => {
    const { bed, desk, project } = await deskWith({ protected: true });
    const replay = (...words: string[]): Promise<Ended> => desk('dlq', 'replay', id, ...words);
    const without = await replay('--yes');
    expect(without).toMatchObject({ exitCode: 2 });
    expect(without.stderr).toMatch(/1 of 1 selected.*needs --confirm test: the pipeline test is protected/s);
    const wrong = await replay('--yes', '--confirm', 'tests');
    expect(wrong).toMatchObject({ exitCode: 2 });
    expect(wrong.stderr).toContain('expected the name of the pipeline, test, found tests; nothing was done');
    expect(await replay('--dry-run')).toMatchObject({ exitCode: 0 });
    expect(await bed.dead(consumer, 1)).toBeDefined();
    expect(await replay('--confirm', 'test')).toMatchObject({ exitCode: 0 });
    expect(await bed.dead(consumer, 1)).toBeUndefined();
    const archive = ['dlq', 'archive', `${consumer}/2`, '--reason', 'why', '--yes'];
    expect(await desk(...archive)).toMatchObject({ exitCode: 2 });
    expect(await desk(...archive, '--confirm', 'test')).toMatchObject({ exitCode: 0 });
    // A file that takes the protection off is a change like any other, of what is still protected.
    await writeFile(join(project.folder, 'plutomi-events.config.json'), JSON.stringify(config));
    expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 2 });
    expect(await project.cli(['pipeline', 'apply', '--confirm', 'test'])).toMatchObject({ exitCode: 0 });
    expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  });

  it('needs its name for what loses nothing too, and then asks nothing', async () => {
    const { desk } = await deskWith({ protected: true });
    const shown = await desk('dlq', 'show', id, '--json');
    const { group } = readJson('dlq show', shown.stdout) as { group: string };
    const verbs = [
      ['dlq', 'ack', group],
      ['dlq', 'mute', group, '--until', '1h'],
      ['dlq', 'unmute', group],
      ['dlq', 'assign', group, 'ana'],
      ['dlq', 'note', group, 'text'],
      ['dlq', 'replay', id, '--plan'],
    ];
    for (const verb of verbs) {
      const refused = await desk(...verb);
      expect([verb, refused.exitCode]).toEqual([verb, 2]);
      expect(refused.stderr).toContain('needs --confirm test: the pipeline test is protected');
      expect(refused.stderr).not.toContain('keeping');
      expect((await desk(...verb, '--confirm', 'tests')).stderr).toContain('found tests; nothing was done');
    }
    const { groups } = JSON.parse((await desk('dlq', 'groups', '--json')).stdout) as {
      groups: { status: string; note: unknown }[];
    };
    expect(groups).toMatchObject([{ status: 'new', note: null }]);
    for (const verb of verbs) {
      expect([verb, (await desk(...verb, '--confirm', 'test')).exitCode]).toEqual([verb, 0]);
    }
    expect(await desk('dlq', 'ack', group, '--dry-run')).toMatchObject({ exitCode: 0 });
  }, 90_000);

  it('is one that is reached through a context of PLUTOMI_PROTECTED', async () => {
    const { bed, project } = await deskWith();
    const context = join(project.folder, '.config/nats/context');
    await execa('mkdir', ['-p', context]);
    for (const name of ['prod', 'stage']) {
      await writeFile(join(context, `${name}.json`), JSON.stringify({ url: bed.server.url }));
    }
    const desk = await empty(undefined, {
      XDG_CONFIG_HOME: join(project.folder, '.config'),
      PLUTOMI_PROTECTED: 'live, prod',
    });
    const replay = (name: string, ...words: string[]): Promise<Ended> =>
      desk('dlq', 'replay', id, '--yes', '--context', name, ...words);
    const refused = await replay('prod');
    expect(refused.stderr).toContain(
      'needs --confirm test: the context prod is protected (PLUTOMI_PROTECTED)',
    );
    expect(refused.exitCode).toBe(2);
    expect(await replay('stage')).toMatchObject({ exitCode: 0 });
  });

  it('asks for its name on a terminal, also with --yes', async () => {
    const { bed, project } = await deskWith({ protected: true });
    const open = (...words: string[]) =>
      openTerminal([process.execPath, bin, 'dlq', 'replay', id, ...words], {
        cwd: project.folder,
        columns: 80,
        env: { NATS_URL: bed.server.url },
      });
    const question = "Since the pipeline test is protected, type the pipeline's name:";
    await using wrong = await open('--yes');
    await wrong.waitFor(question);
    await wrong.press('t', 'e', 's', 'Enter');
    expect(await wrong.exitCode()).toBe(1);
    expect(await wrong.text()).toContain('expected the name of the pipeline, test, found tes');
    await using no = await open();
    await no.waitFor(question);
    await no.press('Enter');
    expect(await no.exitCode()).toBe(1);
    expect(await no.text()).toContain('nothing was replayed: the answer was no');
    expect(await bed.dead(consumer, 1)).toBeDefined();
    await using yes = await open('--yes');
    await yes.waitFor(question);
    await yes.press('t', 'e', 's', 't', 'Enter');
    expect(await yes.exitCode()).toBe(0);
    expect(await bed.dead(consumer, 1)).toBeUndefined();
  });
});
