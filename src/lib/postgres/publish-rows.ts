import { PlutomiError } from '../errors.js';
import type { PublishResult } from '../events/publish/outgoing.js';
import type { WaitingEvent } from './session.js';

/** What became of events so far. */
export interface Published {
  /** The server has them: ids of their rows. */
  readonly done: string[];
  /** Those among them that it had before. */
  duplicates: number;
  /** Those that no server will take. */
  readonly refused: { readonly event: WaitingEvent; readonly reason: string }[];
  /** Why the others still wait; undefined: they were not tried. */
  failure?: unknown;
}

/** What is said of one event alone, and trying again changes nothing. */
const refusals = ['TOO_LARGE', 'WRONG_STREAM', 'INVALID_HEADER', 'WRONG_SUBJECT'];

function isRefusal(error: unknown): error is PlutomiError {
  return error instanceof PlutomiError && refusals.includes(error.code);
}

/**
 * Publishes events: those of a key one after the other, each once the one before it is stored; all others at once. The
 * first failure ends it, and nothing overtakes an event of its key. `into` is filled on the way.
 */
export async function publishRows(
  events: readonly WaitingEvent[],
  publish: (event: WaitingEvent) => Promise<PublishResult>,
  mayGoOn: () => boolean,
  into: Published,
): Promise<void> {
  const chains = new Map<string, WaitingEvent[]>();
  for (const event of events) {
    const name = event.key === null ? `row ${event.id}` : `key ${event.key}`;
    const chain = chains.get(name);
    if (chain) chain.push(event);
    else chains.set(name, [event]);
  }
  await Promise.all(
    [...chains.values()].map(async (chain) => {
      for (const event of chain) {
        if (into.failure !== undefined || !mayGoOn()) return;
        try {
          const { duplicate } = await publish(event);
          into.done.push(event.id);
          if (duplicate) into.duplicates++;
        } catch (error) {
          if (isRefusal(error)) into.refused.push({ event, reason: error.message });
          else into.failure ??= error;
          return;
        }
      }
    }),
  );
}
