import { expect, it } from 'vitest';
import { readAhead } from '../../../src/lib/flow/read-ahead.js';

async function* numbers(log: string[], failAt = Number.POSITIVE_INFINITY): AsyncGenerator<number> {
  try {
    for (let n = 1; n <= 4; n++) {
      if (n === failAt) throw new Error(`no ${n}`);
      log.push(`read ${n}`);
      yield n;
    }
  } finally {
    log.push('closed');
  }
}

it('gives all in order, and reads one ahead', async () => {
  const log: string[] = [];
  for await (const n of readAhead(numbers(log))) {
    await Promise.resolve();
    log.push(`got ${n}`);
  }
  expect(log.filter((line) => line.startsWith('got'))).toEqual(['got 1', 'got 2', 'got 3', 'got 4']);
  for (const n of [1, 2, 3]) expect(log.indexOf(`read ${n + 1}`)).toBeLessThan(log.indexOf(`got ${n}`));
  expect(log.filter((line) => line === 'closed')).toHaveLength(1);
});

it('tells an error after all that came before it', async () => {
  const got: number[] = [];
  const reading = (async () => {
    for await (const n of readAhead(numbers([], 3))) got.push(n);
  })();
  await expect(reading).rejects.toThrow('no 3');
  expect(got).toEqual([1, 2]);
});

it('closes the source when nobody reads on', async () => {
  const log: string[] = [];
  for await (const n of readAhead(numbers(log))) if (n === 2) break;
  expect(log.at(-1)).toBe('closed');
});
