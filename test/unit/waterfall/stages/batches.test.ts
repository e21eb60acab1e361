import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Batches } from '../../../../src/lib/waterfall/stages/batches.js';

interface One {
  readonly name: string;
  readonly single: boolean;
}

const one = (name: string, single = false): One => ({ name, single });

function gather(limits: { size: number; waitMs?: number; atOnce?: number }) {
  const batches: string[][] = [];
  const ends: (() => void)[] = [];
  const all = new Batches<One>({ waitMs: 1000, atOnce: 1, ...limits }, (batch) => {
    batches.push(batch.map(({ name }) => name));
    return new Promise((resolve) => ends.push(resolve));
  });
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await Promise.resolve();
  };
  return { all, batches, end };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('batches', () => {
  test('begin when they are full', () => {
    const { all, batches } = gather({ size: 2 });
    for (const name of ['a', 'b', 'c']) all.add(one(name));
    expect(batches).toEqual([['a', 'b']]);
  });

  test('begin when the first member has waited long enough', () => {
    const { all, batches } = gather({ size: 10 });
    all.add(one('a'));
    vi.advanceTimersByTime(900);
    all.add(one('b'));
    expect(batches).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(batches).toEqual([['a', 'b']]);
  });

  test('run no more at once than they may, and grow meanwhile', async () => {
    const { all, batches, end } = gather({ size: 3, waitMs: 10 });
    all.add(one('a'));
    vi.advanceTimersByTime(10);
    for (const name of ['b', 'c']) all.add(one(name));
    vi.advanceTimersByTime(50);
    for (const name of ['d', 'e']) all.add(one(name));
    expect(batches).toEqual([['a']]);
    await end();
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
    await end();
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
    vi.advanceTimersByTime(10);
    expect(batches[2]).toEqual(['e']);
  });

  test('a single has one of its own, at once, and takes turns with the others', async () => {
    const { all, batches, end } = gather({ size: 2 });
    all.add(one('a'));
    all.add(one('x', true));
    for (const name of ['b', 'c', 'd']) all.add(one(name));
    all.add(one('y', true));
    all.add(one('z', true));
    for (let i = 0; i < 4; i++) await end();
    expect(batches).toEqual([['x'], ['a', 'b'], ['y'], ['c', 'd'], ['z']]);
  });

  test('wait for nothing once they are hurried', () => {
    const { all, batches } = gather({ size: 10, atOnce: 5 });
    all.add(one('a'));
    all.add(one('b'));
    all.hurry();
    all.add(one('c'));
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });
});
