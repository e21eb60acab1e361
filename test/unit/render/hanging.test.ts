import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../src/lib/render/columns.js';
import { hanging, Repetitions } from '../../../src/lib/render/hanging.js';

const long = 'connect ECONNREFUSED 10.0.4.17:587 while sending to the mail server of the second region';

describe('hanging', () => {
  it('leaves alone what fits, and everything where nobody knows a width', () => {
    expect(hanging(10, 'short', 80)).toBe('short');
    expect(hanging(10, long, Number.POSITIVE_INFINITY)).toBe(long);
  });

  it('puts further lines under the first', () => {
    expect(`reason    ${hanging(10, long, 50)}`).toBe(
      [
        'reason    connect ECONNREFUSED 10.0.4.17:587 while',
        '          sending to the mail server of the second',
        '          region',
      ].join('\n'),
    );
  });

  it('leaves no blanks at the end of a line', () => {
    expect(hanging(4, 'somebody-with-a-long-name  (vm:13905:37q7sp)', 34)).toBe(
      'somebody-with-a-long-name\n    (vm:13905:37q7sp)',
    );
  });

  it('begins on a line of its own where there is little room', () => {
    const text = `2026-01-31 12:00:00  main  ${hanging(27, long, 40)}`;
    expect(text.split('\n')[0]?.trimEnd()).toBe('2026-01-31 12:00:00  main');
    expect(text.split('\n')[1]).toBe('    connect ECONNREFUSED 10.0.4.17:587');
  });

  it.each([80, 40, 20, 5])('loses nothing at %d columns, and breaks words that are wider', (width) => {
    const text = `${long} ${'漢字'.repeat(40)} ${'x'.repeat(200)} ${'\u{1fffe}'.repeat(99)} end`;
    const shown = hanging(6, text, width);
    const bare = (one: string): string => one.replaceAll(/\s+/g, '');
    expect(bare(shown)).toBe(bare(text));
    for (const line of shown.split('\n').slice(1)) {
      expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(width, 16));
    }
  });
});

describe('Repetitions', () => {
  it('refers to a long text that stands above, and to no other', () => {
    const repetitions = new Repetitions();
    const other = `${long}, again`;
    const shown = [long, long, 'to retry', 'timeout', 'timeout', long, other, long].map((text) =>
      repetitions.shown(text),
    );
    const same = 'same reason as above';
    expect(shown).toEqual([long, same, 'to retry', 'timeout', 'timeout', same, other, long]);
  });
});
