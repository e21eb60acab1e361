import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { configJsonSchema } from '../../../src/lib/config/json-schema.js';
import { keysAt } from '../../../src/lib/config/schema-keys.js';
import { validConfig, withExternal, withMailer, withStreams } from './valid-config.js';

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
    ['sizes', withStreams({ events: { maxBytes: '10GB' }, dlq: { maxBytes: 5 } })],
  ])('%s', (_, config) => {
    validate(config);
    expect(validate.errors).toBeNull();
  });
});

describe('refuses', () => {
  test.each<[string, unknown]>([
    ['no name', {}],
    ['an unknown key', { name: 'p', evnts: {} }],
    ['a duration in words', withMailer({ timeout: '5 minutes' })],
    ['maxAge on dlq', withStreams({ dlq: { maxAge: '1d' } })],
    ['workqueue retention', withStreams({ events: { retention: 'workqueue' } })],
    ['retry: true', withMailer({ retry: true })],
    ['a schema, which JSON cannot hold', { name: 'p', events: { a: { schema: {} } } }],
    ['a handler of an external consumer', withMailer({ external: true })],
  ])('%s', (_, config) => {
    expect(validate(config)).toBe(false);
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
