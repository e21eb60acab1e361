import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { buryMany } from '../support/many-dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

async function desk(): Promise<{ readonly bed: TestBed; readonly project: Project }> {
  const bed = await testBed();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  return { bed, project: await makeProject(bed.server.url, config, files) };
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const digits = '{"id":12345678901234567890,"rate":1.10,\n "e":1e400}';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('dlq export', () => {
  it('is NDJSON of dlq list; with data it has each event as it was published', async () => {
    const { bed, project } = await desk();
    await bury(bed, { data: bytes(digits), failure: makeFailure('error', 'Error', 'a\u202eb') });
    await bury(bed, { data: bytes('not \u001b[2J json\u009b') });
    await bury(bed, { data: new Uint8Array([0xff, 0xfe]) });
    await bury(bed, { data: bytes('{"a":"\u202e"}') });
    const plain = await project.cli(['dlq', 'export']);
    expect([plain.exitCode, plain.stderr]).toEqual([0, '']);
    const listed = await project.cli(['dlq', 'list', '-o', 'ndjson']);
    expect(plain.stdout).toBe(listed.stdout);
    const archived = await project.cli(['dlq', 'export', '--archived']);
    expect(archived).toEqual({ exitCode: 0, stdout: '', stderr: 'no dead letters' });
    const whole = await project.cli(['dlq', 'export', '--with-data', '--json']);
    const [first = '', second = '', third = '', fourth = ''] = lines(whole.stdout);
    expect(first).toContain('"data":{"id":12345678901234567890,"rate":1.10,"e":1e400}');
    for (const line of lines(whole.stdout)) readJson('dlq export', line);
    expect(JSON.parse(second)).toMatchObject({
      event: { data: 'not \u001b[2J json\u009b', encoding: 'utf8' },
    });
    expect(JSON.parse(third)).toMatchObject({ event: { data: '//4=', encoding: 'base64' } });
    expect(JSON.parse(fourth)).toMatchObject({ event: { data: { a: '\u202e' }, encoding: 'json' } });
    expect(whole.stdout).not.toMatch(/[\u001b\u009b\u202e]/);
  }, 30_000);

  it('is CSV that no spreadsheet computes', async () => {
    const { bed, project } = await desk();
    await bury(bed, { data: bytes('=HYPERLINK("http://evil")'), failure: makeFailure('error', '=1+1', '') });
    await bury(bed, { data: { text: 'a,b' } });
    const { exitCode, stdout } = await project.cli(['dlq', 'export', '--format', 'csv', '--with-data']);
    expect(exitCode).toBe(0);
    const rows = stdout.split('\r\n');
    expect(rows[0]).toBe(
      'id,consumer,stream,seq,subject,reason,fingerprint,attemptsMain,attemptsRetry,cycle,deadAt,status,original,originalExpiresAt,resolvedLate,eventTime,headers,encoding,data,group,name,code,kept,edited,supersededBy',
    );
    expect(rows[1]).toMatch(
      /^notifications-consumer\/1,.*,'=1\+1.*,utf8,"'=HYPERLINK\(""http:\/\/evil""\)",[0-9a-f]{12},'=1\+1,,,,$/,
    );
    expect(rows[2]).toMatch(/,json,"\{""text"":""a,b""\}",[0-9a-f]{12},SmtpError,,,,$/);
    expect((await project.cli(['dlq', 'export', '--format', 'csv', '--json'])).exitCode).toBe(2);
  }, 30_000);

  it('a file appears when it is complete, is for the user alone, and is replaced only with --force', async () => {
    const { bed, project } = await desk();
    await bury(bed);
    const file = join(project.folder, 'out.ndjson');
    const made = await project.cli(['dlq', 'export', '-o', 'out.ndjson']);
    expect(made).toEqual({ exitCode: 0, stdout: '', stderr: '1 exported to out.ndjson' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await readFile(file, 'utf8');
    await bury(bed);
    await bed.link.deleteMessage('events', 2);
    const refused = await project.cli(['dlq', 'export', '-o', 'out.ndjson', '--json']);
    expect([refused.exitCode, readJson('error', refused.stdout)]).toMatchObject([
      1,
      { error: { code: 'FILE_EXISTS', suggestions: ['replace it with --force, or name another file'] } },
    ]);
    expect(await readFile(file, 'utf8')).toBe(before);
    const forced = await project.cli([
      'dlq',
      'export',
      '-o',
      'out.ndjson',
      '--force',
      '--with-data',
      '--json',
    ]);
    expect(readJson('dlq export --output', forced.stdout)).toEqual({
      file: 'out.ndjson',
      format: 'ndjson',
      exported: 2,
      withoutEvent: 1,
    });
    expect(lines(await readFile(file, 'utf8'))).toHaveLength(2);
    // A name is a name, also this one.
    const named = await project.cli(['dlq', 'export', '-o', 'json']);
    expect(named).toEqual({ exitCode: 0, stdout: '', stderr: '2 exported to json' });
    expect((await readdir(project.folder)).filter((name) => name.includes('part'))).toEqual([]);
  }, 30_000);

  it('says why a file can not be written, and leaves nothing of one that failed', async () => {
    const { bed, project } = await desk();
    await bury(bed);
    await mkdir(join(project.folder, 'folder'));
    for (const [name, why] of [
      ['folder', 'it is a folder'],
      ['nowhere/x', 'there is no such folder'],
      ['/dev/full', 'ENOSPC'],
    ] as const) {
      const { exitCode, stdout, stderr } = await project.cli(['dlq', 'export', '-o', name]);
      expect([name, exitCode, stdout]).toEqual([name, 1, '']);
      expect(stderr).toContain(why);
      expect(stderr).not.toMatch(/^ +at /m);
    }
    const unknown = await project.cli(['dlq', 'export', 'consumer:nope', '-o', 'x.ndjson']);
    expect(unknown.exitCode).toBe(2);
    expect((await readdir(project.folder)).filter((name) => /part|x\.ndjson/.test(name))).toEqual([]);
    expect((await project.cli(['dlq', 'export', '-o', '/dev/null'])).exitCode).toBe(0);
    expect((await project.cli(['dlq', 'export', '--force'])).exitCode).toBe(2);
  }, 40_000);

  it('a file that was made meanwhile stays; Ctrl-C leaves none', async () => {
    const { bed, project } = await desk();
    await buryMany(bed, 6000);
    const start = (words: readonly string[]) =>
      execa(process.execPath, [bin, 'dlq', 'export', ...words], {
        cwd: project.folder,
        env: { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });
    const begun = async (): Promise<boolean> =>
      (await readdir(project.folder)).some((name) => name.endsWith('.part'));
    const raced = start(['-o', 'raced.ndjson', '--with-data']);
    await eventually('it has begun', begun);
    await writeFile(join(project.folder, 'raced.ndjson'), 'mine');
    expect((await raced).exitCode).toBe(1);
    expect(await readFile(join(project.folder, 'raced.ndjson'), 'utf8')).toBe('mine');
    const stopped = start(['-o', 'stopped.ndjson', '--with-data']);
    await eventually('it has begun', begun);
    stopped.kill('SIGINT');
    const { exitCode, stderr } = await stopped;
    expect([exitCode, stderr]).toEqual([
      130,
      expect.stringContaining('nothing was written to stopped.ndjson'),
    ]);
    expect((await readdir(project.folder)).filter((name) => /part|stopped/.test(name))).toEqual([]);
    expect(await begun()).toBe(false);
  }, 60_000);

  it('shows on a terminal how far it is, and then the result', async () => {
    const { bed, project } = await desk();
    await buryMany(bed, 20_000);
    const words = [process.execPath, bin, 'dlq', 'export', '--with-data', '-o', 'all.ndjson'];
    await using pane = await openTerminal(words, {
      cwd: project.folder,
      env: { NATS_URL: bed.server.url },
      columns: 80,
    });
    await pane.waitFor(/\d+ exported$/m, 30_000);
    expect(await pane.exitCode(60_000)).toBe(0);
    expect((await pane.text()).split('\n')[0]).toBe('20000 exported to all.ndjson');
  }, 120_000);
});
