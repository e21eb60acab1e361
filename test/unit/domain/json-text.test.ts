import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonText, reformat, stringify, tokensOf } from '../../../src/lib/domain/json-text.js';
import { oddJson } from '../../support/hostile.js';
import { property } from '../../support/property.js';

test('tokensOf leaves nothing but white space out', () => {
  const text = ' {"a\\"]":[1.50e+3 ,-0,true,null],\n"":"\\\\"}\t';
  expect([...tokensOf(text)]).toEqual(
    '{ "a\\"]" : [ 1.50e+3 , -0 , true , null ] , "" : "\\\\" }'.split(' '),
  );
});

describe('reformat', () => {
  test('keeps digits, escapes and duplicate keys', () => {
    const text = '{"n":1524831183200260097, "a":0.10,"a":1E400,"s":"\\u0041\\/"}';
    expect(reformat(text)).toBe('{"n":1524831183200260097,"a":0.10,"a":1E400,"s":"\\u0041\\/"}');
    expect(reformat(text, 2)).toBe(
      '{\n  "n": 1524831183200260097,\n  "a": 0.10,\n  "a": 1E400,\n  "s": "\\u0041\\/"\n}',
    );
  });

  test('of what is small and deep stays small', () => {
    const text = `${'['.repeat(500)}${'0,'.repeat(20_000)}0${']'.repeat(500)}`;
    expect(reformat(text, 2).length).toBeLessThan(50 * text.length);
  });

  property('writes white space as JSON.stringify does', () =>
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 1, 2), (value, indent) => {
      expect(reformat(JSON.stringify(value, undefined, 3), indent)).toBe(
        JSON.stringify(value, undefined, indent),
      );
    }),
  );
});

describe('stringify', () => {
  test('puts stored JSON where it belongs', () => {
    const value = { seq: 1, event: { data: new JsonText(' {"n" :\r9007199254740993} ') }, none: undefined };
    expect(stringify(value)).toBe('{"seq":1,"event":{"data":{"n":9007199254740993}}}');
    expect(stringify(value, 2)).toBe(
      '{\n  "seq": 1,\n  "event": {\n    "data": {\n      "n": 9007199254740993\n    }\n  }\n}',
    );
  });

  test.each(['~0', '~~0', '0', '$&', '"~0"', '\u0000'])('is not taken in by the text %j', (text) => {
    const value = { [text]: text, data: new JsonText(JSON.stringify([text, '$1'])), after: [text, '~~~'] };
    expect(JSON.parse(stringify(value))).toEqual({
      [text]: text,
      data: [text, '$1'],
      after: [text, '~~~'],
    });
  });

  property('gives what JSON.stringify gives of the values', () =>
    fc.property(oddJson, oddJson, fc.constantFrom(0, 2), (stored, other, indent) => {
      const printed = stringify({ other, stored: new JsonText(JSON.stringify(stored)) }, indent);
      expect(printed).toBe(JSON.stringify({ other, stored }, undefined, indent));
    }),
  );
});
