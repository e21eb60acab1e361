import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { type Ended, makeProject } from '../support/project.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

interface Desk {
  readonly bed: TestBed;
  readonly folder: string;
  readonly discard: (...words: string[]) => Promise<Ended>;
}

async function desk(): Promise<Desk> {
  const bed = await testBed();
  const project = await makeProject(bed.server.url, config, { 'handler.mjs': 'export default () => {};\n' });
  return { bed, folder: project.folder, discard: (...words) => project.cli(['dlq', 'discard', ...words]) };
}

const left = async (bed: TestBed): Promise<number> =>
  (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;

describe('dlq discard', () => {
  it('shows its plan and changes nothing with --dry-run, or without --yes', async () => {
    const { bed, discard } = await desk();
    const { id } = await bury(bed);
    const dry = await discard(id, '--reason', 'by hand', '--dry-run', '--json');
    expect(dry.exitCode).toBe(0);
    expect(readJson('dlq discard', dry.stdout)).toMatchObject({
      task: null,
      selected: 1,
      discarded: 0,
      plan: { discardable: 1, missing: 0 },
    });
    const shown = await discard(id, '--reason', 'by hand', '--dry-run');
    expect(shown.stdout).toContain('discard    1 of 1 selected');
    const unasked = await discard(id, '--reason', 'by hand');
    expect([unasked.exitCode, unasked.stdout]).toEqual([2, '']);
    expect(unasked.stderr).toContain('--yes');
    expect(await left(bed)).toBe(1);
    expect(await bed.journal('DISCARDED')).toEqual([]);
  });

  it('discards what ids or filters select; --died-of is the filter of reasons', async () => {
    const { bed, discard } = await desk();
    await bury(bed);
    const { id } = await bury(bed);
    await bury(bed, { consumer: 'old-mailer' });
    const none = await discard('--died-of', 'nothing like that', '--reason', 'x', '--yes', '--json');
    expect([none.exitCode, readJson('dlq discard', none.stdout)]).toEqual([
      0,
      { task: null, selected: 0, discarded: 0, skipped: [] },
    ]);
    const gone = await discard(
      '--consumer',
      'old-mailer',
      '--reason',
      'its consumer is gone',
      '--yes',
      '--json',
    );
    expect([gone.exitCode, readJson('dlq discard', gone.stdout)]).toMatchObject([0, { discarded: 1 }]);
    const some = await discard(id, `${consumer}/99`, '--reason', 'x', '--yes', '--json');
    expect(some.exitCode).toBe(5);
    expect(readJson('dlq discard', some.stdout)).toMatchObject({
      selected: 2,
      discarded: 1,
      skipped: [{ id: `${consumer}/99`, reason: 'no such dead letter' }],
    });
    const rest = await discard('--died-of', 'CONNECTION refused', '--reason', 'x', '--yes');
    expect([rest.exitCode, rest.stdout]).toEqual([0, '1 of 1 discarded']);
    expect(await left(bed)).toBe(0);
    expect((await bed.journal('DISCARDED')).map(({ record }) => record.note)).toEqual([
      'its consumer is gone',
      'x',
      'x',
    ]);
  });

  it.each([
    ['no reason', ['--all', '--yes'], 2, '--reason'],
    ['an empty reason', ['--all', '--yes', '--reason', ' '], 2, 'expected why'],
    ['nothing selected', ['--reason', 'x', '--yes'], 2, 'dlq discard --all --dry-run'],
    ['an unknown id', ['notifications-consumer/5', '--reason', 'x', '--yes'], 1, 'no dead letter'],
  ])('with %s says so', async (_what, words, exitCode, said) => {
    const { discard } = await desk();
    const ended = await discard(...words);
    expect([ended.exitCode, ended.stdout]).toEqual([exitCode, '']);
    expect(ended.stderr).toContain(said);
  });

  it('killed with kill -9 again and again, and run to its end, journals each once and deletes each', async () => {
    const { bed, folder, discard } = await desk();
    const count = 600;
    for (let i = 0; i < count; i++) await bury(bed);
    const env = { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' };
    for (let kill = 0; kill < 3 && (await left(bed)) > 0; kill++) {
      const from = await left(bed);
      const words = ['dlq', 'discard', '--all', '--reason', 'x', '--yes'];
      const options = { cwd: folder, env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
      const child = execa(process.execPath, [bin, ...words], options);
      await eventually('some are discarded', async () => (await left(bed)) < from);
      child.kill('SIGKILL');
      await child;
    }
    const last = await discard('--all', '--reason', 'x', '--yes', '--json');
    expect(last.exitCode).toBe(0);
    expect(await left(bed)).toBe(0);
    const seqs = (await bed.journal('DISCARDED')).map(({ record }) => record.origin.seq);
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  }, 60_000);
});
