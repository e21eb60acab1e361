/** How many events a handler takes at once. */
export interface BatchSettings {
  /** At most so many. */
  readonly size: number;
  /** How long the first of a batch waits for more, ms. */
  readonly waitMs: number;
}
