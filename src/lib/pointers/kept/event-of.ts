import type { Origin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { fetchOriginal, type Original, statesOfOriginals } from '../original.js';
import { readKept } from './read-kept.js';

/** What a pointer says of its event. */
export type PointerToEvent = Pick<Pointer, 'consumer' | 'origin'>;

/**
 * The event that a pointer names: from its stream, or, where it is gone or replaced there, as it was kept for its
 * consumer. Throws as `readKept`.
 */
export async function fetchEvent(
  pipeline: Pipeline,
  { consumer, origin }: PointerToEvent,
): Promise<Original> {
  const original = await fetchOriginal(pipeline.link, origin);
  return original.state === 'present' ? original : orKept(pipeline, consumer, origin, original);
}

async function orKept(
  pipeline: Pipeline,
  consumer: string,
  origin: Origin,
  gone: Original,
): Promise<Original> {
  const kept = await readKept(pipeline, consumer, origin);
  return kept ? { state: 'present', message: kept.message, kept: true } : gone;
}

/** What became of an event: `kept` where its stream does not have it any more. */
export interface StateOfEvent {
  readonly state: Original['state'];
  readonly kept: boolean;
}

const lookupsAtOnce = 64;

/** What became of each of these events, in their order, as by `fetchEvent`. */
export async function statesOfEvents(
  pipeline: Pipeline,
  pointers: readonly PointerToEvent[],
): Promise<StateOfEvent[]> {
  const states = await statesOfOriginals(
    pipeline.link,
    pointers.map(({ origin }) => origin),
  );
  const found: StateOfEvent[] = [];
  for (let from = 0; from < pointers.length; from += lookupsAtOnce) {
    const some = pointers.slice(from, from + lookupsAtOnce).map(async ({ consumer, origin }, i) => {
      const state = states[from + i] ?? 'missing';
      if (state === 'present') return { state, kept: false };
      const kept = await readKept(pipeline, consumer, origin);
      return kept ? { state: 'present' as const, kept: true } : { state, kept: false };
    });
    found.push(...(await Promise.all(some)));
  }
  return found;
}
