import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UserConfig } from '../../src/lib/config/schema/user-config.js';
import type { OpenPipeline as OpenedPipeline } from '../../src/lib/open/opened-pipeline.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { eventually } from '../support/eventually.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const config: UserConfig = { name: 'closing', events: { 'totp.requested': {} }, consumers: {} };
const user = (name: string): string => `authorization { users: [ { user: ${name}, password: ${name} } ] }`;

async function open(): Promise<{ readonly pipeline: OpenedPipeline; readonly server: TestServer }> {
  const server = await startNats({ config: user('ada') });
  onTestFinished(() => server.stop());
  const address = `nats://ada:ada@127.0.0.1:${server.port}`;
  const pipeline = await openPipeline({ config, cwd: await temporaryFolder(), server: address });
  onTestFinished(() => pipeline.close());
  await applyPlan(pipeline, await planTopology(pipeline));
  return { pipeline, server };
}

/** The server comes back, and knows this user no more. */
async function revoke(server: TestServer): Promise<void> {
  await server.pause();
  const other = await startNats({ port: server.port, config: user('bob') });
  onTestFinished(() => other.stop());
}

const loops: Readonly<Record<string, (pipeline: OpenedPipeline) => AsyncIterable<unknown>>> = {
  'stored events': (pipeline) => pipeline.events(),
  'events of a group': (pipeline) => pipeline.events({ group: 'readers' }),
  'what is heard': (pipeline) => pipeline.hear(),
  'the journal': (pipeline) => pipeline.advisories({ follow: true }),
  'new dead letters': (pipeline) => pipeline.deadLetters.watch(),
};

/** What the loop ends with: undefined, or what it throws. The wait for its first value has begun. */
function loopOver(values: AsyncIterable<unknown>): Promise<unknown> {
  return (async () => {
    for await (const _ of values);
  })().catch((error: unknown) => error);
}

/** A loop waits at the server: there is one subscription more than before. */
async function begun(pipeline: OpenedPipeline, before: number): Promise<void> {
  await eventually('the loop waits', () => subscriptions(pipeline) > before);
}
const subscriptions = ({ link }: OpenedPipeline): number =>
  (link.nc as unknown as { protocol: { subscriptions: { size(): number } } }).protocol.subscriptions.size();

describe.each(Object.entries(loops))('a loop over %s', (_name, over) => {
  it('ends when the program closes the pipeline', async () => {
    const { pipeline } = await open();
    const before = subscriptions(pipeline);
    const ended = loopOver(over(pipeline));
    await begun(pipeline, before);
    await pipeline.close();
    expect(await ended).toBeUndefined();
  });

  it('throws why the connection has ended for good', async () => {
    const { pipeline, server } = await open();
    const before = subscriptions(pipeline);
    const ended = loopOver(over(pipeline));
    await begun(pipeline, before);
    await revoke(server);
    expect(await ended).toMatchObject({ code: 'NOT_ALLOWED' });
  });

  it('can be left while it waits, as a stream that is destroyed leaves it', async () => {
    const { pipeline } = await open();
    const before = subscriptions(pipeline);
    const values = over(pipeline);
    const stream = Readable.from(values);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.resume();
    await begun(pipeline, before);
    stream.destroy();
    await closed;
    expect(await values[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });
});

describe('a connection that has ended for good', () => {
  it('ends a subscription with the reason', async () => {
    const { pipeline, server } = await open();
    const subscription = await pipeline.subscribe({ handler: () => {} });
    await revoke(server);
    expect(await subscription.closed).toMatchObject({ code: 'NOT_ALLOWED' });
  });

  it('is the reason that what is asked later gives', async () => {
    const { pipeline, server } = await open();
    await revoke(server);
    await pipeline.link.closed();
    const asked = pipeline.status();
    await expect(asked).rejects.toMatchObject({
      code: 'CLOSED',
      message: expect.stringContaining('Authorization Violation'),
    });
    await expect(asked).rejects.not.toMatchObject({ message: expect.stringContaining('is closed') });
  });
});

describe('a reading up to now', () => {
  it('does not end as if it were complete when the pipeline is closed', async () => {
    const { pipeline } = await open();
    await pipeline.publishMany(
      Array.from({ length: 3000 }, (_, n) => ({ type: 'totp.requested', data: { n } })),
    );
    const reading = pipeline.events({ follow: false });
    await reading.next();
    await pipeline.close();
    expect(await loopOver(reading)).toMatchObject({ code: 'CLOSED' });
  });
});
