import type { Alert, AlertCondition } from '../domain/alert.js';
import type { Suggestion } from '../suggestion.js';

/** What a running pipeline reports about its alerts. */
export interface AlertEvents {
  /** This process tells an alert: that something is wrong, or that it is over. */
  readonly alert: {
    /** What is told, everywhere alike. */
    readonly alert: Alert;
  };
  /** The webhook, the handler or the subject did not take an alert. */
  readonly 'alert-not-told': {
    /** The alert's. */
    readonly id: string;
    /** What is wrong. */
    readonly condition: AlertCondition;
    /** Who did not take it: `webhook`, `handler` or `subject`. */
    readonly to: string;
    /** What the handler threw, the webhook answered, or the server refused. */
    readonly error: string;
    /** When it is told again, ms from now; undefined: it was tried for a day, and is given up. */
    readonly retryInMs?: number;
  };
  /** Alerts can't be looked for or kept now; it is tried again. Once, until it works or something else is wrong. */
  readonly 'alerts-failed': {
    /** The server's answer. */
    readonly error: string;
    /** What to do, one step each. */
    readonly suggestions: readonly Suggestion[];
  };
}
