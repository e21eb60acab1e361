import { randomUUID } from 'node:crypto';

/** Time and chance. Passed in wherever they matter, so that tests own them; nothing else in the library reads them. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds from an arbitrary moment; never jumps. */
  readonly monotonic: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** A name that nothing else has. */
  readonly uuid: () => string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
};
