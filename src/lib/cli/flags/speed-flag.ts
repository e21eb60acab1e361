import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../errors.js';

/** `1x` as it was, `10x` ten times as fast, `max` as fast as it can. */
export const speedFlag = Flags.custom<number | 'max'>({
  helpValue: '<n>x|max',
  parse: async (text, _context, { name }) => {
    if (text === 'max') return text;
    const speed = /^\d{1,6}(?:\.\d{1,3})?x?$/.test(text) ? Number.parseFloat(text) : 0;
    if (speed > 0) return speed;
    throw new UsageError(`--${name}: expected a speed like 1x, 10x or 0.5x, or max, found "${text}"`);
  },
});

/** A number of hours, also a part of one. */
export const hoursFlag = Flags.custom<number>({
  helpValue: '<n>',
  parse: async (text, _context, { name }) => {
    const hours = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
    if (hours > 0) return hours;
    throw new UsageError(`--${name}: expected a number of hours above 0, found "${text}"`);
  },
});
