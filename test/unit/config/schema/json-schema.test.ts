import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { configJsonSchema, schemaOf } from '../../../../src/lib/config/schema/json-schema.js';
import { parsePath } from '../../../../src/lib/config/validation/problems.js';
import { keysAt } from '../../../../src/lib/config/schema/schema-keys.js';
import { validConfig, withExternal, withMailer, withStreams } from '../valid-config.js';
import { worded } from '../../../support/suggestions.js';

const schema = configJsonSchema();
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(schema);

/** The part of the schema for one key of an object. */
function property(of: unknown, key: string): Record<string, unknown> {
  return (of as { properties: Record<string, Record<string, unknown>> }).properties[key] ?? {};
}

test('is a JSON Schema of draft 2020-12', () => {
  expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema['required']).toEqual(['name']);
});

describe('accepts', () => {
  test.each<[string, unknown]>([
    ['the least', { name: 'p' }],
    ['a small config', { $schema: './schema.json', ...validConfig() }],
    ['retry: false', withMailer({ retry: false, start: { seq: 4 }, backoff: [] })],
    ['an external consumer', withExternal({ attempts: 5, backoff: ['1s', '5s'] })],
    ['external: false', withMailer({ external: false })],
    ['an ordered consumer', withMailer({ ordered: true, concurrency: 1 })],
    [
      'subjects of any script, with wildcards',
      withMailer({ events: undefined, subjects: ['a.*.ü', 'b.>', '>'] }),
    ],
    ['several subjects of a stream', withStreams({ events: { subjects: ['events.>', 'orders.*.placed'] } })],
    ['a subject of an event', { name: 'p', events: { 'a.b_c-1': { subject: 'events.größe' } } }],
    ['start at a time', withMailer({ start: { time: '2026-01-31T12:00:00Z' } })],
    ['sizes', withStreams({ events: { maxBytes: '10GB' }, dlq: { maxBytes: 5 } })],
  ])('%s', (_, config) => {
    validate(JSON.parse(JSON.stringify(config)));
    expect(validate.errors).toBeNull();
  });
});

const mailer = { events: ['totp.requested'], handler: './handler.mjs' };

describe('refuses', () => {
  test.each<[string, unknown]>([
    ['no name', {}],
    ['an unknown key', { name: 'p', evnts: {} }],
    ['a duration in words', withMailer({ timeout: '5 minutes' })],
    ['maxAge on retry', withStreams({ retry: { maxAge: '1d' } })],
    ['workqueue retention', withStreams({ events: { retention: 'workqueue' } })],
    ['retry: true', withMailer({ retry: true })],
    ['a schema, which JSON cannot hold', { name: 'p', events: { a: { schema: {} } } }],
    ['a handler of an external consumer', withMailer({ external: true })],
    ['a name of the pipeline that NATS refuses', { name: 'a.b' }],
    ['a name of a stream that NATS refuses', withStreams({ events: { name: 'my events' } })],
    ['a name of a consumer that NATS refuses', { name: 'p', consumers: { 'a b': mailer } }],
    ['a reserved ending', { name: 'p', consumers: { 'mailer-retry': mailer } }],
    ['another reserved ending', { name: 'p', consumers: { 'mailer-dlq': mailer } }],
    ['a reserved beginning', { name: 'p', consumers: { 'meta-consumer-two': mailer } }],
    ['an event type that is no subject', { name: 'p', events: { 'a..b': {} } }],
    ['an event type with a wildcard', { name: 'p', events: { 'a.*': {} } }],
    ['an event type with a blank', { name: 'p', events: { 'a b': {} } }],
    ['a subject of an event with a wildcard', { name: 'p', events: { a: { subject: 'events.>' } } }],
    ['a malformed subject of a stream', withStreams({ events: { subjects: ['events..x'] } })],
    ['all subjects', withStreams({ events: { subjects: ['>'] } })],
    ["the server's own subjects", withStreams({ events: { subjects: ['$JS.>'] } })],
    ['a malformed filter', withMailer({ events: undefined, subjects: ['events.>.x'] })],
    ['a handled type that is no subject', withMailer({ events: ['a..b'] })],
    ['events and subjects', withMailer({ subjects: ['events.>'] })],
    ['neither events nor subjects', withMailer({ events: undefined })],
    ['ordered with concurrency', withMailer({ ordered: true, concurrency: 4 })],
    ['start at nothing', withMailer({ start: {} })],
    ['start at a time and a sequence', withMailer({ start: { time: '2026-01-31T12:00:00Z', seq: 1 } })],
    ['an ack wait beside the waits', withExternal({ ackWait: '30s', backoff: ['1s'] })],
  ])('%s', (_, config) => {
    expect(validate(JSON.parse(JSON.stringify(config)))).toBe(false);
  });
});

test('every field has a description, and every default is there', () => {
  const undescribed: string[] = [];
  const visit = (node: unknown, path: string): void => {
    const {
      properties = {},
      additionalProperties,
      anyOf = [],
      oneOf = [],
    } = node as {
      properties?: Record<string, { description?: string }>;
      additionalProperties?: unknown;
      anyOf?: unknown[];
      oneOf?: unknown[];
    };
    for (const [key, value] of Object.entries(properties)) {
      if (!value.description) undescribed.push(`${path}.${key}`);
      visit(value, `${path}.${key}`);
    }
    if (typeof additionalProperties === 'object') visit(additionalProperties, `${path}.*`);
    for (const one of [...anyOf, ...oneOf]) visit(one, path);
  };
  visit(schema, '');
  expect(undescribed).toEqual([]);

  const consumer = property(schema, 'consumers')['additionalProperties'];
  const [managed, external] = (consumer as { oneOf: unknown[] }).oneOf;
  const defaultsOf = (of: unknown, value: unknown): Record<string, unknown> =>
    Object.fromEntries(keysAt(['consumers', 'any'], value).map((key) => [key, property(of, key)['default']]));
  expect(defaultsOf(external, { external: true })).toEqual({
    external: undefined,
    events: undefined,
    subjects: undefined,
    ackWait: '30s',
    start: 'all',
    attempts: 3,
    backoff: undefined,
    onDeadLetter: {},
  });
  expect(defaultsOf(managed, {})).toEqual({
    external: false,
    events: undefined,
    subjects: undefined,
    handler: undefined,
    concurrency: 10,
    timeout: '30s',
    ackWait: '30s',
    start: 'all',
    attempts: 3,
    backoff: ['1s', '5s'],
    retry: {},
    ordered: false,
    confirmAcks: false,
    onDeadLetter: {},
  });
});

describe('schemaOf: what one key may say', () => {
  test.each([
    ['replicas', { default: 1, minimum: 1, maximum: 5 }],
    ['consumers.any.retry.delay', { default: '5m' }],
    ['consumers["a.b"].backoff[0]', { type: 'string' }],
    ['events["totp.requested"].subject', { description: expect.stringContaining('subject of the event') }],
    ['consumers.any.attempts', { anyOf: [{ default: 3 }, { default: 3 }] }],
  ])('%s', (key, expected) => {
    expect(schemaOf(parsePath(key))).toMatchObject(expected);
  });

  test.each([
    [
      'replica',
      'a config has no key replica; it has name',
      [worded('did you mean: plutomi-events config schema replicas')],
    ],
    [
      'consumers.mailer.retri.delay',
      'consumers.mailer has no key retri; it has external',
      [worded('did you mean: plutomi-events config schema consumers.mailer.retry')],
    ],
    ['name.first', 'name has no key first; it has no keys', []],
  ])('%s is none', (key, message, suggestions) => {
    expect(() => schemaOf(parsePath(key))).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message), suggestions }),
    );
  });
});
