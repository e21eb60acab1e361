import { describe, expect, test } from 'vitest';
import { problemsOf } from '../../valid-config.js';

describe('events', () => {
  test.each<[string, unknown, string[]]>([
    [
      'a type that is no subject',
      { name: 'p', events: { 'order placed': {} } },
      [
        'events["order placed"]: expected an event type like "order.placed", found "order placed": it has white space',
      ],
    ],
    [
      'a subject with wildcards',
      { name: 'p', events: { a: { subject: 'events.*' } } },
      [
        'events.a.subject: expected a subject without wildcards, found "events.*"; a part that changes has a name: "events.{id}"',
      ],
    ],
    [
      'a subject outside the stream',
      { name: 'p', events: { a: { subject: 'other.a' } } },
      ['events.a.subject: expected a subject within "events.>" (streams.events), found "other.a"'],
    ],
    [
      'a type whose subject is outside the stream',
      { name: 'p', streams: { events: { subjects: ['orders.*'] } }, events: { a: null, 'a.b': null } },
      [
        'events["a.b"]: expected a subject within "orders.*" (streams.events), found the subject "orders.a.b" that follows from the type',
      ],
    ],
    [
      'two types with one subject',
      { name: 'p', events: { a: {}, b: { subject: 'events.a' } } },
      ['events.b.subject: expected a subject of its own, found that of "a": "events.a"'],
    ],
  ])('%s', async (_, raw, problems) => {
    expect(await problemsOf(raw)).toEqual(problems);
  });
});

describe('subjects with parts of the event', () => {
  const events = (one: string, two: string) => ({
    name: 'p',
    events: { a: { subject: one }, b: { subject: two } },
  });
  test.each([
    ['events.{t}.a', 'events.{t}.b', []],
    [
      'events.{t}.a',
      'events.x.a',
      ['events.b.subject: expected a subject of its own, found that of "a" "events.{t}.a": "events.x.a"'],
    ],
    [
      'events.{t}.a',
      'events.x.{u}',
      ['events.b.subject: expected a subject of its own, found that of "a" "events.{t}.a": "events.x.{u}"'],
    ],
    [
      '{t}.a',
      'events.b',
      ['events.a.subject: expected a subject within "events.>" (streams.events), found "{t}.a"'],
    ],
    [
      'events.x{t}',
      'events.b',
      ['events.a.subject: expected a part like {tenant} between two dots, found "events.x{t}"'],
    ],
  ])('%s and %s', async (one, two, problems) => {
    expect(await problemsOf(events(one, two))).toEqual(problems);
  });
});
