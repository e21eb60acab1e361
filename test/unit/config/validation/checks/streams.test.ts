import { describe, expect, test } from 'vitest';
import { problemsOf, validConfig, withStreams } from '../../valid-config.js';

const nameShape = 'a name of letters, digits, - and _, at most 128 long';

describe('streams', () => {
  test.each<[string, unknown, string[]]>([
    [
      'a name that NATS refuses',
      withStreams({ dlq: { name: 'events.dlq' } }),
      [`streams.dlq.name: expected ${nameShape}, found "events.dlq": it has a dot`],
    ],
    [
      'the name of the pipeline',
      { name: 'a b' },
      [`name: expected ${nameShape}, found "a b": it has white space`],
    ],
    [
      'two streams with one name',
      withStreams({ retry: { name: 'x', subjects: ['a.>'] }, dlq: { name: 'x', subjects: ['b.>'] } }),
      ['streams.dlq.name: expected a name of its own, found that of streams.retry: "x"'],
    ],
    [
      'overlapping subjects',
      withStreams({ events: { subjects: ['events.>', 'events-dlq.a.*'] } }),
      [
        'streams.dlq.name: expected subjects that don\'t overlap, found "events-dlq.>" and "events-dlq.a.*" of streams.events',
      ],
    ],
    [
      'overlapping subjects that are written out',
      withStreams({ retry: { subjects: ['events.retry.>'] } }),
      [
        'streams.retry.subjects[0]: expected subjects that don\'t overlap, found "events.retry.>" and "events.>" of streams.events',
      ],
    ],
    [
      'overlap within the events stream',
      withStreams({ events: { subjects: ['events.>', 'events.a'] } }),
      [
        'streams.events.subjects[1]: expected subjects that don\'t overlap, found "events.a" and "events.>" of the same stream',
      ],
    ],
    [
      'several subjects of a stream that is ours',
      withStreams({ dlq: { subjects: ['a.>', 'b.>'] } }),
      ['streams.dlq.subjects: expected exactly one subject like "events-dlq.>", found 2'],
    ],
    [
      'another shape of subject',
      withStreams({ advisories: { subjects: ['a.*.>'] } }),
      ['streams.advisories.subjects[0]: expected one subject like "events-advisories.>", found "a.*.>"'],
    ],
    [
      "the server's own subjects",
      withStreams({ events: { subjects: ['events.>', '$JS.EVENT.>'] } }),
      [
        'streams.events.subjects[1]: expected a subject that is not the server\'s own ($…, _INBOX), found "$JS.EVENT.>"',
      ],
    ],
    [
      'all subjects',
      withStreams({ events: { subjects: ['events.>', '>'] } }),
      [
        'streams.events.subjects[1]: expected a subject whose first token is not a wildcard (it would capture the server\'s own subjects too), found ">"',
      ],
    ],
    [
      'a malformed subject',
      withStreams({ events: { subjects: ['events.>', 'a..b'] } }),
      ['streams.events.subjects[1]: expected a subject like "events.>", found "a..b": a part of it is empty'],
    ],
    [
      'discard old with a limit on retry',
      withStreams({ retry: { discard: 'old', maxMsgs: 10 } }),
      [
        'streams.retry.discard: expected "new" with maxBytes or maxMsgs, found "old": it would evict pointers to events that wait',
      ],
    ],
    [
      'discard old with a limit on dlq',
      withStreams({ dlq: { discard: 'old', maxBytes: '1GB' } }),
      [
        'streams.dlq.discard: expected "new" with maxBytes or maxMsgs, found "old": it would evict dead letters',
      ],
    ],
    ['discard new with a limit on dlq', withStreams({ dlq: { maxBytes: '1GB' } }), []],
    [
      'a duplicate window longer than maxAge',
      withStreams({ events: { maxAge: '1h', duplicateWindow: '2h' } }),
      ['streams.events.duplicateWindow: expected at most maxAge (1h), found "2h"'],
    ],
    [
      'a limit below one record',
      withStreams({ dlq: { maxBytes: 1000 }, advisories: { maxBytes: '1KiB', discard: 'new' } }),
      [
        'streams.dlq.maxBytes: expected at least 64KiB, room for one record, found 1000',
        'streams.advisories.maxBytes: expected at least 64KiB, room for one record, found "1KiB"',
      ],
    ],
    [
      'a duplicate window without maxAge',
      withStreams({ events: { maxAge: '0s', duplicateWindow: '2h' } }),
      [],
    ],
  ])('%s', async (_, raw, problems) => {
    expect(await problemsOf(raw)).toEqual(problems);
  });
});

describe('the prefix of subjects', () => {
  test.each([
    ['a.*', {}, ['expected a subject without wildcards like "shop", found "a.*"']],
    ['a..b', {}, ['expected a subject like "shop", found "a..b": a part of it is empty']],
    ['.a', {}, ['expected a subject like "shop", found ".a": it begins with a dot']],
    ['a.', {}, ['expected a subject like "shop", found "a.": it ends with a dot']],
    ['a b', {}, ['expected a subject like "shop", found "a b": it has white space']],
    ['$SYS', {}, ['expected a subject that is not the server\'s own ($…, _INBOX), found "$SYS"']],
    [
      'c',
      { events: { subjects: ['a.>', 'b.>'] } },
      ['expected a prefix whose subjects the events stream stores ("a.>", "b.>"), found "c"'],
    ],
  ])('%s', async (subjectPrefix, streams, problems) => {
    expect(await problemsOf({ ...validConfig(), subjectPrefix, streams })).toEqual(
      problems.map((one) => `subjectPrefix: ${one}`),
    );
  });

  test('one that another stream has', async () => {
    expect(await problemsOf({ ...validConfig(), subjectPrefix: 'events-dlq' })).toEqual([
      'streams.dlq.name: expected subjects that don\'t overlap, found "events-dlq.>" and "events-dlq.>" of streams.events',
    ]);
  });
});
