import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { bury, consumer } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { testBed } from '../../support/pipeline.js';
import { makeProject } from '../../support/project.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const count = 400;
const kills = 3;

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

it('dlq replay killed with kill -9 again and again, and run to its end, replays each event once', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, start: { at: 'new' } }] });
  for (let i = 0; i < count; i++) await bury(bed);
  const runs: number[] = [];
  const run = await bed.run({
    [consumer]: async (event, { stage }) => {
      if (stage === 'retry') runs.push(event.seq);
    },
  });
  const project = await makeProject(bed.server.url, config, { 'handler.mjs': 'export default () => {};\n' });
  const env = { NATS_URL: bed.server.url, PATH: process.env['PATH'] ?? '' };
  const left = async (): Promise<number> => (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;

  for (let kill = 1; kill <= kills; kill++) {
    const from = await left();
    // At full pace all would be replayed before anyone could kill it.
    const words = ['dlq', 'replay', '--all', '--yes', '--rate', '300/s'];
    const options = { cwd: project.folder, env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
    const child = execa(process.execPath, [bin, ...words], options);
    await eventually('some are replayed', async () => (await left()) < from - 20);
    child.kill('SIGKILL');
    await child;
  }
  expect(await left()).toBeGreaterThan(0);

  const last = await project.cli(['dlq', 'replay', '--all', '--yes', '--wait', '--json']);
  expect([last.exitCode, last.stderr]).toEqual([0, expect.any(String)]);
  expect(await left()).toBe(0);
  await bed.quiet();
  expect(runs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  expect(await bed.journal('REPLAYED')).toHaveLength(count);
  expect(run.count('dead-letter')).toBe(count);
}, 60_000);
