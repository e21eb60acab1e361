import { describe, expect, test } from 'vitest';
import {
  applyEdits,
  type EditableEvent,
  editorText,
  isSameEvent,
  parsePath,
  parseSetting,
  readEditorText,
} from '../../../src/lib/domain/edit.js';
import { differenceOf } from '../../../src/lib/domain/edit-difference.js';
import { markEdited, withoutMark } from '../../../src/lib/domain/edited-mark.js';

const event = (text: string, headers: EditableEvent['headers'] = {}): EditableEvent => ({
  headers,
  payload: new TextEncoder().encode(text),
});
const textOf = (one: EditableEvent): string => new TextDecoder().decode(one.payload);

function edited(text: string, sets: readonly string[], unsets: readonly string[] = []): string {
  const set = sets.flatMap((one) => parseSetting(one) ?? []);
  const made = applyEdits(event(text), { set, unset: unsets.flatMap((one) => [parsePath(one) ?? []]) });
  return made.ok ? textOf(made.value) : made.reason;
}

describe('applyEdits', () => {
  test.each([
    ['{"a":1}', ['data.b.c=2'], '{"a":1,"b":{"c":2}}'],
    ['{"a":1.0,"n":1e400}', ['data.b="x"'], '{"a":1.0,"n":1e400,"b":"x"}'],
    ['{"a":12345678901234567890}', ['data.b=x y'], '{"a":12345678901234567890,"b":"x y"}'],
    [
      '{"a":[1,2]}',
      ['data.a.1=98765432109876543210', 'data.a.2=null'],
      '{"a":[1,98765432109876543210,null]}',
    ],
    ['{"a":"#1"}', ['data={"z":1}'], '{"z":1}'],
    ['{"a":1}', ['data.a.b=2'], 'data.a.b: expected an object around b'],
    ['{"a":[1]}', ['data.a.7=2'], 'data.a.7: expected a number up to 1, found 7'],
    ['{}', ['data.__proto__.x=2'], 'data.__proto__.x: __proto__ can not be set'],
    ['not JSON', ['data.a=2'], 'its data is not JSON'],
  ])('%s with %j is %s', (text, sets, expected) => {
    expect(edited(text, sets)).toBe(expected);
  });

  test('takes out what is there, and nothing else', () => {
    expect(edited('{"a":{"b":1,"c":2},"l":[1,2]}', [], ['data.a.b', 'data.l.0', 'data.x.y'])).toBe(
      '{"a":{"c":2},"l":[2]}',
    );
  });

  test('sets and takes out headers, and leaves a payload that is not JSON as it is', () => {
    const made = applyEdits(event('text', { A: ['1'], B: ['2'] }), {
      set: [{ path: ['header', 'C'], value: ['x', 'y'] }],
      unset: [['header', 'A']],
    });
    expect(made).toMatchObject({ ok: true, value: { headers: { B: ['2'], C: ['x', 'y'] } } });
    expect(made.ok && textOf(made.value)).toBe('text');
  });
});

test.each(['', 'x=1', 'data', '=1', 'data.=1', 'data..a=1', 'header=1'])('%j is no setting', (text) => {
  expect(parseSetting(text)).toBeUndefined();
});

describe('the text of an editor', () => {
  test.each([
    ['{"a":12345678901234567890,"b":[]}', { A: ['1'], B: ['x', 'y'] }],
    ['plain text', {}],
    ['', {}],
    ['"// no note"', {}],
  ])('of %j says the same when it is read', (text, headers) => {
    const one = event(text, headers);
    const read = readEditorText(`// a note\n${editorText(one)}`);
    expect(read.ok && isSameEvent(read.value, one)).toBe(true);
  });

  test('has bytes that are no text as base64', () => {
    const one = { headers: {}, payload: new Uint8Array([0xff, 0x00]) };
    expect(editorText(one)).toContain('"base64": "/wA="');
    expect(readEditorText(editorText(one))).toEqual({ ok: true, value: one });
  });

  test.each([
    ['{', 'not valid JSON'],
    ['[]', 'expected an object'],
    ['{}', 'one of data, text and base64'],
    ['{"data":1,"text":"x"}', 'one of data, text and base64'],
    ['{"data":1,"headers":{"A":1}}', 'headers: A'],
    ['{"text":1}', 'text: expected a text'],
    ['{"base64":"not base64!"}', 'base64: expected base64'],
  ])('%s is refused: %s', (text, reason) => {
    expect(readEditorText(text)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });

  test.each([
    ['{"a":1,"b":2}', '{"a":1, "b":3}', ['- data.b: 2', '+ data.b: 3']],
    ['{"a":1}', '{"a":1,"b":{"c":["x"]}}', ['+ data.b: {"c":["x"]}']],
    ['{"a":{"b":1,"c":2}}', '{"a":{"c":2}}', ['- data.a.b: 1']],
    ['{"a":[1,2]}', '{"a":[1,3,4]}', ['- data.a.1: 2', '+ data.a.1: 3', '+ data.a.2: 4']],
    ['{"a":[1]}', '{"a":{"0":1}}', ['- data.a: [1]', '+ data.a: {"0":1}']],
    [
      '{"a":12345678901234567890}',
      '{"a":12345678901234567891}',
      ['- data.a: 12345678901234567890', '+ data.a: 12345678901234567891'],
    ],
    ['1', 'null', ['- data: 1', '+ data: null']],
    ['{"a":1}', '{"a":1}', []],
    ['one\ntwo', 'one\nthree', ['- "two"', '+ "three"']],
  ])('%s differs from %s by what differs', (old, now, lines) => {
    expect(differenceOf(event(old), event(now))).toEqual(lines);
  });

  const bytes = (...payload: number[]): EditableEvent => ({ headers: {}, payload: Uint8Array.from(payload) });

  test('of what is no text is how many bytes it is, and those that differ', () => {
    const old = bytes(...Array.from({ length: 40 }, (_, n) => 0x80 + n));
    const now = bytes(...old.payload.slice(0, 18), 0x1b, 0x5b, ...old.payload.slice(19));
    expect(differenceOf(old, now)).toEqual([
      '- data: 40 bytes, no text',
      '+ data: 41 bytes, no text',
      '- 000010  90 91 92 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f  ................',
      '+ 000010  90 91 1b 5b 93 94 95 96 97 98 99 9a 9b 9c 9d 9e  ...[............',
    ]);
    expect(differenceOf(bytes(0xff), event('{"a":1}'))).toEqual([
      '- data: 1 byte, no text',
      '+ data: 7 bytes, JSON',
      '- 000000  ff                                               .',
      '+ 000000  7b 22 61 22 3a 31 7d                             {"a":1}',
    ]);
  });

  test('of JSON with bytes that are no text is not that of other JSON', () => {
    const old = bytes(...new TextEncoder().encode('{"a":"'), 0xff, 0x22, 0x7d);
    expect(differenceOf(old, event('{"a":""}')).slice(0, 2)).toEqual([
      '- data: 9 bytes, no text',
      '+ data: 8 bytes, JSON',
    ]);
    const made = applyEdits(old, { set: [{ path: ['data', 'b'], value: 1 }], unset: [] });
    expect(made).toEqual({ ok: false, reason: 'its data is not JSON' });
  });

  test('of much tells the first lines of both', () => {
    const [old, now] = [
      bytes(...Array.from({ length: 4096 }, () => 0xfe)),
      bytes(...Array.from({ length: 4096 }, () => 0xff)),
    ];
    const lines = differenceOf(old, now);
    expect(lines).toHaveLength(20);
    expect(lines.filter((line) => /^[-+] … 248 more lines$/.test(line))).toHaveLength(2);
    const text = (word: string): EditableEvent => event(Array.from({ length: 100 }, () => word).join('\n'));
    expect(differenceOf(text('old'), text('new')).filter((line) => line === '+ "new"')).toHaveLength(8);
  });

  test('of headers alone says nothing of what is no text', () => {
    expect(differenceOf(bytes(0xff), { ...bytes(0xff), headers: { A: ['1'] } })).toEqual([
      '+ header.A: ["1"]',
    ]);
  });

  test('differs in its headers by their names', () => {
    const [old, now] = [event('{}'), event('{}')];
    expect(differenceOf(old, { ...now, headers: { ...now.headers, Lang: ['en'] } })).toEqual([
      '+ header.Lang: ["en"]',
    ]);
  });
});

test('the mark of an edited event hides its message id, and is taken away again', () => {
  for (const msgId of [undefined, 'the-id']) {
    const origin = {
      stream: 's',
      seq: 1,
      subject: 'a',
      time: '1',
      ...(msgId === undefined ? {} : { msgId }),
    };
    const marked = markEdited(origin).msgId;
    expect(marked).not.toBe(msgId);
    expect(withoutMark(marked)).toBe(msgId);
  }
});
