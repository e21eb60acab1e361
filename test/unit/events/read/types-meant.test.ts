import { expect, test } from 'vitest';
import { nothingMeant, typesMeant } from '../../../../src/lib/events/read/types-meant.js';

const event = (type: string, subject = `events.${type}`) => ({ type, subject });
const config = {
  eventsRoot: 'events',
  events: [
    event('order.created'),
    event('order.paid'),
    event('user.created'),
    event('totp.requested', 'tenants.*.totp.requested'),
    event('legacy.order', 'old.orders'),
  ],
};

test.each([
  ['order.*', 'did you mean events.order.*? It matches order.created, order.paid'],
  ['order.>', 'did you mean events.order.>? It matches order.created, order.paid'],
  ['*.created', 'did you mean events.*.created? It matches order.created, user.created'],
  ['order', 'did you mean events.order.>? It matches order.created, order.paid'],
  ['events.order', 'did you mean events.order.>? It matches order.created, order.paid'],
  ['events.order.created.*', undefined],
  ['totp.*', 'patterns are of subjects, not of types; did you mean totp.requested?'],
  ['legacy.*', 'patterns are of subjects, not of types; did you mean legacy.order?'],
  ['old', 'did you mean old.>? It matches legacy.order'],
  ['events.order.*', undefined],
  ['tenants.acme.totp.requested', undefined],
  ['>', undefined],
  ['nothing.like.it', undefined],
  ['no subject', undefined],
])('%s: %s', (named, hint) => {
  expect(typesMeant(config, named)).toBe(hint);
  const sentence = `no event type of the config has the subject ${named}: ${hint}`;
  expect(nothingMeant(config, named)).toBe(hint === undefined ? undefined : sentence);
});

test('a pattern of many types names the first, and how many there are', () => {
  const events = Array.from({ length: 10 }, (_, n) => event(`order.n${n}`));
  expect(typesMeant({ ...config, events }, 'order.*')).toBe(
    'did you mean events.order.*? It matches order.n0, order.n1, order.n2 and 7 more',
  );
});
