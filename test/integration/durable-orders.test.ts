import type { AddressInfo } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { configFrom } from '../../src/lib/config/load.js';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { isPending } from '../../src/lib/topology/diff/diff.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const example = fileURLToPath(new URL('../../examples/durable-orders/', import.meta.url));
const load = <T>(name: string): Promise<T> =>
  import(new URL(name, pathToFileURL(example)).href) as Promise<T>;
const before = process.cwd();
let folder = '';
let config: PipelineConfig;

// The config remembers in its working folder when the first run began.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plutomi-test-'));
  process.chdir(folder);
  const { default: user } = await load<{ readonly default: object }>('plutomi-events.config.mjs');
  config = await configFrom(user, { folder: example });
});

afterAll(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

describe('the example durable-orders', () => {
  test('both durables get the orders, one of them in order and from an hour before the first start', async () => {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    const pipeline = pipelineOf(link, config);
    await applyPlan(pipeline, await planTopology(pipeline));
    const orders = await link.consumerInfo('ORDERS', 'order-processor');
    const analytics = await link.consumerInfo('ORDERS', 'analytics-processor');
    expect(orders?.config).toMatchObject({ deliver_policy: 'all', filter_subjects: ['orders.events'] });
    expect(analytics?.config).toMatchObject({
      deliver_policy: 'by_start_time',
      filter_subjects: ['orders.events'],
      max_ack_pending: 1,
    });
    const first = await readFile(join(folder, 'first-start.txt'), 'utf8');
    expect(Date.parse(first) - Date.parse(analytics?.config.opt_start_time ?? '')).toBe(3_600_000);
    expect(config.consumers.find(({ name }) => name === 'order-processor')).toMatchObject({
      attempts: 3,
      backoffMs: [1000, 5000],
      retry: { delayMs: 30_000, attempts: 1 },
    });
    // What a later run wants is what is there.
    const again = await load<{ readonly default: object }>('plutomi-events.config.mjs?again');
    const later = pipelineOf(link, await configFrom(again.default, { folder: example }));
    expect((await planTopology(later)).changes.filter(isPending)).toEqual([]);
  });

  test('orders each 3 s and registrations each 5 s, of varied amounts, through the life of an order', async () => {
    const publishers = await load<{
      readonly everyMs: object;
      readonly orderEvent: (n: number) => { readonly status: string; readonly amount: number; order: string };
      readonly registrationEvent: (n: number) => { readonly verified: boolean };
    }>('publishers.mjs');
    expect(publishers.everyMs).toEqual({ order: 3000, registration: 5000 });
    const events = Array.from({ length: 30 }, (_, i) => publishers.orderEvent(i + 1));
    const statuses = new Set(events.map(({ status }) => status));
    expect(statuses).toEqual(new Set(['created', 'paid', 'shipped', 'delivered', 'cancelled']));
    expect(new Set(events.map(({ amount }) => amount)).size).toBeGreaterThan(5);
    const first = events.filter(({ order }) => order === '#1').map(({ status }) => status);
    expect(first).toEqual(['created', 'paid', 'shipped', 'delivered']);
    const verified = [1, 2, 3].map((n) => publishers.registrationEvent(n).verified);
    expect(verified).toEqual([false, false, true]);
    for (const [type, data] of [
      ['order.changed', events[0]],
      ['user.registered', publishers.registrationEvent(1)],
    ] as const) {
      const { schema } = config.events.find((event) => event.type === type) ?? {};
      expect(await schema?.['~standard'].validate(data)).not.toHaveProperty('issues');
    }
  });

  test('e-mails go over SMTP where SMTP_URL is set', async () => {
    const mails: string[] = [];
    const smtp = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData: (stream, _session, done) => {
        void stream.toArray().then((chunks: Buffer[]) => {
          mails.push(Buffer.concat(chunks).toString());
          done();
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => smtp.close(resolve)));
    const { port } = smtp.server.address() as AddressInfo;
    vi.stubEnv('SMTP_URL', `smtp://127.0.0.1:${port}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const mail = await load<{ readonly sendMail: (to: string, subject: string) => Promise<void> }>(
      'mail.mjs?smtp',
    );
    await mail.sendMail('ada@example.com', 'Welcome, ada: please confirm your address');
    expect(mails).toEqual([expect.stringContaining('To: ada@example.com')]);
  });
});
