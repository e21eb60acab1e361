import { describe, expect, it } from 'vitest';
import { selectionOf } from '../../../../src/lib/cli/flags/replay-selection.js';
import { UsageError } from '../../../../src/lib/errors.js';

describe('selectionOf', () => {
  it('takes ids, filters, or all', () => {
    expect(selectionOf(['a/1', 'a/2'], {}, false)).toEqual({ ids: ['a/1', 'a/2'] });
    expect(selectionOf([], { all: true }, false)).toEqual({ filters: {} });
    expect(selectionOf([], { consumer: 'a', since: 5, limit: 3 }, false)).toEqual({
      filters: { consumer: 'a', sinceMs: 5 },
      limit: 3,
    });
    expect(selectionOf([], { limit: 3 }, false)).toEqual({ filters: {}, limit: 3 });
  });

  it('leaves it to a person where there is one, and refuses where there is none', () => {
    expect(selectionOf([], {}, true)).toBeUndefined();
    expect(() => selectionOf([], {}, false)).toThrow(UsageError);
  });

  it('refuses two kinds of selection at once', () => {
    expect(() => selectionOf(['a/1'], { all: true }, true)).toThrow("can't be combined with ids");
    expect(() => selectionOf(['a/1'], { reason: 'x' }, true)).toThrow(
      'ids and filters: give only one of them',
    );
    expect(() => selectionOf([], { all: true, limit: 1 }, true)).toThrow("can't be combined with filters");
    expect(() => selectionOf([], { all: true, consumer: 'a' }, true)).toThrow(UsageError);
  });
});
