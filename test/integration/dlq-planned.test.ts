import { pipelineOf } from '../support/pipeline-of.js';
import { expect, it } from 'vitest';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { readPlanned } from '../../src/lib/dlq/plan/planned.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import type { Link } from '../../src/lib/nats/link.js';
import { buryEvent, originAt, seen } from '../support/dead-letters.js';
import { buryMany } from '../support/many-dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const count = 700;

/** Sequences in the DLQ by place in the plan; undefined for what is not there any more. */
async function read(
  bed: TestBed,
  link: Link,
  wanted: (seq: number) => boolean,
): Promise<(number | undefined)[]> {
  const { items } = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
  const seqs: (number | undefined)[] = [];
  const plan = items.filter(({ dlqSeq }) => wanted(dlqSeq));
  for (const seq of [2, 3, 300, count - 1]) await bed.link.deleteMessage('events-dlq', seq);
  await buryEvent(bed, await originAt(bed, 500), { cycle: 1 });
  for await (const { from, entries } of readPlanned(pipelineOf(link, bed.config), plan, 160)) {
    expect(from).toBe(seqs.length);
    seqs.push(...entries.map((entry) => entry?.dlqSeq));
  }
  return seqs;
}

const left = (seq: number): number | undefined =>
  [2, 3, 300, count - 1, 500].includes(seq) ? undefined : seq;
const all = Array.from({ length: count }, (_, i) => i + 1);

it.each([
  ['all', () => true],
  ['every fifth', (seq: number) => seq % 5 === 0],
  ['a few far from each other', (seq: number) => seq % 100 === 0 || seq === 3],
])('reads what a plan names and is still there, in its order: %s', async (_what, wanted) => {
  const bed = await testBed();
  await buryMany(bed, count);
  expect(await read(bed, bed.link, wanted)).toEqual(all.filter(wanted).map(left));
});

it('waits out a server that does not answer, and misses nothing then', async () => {
  const bed = await testBed();
  await buryMany(bed, count);
  let asked = 0;
  // The reader's first question, and the first about what it did not see.
  const link = seen(bed.link, ['streamInfo', 'readFromLeader'], () => {
    asked++;
    if (asked === 1 || asked === 3) throw new UnreachableError('read', undefined, 'no leader now');
  });
  expect(await read(bed, link, () => true)).toEqual(all.map(left));
  expect(asked).toBeGreaterThan(3);
});
