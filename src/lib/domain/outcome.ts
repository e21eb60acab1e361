import type { ReportedFailure } from './failure.js';

const rejectBrand = Symbol.for('plutomi-events.Reject');
const snoozeBrand = Symbol.for('plutomi-events.Snooze');

/** Thrown by a handler: this event can never succeed here. It goes to the DLQ at once, without retries. */
export class Reject extends Error {
  /** Recognized by this mark, so that copies of this library understand each other. */
  readonly [rejectBrand] = true;
  constructor(
    reason: string,
    options?: {
      /** The error that is the reason. */
      cause?: unknown;
    },
  ) {
    super(reason, options);
    this.name = 'Reject';
  }
}

/** Thrown by a handler: not now. The event comes back after `delay` (e.g. `'10m'`, or milliseconds); no attempt is used up. */
export class Snooze extends Error {
  /** Recognized by this mark, so that copies of this library understand each other. */
  readonly [snoozeBrand] = true;
  constructor(
    /** How long, as it was given. */
    readonly delay: string | number,
  ) {
    super(`snoozed for ${delay}`);
    this.name = 'Snooze';
  }
}

// Branded instead of instanceof: a handler may load another copy of this module.
function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
export const isReject = (thrown: unknown): thrown is Reject => hasBrand(thrown, rejectBrand);
export const isSnooze = (thrown: unknown): thrown is Snooze => hasBrand(thrown, snoozeBrand);

/** Every way in which a run of a handler can end. */
export type Outcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'failed'; readonly failure: ReportedFailure }
  | { readonly kind: 'snoozed'; readonly delayMs: number };
