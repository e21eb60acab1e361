import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { makeProject, type Project } from '../../support/project.js';
import type { Link } from '../../../src/lib/nats/link.js';

const handler = `import { appendFileSync } from 'node:fs';
export default async (event, { consumer }) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  appendFileSync(process.env.OUT, \`\${consumer} \${event.seq}\\n\`);
};
`;
const consumer = { events: ['job'], handler: './handler.mjs', concurrency: 2 };

async function setUp(consumers: Record<string, unknown>): Promise<{ p: Project; link: Link }> {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const config = { name: 'test', events: { job: {} }, consumers };
  const p = await makeProject(server.url, config, { 'handler.mjs': handler });
  expect(await p.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
  return { p, link };
}

async function publish(link: Link, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await link.publish('events.job', '{}');
}

/** The lines that one consumer must have written for events 1 to `count`, each once. */
const once = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name} ${i + 1}`).toSorted();

test('stopped in the middle and started again, it goes on where it was: each event is handled once', async () => {
  const { p, link } = await setUp({ worker: consumer });
  await publish(link, 100);
  const first = p.start();
  await eventually('some are handled', async () => (await p.lines()).length > 10);
  first.child.kill('SIGINT');
  expect((await first.ended).exitCode).toBe(0);
  expect(first.logs().at(-1)?.['msg']).toBe(
    'stopped; what is not processed stays on the server until the next start',
  );
  const handled = (await p.lines()).length;
  expect(handled).toBeLessThan(100);

  await publish(link, 20);
  const second = p.start();
  await expect.poll(async () => (await p.lines()).length, { timeout: 20_000 }).toBe(120);
  second.child.kill('SIGTERM');
  await second.ended;
  expect((await p.lines()).toSorted()).toEqual(once('worker', 120));
});

test('a rolling restart has no gap: the other process goes on, and each event is handled once', async () => {
  const { p, link } = await setUp({ worker: consumer });
  const [first, second] = [p.start(), p.start()];
  await Promise.all([first.until('pipeline runs'), second.until('pipeline runs')]);
  await publish(link, 100);
  await eventually('some are handled', async () => (await p.lines()).length > 10);
  first.child.kill('SIGTERM');
  expect((await first.ended).exitCode).toBe(0);
  const third = p.start();
  await third.until('pipeline runs');
  second.child.kill('SIGTERM');
  await publish(link, 50);
  await expect.poll(async () => (await p.lines()).length, { timeout: 20_000 }).toBe(150);
  third.child.kill('SIGTERM');
  await third.ended;
  expect((await p.lines()).toSorted()).toEqual(once('worker', 150));
});

test('one consumer is down, the other goes on; started again, the first one misses nothing', async () => {
  const { p, link } = await setUp({ mail: consumer, analytics: consumer });
  const analytics = p.start(['--only', 'analytics']);
  await analytics.until('pipeline runs');
  await publish(link, 10);
  await expect.poll(async () => (await p.lines()).length, { timeout: 20_000 }).toBe(10);
  expect((await p.lines()).toSorted()).toEqual(once('analytics', 10));

  p.start(['--only', 'mail']);
  await expect.poll(async () => (await p.lines()).length, { timeout: 20_000 }).toBe(20);
  expect((await p.lines()).toSorted()).toEqual([...once('analytics', 10), ...once('mail', 10)]);
});
