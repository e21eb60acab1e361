import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bury, consumer } from '../../support/dead-letters.js';
import { runOnTerminal } from '../../support/on-terminal.js';
import { testBed } from '../../support/pipeline.js';
import { makeProject } from '../../support/project.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

/** What each exits with on every terminal. */
const calls: readonly (readonly [words: string, exits: number])[] = [
  ['--help', 0],
  ['events tail --from-seq 2 --duration 1s', 0],
  ['events replay --all --handler ./handler.mjs', 0],
  ['events explain 1', 0],
  ['events catalog', 0],
  ['dlq list', 0],
  ['dlq groups', 0],
  [`dlq show ${consumer}/1`, 0],
  ['dlq watch --all --duration 1s', 0],
  ['dlq replay --all --dry-run', 0],
  ['dlq report --since 1h', 0],
  ['advisories tail --since 1h --no-follow', 0],
  ['pipeline status', 0],
  ['pipeline verify', 0],
  ['pipeline doctor', 0],
  ['pipeline metrics --over 1s', 0],
  ['pipeline apply --dry-run', 0],
  ['operations log', 0],
  ['tasks list', 0],
  ['config lint', 0],
  ['dlq show nobody/1', 1],
  ['dlq lsit', 2],
];

/** What writes over what it has written. */
const onScreens = [
  'pipeline status --watch',
  'pipeline health --watch',
  'dlq replay',
  'dlq discard --reason x',
];

test.each([
  ['NO_COLOR', { NO_COLOR: '1' }],
  ['TERM=dumb', { TERM: 'dumb' }],
  ['TERM=dumb in CI', { TERM: 'dumb', CI: 'true' }],
] as const)(
  'a narrow terminal with %s gets no escape sequence of any command, and its exit code',
  async (_, env) => {
    const bed = await testBed();
    for (const n of [1, 2, 3]) await bury(bed, { data: { n } });
    const project = await makeProject(bed.server.url, config, {
      'handler.mjs': 'export default async () => {};\n',
    });
    expect(await project.cli(['pipeline', 'apply', '--yes', '--adopt'])).toMatchObject({ exitCode: 0 });
    const isDumb = 'TERM' in env;
    const all = isDumb ? [...calls, ...onScreens.map((words) => [words, 2] as const)] : calls;
    const written = await runOnTerminal(
      all.map(([words]) => [process.execPath, bin, ...words.split(' ')]),
      { cwd: project.folder, env: { ...env, NATS_URL: bed.server.url }, columns: 40 },
    );
    expect(written.map(({ exitCode }, at) => `${all[at]?.[0]}: ${exitCode}`)).toEqual(
      all.map(([words, exits]) => `${words}: ${exits}`),
    );
    expect(written.map(({ raw }) => raw).filter((raw) => raw.includes('\u001b'))).toEqual([]);
    if (!isDumb) return;
    const said = written.slice(calls.length).map(({ text }) => text.replaceAll(/\s+/g, ' '));
    for (const text of said.slice(0, 2)) expect(text).toContain('TERM is dumb');
    for (const text of said.slice(2)) expect(text).toContain('no terminal to choose on');
  },
  180_000,
);
