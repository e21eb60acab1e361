import { describe, expect, test } from 'vitest';
import { findDestination } from '../../../../src/lib/events/publish/destination.js';
import { makeConfig } from '../../../support/config.js';

const config = makeConfig({
  events: [
    { type: 'totp.requested', subject: 'events.totp.requested' },
    { type: 'order.placed', subject: 'events.shop.orders' },
  ],
});
const thrownBy = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe('findDestination', () => {
  test.each([
    ['a type', 'totp.requested', 'totp.requested', 'events.totp.requested'],
    ['a type with a subject of its own', 'order.placed', 'order.placed', 'events.shop.orders'],
    ['the subject of a type', 'events.shop.orders', 'order.placed', 'events.shop.orders'],
    ['another subject of the stream', 'events.audit.login', 'audit.login', 'events.audit.login'],
  ])('%s', (_what, given, type, subject) => {
    expect(findDestination(config, given)).toEqual({ type, subject });
  });

  test('a config without event types takes every type', () => {
    const open = makeConfig({ events: [] });
    expect(findDestination(open, 'audit.login')).toEqual({
      type: 'audit.login',
      subject: 'events.audit.login',
    });
  });

  test('an unknown type is refused, with the nearest one and the full subject', () => {
    expect(thrownBy(() => findDestination(config, 'totp.reqested'))).toMatchObject({
      code: 'UNKNOWN_EVENT_TYPE',
      exitCode: 2,
      message: 'unknown event type "totp.reqested": the config has totp.requested, order.placed',
      suggestions: [
        'did you mean "totp.requested"?',
        'add it to "events" of the config, or name its full subject: events.totp.reqested',
      ],
    });
  });

  test.each([
    ['events.*', '"events.*": it has a wildcard'],
    ['events.>', '"events.>": it has a wildcard'],
    ['events.a b', '"events.a b": it has white space'],
    ['', '"": it is empty'],
    ['events.', '"events.": it ends with a dot'],
    ['events..x', '"events..x": a part of it is empty'],
    ['events.\u001b[2J', '"events.\\u001b[2J": it has a control character'],
    ['x'.repeat(5000), `"${'x'.repeat(80)}…": it has 5000 bytes, and a subject at most 512`],
  ])('"%s" is no subject to publish to', (given, found) => {
    expect(thrownBy(() => findDestination(config, given))).toMatchObject({
      code: 'UNKNOWN_EVENT_TYPE',
      message: `expected an event type, or a subject within events.>, found ${found}`,
    });
  });

  test('our own streams are no place for events', () => {
    for (const given of ['events-dlq.notifications-consumer.1', '$JS.API.STREAM.DELETE.events']) {
      expect(thrownBy(() => findDestination(config, given))).toMatchObject({ code: 'UNKNOWN_EVENT_TYPE' });
      const open = makeConfig({ events: [], streams: { events: { subjects: ['events.*'] } } });
      expect(thrownBy(() => findDestination(open, given))).toMatchObject({ code: 'UNKNOWN_EVENT_TYPE' });
    }
  });
});
