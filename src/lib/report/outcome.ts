/** What became of dead letters by the end of the journal: how many of each. */
export interface OutcomeCounts {
  /** A handler has succeeded. */
  readonly resolved: number;
  /** Were replayed, and died again. */
  readonly deadAgain: number;
  /** Were not replayed, and are dead. */
  readonly stillDead: number;
  /** Were replayed, and nothing tells of the outcome yet. */
  readonly pending: number;
  /** Were given up by somebody. */
  readonly discarded: number;
  /** Were put aside by somebody. */
  readonly archived: number;
  /** Were given to another consumer. */
  readonly moved: number;
}

export type OutcomeName = keyof OutcomeCounts;

export const outcomeNames: readonly OutcomeName[] = [
  'resolved',
  'deadAgain',
  'stillDead',
  'pending',
  'discarded',
  'archived',
  'moved',
];

export function noOutcomes(): Record<OutcomeName, number> {
  return { resolved: 0, deadAgain: 0, stillDead: 0, pending: 0, discarded: 0, archived: 0, moved: 0 };
}
