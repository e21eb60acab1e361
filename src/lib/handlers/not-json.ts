import { Reject } from '../domain/outcome.js';

/** Which event. */
export interface EventPlace {
  readonly stream: string;
  readonly seq: number;
}

/** A payload that is not JSON, and whose it is: in a batch, the others are not rejected for it. */
export class NotJson extends Reject {
  constructor(
    found: string,
    readonly event: EventPlace,
  ) {
    super(`the payload is not JSON: ${found}`);
  }
}

/** Which event it was, where what was thrown says that. */
export function aboutEvent(thrown: unknown): EventPlace | undefined {
  return thrown instanceof NotJson ? thrown.event : undefined;
}
