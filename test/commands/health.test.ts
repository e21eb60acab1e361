import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { consumer } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { cannotPause } from '../support/can-pause.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';
import { usersOfAllRoles } from '../support/users.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

async function applied(): Promise<Project & { readonly url: string }> {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, { 'handler.mjs': handlerText('') });
  expect(await project.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  return { ...project, url };
}

const publish = (project: Project, count: number) =>
  project.cli(['events', 'publish', 'totp.requested', '--count', String(count), '--json']);

describe('pipeline health', () => {
  it('exits 1 with 101 waiting events and nobody who runs them, and 0 after they are done; nagios 1 and 0', async () => {
    const project = await applied();
    const health = (...words: string[]) => project.cli(['pipeline', 'health', ...words]);
    await publish(project, 101);
    const text = await health();
    expect(text.exitCode).toBe(1);
    expect(text.stdout).toMatch(/^degraded  test on 127\.0\.0\.1:\d+$/m);
    expect(text.stdout).toMatch(new RegExp(`^degraded  lag +${consumer} +101 waiting, more than 100$`, 'm'));
    expect(text.stdout).toMatch(
      new RegExp(`^degraded  nobodyRuns +${consumer} +nobody takes its 101 messages$`, 'm'),
    );
    expect(text.stderr).toContain('plutomi-events pipeline run');
    expect(readJson('pipeline health', (await health('--json')).stdout)).toMatchObject({
      status: 'degraded',
    });
    const nagios = await health('--format', 'nagios');
    expect([nagios.exitCode, nagios.stderr]).toEqual([1, '']);
    expect(nagios.stdout).toMatch(
      /^WARNING test Warn:lag .* \| lag=101;100;1000 nobody_runs=101;0; unprocessed=\d+s;302400;544320 dead_letters=0;10;100$/,
    );
    const run = project.start();
    await run.until('pipeline runs');
    await expect
      .poll(async () => (await project.lines()).length, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(101);
    await expect.poll(async () => (await health('--json')).exitCode, { timeout: 30_000 }).toBe(0);
    expect(await health('--format', 'nagios')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^OK test OK:\d+ checks \| lag=0;100;1000 nobody_runs=0;0; /) as string,
    });
    expect((await health()).stdout).toMatch(/^ok +test on .*\n\n\d+ of \d+ checks are ok$/);
  });

  it('says how a paused consumer delivers again, and not to apply', async ({ skip }) => {
    const project = await applied();
    skip(...cannotPause(await connectTo(project.url)));
    await publish(project, 1);
    const words = ['pipeline', 'pause', consumer, '--for', '1h', '--reason', 'test', '--yes'];
    expect(await project.cli(words)).toMatchObject({ exitCode: 0 });
    const { stdout, stderr } = await project.cli(['pipeline', 'health']);
    expect(stdout).toMatch(/^degraded  consumer .*paused until/m);
    expect(stderr).toContain(`plutomi-events pipeline resume ${consumer}`);
    expect(stderr).not.toContain('pipeline apply');
  });

  it('says to apply where a consumer is missing', async () => {
    const { url } = await natsForTest();
    const project = await makeProject(url, config, { 'handler.mjs': handlerText('') });
    const { stderr } = await project.cli(['pipeline', 'health']);
    expect(stderr).toContain('plutomi-events pipeline apply --dry-run');
    expect(stderr).not.toContain('pipeline resume');
  });

  it('prints metrics with exit 0 whatever they say', async () => {
    const project = await applied();
    await publish(project, 1);
    const { exitCode, stdout } = await project.cli(['pipeline', 'health', '--format', 'prometheus']);
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n');
    expect(lines).toContain('plutomi_health_status{pipeline="test"} 1');
    expect(lines).toContain(
      `plutomi_health_check{pipeline="test",check="nobody_runs",about="${consumer}"} 1`,
    );
    expect(lines).toContain(`plutomi_health_value{pipeline="test",check="lag",about="${consumer}"} 1`);
    const isLine = /^(?:# (?:HELP|TYPE) \w+ .*|\w+(?:\{(?:\w+="[^"]*",?)+\})? \d+(?:\.\d+)?)$/;
    expect(lines.filter((line) => !isLine.test(line))).toEqual([]);
  });

  it.each([
    ['text', 4, /^$/, /^Error: can't connect to /],
    ['json', 4, /^\{"error":\{"code":"CANNOT_CONNECT"/, /^$/],
    ['nagios', 2, /^CRITICAL plutomi-events Crit:can't connect to .*refused$/, /^$/],
    ['prometheus', 0, /\nplutomi_health_status\{pipeline="test"\} 2$/, /^Error: can't connect to /],
  ])(
    'of a server that does not answer, as %s: exit %i, and no stack trace',
    async (format, exits, out, err) => {
      const project = await makeProject('nats://127.0.0.1:9', config, { 'handler.mjs': handlerText('') });
      const words = ['pipeline', 'health', '--format', format, '--timeout', '1s'];
      const { exitCode, stdout, stderr } = await project.cli(words);
      expect(exitCode).toBe(exits);
      expect(stdout).toMatch(out);
      expect(stderr).toMatch(err);
      expect(stdout + stderr).not.toMatch(/^ +at /m);
    },
  );

  it('is unknown to nagios where the question is wrong; formats exclude each other', async () => {
    const project = await applied();
    const health = (...words: string[]) => project.cli(['pipeline', 'health', ...words]);
    expect(await health('--format', 'nagios', '--watc')).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/^UNKNOWN plutomi-events Unkn:unknown flag --watc/) as string,
    });
    expect(await health('--format', 'prometheus', '--json')).toMatchObject({ exitCode: 0 });
    expect(await health('--format', 'nagios', '--watch')).toMatchObject({ exitCode: 3 });
    expect(await health('--format', 'xml')).toMatchObject({ exitCode: 2 });
  });

  it('needs no more than a viewer may do, and says what another user may not', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
    const { url } = await natsForTest({ config: await usersOfAllRoles(folder) });
    const project = await makeProject(url, config, { 'handler.mjs': handlerText('') });
    const as = (user: string, inbox: string, ...words: string[]) =>
      project.cli(['pipeline', ...words, '--user', user, '--password', 'secret', '--inbox-prefix', inbox]);
    expect(await as('admin', '_INBOX', 'apply', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await as('viewer', '_INBOX_viewer', 'health')).toMatchObject({ exitCode: 0 });
    expect(await as('viewer', '_INBOX_viewer', 'status', '--json')).toMatchObject({ exitCode: 0 });
    const refused = await as('publisher', '_INBOX_publisher', 'health', '--format', 'nagios');
    expect(refused.exitCode).toBe(3);
    expect(refused.stdout).toMatch(/lacks the permission to publish to \$JS\.API\./);
    const metrics = await as('publisher', '_INBOX_publisher', 'health', '--format', 'prometheus');
    expect(metrics.stdout).toMatch(/\nplutomi_health_status\{pipeline="test"\} 3$/);
  });
});

describe('pipeline health --watch', () => {
  it('shows what changes, on 40 columns too, until q', async () => {
    const project = await applied();
    await using pane = await openTerminal([process.execPath, bin, 'pipeline', 'health', '--watch'], {
      cwd: project.folder,
      env: { NATS_URL: project.url },
      columns: 40,
      rows: 20,
    });
    await pane.waitFor(/^ok +test on /m);
    await publish(project, 101);
    const text = await pane.waitFor(/^ +101 waiting, more than 100$/m);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(40);
    await pane.press('q');
    expect(await pane.exitCode()).toBe(0);
  });
});
