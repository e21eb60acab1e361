import type { Subscribe } from './event-bus.js';
import { logLines } from './log-lines.js';
import type { WaterfallEventType } from './waterfall-event.js';

/** Successes are counted where they happen: as events, they would cost each healthy message something. */
type CountedType = Exclude<WaterfallEventType, 'succeeded'>;

/** How many events of each type there were; successes are counted in `StageCounts`. */
export type EventCounts = Readonly<Record<CountedType, number>>;

const countedTypes = (Object.keys(logLines) as WaterfallEventType[]).filter(
  (type): type is CountedType => type !== 'succeeded',
);

/** How many events of each type there are from now on; what it returns gives the numbers of the moment. */
export function countEvents(subscribe: Subscribe): () => EventCounts {
  const counts = Object.fromEntries(countedTypes.map((type) => [type, 0])) as Record<CountedType, number>;
  subscribe(({ type }) => void counts[type]++, { types: countedTypes });
  return () => ({ ...counts });
}
