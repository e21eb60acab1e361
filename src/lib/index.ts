/** The public API of plutomi-events. */
export { Reject, Snooze } from './domain/outcome.js';
