import { expect, onTestFinished, test } from 'vitest';
import { codeBlocks, readDoc } from '../support/markdown.js';
import { startNats } from '../support/nats-server.js';
import { handlerText, makeProject } from '../support/project.js';

const config = {
  name: 'permissions',
  events: { job: {} },
  consumers: {
    worker: {
      events: ['job'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '20ms', attempts: 1 },
    },
  },
};

test('the permissions of docs/operations.md are enough for each role, and no role can do the work of another', async () => {
  const [block] = codeBlocks(await readDoc('operations.md'), 'conf');
  const roles = ['deployer', 'worker', 'operator', 'publisher'];
  const passwords = roles.map((role) => `${role.toUpperCase()}_PASSWORD: secret`).join('\n');
  const server = await startNats({ config: `${passwords}\n${block?.text}` });
  onTestFinished(() => server.stop());
  const p = await makeProject(server.url, config, {
    'handler.mjs': handlerText("if (context.cycle < 1) throw new Error('not yet');"),
  });
  const as = (role: string): string[] => ['--user', role, '--password', 'secret', '--timeout', '2s'];
  const cli = (role: string, ...words: string[]) => p.cli([...words, ...as(role)]);

  expect(await cli('deployer', 'pipeline', 'apply', '--yes')).toMatchObject({ exitCode: 0 });
  expect(await cli('deployer', 'pipeline', 'apply', '--check')).toMatchObject({ exitCode: 0 });
  const run = p.start(as('worker'));
  await run.until('pipeline runs');
  expect(await cli('publisher', 'events', 'publish', 'job', '--data', '{}')).toMatchObject({ exitCode: 0 });
  await run.until('dead letter');

  const list = await cli('operator', 'dlq', 'list', '--json');
  expect(JSON.parse(list.stdout)).toMatchObject({
    total: 1,
    items: [{ id: 'worker/1', original: 'present' }],
  });
  expect(await cli('operator', 'dlq', 'show', 'worker/1')).toMatchObject({ exitCode: 0 });
  const replay = await cli('operator', 'dlq', 'replay', '--all', '--yes', '--wait', '--json');
  expect(JSON.parse(replay.stdout)).toMatchObject({ replayed: 1, resolved: 1 });
  const tail = await cli('operator', 'advisories', 'tail', '--no-follow', '--kind', 'REPLAYED', '--json');
  expect(JSON.parse(tail.stdout)).toMatchObject({ kind: 'REPLAYED', seq: 1 });
  expect(await cli('operator', 'pipeline', 'verify')).toMatchObject({ exitCode: 0 });
  expect(await cli('operator', 'events', 'explain', '1')).toMatchObject({ exitCode: 0 });
  expect(run.logs().filter(({ level }) => level === 'fatal')).toEqual([]);

  for (const [role, ...words] of [
    ['worker', 'pipeline', 'apply', '--check'],
    ['publisher', 'dlq', 'list'],
    ['operator', 'events', 'publish', 'job'],
  ] as const) {
    const refused = await cli(role, ...words, '--json');
    expect(refused, `${role} ${words.join(' ')}`).toMatchObject({ exitCode: 4 });
    expect(JSON.parse(refused.stdout).error.code).toBe('NOT_ALLOWED');
  }
}, 60_000);
