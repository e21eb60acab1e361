import { expect, test } from 'vitest';
import type { DlqEntry } from '../../src/lib/pointers/entry.js';
import { listGroups } from '../../src/lib/dlq/groups/list-groups.js';
import { decideGroup } from '../../src/lib/dlq/groups/change-group.js';
import { findEntry } from '../../src/lib/dlq/select.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { readGroupDocuments } from '../../src/lib/groups/group-documents.js';
import { GroupTeller } from '../../src/lib/groups/tell-groups.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { bury, consumer } from '../support/dead-letters.js';
import { connectTo, type TestBed, testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const smtp = (n: number) => makeFailure('error', 'SmtpError', `connection refused for user ${n}`);
const other = makeFailure('error', 'TypeError', "Cannot read properties of undefined (reading 'street')");

interface Desk {
  readonly bed: TestBed;
  /** A process of its own, whose clock stands at this. */
  readonly process: () => Promise<{ readonly teller: GroupTeller; readonly troubles: unknown[] }>;
  readonly dies: (failure?: ReturnType<typeof smtp>) => Promise<DlqEntry>;
  readonly leaves: (...entries: readonly DlqEntry[]) => Promise<void>;
  readonly status: () => Promise<string[]>;
  /** For all of them. */
  readonly skip: (ms: number) => void;
}

async function desk(): Promise<Desk> {
  const bed = await testBed();
  const own = pipelineOf(bed.link, bed.config);
  let skippedMs = 0;
  let count = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };
  return {
    bed,
    process: async () => {
      const troubles: unknown[] = [];
      const pipeline = pipelineOf(await connectTo(bed.server.url), bed.config, { clock });
      return { teller: new GroupTeller(pipeline, (error) => troubles.push(error)), troubles };
    },
    dies: async (failure = smtp(++count)) => {
      const { id } = await bury(bed, { failure });
      return (await findEntry(own, id)) as DlqEntry;
    },
    leaves: async (...entries) => {
      for (const { dlqSeq } of entries) await bed.link.deleteMessage(bed.config.streams.dlq.name, dlqSeq);
    },
    status: async () => (await listGroups(own)).groups.map(({ status, count: of }) => `${of} ${status}`),
    skip: (ms) => {
      skippedMs += ms;
    },
  };
}

test('that a group is new is told once, by one of several processes', async () => {
  const { bed, process, dies, status } = await desk();
  const processes = await Promise.all([process(), process(), process()]);
  const entries = await Promise.all(Array.from({ length: 12 }, () => dies()));
  const told = await Promise.all(entries.map(async (entry, n) => processes[n % 3]?.teller.tell(entry)));
  expect(told.filter((news) => news !== undefined)).toEqual(['new']);
  expect(await processes[0]?.teller.tell(await dies(other))).toBe('new');
  expect(processes.flatMap(({ troubles }) => troubles)).toEqual([]);
  const documents = await readGroupDocuments(pipelineOf(bed.link, bed.config));
  expect(documents.map(({ kind }) => kind.name)).toEqual(['SmtpError', 'TypeError']);
  expect(JSON.stringify(documents)).not.toContain('user 1');
  expect(await status()).toEqual(['12 new', '1 new']);
});

test('a server that does not answer for a moment is asked again: the one dead letter of a group is told', async () => {
  const { bed, dies } = await desk();
  const entry = await dies();
  const link = await connectTo(bed.server.url);
  let refusals = 2;
  const askInfo = link.streamInfo.bind(link);
  link.streamInfo = (...asked) =>
    refusals-- > 0
      ? Promise.reject(new UnreachableError('a stream', undefined, 'no leader'))
      : askInfo(...asked);
  const troubles: unknown[] = [];
  const teller = new GroupTeller(pipelineOf(link, bed.config), (error) => troubles.push(error));
  expect(await teller.tell(entry)).toBe('new');
  expect([troubles, refusals < 0]).toEqual([[], true]);
});

test('it is told again by the next process, when the first ended before it could acknowledge', async () => {
  const { process, dies } = await desk();
  const first = await dies();
  expect(await (await process()).teller.tell(first)).toBe('new');
  const { teller } = await process();
  expect(await teller.tell(first)).toBe('new');
  expect(await teller.tell(await dies())).toBeUndefined();
});

test('it is back when it dies after all of its dead letters have left, and not before', async () => {
  const { bed, process, dies, leaves, status, skip } = await desk();
  const one = await process();
  const [a, b] = [await dies(), await dies()];
  const stranger = await dies(other);
  expect([await one.teller.tell(a), await one.teller.tell(b)]).toEqual(['new', undefined]);
  await one.teller.tell(stranger);
  await leaves(a);
  skip(1500);
  // One of them is still there.
  const c = await dies();
  expect(await one.teller.tell(c)).toBeUndefined();
  await leaves(b, c);
  skip(1500);
  const d = await dies();
  expect(await one.teller.tell(d)).toBe('back');
  expect((await status()).toSorted()).toEqual(['1 back', '1 new']);
  // A process that starts now knows that too, and what comes next is no news.
  const two = await process();
  expect(await two.teller.tell(d)).toBe('back');
  expect(await two.teller.tell(await dies())).toBeUndefined();
  expect(await status()).toEqual(['2 back', '1 new']);
  const { id } = (await listGroups(pipelineOf(bed.link, bed.config))).groups[0] ?? { id: '' };
  const acked = await decideGroup(pipelineOf(bed.link, bed.config), id, { do: 'ack' });
  expect(acked).toMatchObject({ status: 'open' });
  await leaves(d);
  skip(1500);
  // The older one, of which no process knows any more, is found.
  expect(await (await process()).teller.tell(await dies())).toBeUndefined();
  expect(await status()).toEqual(['2 open', '1 new']);
});

test('a shape that is alike with one that was told is not told; a group keeps its id when its first shape has left', async () => {
  const { bed, process, dies, leaves } = await desk();
  const pipeline = pipelineOf(bed.link, bed.config);
  const { teller } = await process();
  const shaped = (what: string) => makeFailure('error', 'Error', `no access to ${what} for reports`);
  const first = await dies(shaped('analytics.events'));
  expect(await teller.tell(first)).toBe('new');
  const second = await dies(shaped('billing.usage'));
  expect(await teller.tell(second)).toBeUndefined();
  const before = (await listGroups(pipeline)).groups;
  expect(before).toMatchObject([{ count: 2 }]);
  await decideGroup(pipeline, before[0]?.id ?? '', { do: 'note', text: 'ask for access' });
  await leaves(first);
  const [group] = (await listGroups(pipeline)).groups;
  expect(group).toMatchObject({ id: before[0]?.id, count: 1, note: 'ask for access' });
  expect((await listGroups(pipeline, { selection: `group:${group?.id}` })).letters).toBe(1);
  expect((await listGroups(pipeline, { consumer, selection: `-group:${group?.id}` })).letters).toBe(0);
});

test('without its stream nothing is told, once, and alerts go on', async () => {
  const { bed, process, dies, skip } = await desk();
  await deleteStream(bed.link, bed.config.streams.operations.name);
  const { teller, troubles } = await process();
  expect(await teller.tell(await dies())).toBeUndefined();
  skip(61_000);
  expect(await teller.tell(await dies())).toBeUndefined();
  expect(troubles).toMatchObject([{ code: 'NO_STREAM' }]);
});

test('a running pipeline tells it, and goes on with what it is told', async () => {
  const { bed } = await desk();
  const fails = (): never => {
    throw new Error('no way');
  };
  const run = await bed.run(Object.fromEntries(bed.config.consumers.map(({ name }) => [name, fails])));
  for (let n = 0; n < 3; n++) await bed.publish('totp.requested');
  await run.until((events) => events.filter(({ type }) => type === 'dead-letter').length >= 3);
  const news = run.events.flatMap((event) =>
    event.type === 'dead-letter' && event.consumer === consumer && event.news ? [event.news] : [],
  );
  expect(news).toEqual(['new']);
  expect(run.count('groups-not-told')).toBe(0);
});
