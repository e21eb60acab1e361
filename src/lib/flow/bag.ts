/** What can be in one bag at a time. */
export interface Baggable {
  /** Where it stands; kept by the bag that it is in. */
  place: number;
}

/**
 * A set for what comes and goes with each message, without an order. A `Set` rebuilds its table every few hundred
 * changes, and an old table refers to the next: once one is old enough for the old generation, all that was ever in
 * the set lives until the next major collection.
 */
export class Bag<T extends Baggable> implements Iterable<T> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  add(item: T): void {
    item.place = this.items.push(item) - 1;
  }

  /** `item` must be in it. */
  remove(item: T): void {
    const last = this.items.pop();
    if (last === undefined || last === item) return;
    this.items[item.place] = last;
    last.place = item.place;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items.values();
  }
}
