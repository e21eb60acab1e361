import { describe, expect, it } from 'vitest';
import type { AlertSettings, PipelineConfig } from '../../src/lib/config/resolved.js';
import type { Link } from '../../src/lib/nats/link.js';
import { updateConsumer } from '../../src/lib/nats/objects.js';
import { applyPlan, checkTopology, planTopology } from '../../src/lib/topology/apply.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { consumer } from '../support/dead-letters.js';
import { startNats } from '../support/nats-server.js';
import { pipelineOf } from '../support/pipeline-of.js';

const none = { newGroup: false, groupBack: false };
const withAlerts = (alerts: Partial<AlertSettings>): PipelineConfig =>
  makeConfig({ alerts: { ...none, ...alerts } });

async function pendingOf(link: Link, config: PipelineConfig): Promise<unknown[]> {
  const { changes } = await planTopology(pipelineOf(link, config));
  return changes
    .filter(({ action }) => action !== 'none')
    .map(({ action, name, fields }) => [action, name, fields.map(({ path, from, to }) => [path, from, to])]);
}

async function apply(link: Link, config: PipelineConfig): Promise<number> {
  const pipeline = pipelineOf(link, config);
  return applyPlan(pipeline, await planTopology(pipeline));
}

const metadataOf = async (link: Link, stream: string, name?: string): Promise<unknown> => {
  const info = name === undefined ? await link.streamInfo(stream) : await link.consumerInfo(stream, name);
  const own = Object.entries(info?.config.metadata ?? {}).filter(([key]) => key.startsWith('io.nats.'));
  return Object.fromEntries(own);
};

describe('limits in the metadata, for nats server check', () => {
  it('are written where the config has them, one more than ours, and then nothing is left to do', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await apply(link, withAlerts({}));
    expect(await metadataOf(link, 'events', consumer)).toEqual({});
    const config = withAlerts({ lag: { degraded: 100, critical: 1000 }, count: 10 });
    expect(await pendingOf(link, config)).toContainEqual([
      'update',
      consumer,
      [
        ['metadata.io.nats.monitor.enabled', null, 'true'],
        ['metadata.io.nats.monitor.unprocessed-critical', null, '1001'],
      ],
    ]);
    await apply(link, config);
    expect(await metadataOf(link, 'events', consumer)).toEqual({
      'io.nats.monitor.enabled': 'true',
      'io.nats.monitor.unprocessed-critical': '1001',
    });
    expect(await metadataOf(link, 'events-dlq')).toEqual({
      'io.nats.monitor.enabled': 'true',
      'io.nats.monitor.subjects-warn': '11',
      'io.nats.monitor.subjects-critical': '101',
    });
    expect(await pendingOf(link, config)).toEqual([]);
    expect(await apply(link, config)).toBe(0);
  });

  it('go with the config, and what somebody else wrote stays', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await apply(link, withAlerts({ lag: { degraded: 1, critical: 10 } }));
    const found = await link.consumerInfo('events', consumer);
    const theirs = { 'io.nats.monitor.waiting-critical': '400', team: 'platform' };
    await updateConsumer(link, 'events', consumer, {
      filter_subjects: ['events.>'],
      metadata: { ...found?.config.metadata, ...theirs },
    });
    expect(await pendingOf(link, withAlerts({ lag: { degraded: 1, critical: 10 } }))).toEqual([]);
    await apply(link, withAlerts({}));
    expect((await link.consumerInfo('events', consumer))?.config.metadata).toMatchObject(theirs);
    expect(await metadataOf(link, 'events', consumer)).toEqual({ 'io.nats.monitor.waiting-critical': '400' });
    expect(await pendingOf(link, withAlerts({}))).toEqual([]);
  });

  it('nothing needs them to run; run --apply writes them', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await apply(link, withAlerts({}));
    const pipeline = pipelineOf(link, withAlerts({ lag: { degraded: 1, critical: 10 } }));
    expect((await checkTopology(pipeline)).changes).toEqual([]);
    await ensureTopology(pipeline, { apply: false });
    expect(await metadataOf(link, 'events', consumer)).toEqual({});
    await ensureTopology(pipeline, { apply: true });
    expect(await metadataOf(link, 'events', consumer)).toMatchObject({
      'io.nats.monitor.unprocessed-critical': '11',
    });
  });
});
