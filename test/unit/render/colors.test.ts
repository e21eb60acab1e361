import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { colorsFor } from '../../../src/lib/render/colors.js';

describe('which colours a stream gets', () => {
  test.each([
    ['a terminal', {}, true, false, true],
    ['a pipe', {}, false, false, false],
    ['NO_COLOR on a terminal', { NO_COLOR: '1' }, true, false, false],
    ['an empty NO_COLOR on a terminal', { NO_COLOR: '' }, true, false, true],
    ['TERM=dumb on a terminal', { TERM: 'dumb' }, true, false, false],
    ['FORCE_COLOR into a pipe', { FORCE_COLOR: '1' }, false, false, true],
    ['FORCE_COLOR against NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, false, false, true],
    ['FORCE_COLOR against TERM=dumb', { FORCE_COLOR: '3', TERM: 'dumb' }, true, false, true],
    ['FORCE_COLOR=0 on a terminal', { FORCE_COLOR: '0' }, true, false, false],
    ['FORCE_COLOR=false on a terminal', { FORCE_COLOR: 'false' }, true, false, false],
    ['--no-color against FORCE_COLOR', { FORCE_COLOR: '1' }, true, true, false],
  ])('%s', (_, variables, isTty, flag, colored) => {
    const { noColor, forceColor } = readEnvironment(variables, '/');
    const { red } = colorsFor({ isTty, off: flag || noColor, forced: forceColor });
    expect(red('x')).toBe(colored ? '\u001b[31mx\u001b[39m' : 'x');
  });
});
