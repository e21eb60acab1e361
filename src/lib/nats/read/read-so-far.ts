/** How far a long reading has got. */
export interface ReadSoFar {
  /** In words, e.g. `records of the journal`. */
  readonly what: string;
  /** How many were read. */
  readonly done: number;
  /** As far as was known when it began; what is written meanwhile comes on top. */
  readonly of: number;
}

/** Called now and then during a long reading. */
export type OnRead = (soFar: ReadSoFar) => void;
