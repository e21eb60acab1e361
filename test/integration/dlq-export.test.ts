import { describe, expect, it } from 'vitest';
import type { DeadLetterFilters } from '../../src/lib/dlq/filters.js';
import { type ExportedLetter, exportDeadLetters, type ExportOptions } from '../../src/lib/dlq/out/export.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import { bury, consumer, type Ground, seen } from '../support/dead-letters.js';
import { buryMany } from '../support/many-dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

async function exported(
  bed: Ground,
  options: ExportOptions = {},
  filters: DeadLetterFilters = {},
): Promise<ExportedLetter[]> {
  const letters: ExportedLetter[] = [];
  for await (const page of exportDeadLetters(pipelineOf(bed.link, bed.config), filters, options)) {
    expect(page.length).toBeGreaterThan(0);
    letters.push(...page);
  }
  return letters;
}

describe('exportDeadLetters', () => {
  it('gives all of them, the oldest first, each with its own event', async () => {
    const bed = await testBed();
    await buryMany(bed, 1300);
    const letters = await exported(bed, { withData: true });
    expect(letters.map(({ id }) => id)).toEqual(
      Array.from({ length: 1300 }, (_, i) => `${consumer}/${i + 1}`),
    );
    expect(letters.map(({ event }) => event?.data)).toEqual(
      Array.from({ length: 1300 }, (_, i) => ({ n: i + 1 })),
    );
    const plain = await exported(bed, { limit: 700 }, { selection: 'seq:>100' });
    expect(plain.map(({ seq }) => seq)).toEqual(Array.from({ length: 700 }, (_, i) => i + 101));
    expect(plain.every((letter) => !('event' in letter))).toBe(true);
  }, 60_000);

  it('says of which the event is gone, and of what is no dead letter', async () => {
    const bed = await testBed();
    for (let i = 0; i < 3; i++) await bury(bed, { data: { i } });
    await bed.link.deleteMessage('events', 2);
    await bed.link.publish(`events-dlq.${consumer}.9`, 'nonsense');
    const letters = await exported(bed, { withData: true });
    expect(letters.map(({ original, event }) => [original, event?.data ?? null])).toEqual([
      ['present', { i: 0 }],
      ['missing', null],
      ['present', { i: 2 }],
      ['missing', null],
    ]);
    expect(letters[1]).toMatchObject({ originalExpiresAt: null });
  });

  it('holds events of any size, and ends at the signal', async () => {
    const bed = await testBed();
    for (let i = 0; i < 60; i++) await bury(bed, { data: 'x'.repeat(i % 2 ? 700_000 : 10) });
    const end = new AbortController();
    const sizes: number[] = [];
    const pages = exportDeadLetters(pipelineOf(bed.link, bed.config), {}, { withData: true });
    for await (const page of pages) sizes.push(page.length);
    expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(60);
    // 350 kB each on average: no more than fit.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    end.abort();
    expect(await exported(bed, { withData: true, signal: end.signal })).toEqual([]);
  }, 60_000);

  it('waits for a server that does not answer for a moment', async () => {
    const bed = await testBed();
    await bury(bed);
    let failures = 1;
    const link = seen(bed.link, 'readNear', () => {
      if (failures-- > 0) throw new UnreachableError('read events', undefined, 'no answer');
    });
    expect(await exported({ link, config: bed.config }, { withData: true })).toMatchObject([
      { original: 'present', event: { data: {} } },
    ]);
  });
});
