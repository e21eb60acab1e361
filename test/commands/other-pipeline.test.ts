import { expect, test } from 'vitest';
import { bury, consumer } from '../support/dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const id = `${consumer}/1`;

/** Commands that only look. */
const looking: readonly (readonly string[])[] = [
  ['dlq', 'list'],
  ['dlq', 'groups'],
  ['dlq', 'show', id],
  ['dlq', 'export'],
  ['dlq', 'report', '--since', '1h'],
  ['tasks', 'list'],
  ['operations', 'log'],
  ['advisories', 'tail', '--no-follow'],
  ['events', 'explain', id],
];

test('with the config of another pipeline, who looks is told once whose it is', async () => {
  const bed = await testBed();
  await bury(bed);
  const configOf = (name: string) => ({
    name,
    events: { 'totp.requested': {} },
    consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
  });
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const other = await makeProject(bed.server.url, configOf('other'), files);
  const own = await makeProject(bed.server.url, configOf(bed.config.name), files);
  for (const words of looking) {
    const { exitCode, stderr, stdout } = await other.cli([...words, '--json']);
    const [warning, ...rest] = stderr.split('\n').filter((line) => line.startsWith('Warning: '));
    expect([words, exitCode, rest]).toEqual([words, 0, []]);
    expect(warning).toMatch(
      /^Warning: stream events(?:-\w+)? on \S+ belongs to the pipeline test, and this is the config of other: what is shown is theirs$/,
    );
    expect(stdout).not.toContain('Warning');
  }
  expect((await own.cli(['dlq', 'list', '--json'])).stderr).toBe('');
}, 120_000);
