import { pipelineOf } from '../support/pipeline-of.js';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import type { Link } from '../../src/lib/nats/link.js';
import { readStandstill } from '../../src/lib/nats/standstill.js';
import { Transcriber } from '../../src/lib/routing/transcribe.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { planTopology } from '../../src/lib/topology/apply.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { applyTopology, makeConfig, makeStream } from '../support/config.js';
import { connectIn, type HubAndLeaf, startHubAndLeaf } from '../support/domains.js';
import { eventually } from '../support/eventually.js';
import { forge } from '../support/external.js';
import { makeProject, handlerText } from '../support/project.js';
import { containing } from '../support/suggestions.js';

let pair: HubAndLeaf;
beforeAll(async () => {
  pair = await startHubAndLeaf();
}, 30_000);
afterAll(() => pair.stop());
afterEach(async () => {
  for (const server of [pair.leaf, pair.hub]) {
    const link = await connectIn(server);
    for await (const { config } of link.jsm.streams.list()) await link.jsm.streams.delete(config.name);
    await link.close();
  }
});

const storeEvents = (link: Link, name = 'events', subject = 'events.>'): Promise<unknown> =>
  link.jsm.streams.add({ name, subjects: [subject], allow_direct: true });

describe('publishing', () => {
  test('answers with the stream of its own domain, though that of the other one answers first', async () => {
    const hub = await connectIn(pair.hub);
    await storeEvents(hub);
    // Its sequences are not those of the leaf.
    for (let n = 0; n < 10; n++) await hub.publish('events.old', 'x');
    // The way to the leaf and back is the longer one.
    const link = await connectIn(pair.hub, 'leaf');
    await storeEvents(link);
    const publisher = new Publisher(pipelineOf(link, makeConfig()));
    const one = await publisher.publish('events.note', 'one', { id: 'n-1' });
    expect(one).toMatchObject({ stream: 'events', seq: 1, duplicate: false });
    expect(await publisher.publish('events.note', 'one', { id: 'n-1' })).toMatchObject({
      seq: 1,
      duplicate: true,
    });
    const events = Array.from({ length: 300 }, (_, n) => ({ type: 'events.note', data: `${n}` }));
    expect(await publisher.publishMany(events)).toMatchObject({ count: 300, firstSeq: 2, lastSeq: 301 });
  });

  test('is no success when only the other domain has the stream', async () => {
    const hub = await connectIn(pair.hub);
    await storeEvents(hub);
    const leaf = await connectIn(pair.leaf, undefined, 500);
    await expect(
      new Publisher(pipelineOf(leaf, makeConfig())).publish('events.note', 'x'),
    ).rejects.toMatchObject({
      code: 'NO_STREAM',
      message: expect.stringMatching(/no stream "events" .*"events" in the JetStream domain "hub" did/),
    });
    await expect(leaf.publish('events.note', 'x', { expectStream: 'events' })).rejects.toMatchObject({
      code: 'WRONG_DOMAIN',
      exitCode: 4,
      message:
        'publish to events.note: the stream "events" in the JetStream domain "leaf" did not answer, but the stream "events" in the JetStream domain "hub" did',
      suggestions: expect.arrayContaining([containing('--js-domain hub')]),
    });
  });

  test('waits for its own stream when one of another name in the other domain refuses the message', async () => {
    const hub = await connectIn(pair.hub);
    await storeEvents(hub, 'all', 'events.>');
    const link = await connectIn(pair.hub, 'leaf');
    await storeEvents(link);
    expect(await link.publish('events.note', 'x', { expectStream: 'events' })).toMatchObject({
      stream: 'events',
      seq: 1,
    });
  });
});

/** Names and subjects of one pipeline, all beginning with `prefix`. */
function named(prefix: string): PipelineConfig {
  const base = makeConfig({ consumers: [{ name: `${prefix}-worker`, subjects: [`${prefix}.>`] }] });
  const at = (role: string) => makeStream(`${prefix}${role}`, [`${prefix}${role}.>`]);
  return {
    ...base,
    eventsRoot: prefix,
    streams: {
      events: at(''),
      retry: at('-retry'),
      dlq: at('-dlq'),
      advisories: at('-advisories'),
      operations: at('-operations'),
      kept: at('-kept'),
    },
    roots: {
      retry: `${prefix}-retry`,
      dlq: `${prefix}-dlq`,
      advisories: `${prefix}-advisories`,
      operations: `${prefix}-operations`,
      kept: `${prefix}-kept`,
    },
  };
}

describe('a topology', () => {
  const mixing = (link: Link, config: PipelineConfig) =>
    planTopology(pipelineOf(link, config)).then(({ conflicts }) =>
      conflicts.filter(({ why }) => why === 'other-domain'),
    );

  test('of the same names in both domains is refused, before it is made and after', async () => {
    const [hub, leaf] = [await connectIn(pair.hub), await connectIn(pair.leaf)];
    await applyTopology(hub, makeConfig());
    const before = await mixing(leaf, makeConfig());
    const messages = before.map(({ message }) => message);
    expect(messages).toContainEqual(
      expect.stringMatching(/^consumer events\/notifications-consumer: another JetStream domain/),
    );
    for (const name of ['events-retry', 'events-dlq', 'events-advisories']) {
      expect(messages).toContainEqual(expect.stringMatching(`^stream ${name}: a stream of another`));
    }
    await expect(ensureTopology(pipelineOf(leaf, makeConfig()), { apply: true })).rejects.toMatchObject({
      code: 'DOMAINS_MIX',
    });
    expect(await mixing(hub, makeConfig())).toEqual([]);
    // Nothing of it was stored anywhere.
    for (const name of ['events-retry', 'events-dlq', 'events-advisories']) {
      expect((await hub.streamInfo(name))?.state.last_seq).toBe(0);
    }
  });

  test('of names and subjects of its own lives beside the other', async () => {
    const [hub, leaf] = [await connectIn(pair.hub), await connectIn(pair.leaf)];
    await applyTopology(hub, makeConfig());
    await applyTopology(leaf, named('edge'));
    await ensureTopology(pipelineOf(leaf, named('edge')), { apply: false });
    await ensureTopology(pipelineOf(hub, makeConfig()), { apply: false });
    expect(await new Publisher(pipelineOf(leaf, named('edge'))).publish('edge.note', 'x')).toMatchObject({
      stream: 'edge',
      seq: 1,
    });
  });
});

test('what the leaf node keeps on its side lets both have the same names', async () => {
  const streams = [
    'events',
    'events-retry',
    'events-dlq',
    'events-advisories',
    'events-operations',
    'events-kept',
  ];
  const own = [...streams.map((name) => `${name}.>`), '$JS.ACK.>'];
  const apart = await startHubAndLeaf(own);
  onTestFinished(() => apart.stop());
  for (const server of [apart.hub, apart.leaf]) {
    const link = await connectIn(server);
    await applyTopology(link, makeConfig());
  }
  for (const server of [apart.hub, apart.leaf]) {
    const link = await connectIn(server);
    await ensureTopology(pipelineOf(link, makeConfig()), { apply: false });
    const ack = await new Publisher(pipelineOf(link, makeConfig())).publish('events.note', 'x');
    expect(ack).toMatchObject({ stream: 'events', seq: 1 });
  }
});

test('an advisory about a consumer of the same name in the other domain is not ours', async () => {
  const [hub, leaf] = [await connectIn(pair.hub), await connectIn(pair.leaf)];
  const config = makeConfig({ consumers: [], external: [{ name: 'rust' }] });
  await applyTopology(hub, config);
  await storeEvents(leaf, 'events', 'edge.>');
  await leaf.jsm.consumers.add('events', {
    durable_name: 'rust',
    ack_policy: 'explicit',
    max_deliver: 1,
    ack_wait: 200_000_000,
  });
  // Both have handed out an event 1: what is told of one could be true of the other.
  await hub.publish('events.note', 'x');
  await leaf.publish('edge.note', 'x');
  const next = '$JS.API.CONSUMER.MSG.NEXT.events.rust';
  for (const link of [hub, leaf]) {
    link.nc.subscribe('taken');
    // The second is what the server gives it up for.
    for (const _ of ['first', 'second']) link.nc.publish(next, '{"expires":20000000000}', { reply: 'taken' });
    await eventually('event 1 is handed out', async () => {
      return (await link.consumerInfo('events', 'rust'))?.delivered.stream_seq === 1;
    });
  }
  const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.rust';
  let told = await hub.readLast('events-advisories', subject);
  await eventually('the journal of the hub has the advisory of the leaf', async () => {
    told = await hub.readLast('events-advisories', subject);
    return told !== undefined;
  });
  const transcriber = new Transcriber(pipelineOf(hub, config));
  const heard = { subject, data: told?.data ?? new Uint8Array(), ...(told && { storedAt: told.time }) };
  expect(await transcriber.transcribe(heard)).toMatchObject({
    is: 'not-ours',
    advisory: { consumer: 'rust', streamSeq: 1, domain: 'leaf' },
  });
});

test('verify takes no loss of the other domain for ours', async () => {
  const hub = await connectIn(pair.hub);
  const config = makeConfig({ consumers: [], external: [{ name: 'rust' }] });
  await applyTopology(hub, config);
  const reason = 'Unacknowledged message was deleted';
  const losses = async () => {
    const { report } = await verifyPipeline(pipelineOf(hub, config));
    return report.problems.filter(({ kind }) => kind === 'event-lost').length;
  };
  await forge(hub, { kind: 'MSG_TERMINATED', seq: 1, reason, domain: 'leaf' });
  expect(await losses()).toBe(0);
  await forge(hub, { kind: 'MSG_TERMINATED', seq: 1, reason, domain: 'hub' });
  expect(await losses()).toBe(1);
});

describe('--js-domain', () => {
  const config = {
    name: 'plutomi',
    events: { 'totp.requested': {} },
    consumers: { worker: { events: ['totp.requested'], handler: './handler.mjs' } },
  };
  const project = () => makeProject(pair.leaf.url, config, { 'handler.mjs': handlerText('') });

  test('administers the hub from the leaf: apply, publish, run, verify', async () => {
    const p = await project();
    const inHub = (...args: string[]) => p.cli([...args, '--js-domain', 'hub']);
    expect(await inHub('pipeline', 'apply', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await inHub('events', 'publish', 'totp.requested', '--data', '{}')).toMatchObject({ exitCode: 0 });
    const run = p.start(['--js-domain', 'hub']);
    const hub = await connectIn(pair.hub);
    await eventually('the event is processed', async () => {
      const info = await hub.consumerInfo('events', 'worker');
      return info?.ack_floor.stream_seq === 1;
    });
    run.child.kill('SIGTERM');
    await run.ended;
    expect(await inHub('dlq', 'list')).toMatchObject({ exitCode: 0 });
    expect(await inHub('pipeline', 'verify')).toMatchObject({ exitCode: 0 });
    const leaf = await connectIn(pair.leaf);
    expect(await leaf.streamInfo('events')).toBeUndefined();
  });

  test('of a context does the same, and a domain that nobody has is named', async () => {
    const p = await project();
    const contexts = path.join(p.folder, '.config', 'nats', 'context');
    await mkdir(contexts, { recursive: true });
    await writeFile(
      path.join(contexts, 'edge.json'),
      JSON.stringify({ url: pair.leaf.url, jetstream_domain: 'hub' }),
    );
    const apply = await p.cli(['pipeline', 'apply', '--yes', '--context', 'edge']);
    expect(apply).toMatchObject({ exitCode: 0 });
    expect(await (await connectIn(pair.hub)).streamInfo('events')).toBeDefined();
    const inNone = (...args: string[]) => p.cli([...args, '--js-domain', 'nope', '--timeout', '1s']);
    const silent = 'nothing answers in the JetStream domain "nope"';
    const next = '→ check the name of the domain: --js-domain, or jetstream_domain of the context';
    for (const words of ['dlq list', 'pipeline status', 'pipeline health', 'pipeline metrics']) {
      const wrong = await inNone(...words.split(' '));
      expect(wrong).toMatchObject({ exitCode: 4, stdout: '' });
      expect(wrong.stderr.split(silent)).toHaveLength(2);
      expect(wrong.stderr).toContain(next);
    }
    const doctor = await inNone('pipeline', 'doctor');
    expect(doctor.exitCode).toBe(1);
    expect(doctor.stdout).toMatch(new RegExp(`^fail {2}jetstream {4}.*${silent}`, 'm'));
    expect(doctor.stdout).toContain(next);
    expect(doctor.stdout).not.toMatch(/^fail {2}cluster/m);
  });

  test('is no stream without a leader, to who asks why a consumer is not served', async () => {
    const link = await connectIn(pair.leaf, 'nope', 1000);
    expect(await readStandstill(link, 'events', 'worker')).toEqual({
      kind: 'stream-without-leader',
      detail: 'nothing answers in the JetStream domain "nope": no such domain, or its servers are away',
    });
  });
});
