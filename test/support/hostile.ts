import fc from 'fast-check';

/** What a terminal would obey, what would reorder or hide text, and what no text should hold. */
export const hostileSequences: readonly string[] = [
  '\u001b[2J\u001b[H', // clears the screen
  '\u001b[31m', // a colour that nothing ends
  '\u001b[?25l', // hides the cursor
  '\u001b[?1049h', // another screen
  '\u001b[9999;9999H',
  '\u001b]0;owned\u0007', // the title
  '\u001b]2;owned\u001b\\',
  '\u001b]52;c;b3duZWQ=\u0007', // the clipboard
  '\u001b]8;;http://evil.test\u001b\\click\u001b]8;;\u001b\\', // a link
  '\u001bP$q"p\u001b\\', // DCS: the terminal would answer
  '\u001b[6n',
  '\u001bc', // resets
  '\u009b31m', // the same with C1
  '\u009d0;owned\u009c',
  '\u0000',
  '\u0007',
  '\u0008\u0008\u0008',
  '\r',
  '\n',
  '\t',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200f',
  '\u200b',
  '\u2028',
  '\ufeff',
  '\u{e0041}',
  '\ud800',
  '\udfff',
  'e\u0301\u0302\u0303',
  '宽字符',
  '👩‍👩‍👧',
  '\u00ad',
];

/** Text with such sequences in it. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...hostileSequences),
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

/** A text of `valid`, mostly with a few characters of it changed, doubled, added or gone. */
export function nearly(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.integer({ min: 0, max: 2 }),
    insert: fc.oneof(
      fc.constant(''),
      fc.constantFrom('-', '.', '0', '9', ' ', '\n', ':', '/', '%', '@', '*', '>', 'e', '[', '_', '+'),
      fc.constantFrom('__proto__', '\u0000', '\u0660', '\u001b[2J', '9'.repeat(20), '\ud800'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
  });
  const edited = fc.tuple(valid, fc.array(edit, { maxLength: 3 })).map(([text, edits]) =>
    edits.reduce((last, { at, remove, insert }) => {
      const start = Math.floor(at * (last.length + 1));
      return last.slice(0, start) + insert + last.slice(start + remove);
    }, text),
  );
  return fc.oneof({ arbitrary: valid, weight: 2 }, { arbitrary: edited, weight: 6 }, hostileText);
}

/** JSON that nobody expects in its place. */
export const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    '',
    -1,
    0,
    1.5,
    2 ** 53,
    1e308,
    [],
    {},
    '__proto__',
    [null],
    '\u001b[2J',
    JSON.parse('{"__proto__": {"v": 1}}'),
    { constructor: null, toString: 1, length: -1 },
  ),
  hostileText,
);

type Json = Record<string | number, unknown>;

/** The same JSON with up to three of its values, at any depth, replaced, removed, renamed or accompanied. */
export function mutated(valid: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  const change = fc.record({
    steps: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    how: fc.constantFrom('replace', 'remove', 'rename', 'add'),
    value: oddJson,
    key: fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'toString', '', 'x.y', 'maxAge', 'external'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
  });
  return fc.tuple(valid, fc.array(change, { maxLength: 3 })).map(([value, changes]) => {
    const copy = structuredClone(value) as Json;
    for (const one of changes) mutate(copy, one.steps, { ...one, value: structuredClone(one.value) });
    return copy;
  });
}

interface Change {
  readonly how: 'replace' | 'remove' | 'rename' | 'add';
  readonly value: unknown;
  readonly key: string;
}

function mutate(at: Json, [step = 0, ...steps]: readonly number[], change: Change): void {
  const keys = Object.keys(at);
  const key = keys[step % Math.max(1, keys.length)];
  const inner = key === undefined ? undefined : at[key];
  if (steps.length > 0 && typeof inner === 'object' && inner !== null) {
    mutate(inner as Json, steps, change);
    return;
  }
  if (Array.isArray(at) && (key === undefined || change.how === 'add')) at.push(change.value);
  else if (key === undefined || change.how === 'add') define(at, change.key, change.value);
  else if (change.how === 'replace') define(at, key, change.value);
  else {
    if (Array.isArray(at)) at.splice(Number(key), 1);
    else delete at[key];
    if (change.how === 'rename' && !Array.isArray(at)) define(at, change.key, inner);
  }
}

/** As JSON.parse does: a key named __proto__ is a key. */
function define(at: Json, key: string, value: unknown): void {
  Object.defineProperty(at, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Those of a text that a terminal could obey, or that change the order or the lines of what is shown. */
export const unprintable =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\ufeff\u200b]/u;
