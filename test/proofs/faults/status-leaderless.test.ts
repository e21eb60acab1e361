import { expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/lib/status/pipeline-status.js';
import { readStatus } from '../../../src/lib/status/read-status.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { connectTo } from '../../support/connect.js';
import { consumer } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';
import { pipelineOf } from '../../support/pipeline-of.js';

it('streams without a leader are said to have none', async () => {
  await using cluster = await startCluster(3);
  const config = makeConfig();
  const streams = Object.fromEntries(
    Object.entries(config.streams).map(([role, one]) => [role, { ...one, replicas: 3 }]),
  ) as typeof config.streams;
  const [first, ...others] = cluster.nodes;
  await using link = await connectTo(first?.url ?? '', 'test', 2000);
  await applyTopology(link, { ...config, streams });
  await Promise.all(others.map((node) => node.kill9()));
  let status: PipelineStatus | undefined;
  await eventually(
    'nothing answers for the streams',
    async () => {
      status = await readStatus(pipelineOf(link, { ...config, streams })).catch(() => undefined);
      return status?.streams.every(({ problem }) => problem !== null) === true;
    },
    60_000,
  );
  expect(status?.streams.find(({ name }) => name === 'events')?.problem).toContain('it has no leader now');
  expect(
    status?.consumers.find(({ name, stage }) => name === consumer && stage === 'main')?.problem,
  ).toContain('no leader now');
});
