import { expect, test } from 'vitest';
import { metricsIn, readRoot } from '../support/deploy.js';
import { eventually } from '../support/eventually.js';
import { samplesOf } from '../support/metrics.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';

const name = 'notifications-consumer';
const config = {
  name: 'test',
  events: { 'totp.requested': {}, 'totp.sent': {} },
  consumers: {
    [name]: { events: ['totp.requested'], handler: './handler.mjs', attempts: 1, retry: false },
  },
};

test('every metric that the rules and the dashboard name is in a scrape', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config, {
    'handler.mjs': handlerText(`
      const { openPipeline } = await import('plutomi-events');
      await using opened = await openPipeline();
      await opened.publish('totp.sent', {});
      if (event.data.dies) throw new Error('no mailbox');
    `),
  });
  const run = p.start(['--apply', '--http', '0']);
  await run.until('pipeline runs');
  const url = String(run.logs().find(({ msg }) => String(msg).startsWith('answers /livez'))?.['url']);
  await p.cli(['events', 'publish', 'totp.requested', '--data', '{"dies":true}', '--count', '2']);
  await run.until('dead letter');
  await p.cli(['dlq', 'replay', '--all', '--yes']);
  const named = metricsIn(
    (await readRoot('deploy/monitoring/rules.yaml')) +
      (await readRoot('deploy/monitoring/grafana-dashboard.json')),
  ).filter((one) => one !== 'plutomi_events');
  expect(named.length).toBeGreaterThan(14);
  let missing: string[] = [];
  await eventually(
    'all are there',
    async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const found = new Set([...samplesOf(text).keys()].map((series) => series.split('{')[0]));
      missing = named.filter((one) => !found.has(one));
      return missing.length === 0;
    },
    40_000,
  ).catch(() => undefined);
  expect(missing).toEqual([]);
}, 90_000);
