import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listStreams } from '../../src/lib/nats/objects.js';
import { connectTo } from '../support/connect.js';
import { natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';

const config = {
  name: 'test',
  events: { 'session.created': {} },
  consumers: { worker: { events: ['session.created'], handler: './handler.mjs' } },
};
const files = { 'handler.mjs': 'export default async () => {};\n' };

test.each([
  ['cluster of the config', { ...config, cluster: 'prod' }, ''],
  ['NATS_CLUSTER_ID', config, 'NATS_CLUSTER_ID=prod\n'],
])('%s: another cluster is refused before anything is written', async (_, one, env) => {
  const { url } = await natsForTest();
  const p = await makeProject(url, one, files);
  await writeFile(join(p.folder, '.env'), env);
  for (const words of [
    ['pipeline', 'apply'],
    ['events', 'publish', 'session.created'],
  ]) {
    const { exitCode, stderr } = await p.cli(words);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('is in no cluster, and "prod" is expected: nothing was sent to it'),
    });
  }
  await using link = await connectTo(url);
  expect(await listStreams(link)).toEqual([]);
});

test('NATS_SUBJECT_PREFIX is the root of the events, whatever the config says', async () => {
  const { url } = await natsForTest();
  const p = await makeProject(url, { ...config, subjectPrefix: 'shop' }, files);
  await writeFile(join(p.folder, '.env'), 'NATS_SUBJECT_PREFIX=jelmore\n');
  expect(await p.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0, stderr: '' });
  const published = await p.cli(['events', 'publish', 'session.created', '--json']);
  expect(published.exitCode).toBe(0);
  await using link = await connectTo(url);
  const events = await link.streamInfo('events');
  expect(events?.config.subjects).toEqual(['jelmore.>']);
  expect((await link.readDirect('events', 1))?.subject).toBe('jelmore.session.created');
  // What was applied is what counts where there is no config file.
  await writeFile(join(p.folder, '.env'), '');
  await rm(join(p.folder, 'plutomi-events.config.json'));
  const shown = await p.cli(['config', 'show', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    subjectPrefix: 'jelmore',
    events: { 'session.created': { subject: 'jelmore.session.created' } },
  });
});
