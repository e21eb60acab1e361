import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeadLetterFilters } from '../../../src/lib/dlq/filters.js';
import { watchDeadLetters, type WatchOptions } from '../../../src/lib/dlq/out/watch.js';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import { connect } from '../../../src/lib/nats/connect/connect.js';
import type { Link } from '../../../src/lib/nats/link.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { bury, consumer, type Ground } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';
import { connectTo, testBed } from '../../support/pipeline.js';
import { pipelineOf } from '../../support/pipeline-of.js';
import { startProxy } from '../../support/proxy.js';

interface Watch {
  readonly ids: string[];
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Watches over a connection of its own; it has begun when this resolves. */
async function watch(
  bed: Ground,
  filters: DeadLetterFilters = {},
  options: WatchOptions = {},
  link: Link = bed.link,
): Promise<Watch> {
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const ids: string[] = [];
  const readers = async (): Promise<number> =>
    (await bed.link.streamInfo('events-dlq'))?.state.consumer_count ?? 0;
  const before = await readers();
  const letters = watchDeadLetters(pipelineOf(link, bed.config), filters, { signal: end.signal, ...options });
  const ended = (async () => {
    for await (const { id } of letters) ids.push(id);
  })();
  ended.catch(() => {});
  await eventually('it watches', async () => (await readers()) > before);
  return {
    ids,
    ended,
    stop: async () => {
      end.abort();
      await ended;
    },
  };
}

const idOf = (seq: number): string => `${consumer}/${seq}`;

describe('watchDeadLetters', () => {
  it('gives each new one that matches, and those that are there only where they are asked for', async () => {
    const bed = await testBed();
    await bury(bed, { failure: makeFailure('timeout', 'Timeout', 'no result') });
    await bury(bed);
    const onlyNew = await watch(bed);
    const errors = await watch(bed, { selection: '-kind:timeout' }, { existing: true });
    const sinceNow = await watch(bed, { sinceMs: Date.now() + 3_600_000 }, { existing: true });
    const withData = await watch(bed, { selection: 'data.n:>1' });
    await bury(bed, { data: { n: 1 }, failure: makeFailure('timeout', 'Timeout', 'no result') });
    await bury(bed, { data: { n: 2 } });
    await eventually('all saw the last one', () =>
      [onlyNew, errors, withData].every(({ ids }) => ids.includes(idOf(4))),
    );
    for (const one of [onlyNew, errors, sinceNow, withData]) await one.stop();
    expect(onlyNew.ids).toEqual([idOf(3), idOf(4)]);
    expect(errors.ids).toEqual([idOf(2), idOf(4)]);
    expect(sinceNow.ids).toEqual([]);
    expect(withData.ids).toEqual([idOf(4)]);
  });

  it('knows a group by its id, also one that grows a new shape meanwhile', async () => {
    const bed = await testBed();
    const failure = makeFailure('error', 'Error', 'table orders_2026 does not exist');
    await bury(bed, { failure });
    const group = await watch(bed, { selection: `group:${failure.fingerprint}` });
    await bury(bed, { failure: makeFailure('error', 'Error', 'connect ECONNREFUSED 10.0.0.1:25') });
    await bury(bed, { failure: makeFailure('error', 'Error', 'table orders_2027 does not exist') });
    await eventually('it came', () => group.ids.length > 0);
    expect(group.ids).toEqual([idOf(3)]);
    await group.stop();
  });

  it('an age is that of the moment in which one is looked at', async () => {
    const bed = await testBed();
    const young = await watch(bed, { selection: 'age:<1m' });
    await bury(bed);
    await eventually('it came', () => young.ids.length === 1);
    await young.stop();
  });

  it('refuses names that neither the config nor a dead letter has', async () => {
    const bed = await testBed();
    await bury(bed, { consumer: 'renamed-consumer', type: 'old.type' });
    const refusal = async (selection: string): Promise<unknown> => {
      const letters = watchDeadLetters(pipelineOf(bed.link, bed.config), { selection });
      return letters.next().catch((error: unknown) => error);
    };
    for (const selection of [
      'consumer:nope',
      'consumer:nope*',
      'type:nope',
      '-consumer:nope',
      'subject:nope.>',
    ])
      expect(await refusal(selection), selection).toMatchObject({ code: 'USAGE' });
    for (const selection of ['consumer:renamed-consumer', 'consumer:renamed*', 'type:old.type'])
      await (await watch(bed, { selection })).stop();
  });

  it('misses none and repeats none when its connection is cut and the server is killed', async () => {
    const bed = await testBed();
    const proxy = await startProxy(Number(new URL(bed.server.url).port));
    onTestFinished(() => proxy.close());
    const link = await connectTo(proxy.url);
    const watching = await watch(bed, {}, {}, link);
    const seen = (count: number): Promise<void> =>
      eventually(`${count} are seen`, () => watching.ids.length >= count, 20_000);
    for (let seq = 1; seq <= 20; seq++) {
      await bury(bed);
      if (seq % 5 === 0) proxy.cut();
    }
    await seen(20);
    await bed.server.kill9();
    await bed.server.restart();
    await eventually('the server is back', () => bed.link.connected, 20_000);
    for (let i = 0; i < 5; i++) await bury(bed);
    await seen(25);
    await watching.stop();
    expect(watching.ids).toEqual(Array.from({ length: 25 }, (_, i) => idOf(i + 1)));
  }, 60_000);

  it('goes on over a change of the leader', async () => {
    await using cluster = await startCluster(3);
    const link = await connect({ servers: [...cluster.urls], source: 'test', name: 'test', timeoutMs: 2000 });
    onTestFinished(() => link.close());
    const three = { replicas: 3 };
    const config = makeConfig({
      streams: { events: three, retry: three, dlq: three, advisories: three, operations: three, kept: three },
    });
    await applyTopology(link, config);
    const bed = { link, config };
    const watching = await watch(bed);
    for (let i = 0; i < 5; i++) await bury(bed);
    await eventually('the first came', () => watching.ids.length === 5, 20_000);
    const leader = (await link.streamInfo('events-dlq'))?.cluster?.leader;
    await cluster.nodes.find(({ name }) => name === leader)?.kill9();
    const buried = async (): Promise<boolean> =>
      bury(bed).then(
        () => true,
        () => false,
      );
    await eventually('a new leader takes dead letters', buried, 30_000);
    for (let i = 0; i < 4; i++) await eventually('it is dead', buried, 30_000);
    const stored = (await link.streamInfo('events-dlq'))?.state.messages ?? 0;
    await eventually('all came', () => watching.ids.length >= stored, 30_000);
    await watching.stop();
    expect(new Set(watching.ids).size).toBe(watching.ids.length);
    expect(watching.ids).toHaveLength(stored);
  }, 90_000);
});
