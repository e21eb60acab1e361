import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipBytes, escapeBlock, escapeLine } from '../../../src/lib/domain/escape.js';
import { property } from '../../support/property.js';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const loneSurrogates = fc
  .array(fc.oneof(fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 0x20, max: 0xffff })))
  .map((units) => String.fromCharCode(...units));

describe('escapeLine', () => {
  test.each([
    ['a line feed', 'a\nb', 'a\\nb'],
    ['a carriage return', 'a\rb', 'a\\rb'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['a NUL', '\u0000', '\\u0000'],
    ['a colour', '\u001b[31mred', '\\u001b[31mred'],
    ['a title of the terminal', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['DEL', '\u007f', '\\u007f'],
    ['a C1 control', '\u009b31m', '\\u009b31m'],
    ['a line separator', '\u2028', '\\u2028'],
    ['a right-to-left override', 'gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['a bidirectional isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['an Arabic letter mark', '\u061c', '\\u061c'],
    ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
    ['a soft hyphen', 'a\u00adb', 'a\\u00adb'],
    ['a byte order mark', '\ufeffx', '\\ufeffx'],
    ['a tag character', '\u{e0041}', '\\u{e0041}'],
    ['a lone high surrogate', 'a\ud83d', 'a\\ud83d'],
    ['a lone low surrogate', '\ude00b', '\\ude00b'],
  ])('%s is shown as its escape', (_what, text, shown) => {
    expect(escapeLine(text)).toBe(shown);
  });

  test.each(['plain text', 'Zoë, naïve, 東京, Ελλάδα, עברית', '😀', 'a\\nb', '100 % "sure"', ''])(
    '%j stays as it is',
    (text) => {
      expect(escapeLine(text)).toBe(text);
    },
  );

  property('nothing that it returns can control a terminal, and twice is the same as once', () =>
    fc.property(fc.oneof(anyText, loneSurrogates), (text) => {
      const shown = escapeLine(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u);
      expect(escapeLine(shown)).toBe(shown);
    }),
  );
});

test('a block keeps its line feeds and nothing else', () => {
  expect(escapeBlock('one\n  two\r\n\u001b[2Jthree\n')).toBe('one\n  two\\r\n\\u001b[2Jthree\n');
});

describe('clipBytes', () => {
  const limit = fc.integer({ min: 0, max: 80 });

  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'lo…'],
    ['äöü', 6, 'äöü'],
    ['äöüß', 7, 'äö…'],
    ['äöüß', 6, 'ä…'],
    ['😀😀', 7, '😀…'],
    ['😀😀', 6, '…'],
    ['abcd', 3, '…'],
    ['abcd', 2, ''],
    ['abcd', 0, ''],
    ['', 0, ''],
    ['\ufeffabcdef', 7, '\ufeffa…'],
  ])('%j in %d bytes is %j', (text, bytes, clipped) => {
    expect(clipBytes(text, bytes)).toBe(clipped);
  });

  property('it never exceeds the limit', () =>
    fc.property(fc.oneof(anyText, loneSurrogates), limit, (text, bytes) => {
      expect(Buffer.byteLength(clipBytes(text, bytes))).toBeLessThanOrEqual(bytes);
    }),
  );

  property('it keeps whole code points, and as many as fit', () => {
    const wellFormed = anyText.filter((text) => !/[\p{Cs}\ufffd]/u.test(text));
    return fc.property(wellFormed, fc.integer({ min: 3, max: 80 }), (text, bytes) => {
      const clipped = clipBytes(text, bytes);
      if (clipped === text) return;
      const kept = clipped.slice(0, -1);
      expect(clipped.at(-1)).toBe('…');
      expect(text.startsWith(kept)).toBe(true);
      expect(kept).not.toMatch(/\p{Cs}/u);
      const [next = ''] = text.slice(kept.length);
      expect(Buffer.byteLength(`${kept}${next}…`)).toBeGreaterThan(bytes);
    });
  });

  test('it cuts a text of 50 MB without reading all of it', () => {
    expect(clipBytes('é'.repeat(25_000_000), 256)).toBe(`${'é'.repeat(126)}…`);
  });
});
