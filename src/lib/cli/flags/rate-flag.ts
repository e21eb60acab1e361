import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../errors.js';

/** So many per second: `500` or `500/s`; 0 is no limit. */
export const rateFlag = Flags.custom<number>({
  helpValue: '<n>/s',
  parse: async (text, _context, { name }) => {
    const found = /^(\d{1,7})(?:\/s)?$/.exec(text);
    if (found) return Number(found[1]);
    throw new UsageError(
      `--${name}: expected a number per second like 500/s, or 0 for no limit, found "${text}"`,
    );
  },
});
