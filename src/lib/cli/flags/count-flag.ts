import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../errors.js';

/** A whole number from `min` (1) on, and at most `max` where there is one. */
export const countFlag = Flags.custom<number, { min?: number; max?: number }>({
  helpValue: '<n>',
  parse: async (text, _context, { name, min = 1, max }) => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (count >= min && (max === undefined || count <= max)) return count;
    const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`--${name}: expected a whole number ${range}, found "${text}"`);
  },
});
