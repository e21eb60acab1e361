import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { natsForTest } from '../support/pipeline.js';
import { handlerText, makeProject } from '../support/project.js';

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('what fetch failed of is found, shown, logged and grouped by; of a webhook too', async () => {
  const server = await natsForTest();
  const url = `http://127.0.0.1:${await closedPort()}/hook`;
  const config = {
    name: 'test',
    events: { 'order.placed': {} },
    consumers: {
      billing: {
        events: ['order.placed'],
        handler: './handler.mjs',
        attempts: 1,
        retry: false,
        onDeadLetter: { webhook: url },
      },
    },
  };
  const p = await makeProject(server.url, config, {
    'handler.mjs': handlerText(`
      const { how } = event.data;
      if (how === 'refused') await fetch('${url}');
      if (how === 'wrapped') await fetch('${url}').catch((cause) => { throw new Error('no CRM', { cause }); });
      if (how === 'any') await Promise.any([Promise.reject(new Error('primary: 503')), Promise.reject(new Error('secondary: 401'))]);
    `),
  });
  const run = p.start(['--apply']);
  await run.until('pipeline runs');
  for (const how of ['refused', 'wrapped', 'any']) {
    await p.cli(['events', 'publish', 'order.placed', '--data', JSON.stringify({ how })]);
  }
  await expect
    .poll(() => run.logs().filter(({ msg }) => msg === 'dead letter').length, { timeout: 20_000 })
    .toBe(3);
  await run.until('alert about a dead letter failed');

  const found = JSON.parse((await p.cli(['dlq', 'list', '--reason', 'econnrefused', '--json'])).stdout);
  expect(found.items.map(({ id }: { id: string }) => id).toSorted()).toEqual(['billing/1', 'billing/2']);
  const groups = JSON.parse((await p.cli(['dlq', 'list', '--group-by', 'reason', '--json'])).stdout);
  expect(groups.groups).toHaveLength(3);
  const shown = await p.cli(['dlq', 'show', 'billing/3']);
  expect(shown.stdout).toContain('All promises were rejected; cause: primary: 503; cause: secondary: 401');
  const told = run.logs();
  expect(told.find(({ msg }) => msg === 'attempt failed')?.['reason']).toMatch(
    /^TypeError: fetch failed; cause: .*ECONNREFUSED/,
  );
  expect(told.find(({ msg }) => String(msg).startsWith('alert about'))?.['error']).toMatch(/ECONNREFUSED/);
});
