import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../../src/lib/errors.js';
import { parseSelection, parseSelectionWords } from '../../../../src/lib/domain/selection/parse.js';
import { printSelection } from '../../../../src/lib/domain/selection/print.js';
import type { SelectionError } from '../../../../src/lib/domain/selection/selection-error.js';
import type { Selection } from '../../../../src/lib/domain/selection/selection.js';

function refusal(parse: () => Selection): SelectionError {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as SelectionError;
  }
  throw new Error('it was accepted');
}

describe('parseSelection', () => {
  test.each([
    ['consumer:a  -kind:timeout', 'consumer:a -kind:timeout'],
    ['timeout', 'timeout'],
    ['reason:timeout', 'timeout'],
    ['"bad column" -"a b"', 'reason:"bad column" -reason:"a b"'],
    ['"TypeError: x"', 'reason:"TypeError: x"'],
    ['10.0.0.1:587', 'reason:10.0.0.1:587'],
    ['a"b c"*', 'reason:"ab c"*'],
    ['data.a:x**y,"*",""', 'data.a:x*y,"*",""'],
    ['age:>90m', 'age:>1h30m'],
    ['age:1h..2h', 'age:1h..2h'],
    ['attempts:>=3,1', 'attempts:>=3,1'],
    ['dead:2026-11-20..2026-11-21', 'dead:2026-11-20..2026-11-21'],
    ['dead:>="2026-11-20 12:00:30 UTC"', 'dead:>=2026-11-20T12:00:30Z'],
    ['data.total:<=0.5', 'data.total:<=0.5'],
    ['data.total:1..2,-5..1e3', 'data.total:1..2,-5..1000'],
    ['data.total:"1..2","1.."*', 'data.total:"1..2","1.."*'],
    ['data.path:../a,a..b,...', 'data.path:"../a","a..b","..."'],
    ['header.Range:"1..2",a..b', 'header.Range:"1..2","a..b"'],
    ['1..2', 'reason:"1..2"'],
    ['code:ORA-00942', 'code:ORA-00942'],
    ['name:* code:* type:*', 'name:* code:* type:*'],
    ['data.a:"",* header.b:""', 'data.a:"",* header.b:""'],
    ['data.text:">5"', 'data.text:">5"'],
    ['subject:>', 'subject:">"'],
    ['subject:events.*.x', 'subject:events.*.x'],
    ['header.Nats-Msg-Id:a\\b', 'header.Nats-Msg-Id:"a\\\\b"'],
    ['  ', ''],
  ])('%s is %s', (text, printed) => {
    expect(printSelection(parseSelection(text))).toBe(printed);
  });

  test.each([
    [
      'consumer:a conusmer:x',
      11,
      'unknown key "conusmer": the keys are consumer, subject',
      "'consumer:a consumer:x'",
    ],
    ['-conusmer:x', 1, 'unknown key', '-consumer:x'],
    ['state:new', 0, 'unknown key "state"'],
    ['status:new', 7, 'status: expected one of dead, archived, found "new"'],
    ['task:x*', 5, 'expected the id or name of a task, without *'],
    ['tasks:x', 0, 'unknown key "tasks"', 'task:x'],
    ['Consumer:x', 0, 'unknown key', 'consumer:x'],
    ['consumer.a:x', 8, 'consumer takes no name after a dot'],
    ['data:x', 0, 'expected a key like data.user.email'],
    ['data.a..b:x', 0, 'expected a key like data.user.email'],
    ['header.:x', 0, 'expected a key like header.'],
    ['age:>2hours', 5, 'age: expected a comparison with a duration', "'age:>2h'"],
    ['age:1h', 4, 'found "1h"', "'age:>1h'"],
    ['age:2h..1h', 4, '2h is more than 1h'],
    ['age:1h..x y', 8, 'found "x"'],
    ['dead:yesterday', 5, 'expected a date or time'],
    ['dead:2026-13-40', 5, 'expected a date or time'],
    ['attempts:many', 9, 'expected a whole number'],
    ['kind:timeot,error', 5, 'expected one of error, timeout', 'kind:timeout,error'],
    ['original:gone', 9, 'expected one of present, kept, missing, replaced'],
    ['consumer:a.b', 9, 'expected the name of a consumer'],
    ['consumer:>a', 9, 'not compared with < or >'],
    ['subject:a..b', 8, 'expected a subject'],
    ['group:3f9a', 6, 'at least its first 6 characters'],
    ['reason:*', 7, 'expected some text'],
    ['data.a:>b', 8, 'expected a comparison with a number'],
    ['data.a:1..b', 10, 'data.a: expected a comparison with a number, like >100, <=0.5 or 1..5, found "b"'],
    ['data.a:2..1', 7, '2 is more than 1'],
    ['data.a:1..*', 10, 'found "*"'],
    ['header.a:1..2', 9, 'header.a is text, and has no ranges'],
    ['reason:" "', 7, 'reason: expected some text of the reason, found " "'],
    ['reason:', 6, 'reason: expected a value, found nothing'],
    ['timeout -reason:', 15, 'reason: expected a value, found nothing'],
    ['reason:""', 7, 'reason: expected some text of the reason, found ""'],
    ['reason:x," "*', 9, 'reason: expected some text of the reason'],
    ['-name:""', 6, 'name: expected a value, found ""'],
    ['-code:" "', 6, 'code: expected a value'],
    ['-type:""', 6, 'type: expected a value'],
    ['data.a:', 6, 'data.a: expected a value, found nothing'],
    ['-data.a:,x', 8, 'data.a: expected a value, found nothing'],
    ['-conusmer:a,b', 1, 'unknown key', '-consumer:a,b'],
    ['-kind:error,timeot', 12, 'expected one of error', '-kind:error,timeout'],
    ['-age:>2hours,>3d', 6, 'expected a comparison with a duration', "'-age:>2h,>3d'"],
    ['reason:"x', 7, 'this quote is not closed', `'reason:"x"'`],
    ['age:', 3, 'found nothing'],
    ['a,', 1, 'found nothing'],
    ['-', 0, 'found nothing'],
    ['x'.repeat(10_001), 10_000, 'at most 10000 characters'],
  ])('%s is refused at %i: %s', (text, at, message, meant?: string) => {
    const error = refusal(() => parseSelection(text));
    expect(error.at).toBe(at);
    expect(error.message).toContain(`, at character ${at + 1}: `);
    expect(error.message).toContain(message);
    if (meant !== undefined) expect(error.suggestions).toContain(`did you mean: ${meant}`);
  });
});

describe('parseSelectionWords', () => {
  test.each([
    // The shell has taken the quotes away.
    [['reason:bad column', 'no such user'], 'reason:"bad column" reason:"no such user"'],
    [['-data.name:John Smith,"a, b"'], '-data.name:"John Smith","a, b"'],
    [['age:>1h', '-x'], 'age:>1h -x'],
    [[], ''],
  ])('%j is %s', (words, printed) => {
    expect(printSelection(parseSelectionWords(words))).toBe(printed);
  });

  test.each([
    ['', 0, 'expected a term'],
    [' ', 0, 'reason: expected a value, found nothing'],
    ['- ', 1, 'reason: expected a value, found nothing'],
    ['reason: ', 7, 'reason: expected a value, found nothing'],
    ['data.a: ', 7, 'data.a: expected a value, found nothing'],
    ['timeout age:>1h', 8, 'another term begins here'],
    ['consumer:x -data.a:1', 11, 'another term begins here'],
  ])('%j is refused at %i: %s', (word, at, message) => {
    const error = refusal(() => parseSelectionWords(['ok', word]));
    expect([error.at, error.message]).toEqual([at, expect.stringContaining(message)]);
  });

  test('text with a colon that is no key is no other term', () => {
    expect(printSelection(parseSelectionWords(['bad state: 500']))).toBe('reason:"bad state: 500"');
  });
});
