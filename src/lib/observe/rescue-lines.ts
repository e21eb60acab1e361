import type { LogLine } from './log-line.js';
import type { WaterfallEventOf } from './waterfall-event.js';

type RescueEvents = 'originals-kept' | 'original-not-kept' | 'rescue-failed';

/** How keeping originals is logged; see `logLines`. */
export const rescueLines: { readonly [T in RescueEvents]: readonly LogLine<WaterfallEventOf<T>>[] } = {
  'originals-kept': [
    {
      level: 'info',
      text: 'kept originals of dead letters and waiting retries before they age out',
      fields: ({ count, stream }) => ({ count, stream }),
    },
  ],
  'original-not-kept': [
    {
      level: 'error',
      text: 'the original can not be kept: once it ages out, this can not be replayed any more',
      fields: ({ id, error }) => ({ id, error }),
    },
  ],
  'rescue-failed': [
    {
      level: 'error',
      text: 'originals of dead letters can not be kept now: tried again, and logged once',
      fields: ({ error }) => ({ error }),
      next: ({ suggestions }) => suggestions,
    },
  ],
};
