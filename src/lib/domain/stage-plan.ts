import { isCount } from './decode.js';

/** What the worker that ended a main stage says is next, by the version of the config that it runs with. */
export interface StagePlan {
  /** The retry stage; false: there is none, and the event goes to the DLQ. */
  readonly retry:
    | false
    | {
        /** Wait before its first attempt, ms. */
        readonly delayMs: number;
        /** How many attempts it has. */
        readonly attempts: number;
      };
}

export const straightToDlq: StagePlan = { retry: false };

/** Undefined: there is none, as in records of earlier versions, or it is not readable. */
export function readPlan(value: unknown): StagePlan | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { retry } = value as Record<string, unknown>;
  if (retry === false) return straightToDlq;
  if (typeof retry !== 'object' || retry === null) return undefined;
  const { delayMs, attempts } = retry as Record<string, unknown>;
  return isCount(delayMs) && isCount(attempts) ? { retry: { delayMs, attempts } } : undefined;
}
