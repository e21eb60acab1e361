import { expect, test } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson } from '../support/json-schemas.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const config = {
  name: 'test',
  events: { job: {} },
  consumers: { worker: { events: ['job'], handler: './handler.mjs' } },
};

test('an apply that changes something is in operations log, with who and what', async () => {
  const server = await natsForTest();
  const project = await makeProject(server.url, config, {
    'handler.mjs': 'export default async () => {};\n',
  });
  const apply = async (): Promise<unknown> => (await project.cli(['pipeline', 'apply', '--yes'])).exitCode;
  expect(await apply()).toBe(0);
  expect(await apply()).toBe(0);
  const changed = { ...config, consumers: { worker: { ...config.consumers.worker, attempts: 5 } } };
  await writeFile(join(project.folder, 'plutomi-events.config.json'), JSON.stringify(changed));
  expect(await apply()).toBe(0);
  const { stdout } = await project.cli(['operations', 'log', '--json']);
  expect(readJson('operations log', stdout)).toMatchObject({
    total: 2,
    operations: [
      { did: 'applied', note: expect.stringMatching(/create stream events/) as string },
      { did: 'applied', note: expect.stringMatching(/consumers\.worker\.attempts/) as string },
    ],
  });
});

test('a pipeline run --apply that changes something is there too, once, and a worker that finds all in place is not', async () => {
  const server = await natsForTest();
  const project = await makeProject(server.url, config, {
    'handler.mjs': 'export default async () => {};\n',
  });
  for (let start = 0; start < 2; start++) {
    const run = project.start(['--apply']);
    await run.until('pipeline runs');
    run.child.kill('SIGTERM');
    await run.ended;
  }
  const { stdout } = await project.cli(['operations', 'log', '--json']);
  expect(readJson('operations log', stdout)).toMatchObject({
    total: 1,
    operations: [{ did: 'applied', note: expect.stringMatching(/create stream events/) as string }],
  });
});
