import { expect, test } from 'vitest';
import { readTemplate } from '../../../../src/lib/events/load/template.js';
import { systemClock } from '../../../../src/lib/flow/clock.js';

const clock = { ...systemClock, now: () => 1_764_374_400_000, random: () => 0.5, uuid: () => 'a-uuid' };
const filled = (text: string, n = 7): string => {
  const template = readTemplate(text, clock);
  return typeof template === 'string' ? template : template(n);
};
const refused = (text: string): unknown => {
  try {
    return readTemplate(text, clock);
  } catch (error) {
    return error;
  }
};

test.each([
  ['{"n":{{n}},"id":"{{uuid}}"}', '{"n":7,"id":"a-uuid"}'],
  ['{"at":"{{ time }}","ms":{{ms}}}', '{"at":"2025-11-29T00:00:00.000Z","ms":1764374400000}'],
  ['{{int:1-100}} {{int:5-5}} {{pick:a|b|c}}', '51 5 b'],
  ['{"a":{"b":{"n":"{{n}}"}}}', '{"a":{"b":{"n":"7"}}}'],
  ['nothing to fill in: {"a":{"b":{}}}', 'nothing to fill in: {"a":{"b":{}}}'],
])('%s', (text, expected) => {
  expect(filled(text)).toBe(expected);
});

test.each([
  ['{{uid}}', 'unknown placeholder {{uid}}', 'did you mean {{uuid}}?'],
  ['{{n:3}}', 'unknown placeholder {{n:3}}', undefined],
  ['{{int:9-1}}', 'unknown placeholder {{int:9-1}}', undefined],
  ['{{int}}', 'unknown placeholder {{int}}', undefined],
  ['{{pick:}}', 'unknown placeholder {{pick:}}', undefined],
  ['{{constructor}}', 'unknown placeholder {{constructor}}', undefined],
  ['{"a":"{{n"}', 'expected }} after {{n"}', undefined],
  ['a {{n}} {{\u001b[2J}}', 'unknown placeholder {{\\u001b[2J}}', undefined],
])('refused: %s', (text, message, meant) => {
  const error = refused(text);
  expect(error).toMatchObject({ code: 'BAD_TEMPLATE', exitCode: 2, message: `the data: ${message}` });
  const { suggestions } = error as { readonly suggestions: readonly string[] };
  if (meant !== undefined) expect(suggestions).toContain(meant);
  expect(suggestions.at(-1)).toMatch(/^placeholders are \{\{n\}\}, /);
});
