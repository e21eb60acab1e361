import { Flags } from '@oclif/core';
import { UsageError } from '../errors.js';

/** A whole number from 1 on. */
export const countFlag = Flags.custom<number>({
  helpValue: '<n>',
  parse: async (text, _context, { name }) => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (count > 0) return count;
    throw new UsageError(`--${name}: expected a whole number from 1 on, found "${text}"`);
  },
});
