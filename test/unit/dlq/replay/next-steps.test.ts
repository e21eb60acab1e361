import { describe, expect, test } from 'vitest';
import { type Asked, nextSteps } from '../../../../src/lib/dlq/replay/next-steps.js';
import { parseSelection } from '../../../../src/lib/domain/selection/parse.js';
import { renderSuggestion } from '../../../../src/lib/render/suggestion.js';

const result = { task: 'replay-1', state: 'done', stopped: null, replayed: 2, deadAgain: 0 } as const;
const plan = { missing: 0, replaced: 0, skipped: [] };
const lost = (id: string) => ({ id, reason: 'its original is gone' });

function said(
  changed: Partial<Parameters<typeof nextSteps>[0]>,
  planned: Partial<Parameters<typeof nextSteps>[1]> = {},
  { waited = true, terms = [] }: Partial<Asked> = {},
): string[] {
  return nextSteps({ ...result, ...changed }, { ...plan, ...planned }, { waited, terms }).map((one) =>
    renderSuggestion(one),
  );
}

describe('after a replay', () => {
  test('those that are dead again are shown, and no others', () => {
    expect(said({ deadAgain: 1 })).toEqual(['see why: plutomi-events dlq list task:replay-1']);
    // The server keeps no tasks.
    expect(said({ deadAgain: 1, state: null })).toEqual(["see why: plutomi-events dlq list 'cycle:>=1'"]);
  });

  test('what can not be replayed is discarded by its id, or by what it has in common', () => {
    const discard = "discard what can't be replayed: plutomi-events dlq discard";
    expect(said({}, { missing: 1, skipped: [lost('a/3')] })).toEqual([`${discard} a/3 --reason <text>`]);
    const two = { missing: 2, skipped: [lost('a/3'), lost('a/4')] };
    expect(said({}, two)).toEqual([`${discard} task:replay-1 original:missing --reason <text>`]);
    const untouched = { task: null, state: null, replayed: 0 };
    expect(said(untouched, { ...two, replaced: 1 })).toEqual([
      `${discard} original:missing,replaced --reason <text>`,
    ]);
    const { terms } = parseSelection('consumer:a "no such user" original:missing');
    expect(said(untouched, two, { terms })).toEqual([
      `${discard} consumer:a 'reason:"no such user"' original:missing --reason <text>`,
    ]);
  });

  test('what is not known yet can be watched, and what was stopped carried on', () => {
    expect(said({}, {}, { waited: false })).toEqual([
      'see what becomes of them: plutomi-events tasks watch replay-1',
    ]);
    expect(said({ state: null }, {}, { waited: false })).toEqual([
      'see what becomes of them: plutomi-events advisories tail --since 1m',
    ]);
    expect(said({ state: 'stopped' }, {}, { waited: false })).toEqual([
      'carry on with the rest: plutomi-events dlq replay --task replay-1',
    ]);
  });
});
