/**
 * What waits for an answer, each under a token of its own: a token is never given twice, so an answer that comes too
 * late finds nothing. As many places as `size`, and no table that grows: a `Map` rebuilds its table every few
 * hundred changes, and what an old one refers to lives as long as that (see `Bag`).
 */
export class PendingRequests<T> {
  private readonly places: (T | undefined)[];
  /** The last token of each place: the place and a multiple of `size`. */
  private readonly tokens: Float64Array;
  private readonly free: number[];

  constructor(readonly size: number) {
    this.places = Array.from({ length: size }, () => undefined);
    this.tokens = Float64Array.from({ length: size }, (_, place) => place);
    this.free = Array.from({ length: size }, (_, i) => size - 1 - i);
  }

  get count(): number {
    return this.size - this.free.length;
  }

  /** Gives its token. There must be a place. */
  add(request: T): number {
    const place = this.free.pop();
    if (place === undefined) throw new RangeError(`more than ${this.size} requests`);
    const token = (this.tokens[place] as number) + this.size;
    this.tokens[place] = token;
    this.places[place] = request;
    return token;
  }

  get(token: number): T | undefined {
    const place = token % this.size;
    return this.tokens[place] === token ? this.places[place] : undefined;
  }

  /** `token` must be one that waits. */
  remove(token: number): void {
    const place = token % this.size;
    this.places[place] = undefined;
    this.free.push(place);
  }

  /** Those that wait now, with their tokens. */
  entries(): [number, T][] {
    return this.places.flatMap((request, place): [number, T][] =>
      request === undefined ? [] : [[this.tokens[place] as number, request]],
    );
  }
}
