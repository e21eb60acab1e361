import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../errors.js';

function perSecond(text: string): number | undefined {
  const rate = /^\d{1,7}(?:\.\d{1,3})?(?:\/s)?$/.test(text) ? Number.parseFloat(text) : 0;
  return rate > 0 ? rate : undefined;
}

/** So many per second, `100` or `100/s`, above 0; `max`: as many as there can be. */
export const loadRateFlag = Flags.custom<number | 'max'>({
  helpValue: '<n>/s',
  parse: async (text, _context, { name }) => {
    const rate = text === 'max' ? text : perSecond(text);
    if (rate !== undefined) return rate;
    throw new UsageError(
      `--${name}: expected a number per second above 0 like 100/s, or max, found "${text}"`,
    );
  },
});

/** So many per second, above 0. */
export const leastRateFlag = Flags.custom<number>({
  helpValue: '<n>/s',
  parse: async (text, _context, { name }) => {
    const rate = perSecond(text);
    if (rate !== undefined) return rate;
    throw new UsageError(`--${name}: expected a number per second above 0 like 100/s, found "${text}"`);
  },
});
