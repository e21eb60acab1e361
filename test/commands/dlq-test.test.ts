import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { readJson } from '../support/json-schemas.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';
import { openTerminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

async function desk(
  handler: string,
  settings: object = {},
): Promise<{ readonly bed: TestBed; readonly project: Project }> {
  const bed = await testBed();
  const config = {
    name: 'test',
    events: { 'totp.requested': {} },
    consumers: {
      [consumer]: { events: ['totp.requested'], handler: './handler.mjs', timeout: '1s', ...settings },
      plain: { events: ['totp.requested'], handler: './plain.mjs' },
    },
  };
  const files = { 'handler.mjs': handler, 'plain.mjs': 'export default async () => {};\n' };
  return { bed, project: await makeProject(bed.server.url, config, files) };
}

const dryRun = `import { appendFileSync } from 'node:fs';
export default () => { appendFileSync(process.env.OUT, 'real\\n'); };
export const dryRun = async (event, context) => {
  appendFileSync(process.env.OUT, ['dry', context.dryRun, context.stage, context.cycle, event.seq].join(' ') + '\\n');
  console.log('printed');
  if (event.data.n > 2) throw new Error('no street in ' + event.data.n);
};
`;

const state = async ({ link }: TestBed): Promise<unknown[]> =>
  Promise.all(
    ['events-dlq', 'events-advisories', 'events-retry'].map(
      async (name) => (await link.streamInfo(name))?.state.last_seq,
    ),
  );

describe('dlq test', () => {
  it('runs the dry run of a handler on each, writes nothing, and says which would pass', async () => {
    const { bed, project } = await desk(dryRun);
    for (let n = 1; n <= 5; n++) await bury(bed, { data: { n } });
    const before = await state(bed);
    const { exitCode, stdout, stderr } = await project.cli(['dlq', 'test', '--json']);
    const result = readJson('dlq test', stdout);
    expect([exitCode, result]).toMatchObject([
      5,
      {
        selected: 5,
        groups: [{ pass: 2, fail: 3, reasons: [{ reason: 'no street in 3', count: 3 }] }],
        refused: [],
      },
    ]);
    expect(stderr).toContain('printed');
    expect((await project.lines()).toSorted()).toEqual(
      [1, 2, 3, 4, 5].map((seq) => `dry true retry 1 ${seq}`),
    );
    expect(await state(bed)).toEqual(before);
    const passing = await project.cli(['dlq', 'test', 'data.n:<3']);
    expect([passing.exitCode, passing.stdout]).toEqual([
      0,
      expect.stringContaining('2 of 2 would pass, 0 would fail'),
    ]);
    const none = await project.cli(['dlq', 'test', '--cycle', '3']);
    expect([none.exitCode, none.stdout, none.stderr]).toEqual([0, '', 'no dead letters to test']);
  }, 60_000);

  it('runs a default export that supports it, and refuses the others by consumer', async () => {
    const { bed, project } = await desk(
      'export const supportsDryRun = true;\nexport default (event, context) => { if (!context.dryRun) throw new Error("real"); };\n',
    );
    await bury(bed);
    await bury(bed, { consumer: 'plain' });
    await bury(bed, { consumer: 'gone' });
    await bury(bed);
    await bed.link.deleteMessage('events', 4);
    const { exitCode, stdout } = await project.cli(['dlq', 'test', '--json']);
    expect([exitCode, readJson('dlq test', stdout)]).toMatchObject([
      5,
      {
        selected: 4,
        groups: [{ consumer, pass: 1, fail: 1, reasons: [{ reason: expect.stringContaining('missing') }] }],
        refused: [
          { consumer: 'gone', reason: 'the config has no such consumer' },
          { consumer: 'plain', reason: expect.stringContaining('export const dryRun') },
        ],
      },
    ]);
    const text = await project.cli(['dlq', 'test']);
    expect(text.stdout).toContain('not run: plain: its handler has no dry run');
  }, 60_000);

  it('survives whatever a handler does: it hangs, exits, leaves rejections, is no function', async () => {
    const { bed, project } = await desk(`setInterval(() => {}, 1000);
export const dryRun = async ({ data }) => {
  if (data.n === 1) await new Promise(() => {});
  if (data.n === 2) process.exit(7);
  if (data.n === 3) void Promise.reject(new Error('left behind'));
  if (data.n === 4) setTimeout(() => { throw new Error('thrown later'); }, 1);
  if (data.n === 4) await new Promise((resolve) => setTimeout(resolve, 50));
};\n`);
    for (let n = 1; n <= 4; n++) await bury(bed, { data: { n } });
    const { exitCode, stdout, stderr } = await project.cli(['dlq', 'test', '--json']);
    const { groups } = readJson('dlq test', stdout) as {
      groups: { pass: number; reasons: { reason: string }[] }[];
    };
    expect([exitCode, groups[0]?.pass]).toEqual([5, 2]);
    const reasons = groups[0]?.reasons.map(({ reason }) => reason).toSorted();
    expect(reasons).toEqual([
      expect.stringContaining('no result within 1000 ms'),
      'the handler called process.exit(7)',
    ]);
    expect(stderr).toContain('left behind');
    expect(stderr).toContain('thrown later');
    expect(stderr).not.toMatch(/^ +at /m);
    const broken = await desk('export const dryRun = 7;\nexport default () => {};\n');
    await bury(broken.bed);
    const refused = await broken.project.cli(['dlq', 'test']);
    expect([refused.exitCode, refused.stdout]).toEqual([
      5,
      expect.stringContaining('expected a function, found number'),
    ]);
  }, 60_000);

  it('says what it lacks where there is no project', async () => {
    const { bed } = await desk('export default () => {};\n');
    const cwd = await temporaryFolder();
    const env = { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' };
    const { exitCode, stderr } = await execa(process.execPath, [bin, 'dlq', 'test'], {
      cwd,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/config/)]);
  }, 30_000);

  it('on a terminal: fits 80 columns; Ctrl-C stops, and says what was found', async () => {
    const { bed, project } = await desk(
      'export const dryRun = async ({ data }) => { if (data.n > 1) await new Promise(() => {}); };\n',
      { timeout: '1m' },
    );
    const failure = makeFailure('error', 'Error', `${'very '.repeat(30)}long`);
    for (let n = 1; n <= 3; n++) await bury(bed, { data: { n }, failure });
    const options = { cwd: project.folder, env: { NATS_URL: bed.server.url }, columns: 80 };
    await using pane = await openTerminal([process.execPath, bin, 'dlq', 'test'], options);
    await pane.waitFor('1 tested');
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    const text = await pane.text();
    expect(text).toContain('1 of 1 would pass');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }, 60_000);

  it('on a terminal: what handlers print stands on lines of its own, beside how far it is', async () => {
    const handler = `import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const until = async (file) => { while (!existsSync(file)) await sleep(20); };
export default () => {};
export const dryRun = async ({ data }, { log }) => {
  if (data.n === 1) return;
  await until('go');
  console.log('printed later');
  log.info('from its log');
  process.stdout.write('half a line');
  await until('end');
};
`;
    const { bed, project } = await desk(handler, { timeout: '1m' });
    for (let n = 1; n <= 2; n++) await bury(bed, { data: { n } });
    const options = { cwd: project.folder, env: { NATS_URL: bed.server.url }, columns: 80 };
    await using pane = await openTerminal([process.execPath, bin, 'dlq', 'test'], options);
    await pane.waitFor('1 tested');
    await writeFile(join(project.folder, 'go'), '');
    await pane.waitFor(/half a line\n1 tested/);
    await writeFile(join(project.folder, 'end'), '');
    expect(await pane.exitCode()).toBe(0);
    const lines = (await pane.text()).split('\n').map((line) => line.trimEnd());
    expect(lines.slice(0, 4)).toEqual([
      'printed later',
      expect.stringMatching(/^\S+ INFO: .*from its log/),
      'half a line',
      expect.stringMatching(/^GROUP/),
    ]);
  }, 60_000);

  it('is ended by Ctrl-C or SIGTERM also where a handler blocks the event loop, and no process is left', async () => {
    const blocking = `import { writeFileSync } from 'node:fs';
export default () => {};
export const dryRun = () => { writeFileSync(process.env.OUT, String(process.pid)); for (;;); };
`;
    const { bed, project } = await desk(blocking);
    await bury(bed);
    const out = join(await temporaryFolder(), 'pid');
    const begun = async (): Promise<number> => Number(await readFile(out, 'utf8').catch(() => '0'));
    await using pane = await openTerminal([process.execPath, bin, 'dlq', 'test'], {
      cwd: project.folder,
      env: { NATS_URL: bed.server.url, OUT: out },
      columns: 80,
    });
    await eventually('its handler runs', async () => (await begun()) > 0, 20_000);
    await pane.press('C-c');
    expect(await pane.exitCode()).toBe(130);
    expect(await pane.text()).toContain('a handler blocks the event loop');
    const first = await begun();
    await rm(out);
    const env = { NATS_URL: bed.server.url, OUT: out };
    const options = { cwd: project.folder, env, reject: false } as const;
    const running = execa(process.execPath, [bin, 'dlq', 'test', '--json'], options);
    await eventually('its handler runs', async () => (await begun()) > 0, 20_000);
    running.kill('SIGTERM');
    expect(await running).toMatchObject({ exitCode: 130, stdout: '' });
    for (const pid of [first, await begun()]) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('runs a batch handler on one after another', async () => {
    const handler = `import { appendFileSync } from 'node:fs';
export const supportsDryRun = true;
export default (events, context) => {
  const [event] = events;
  appendFileSync(process.env.OUT, [events.length, context.dryRun, context.attemptOf(event).cycle].join(' ') + '\\n');
  return [event.data.n === 1 ? new Error('no street') : undefined];
};
`;
    const { bed, project } = await desk(handler, { batch: { size: 50 } });
    for (const n of [1, 2]) await bury(bed, { data: { n } });
    const { exitCode, stdout } = await project.cli(['dlq', 'test', '--json']);
    expect(exitCode).toBe(5);
    expect(readJson('dlq test', stdout)).toMatchObject({
      selected: 2,
      groups: [{ pass: 1, fail: 1, reasons: [{ reason: 'no street', count: 1 }] }],
    });
    expect(await project.lines()).toEqual(['1 true 1', '1 true 1']);
  });
});
