import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { bury, consumer } from '../support/dead-letters.js';
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

async function desk(): Promise<{ readonly bed: TestBed; readonly project: Project }> {
  const bed = await testBed();
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  return { bed, project: await makeProject(bed.server.url, config, files) };
}

function start({ bed, project }: Awaited<ReturnType<typeof desk>>, words: readonly string[]) {
  return execa(process.execPath, [bin, 'dlq', 'watch', ...words], {
    cwd: project.folder,
    env: { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

const readers = async (bed: TestBed): Promise<number> =>
  (await bed.link.streamInfo('events-dlq'))?.state.consumer_count ?? 0;

const hostile = makeFailure('error', 'Error', 'a\u001b[2Jb\u202ec');

describe.each(modes)('dlq watch %s', (...mode) => {
  const lines = (stdout: string): string[] => stdout.split('\n').filter((line) => line !== '');

  it('follows until Ctrl-C, and exits 130 then', async () => {
    const here = await desk();
    const { bed } = here;
    await bury(bed);
    const child = start(here, ['-kind:timeout', ...mode]);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const before = await readers(bed);
    await eventually('it follows', async () => (await readers(bed)) > before, 20_000);
    await bury(bed, { failure: makeFailure('timeout', 'Timeout', 'no result') });
    await bury(bed, { failure: hostile });
    await eventually('the line is there', () => lines(stdout).length === 1);
    expect(stdout).toContain(`${consumer}/3`);
    expect(stdout).not.toMatch(/\u001b|\u202e/);
    if (mode.length > 0) readJson('dlq watch', stdout);
    child.kill('SIGINT');
    const ended = await child;
    expect([ended.exitCode, ended.stderr]).toEqual([130, '']);
    await eventually('nothing is left behind', async () => (await readers(bed)) === before);
  }, 30_000);

  it('exits 0 after --count lines and after --duration, and begins where --since and --all say', async () => {
    const { bed, project } = await desk();
    for (let i = 0; i < 3; i++) await bury(bed);
    for (const [words, count] of [
      [['--all', '--count', '2'], 2],
      [['--since', '1h', '--count', '3'], 3],
      [['--since', '1h', '--consumer', consumer, '--duration', '1s'], 3],
      [['--cycle', '1+', '--all', '--duration', '200ms'], 0],
      [['--duration', '200ms'], 0],
    ] as const) {
      const { exitCode, stdout } = await project.cli(['dlq', 'watch', ...words, ...mode]);
      expect([words, exitCode, lines(stdout).length]).toEqual([words, 0, count]);
      if (mode.length > 0) for (const line of lines(stdout)) readJson('dlq watch', line);
    }
  }, 30_000);

  it('exits 2 for names that nothing has, and for contradictions', async () => {
    const { project } = await desk();
    for (const words of [['consumer:nope'], ['type:nope'], ['--all', '--since', '1h'], ['--count', '0']]) {
      const { exitCode } = await project.cli(['dlq', 'watch', ...words, ...mode]);
      expect([words, exitCode]).toEqual([words, 2]);
    }
  }, 30_000);
});

describe('dlq watch', () => {
  it('ends quietly when its reader goes', async () => {
    const here = await desk();
    await bury(here.bed);
    const child = start(here, ['--all']);
    await eventually('it follows', async () => (await readers(here.bed)) > 0, 20_000);
    child.stdout.destroy();
    await bury(here.bed);
    await bury(here.bed);
    const { exitCode, stderr } = await child;
    expect([exitCode, stderr]).toEqual([0, '']);
  }, 30_000);

  it.each([40, 80])(
    'fits a terminal of %d columns, and ends with 130 on Ctrl-C',
    async (columns) => {
      const { bed, project } = await desk();
      await bury(bed, { failure: makeFailure('error', 'Error', `${'very '.repeat(40)}long`) });
      await bury(bed, { cycle: 2 });
      await using pane = await openTerminal([process.execPath, bin, 'dlq', 'watch', '--all'], {
        cwd: project.folder,
        env: { NATS_URL: bed.server.url },
        columns,
      });
      await pane.waitFor(/\/2 .*\S/);
      const text = await pane.text();
      expect(text).toContain('following the DLQ; Ctrl-C to stop');
      expect(text.split('\n').filter((line) => line.includes(consumer))).toHaveLength(2);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
      await pane.press('C-c');
      expect(await pane.exitCode()).toBe(130);
      expect(await pane.text()).not.toMatch(/^Error/m);
    },
    30_000,
  );
});
