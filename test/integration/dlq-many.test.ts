import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { groupDeadLetters } from '../../src/lib/dlq/group.js';
import type { DeadLetterItem } from '../../src/lib/dlq/item.js';
import { listDeadLetters, readDeadLetters } from '../../src/lib/dlq/list.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { readStream } from '../../src/lib/nats/read/read-stream.js';
import { connectTo } from '../support/connect.js';
import { consumer, journal, makePointer, originAt, seen } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { buryMany } from '../support/many-dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { carryOut } from '../support/replay.js';

describe('20,000 dead letters', () => {
  const count = 20_000;

  it('are listed page by page, each once, in order, with what became of their originals', async () => {
    const bed = await testBed();
    await buryMany(bed, count);
    const late = makePointer(await originAt(bed, 7));
    await journal(bed, keyOf(late, 'retry'), { kind: 'RESOLVED', attempt: 1, late: true });
    for (const seq of [1, 2, 9000, 9002, count]) await bed.link.deleteMessage('events', seq);
    const sizes: number[] = [];
    const items: DeadLetterItem[] = [];
    let total: number | undefined;
    for await (const page of readDeadLetters(pipelineOf(bed.link, bed.config), {}, { limit: count })) {
      expect(total).toBeUndefined();
      ({ total } = page);
      sizes.push(page.items.length);
      items.push(...page.items);
    }
    expect(total).toBe(count);
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    // The first page is out long before the last is read.
    expect(Math.max(...sizes)).toBeLessThan(count / 5);
    const missing = items.filter(({ original }) => original !== 'present');
    expect(missing.map(({ seq, original, originalExpiresAt }) => [seq, original, originalExpiresAt])).toEqual(
      [1, 2, 9000, 9002, count].map((seq) => [seq, 'missing', null]),
    );
    expect(items.filter(({ resolvedLate }) => resolvedLate).map(({ seq }) => seq)).toEqual([7]);

    // How many of them a page holds is up to how they arrive.
    const three = await listDeadLetters(pipelineOf(bed.link, bed.config), {}, 3);
    expect(three).toMatchObject({ total: count, items: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
    const { groups } = await groupDeadLetters(pipelineOf(bed.link, bed.config), {}, 'reason');
    expect(groups).toMatchObject([{ count, sample: `${consumer}/${count}` }]);
  });
});

describe('the server is killed in the middle of a replay of 2,000', () => {
  const count = 2000;
  const all = Array.from({ length: count }, (_, i) => i + 1);

  it('replays each once, and each is processed once', async () => {
    const bed = await testBed();
    await buryMany(bed, count);
    await using impatient = await connectTo(bed.server.url, 'test', 500);
    let deleted = 0;
    const link = seen(impatient, 'deleteMessage', async () => {
      deleted++;
      if (deleted !== 500 && deleted !== 1300) return;
      await bed.server.kill9();
      await bed.server.restart();
    });
    let done = 0;
    const plan = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
    const result = await carryOut(bed, plan, { link, onDone: () => void done++ });
    expect(result).toMatchObject({ selected: count, replayed: count, skipped: [], pending: count });
    expect(done).toBe(count);
    const messages = async (stream: string): Promise<number | undefined> =>
      (await bed.link.streamInfo(stream))?.state.messages;
    expect([await messages('events-dlq'), await messages('events-retry')]).toEqual([0, count]);

    const seqs: number[] = [];
    const run = await bed.run({
      [consumer]: async (event, { stage, cycle, attempt }) => {
        if (stage === 'main') return;
        expect([stage, cycle, attempt]).toEqual(['retry', 1, 1]);
        seqs.push(event.seq);
      },
    });
    await eventually('all are processed', () => run.count('succeeded') >= 2 * count, 45_000);
    await bed.quiet();
    expect(seqs.toSorted((a, b) => a - b)).toEqual(all);
    expect(run.count('attempt-failed')).toBe(0);
    const replayed: string[] = [];
    const filters = ['events-advisories.business.REPLAYED.>'];
    for await (const { subject } of readStream(bed.link, { stream: 'events-advisories', filters })) {
      replayed.push(subject);
    }
    expect(new Set(replayed).size).toBe(count);
    expect(replayed).toHaveLength(count);
  }, 90_000);
});
