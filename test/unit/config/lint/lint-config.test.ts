import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { lintConfig } from '../../../../src/lib/config/lint/lint-config.js';
import { readsLikeCommand } from '../../../../src/lib/config/lint/command-names.js';
import { configFrom } from '../../../../src/lib/config/load.js';

describe('a type that reads like a command', () => {
  test.each([
    'send.email',
    'sendEmail',
    'send-email.v2',
    'order.create',
    'order.cancel',
    'email.send',
    'notifications.notify-user',
    'payment.refund',
    'process.order',
    'update_user',
    'runReport',
  ])('%s', (type) => {
    expect(readsLikeCommand(type)).toBe(true);
  });

  test.each([
    'order.placed',
    'order.placed.v2',
    'totp.requested',
    'email.sent',
    'payment.refunded',
    'process.started',
    'user.updated',
    'job.done',
    'session.created',
    'invoice.paid',
    'user.password.reset',
    'temperature',
    'orders',
    'sendgrid.delivered',
    'order.status-changed',
    'order.1',
  ])('not %s', (type) => {
    expect(readsLikeCommand(type)).toBe(false);
  });
});

const lint = async (config: object) =>
  (await lintConfig(await configFrom({ name: 'p', ...config }, { folder: '/p' }))).map(
    ({ path, rule, message }) => `${path} ${rule}: ${message}`,
  );

test('a config with nothing to say', async () => {
  expect(
    await lint({
      events: { 'order.placed': { owner: 'shop' }, 'order.paid': { owner: 'shop' } },
      consumers: {
        a: { events: ['order.placed'], handler: './a.mjs' },
        b: { subjects: ['events.order.*'], external: true },
      },
    }),
  ).toEqual([]);
  expect(await lint({})).toEqual([]);
});

test('names that read like commands', async () => {
  expect(await lint({ events: { 'send.email': {} } })).toEqual([
    'events["send.email"] command-name: "send.email" reads like a command: an event says what has happened, such as "order.placed", and leaves it to its consumers what to do',
  ]);
});

test('several owners of one thing, or none', async () => {
  expect(
    await lint({
      events: {
        'user.created': { owner: 'login' },
        'user.deleted': { owner: 'billing' },
        'bill.paid': { owner: 'billing, bank' },
        'bill.sent': {},
      },
    }),
  ).toEqual([
    'events["user.deleted"].owner several-owners: billing publishes it, and login publishes user.created: what is about one thing should be published by one service',
    'events["bill.paid"].owner several-owners: "billing, bank" names 2 services: what is about one thing should be published by one service',
    'events["bill.sent"] no-owner: other types have an owner, and this one has none',
  ]);
});

test('examples that could not be published so', async () => {
  const schema = z.object({ email: z.email() });
  const throws = {
    '~standard': { version: 1, vendor: 'x', validate: () => Promise.reject(new Error('no')) },
  };
  expect(
    await lint({
      events: {
        'user.created': { schema, examples: [{ email: 'a@b.example' }, { email: 'none' }], maxBytes: 20 },
        'user.left': { schema: throws, examples: [1] },
      },
    }),
  ).toEqual([
    'events["user.created"].examples[0] example-too-large: it has 23 bytes, more than the maxBytes of its type (20B)',
    'events["user.created"].examples[1] example-invalid: it does not match the schema: email: Invalid email address',
    'events["user.left"].examples[0] example-invalid: the schema failed: no',
  ]);
});

test('types that are read though they are deprecated, or by nobody; and consumers that read nothing', async () => {
  expect(
    await lint({
      events: { 'a.done': { deprecated: true }, 'b.done': {} },
      consumers: {
        one: { subjects: ['events.a.*', 'events.c.*'], handler: './one.mjs' },
        two: { events: ['a.done'], external: true },
      },
    }),
  ).toEqual([
    'events["a.done"].deprecated deprecated-read: it is deprecated, and one, two still read it',
    'events["b.done"] unread: no consumer of this config reads events.b.done',
    'consumers.one reads-nothing: no event type of this config has a subject that events.c.* matches',
  ]);
});
