import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { consumer } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { openTerminal, type Terminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

interface Desk {
  readonly url: string;
  readonly project: Project;
  readonly terminal: (columns: number, ...words: string[]) => Promise<Terminal>;
}

async function desk(): Promise<Desk> {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, { 'handler.mjs': 'export default async () => {};\n' });
  expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  return {
    url,
    project,
    terminal: (columns, ...words) =>
      openTerminal([process.execPath, bin, 'pipeline', 'status', ...words], {
        cwd: project.folder,
        env: { NATS_URL: url },
        columns,
        rows: 24,
      }),
  };
}

const publish = (project: Project, count: number) =>
  project.cli(['events', 'publish', 'totp.requested', '--count', String(count), '--json']);

describe('pipeline status', () => {
  it('prints tables, and JSON by its schema; the config may be the one that was applied', async () => {
    const { url, project } = await desk();
    await publish(project, 2);
    const { exitCode, stdout, stderr } = await project.cli(['pipeline', 'status']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^test on 127\.0\.0\.1:\d+, at \d\d:\d\d:\d\d UTC$/m);
    expect(stdout).toMatch(new RegExp(`^${consumer} +main +2 +0 +0 +(?:now|\\S+ ago) +0 +0$`, 'm'));
    expect(stdout).toContain('5 more stages have nothing to do');
    const json = readJson('pipeline status', (await project.cli(['pipeline', 'status', '--json'])).stdout);
    expect(json).toMatchObject({ pipeline: 'test', dlq: { dead: 0 }, retry: { waiting: 0 } });
    await using elsewhere = await openTerminal(
      [process.execPath, bin, 'pipeline', 'status', '--server', url, '--pipeline', 'test'],
      { cwd: await temporaryFolder(), env: {} },
    );
    expect(await elsewhere.exitCode()).toBe(0);
    expect(await elsewhere.text()).toContain(consumer);
  });

  it('of a server that does not answer, exit 4 and no stack trace', async () => {
    const { project } = await desk();
    const ended = await project.cli([
      'pipeline',
      'status',
      '--server',
      'nats://127.0.0.1:9',
      '--timeout',
      '1s',
    ]);
    expect(ended).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ended.stderr).not.toMatch(/^ +at /m);
  });
});

describe('pipeline status --watch', () => {
  it('needs a terminal, or --json', async () => {
    const { project } = await desk();
    expect(await project.cli(['pipeline', 'status', '--watch'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('with --json it prints a line each time') as string,
    });
  });

  it.each([80, 40])('fits %i columns, takes keys, and leaves the terminal as it was', async (columns) => {
    const { project, terminal } = await desk();
    await using pane = await terminal(columns, '--watch');
    await pane.waitFor(/^events +0 +0B/m);
    expect((await pane.state()).alternateScreen).toBe(true);
    await publish(project, 7);
    const text = await pane.waitFor(/ main +7 +0/);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(columns);
    if (columns === 80) expect(text).toContain('█');
    await pane.press('Space');
    await pane.waitFor(/^paused; /m);
    await publish(project, 2);
    // Paused, it reads only when it is told to.
    await pane.press('r');
    await pane.waitFor(/ main +9 +0/);
    await pane.press('q');
    expect(await pane.exitCode()).toBe(0);
    expect(await pane.state()).toMatchObject({ alternateScreen: false, cursorShown: true });
    expect(await pane.text()).not.toContain('STREAM');
  });

  it('ends with 130 at Ctrl-C, and the terminal shows what is typed again', async () => {
    const { terminal } = await desk();
    await using pane = await terminal(80, '--watch');
    await pane.waitFor('STREAM');
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    expect(await pane.state()).toMatchObject({ alternateScreen: false, cursorShown: true });
    expect(await pane.text()).not.toContain('Error');
    await pane.press('echoed');
    await pane.waitFor('echoed');
  });
});

describe('pipeline metrics', () => {
  it('leaves nothing of its line behind after Ctrl-C', async () => {
    const { project, url } = await desk();
    await using pane = await openTerminal([process.execPath, bin, 'pipeline', 'metrics', '--over', '1m'], {
      cwd: project.folder,
      env: { NATS_URL: url },
    });
    await pane.waitFor('measuring over 1m');
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    expect(await pane.text()).toMatch(/^Error: interrupted *$/m);
    expect(await pane.text()).not.toContain('measuring');
  });

  it('prints tables, and JSON by its schema; less than a second is refused', async () => {
    const { project } = await desk();
    const text = await project.cli(['pipeline', 'metrics', '--over', '1s']);
    expect([text.exitCode, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/^test on \S+, over 1\.\d s$/m);
    expect(text.stdout).toMatch(/^totp\.requested +0$/m);
    const json = await project.cli(['pipeline', 'metrics', '--over', '1s', '--json']);
    expect(readJson('pipeline metrics', json.stdout)).toMatchObject({ pipeline: 'test' });
    expect(await project.cli(['pipeline', 'metrics', '--over', '500ms'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--over: expected at least 1s, found 500ms') as string,
    });
  });
});
