import fc from 'fast-check';
import { expect } from 'vitest';
import { Bag } from '../../../src/lib/flow/bag.js';
import { PendingRequests } from '../../../src/lib/nats/wire/pending-requests.js';
import { property } from '../../support/property.js';

property('a bag holds what was added and not removed, in any order of both', () =>
  fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 60 }), (steps) => {
    const things = Array.from({ length: 21 }, (_, id) => ({ id, place: 0 }));
    const bag = new Bag<(typeof things)[number]>();
    const expected = new Set<(typeof things)[number]>();
    for (const step of steps) {
      const thing = things[step] as (typeof things)[number];
      if (expected.delete(thing)) bag.remove(thing);
      else {
        bag.add(thing);
        expected.add(thing);
      }
    }
    expect(bag.size).toBe(expected.size);
    expect(new Set(bag)).toEqual(expected);
  }),
);

property('an answer finds its question while that waits, and no other ever', () =>
  fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 60 }), (steps) => {
    const open = new PendingRequests<string>(4);
    const waiting = new Map<number, string>();
    const gone = new Set<number>();
    for (const [i, step] of steps.entries()) {
      const token = [...waiting.keys()][step];
      if (token !== undefined) {
        open.remove(token);
        waiting.delete(token);
        gone.add(token);
      } else if (waiting.size < 4) {
        const token = open.add(`question ${i}`);
        expect(waiting.has(token) || gone.has(token)).toBe(false);
        waiting.set(token, `question ${i}`);
      } else {
        expect(() => open.add('one too many')).toThrow(RangeError);
      }
    }
    expect(open.count).toBe(waiting.size);
    expect(new Map(open.entries())).toEqual(waiting);
    for (const [token, question] of waiting) expect(open.get(token)).toBe(question);
    for (const token of gone) expect(open.get(token)).toBeUndefined();
    for (const token of [Number.NaN, -1, 0.5, 1e300]) expect(open.get(token)).toBeUndefined();
  }),
);
