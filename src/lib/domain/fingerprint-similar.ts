import type { Shape } from './fingerprint-writer.js';

/** A fingerprint that dead letters have. */
export interface Kind {
  /** Its id. */
  readonly fingerprint: string;
  /** Only kinds of the same name and code may be alike. */
  readonly name: string;
  /** What tells causes of one name apart; empty: nothing does. */
  readonly code: string;
  /** The words of its message. */
  readonly shape: Pick<Shape, 'words' | 'fixed'>;
}

/** More kinds than this are not compared: so many are of no use to anybody, and would take long. */
const mostKinds = 5000;
/** Of one name and code: more are not compared each with each. */
const mostPairs = 300;

const leastWords = 4;
const manyValues = 4;

/**
 * Which kinds are alike: their shapes differ in few words, and what stands there are values and no words. A value is
 * known by its look, or by how many others stand in its place. Each fingerprint leads to that of the first kind it is
 * alike with; `kinds` are in the order in which they died.
 */
export function alikeKinds(kinds: readonly Kind[]): ReadonlyMap<string, string> {
  const groups = new Groups(kinds.length);
  for (const bucket of comparable(kinds.slice(0, mostKinds))) {
    joinSlots(bucket, groups);
    if (bucket.length <= mostPairs) joinPairs(bucket, groups);
  }
  joinWithoutCode(kinds, groups);
  return new Map(
    kinds.map(({ fingerprint }, index) => [
      fingerprint,
      kinds[groups.first(index)]?.fingerprint ?? fingerprint,
    ]),
  );
}

/** Earlier versions did not keep the code: the same words are the same cause, whatever it was. */
function joinWithoutCode(kinds: readonly Kind[], groups: Groups): void {
  const known = new Map<string, number>();
  const keyOf = ({ name, shape }: Kind): string => [name, ...shape.words].join('\n');
  for (const [index, kind] of kinds.entries()) {
    if (kind.code !== '' && !known.has(keyOf(kind))) known.set(keyOf(kind), index);
  }
  for (const [index, kind] of kinds.entries()) {
    const other = kind.code === '' && kind.shape.words.length > 0 ? known.get(keyOf(kind)) : undefined;
    if (other !== undefined) groups.join(index, other);
  }
}

/** A kind, and its place among them all. */
interface Placed {
  readonly index: number;
  readonly words: readonly string[];
  readonly fixed: readonly number[];
}

/** Those of one name and code, with as many words, and the same where those are fixed. */
function comparable(kinds: readonly Kind[]): Placed[][] {
  const buckets = new Map<string, Placed[]>();
  for (const [index, { name, code, shape }] of kinds.entries()) {
    const { words, fixed } = shape;
    if (words.length < leastWords) continue;
    const key = [name, code, words.length, ...fixed.map((at) => `${at} ${words[at]}`)].join('\n');
    const placed = { index, words, fixed };
    const others = buckets.get(key);
    if (others) others.push(placed);
    else buckets.set(key, [placed]);
  }
  return [...buckets.values()].filter(({ length }) => length > 1);
}

/** Where all but one word are the same, and this one has many values. */
function joinSlots(bucket: readonly Placed[], groups: Groups): void {
  const slots = new Map<string, Placed[]>();
  for (const placed of bucket) {
    const { words, fixed } = placed;
    for (let at = 1; at < words.length; at++) {
      if (fixed.includes(at)) continue;
      const slot = `${at}\n${words.with(at, '').join('\n')}`;
      const others = slots.get(slot);
      if (others) others.push(placed);
      else slots.set(slot, [placed]);
    }
  }
  for (const [first, ...others] of slots.values()) {
    if (first && others.length + 1 >= manyValues)
      for (const { index } of others) groups.join(first.index, index);
  }
}

/** Where few words differ, and at each of these places stands what looks like a value. */
function joinPairs(bucket: readonly Placed[], groups: Groups): void {
  for (const [n, one] of bucket.entries()) {
    for (const other of bucket.slice(n + 1)) {
      if (groups.first(one.index) !== groups.first(other.index) && differInValues(one.words, other.words))
        groups.join(one.index, other.index);
    }
  }
}

function differInValues(one: readonly string[], other: readonly string[]): boolean {
  const places = [...one.keys()].filter((at) => one[at] !== other[at]);
  return (
    places.length <= Math.max(1, one.length / 4) &&
    places.every((at) => value.test(one[at] ?? '') || value.test(other[at] ?? ''))
  );
}

/** What was left out, or a name of several parts. */
const value = /[#<"._]/;

/** Which belong together; the first of them stands for all. */
class Groups {
  private readonly leads: number[];

  constructor(size: number) {
    this.leads = Array.from({ length: size }, (_, index) => index);
  }

  first(index: number): number {
    let lead = index;
    for (let next = this.leads[lead] ?? lead; next !== lead; next = this.leads[lead] ?? lead) {
      this.leads[lead] = this.leads[next] ?? next;
      lead = next;
    }
    return lead;
  }

  join(one: number, other: number): void {
    const [a, b] = [this.first(one), this.first(other)];
    this.leads[Math.max(a, b)] = Math.min(a, b);
  }
}
