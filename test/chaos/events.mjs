import { seeded } from './random.mjs';

/** The consumers of every run, and the event types that each of them reads. */
export const consumers = { billing: ['order'], audit: ['order', 'signup'] };

/** An event that fails at first succeeds at the latest in its last attempt of the retry stage. */
const mostFailuresAtFirst = 4;

/**
 * The events of a run, the same for the same seed. `fate` says what the handlers do with one: `ok`, `first` (fails
 * `failures` times), `always`, or `poison:<how>`, which only the consumer `audit` obeys.
 */
export function makeEvents(seed, count, { always = 0.1, first = 0.1, poison = [] } = {}) {
  const random = seeded(seed);
  const events = Array.from({ length: count }, (_, index) => {
    const lot = random();
    const fate = lot < always ? 'always' : lot < always + first ? 'first' : 'ok';
    return {
      id: `event-${seed}-${index + 1}`,
      type: random() < 0.5 ? 'order' : 'signup',
      fate,
      failures: fate === 'first' ? 1 + Math.floor(random() * mostFailuresAtFirst) : 0,
    };
  });
  for (const [index, how] of poison.entries()) {
    const event = events[Math.floor(((index + 1) * count) / (poison.length + 2))];
    event.fate = `poison:${how}`;
  }
  return events;
}
