import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { bury, consumer } from '../support/dead-letters.js';
import { runOnTerminal } from '../support/on-terminal.js';
import { testBed } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

test.each([40, 60, 80])(
  'the tables fit into %d columns',
  async (columns) => {
    const bed = await testBed();
    for (let n = 1; n <= 3; n++)
      await bury(bed, {
        failure: makeFailure('error', 'SmtpError', `no answer ${'to this '.repeat(20)}${n}`),
      });
    const files = { 'handler.mjs': 'export default async () => {};\n' };
    const project = await makeProject(bed.server.url, config, files);
    const plan = ['dlq', 'replay', '--all', '--plan', '--name', 'a-name-of-an-incident'];
    expect(await project.cli(plan)).toMatchObject({ exitCode: 0 });
    const archive = ['dlq', 'archive', `${consumer}/3`, '--reason', 'a long reason '.repeat(9), '--yes'];
    expect(await project.cli(archive)).toMatchObject({ exitCode: 0 });
    const commands = [
      ['dlq', 'list'],
      ['dlq', 'list', '--group-by', 'reason'],
      ['dlq', 'groups'],
      ['tasks', 'list'],
      ['examples', 'list'],
      ['operations', 'log'],
      ['pipeline', 'status'],
    ];
    const written = await runOnTerminal(
      commands.map((words) => ['sh', '-c', '"$@" 2>/dev/null', 'sh', process.execPath, bin, ...words]),
      { cwd: project.folder, env: { NATS_URL: bed.server.url }, columns },
    );
    for (const [i, { text }] of written.entries()) {
      const lines = text.split('\n');
      expect([commands[i], lines.filter((line) => line.length > columns)]).toEqual([commands[i], []]);
      expect([commands[i], lines.length > 1]).toEqual([commands[i], true]);
    }
    const [list = '', , groups = '', tasks = ''] = written.map(({ text }) => text);
    expect(list).toContain(`${consumer}/1`);
    expect(groups).toMatch(/[0-9a-f]{12}/);
    expect(tasks).toContain('a-name-of-an-incident');
  },
  90_000,
);
