import { expect, test } from 'vitest';
import { connectTo } from '../../support/connect.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';
import { handlerText, makeProject } from '../../support/project.js';

const config = {
  name: 'test',
  replicas: 3,
  events: { job: {} },
  consumers: { worker: { events: ['job'], handler: './handler.mjs' } },
};

test('a process that starts while the cluster has no leader waits for one, says so, and goes on', async () => {
  await using cluster = await startCluster(3);
  const [left, ...others] = cluster.nodes;
  if (!left) throw new Error('no nodes');
  const p = await makeProject(left.url, config, { 'handler.mjs': handlerText('') });
  expect((await p.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  for (const node of others) await node.pause();
  // Until the one that is left has noticed, its streams answer as if nothing had happened.
  await using link = await connectTo(left.url);
  await eventually(
    'the cluster has no leader',
    () =>
      link.streamInfo('nothing').then(
        () => false,
        () => true,
      ),
    30_000,
  );
  const run = p.start(['--timeout', '1s']);
  await run.until('waiting: what the pipeline needs has no leader now');
  expect(run.logs()).toHaveLength(1);
  for (const node of others) await node.restart();
  await eventually(
    'the pipeline runs',
    () => run.logs().some(({ msg }) => String(msg).startsWith('pipeline runs')),
    60_000,
  );
  await eventually(
    'an event is stored',
    () =>
      link.publish('events.job', '{}', { msgId: 'one' }).then(
        () => true,
        () => false,
      ),
    30_000,
  );
  await eventually('it is handled', async () => (await p.lines()).length > 0, 30_000);
  run.child.kill('SIGTERM');
  expect((await run.ended).exitCode).toBe(0);
}, 180_000);
