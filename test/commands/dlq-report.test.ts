import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import { bury, consumer, exhaustionOf } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

async function desk(deadLetters: number): Promise<{ readonly bed: TestBed; readonly project: Project }> {
  const bed = await testBed();
  for (let i = 0; i < deadLetters; i++) {
    const { pointer } = await bury(bed);
    await writeRecord(pipelineOf(bed.link, bed.config), exhaustionOf(pointer, 0));
  }
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  return { bed, project: await makeProject(bed.server.url, config, files) };
}

describe('dlq report and operations log', () => {
  it('tell what was done with commands, as text and as JSON', async () => {
    const { project } = await desk(3);
    const note = 'SMTP | `back` <b>';
    await project.cli(['dlq', 'replay', `${consumer}/1`, '--yes', '--note', note]);
    await project.cli(['dlq', 'discard', `${consumer}/2`, '--yes', '--reason', 'by hand']);
    const log = await project.cli(['operations', 'log', '--json']);
    const { total, operations } = readJson('operations log', log.stdout) as {
      total: number;
      operations: { task: string; did: string }[];
    };
    expect([log.exitCode, total, operations.map(({ did }) => did)]).toEqual([
      0,
      2,
      ['replayed', 'discarded'],
    ]);
    const shown = await project.cli(['operations', 'log', '--since', '1h']);
    expect(shown.stdout).toMatch(/WHEN +WHO +DID +COUNT +TASK +CONSUMERS +WHY/);
    expect(shown.stdout).toContain(note);
    const nothing = await project.cli(['operations', 'log', '--operator', 'zoe']);
    expect([nothing.exitCode, nothing.stdout, nothing.stderr.split('\n')]).toEqual([
      0,
      '',
      ['nothing matches', expect.stringMatching(/^see what everybody did: .*plutomi-events operations log$/)],
    ]);
    const task = operations[0]?.task ?? '';
    expect(shown.stderr).toContain(`dlq report --task ${operations[1]?.task}`);
    const page = await project.cli(['dlq', 'report', '--since', '2026-01-01']);
    expect(page.exitCode).toBe(0);
    expect(page.stdout).toContain(
      '3 dead letters of 1 cause: 1 still dead, 1 replayed, outcome not known yet, 1 discarded.',
    );
    expect(page.stdout).toContain(String.raw`SMTP \| \`back\` \<b\>`);
    const json = await project.cli(['dlq', 'report', '--task', task, '--json']);
    expect(readJson('dlq report', json.stdout)).toMatchObject({ task, letters: 1, outcome: { pending: 1 } });
    expect((await project.cli(['dlq', 'report', '--task', task])).stdout).toContain(
      `# Dead letters of test: task ${task}`,
    );
  }, 60_000);

  it('exit 2 without a question, 1 for an unknown task, 0 where there is nothing', async () => {
    const { project } = await desk(0);
    const nothing = await project.cli(['operations', 'log']);
    expect(nothing).toEqual({ exitCode: 0, stdout: '', stderr: 'nobody has done anything' });
    const empty = await project.cli(['dlq', 'report', '--since', '1h']);
    expect([empty.exitCode, empty.stderr]).toEqual([0, '']);
    expect(empty.stdout).toContain('Nothing died, and nothing was done.');
    const none = await project.cli(['dlq', 'report']);
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('dlq report --since 2h')]);
    const both = await project.cli(['dlq', 'report', '--since', '1h', '--task', 'x']);
    expect(both.exitCode).toBe(2);
    const unknown = await project.cli(['dlq', 'report', '--task', 'replay-x', '--json']);
    expect([unknown.exitCode, readJson('error', unknown.stdout)]).toMatchObject([
      1,
      { error: { code: 'NOT_FOUND', suggestions: [expect.stringContaining('operations log')] } },
    ]);
  }, 60_000);

  it('operations log fits a terminal of 80 columns', async () => {
    const { bed, project } = await desk(2);
    await project.cli([
      'dlq',
      'replay',
      '--all',
      '--yes',
      '--note',
      'the mail server is back since 14:00, INC-4711',
    ]);
    await using pane = await openTerminal([process.execPath, bin, 'operations', 'log'], {
      cwd: project.folder,
      env: { NATS_URL: bed.server.url },
      columns: 80,
    });
    expect(await pane.exitCode()).toBe(0);
    const lines = (await pane.text()).split('\n');
    expect(lines[0]).toMatch(/ replayed 2: notifications-consumer$/);
    expect(lines[1]).toBe('    the mail server is back since 14:00, INC-4711');
    expect(lines[2]).toMatch(/^    replay-[\da-f]+$/);
    for (const line of lines.slice(0, 3)) expect(line.length).toBeLessThanOrEqual(80);
  }, 30_000);
});
