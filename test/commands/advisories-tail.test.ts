import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../src/lib/dlq/state.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { bury, consumer, journal } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const modes: string[][] = [[], ['--json']];

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

async function desk(url?: string): Promise<{ readonly bed: TestBed; readonly project: Project }> {
  const bed = await testBed();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  return { bed, project: await makeProject(url ?? bed.server.url, config, files) };
}

async function write(bed: TestBed, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { pointer } = await bury(bed);
    await journal(bed, keyOf(pointer, 'main'), { kind: 'ATTEMPT_FAILED', attempt: 1 });
  }
}

describe.each(modes)('advisories tail %s', (...mode) => {
  const lines = (stdout: string): string[] => stdout.split('\n').filter((line) => line !== '');

  it('exits 0 at the end of what is there, and after --count lines', async () => {
    const { bed, project } = await desk();
    await write(bed, 3);
    await bed.link.publish('events-advisories.x', '\u001b[2J');
    for (const [words, count] of [
      [['--no-follow', '--since', '1h'], 4],
      [['--since', '1h', '--count', '2'], 2],
      [['--no-follow', '--kind', 'MALFORMED', '--kind', 'RESOLVED'], 1],
      [['--no-follow', '--consumer', 'meta-consumer'], 0],
    ] as const) {
      const { exitCode, stdout } = await project.cli(['advisories', 'tail', ...words, ...mode]);
      expect([words, exitCode, lines(stdout).length]).toEqual([words, 0, count]);
      if (mode.length > 0) for (const line of lines(stdout)) readJson('advisories tail', line);
      expect(stdout).not.toContain('\u001b');
    }
  });

  it('exits 2 for a consumer of which neither config nor journal knows', async () => {
    const { bed, project } = await desk();
    const { pointer } = await bury(bed, { consumer: 'renamed-consumer' });
    await journal(bed, keyOf(pointer, 'main'), { kind: 'ATTEMPT_FAILED', attempt: 1 });
    const tail = (name: string) =>
      project.cli(['advisories', 'tail', '--no-follow', '--consumer', name, ...mode]);
    const known = await tail('renamed-consumer');
    expect([known.exitCode, lines(known.stdout)]).toMatchObject([0, { length: 1 }]);
    // It follows for ever otherwise: the name is looked at first.
    const { exitCode, stdout, stderr } = await project.cli([
      'advisories',
      'tail',
      '--consumer',
      'nope',
      ...mode,
    ]);
    expect(exitCode).toBe(2);
    expect(mode.length > 0 ? stdout : stderr).toContain('the config has no consumer');
  });

  it('exits 2 for a kind or a time that does not exist, and 4 when nobody listens there', async () => {
    const { project } = await desk('nats://127.0.0.1:9');
    const exitCode = async (...words: string[]): Promise<unknown> =>
      (await project.cli(['advisories', 'tail', ...words, ...mode])).exitCode;
    expect(await exitCode('--kind', 'NOTHING')).toBe(2);
    expect(await exitCode('--since', 'soon')).toBe(2);
    expect(await exitCode('--no-follow')).toBe(4);
  });

  it('follows until Ctrl-C, and exits 130 then', async () => {
    const { bed, project } = await desk();
    const child = execa(process.execPath, [bin, 'advisories', 'tail', ...mode], {
      cwd: project.folder,
      env: { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const readers = async (): Promise<number> =>
      (await bed.link.streamInfo('events-advisories'))?.state.consumer_count ?? 0;
    const before = await readers();
    await eventually('it follows', async () => (await readers()) > before);
    await write(bed, 1);
    await eventually('the line is there', () => lines(stdout).length === 1);
    expect(stdout).toContain('ATTEMPT_FAILED');
    child.kill('SIGINT');
    const ended = await child;
    expect([ended.exitCode, ended.stderr]).toEqual([130, '']);
    await eventually('nothing is left behind', async () => (await readers()) === before);
  });
});

describe('advisories tail on a terminal', () => {
  it.each([40, 80, 120])(
    'takes a line for each record on %d columns',
    async (columns) => {
      const { bed, project } = await desk();
      const { pointer } = await bury(bed);
      const error = makeFailure('error', 'SmtpError', `${'very '.repeat(60)}long`);
      await journal(bed, keyOf(pointer, 'main'), { kind: 'ATTEMPT_FAILED', attempt: 1, error });
      await journal(bed, keyOf(pointer, 'main'), { kind: 'RESOLVED' });
      const words = ['advisories', 'tail', '--since', '1h', '--no-follow'];
      await using terminal = await openTerminal([process.execPath, bin, ...words], {
        cwd: project.folder,
        env: { NATS_URL: bed.server.url },
        columns,
      });
      expect(await terminal.exitCode(30_000)).toBe(0);
      // Lines that the terminal has broken are whole again in it.
      const lines = (await terminal.text()).split('\n').filter((line) => line.includes(`${consumer}/1`));
      expect(lines).toEqual([
        expect.stringMatching(/\d\d:\d\d:\d\d .*ATT.*…$/),
        expect.stringMatching(/\d\d:\d\d:\d\d .*RES/),
      ]);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    },
    60_000,
  );
});
