import { describe, expect, it } from 'vitest';
import { fail, failed, ok } from '../../../src/lib/doctor/finding.js';
import { OperationError } from '../../../src/lib/errors.js';
import { colorsFor } from '../../../src/lib/render/colors.js';
import { renderDiagnosis } from '../../../src/lib/render/diagnosis.js';
import { renderSuggestion } from '../../../src/lib/render/suggestion.js';
import { suggestCommand } from '../../../src/lib/suggestion.js';

const colors = colorsFor({ isTty: false, off: true });
const apply = suggestCommand('pipeline apply');

function linesOf(...findings: Parameters<typeof renderDiagnosis>[0]['findings'][number][]): string[] {
  return renderDiagnosis({ ok: false, findings }, { colors, width: 80 }, renderSuggestion).split('\n');
}

describe('a diagnosis', () => {
  it('has an error of several lines on one, which is broken at blanks', () => {
    const error = new OperationError(
      'the server does not match the config:\n  create stream events\n  create stream events-retry\n  create stream events-dlq',
      { suggestions: [apply] },
    );
    const lines = linesOf(failed('streams', error));
    expect(lines.slice(0, 4)).toEqual([
      'fail  streams      the server does not match the config: create stream events;',
      '                   create stream events-retry; create stream events-dlq',
      '                   → plutomi-events pipeline apply',
      '',
    ]);
    const two = failed('streams', new OperationError('this is there\nthat is there'));
    expect(two.message).toBe('this is there; that is there');
  });

  it('says once what is to be done about several findings in a row', () => {
    const missing = (name: string) => fail('streams', `stream ${name} is not there`, apply);
    const lines = linesOf(missing('events'), missing('events-dlq'), ok('clock', 'it is right'));
    expect(lines.slice(0, 4)).toEqual([
      'fail  streams      stream events is not there',
      'fail  streams      stream events-dlq is not there',
      '                   → plutomi-events pipeline apply',
      'ok    clock        it is right',
    ]);
  });
});
