import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';
import { startProxy } from '../support/release-server.js';

const config = (webhook: string): Record<string, unknown> => ({
  name: 'test',
  consumers: {
    billing: {
      subjects: ['events.>'],
      handler: './handler.mjs',
      attempts: 1,
      retry: false,
      onDeadLetter: { webhook },
    },
  },
});
const files = { 'handler.mjs': handlerText("throw new Error('ledger is closed');") };

test.each(['HTTP_PROXY', 'http_proxy'])(
  'a webhook is reached through %s',
  async (name) => {
    const server = await natsForTest();
    const proxy = await startProxy();
    const env = { '.env': `${name}=${proxy.url}\n` };
    const p = await makeProject(server.url, config('http://alerts.internal.invalid/x'), { ...files, ...env });
    await p.cli(['pipeline', 'apply', '--yes']);
    await p.cli(['events', 'publish', 'events.order.placed', '--data', '{}']);
    p.start();
    await eventually('the proxy is asked', () => proxy.requests.length > 0, 20_000);
    expect(proxy.requests[0]).toBe('POST http://alerts.internal.invalid/x');
  },
  30_000,
);

test('a webhook that can not be reached says why, and nothing of its path', async () => {
  const server = await natsForTest();
  const p = await makeProject(server.url, config('http://ada:hunter2@127.0.0.1:9/T0KEN?key=hunter2'), files);
  await p.cli(['pipeline', 'apply', '--yes']);
  await p.cli(['events', 'publish', 'events.order.placed', '--data', '{}']);
  const run = p.start();
  await run.until('alert about a dead letter failed');
  const [failed] = run.logs().filter(({ msg }) => String(msg).includes('alert about a dead letter failed'));
  expect(failed).toMatchObject({
    id: 'billing/1',
    error: expect.stringMatching(/^no answer from the webhook at http:\/\/127\.0\.0\.1:9.*ECONNREFUSED/),
  });
  expect(JSON.stringify(run.logs())).not.toMatch(/hunter2|T0KEN|ada/);
}, 30_000);
