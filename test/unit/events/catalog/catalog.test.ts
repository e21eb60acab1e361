import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { asyncApiOf } from '../../../../src/lib/events/catalog/asyncapi.js';
import { catalogOf } from '../../../../src/lib/events/catalog/catalog.js';
import { configFrom } from '../../../../src/lib/config/load.js';
import { renderCatalog } from '../../../../src/lib/render/catalog.js';

const schema31: object = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.1.0-without-$id.json');

const config = await configFrom(
  {
    name: 'shop',
    events: {
      'totp.requested': {
        schema: z.object({ email: z.email(), code: z.coerce.number().default(1) }),
        description: 'Somebody | wants a <code>',
        owner: 'login',
        examples: [{ email: 'ada@example.com' }, { email: 'bob@example.com', code: 7 }],
        maxBytes: '10KB',
      },
      'user.born': { schema: z.object({ at: z.date() }), deprecated: 'use user.created' },
      'über/uns': { schema: { '~standard': { version: 1, vendor: 'old', validate: () => ({ value: 1 }) } } },
      plain: null,
      'order.placed': { subject: 'events.{tenant}.order.placed' },
    },
    consumers: {
      mailer: { events: ['totp.requested'], handler: './mailer.mjs' },
      audit: { subjects: ['events.>'], external: true },
    },
  },
  { folder: '/p' },
);
const catalog = catalogOf(config);

test('says of each type what the config says, its JSON Schema, and who reads it', () => {
  const [totp, born, uber, plain] = catalog.events;
  expect(totp).toEqual({
    type: 'totp.requested',
    subject: 'events.totp.requested',
    template: null,
    description: 'Somebody | wants a <code>',
    owner: 'login',
    deprecated: false,
    encrypted: false,
    maxBytes: 10_000,
    schema: expect.objectContaining({
      type: 'object',
      // What is published, not what a handler gets: the code may be left out.
      required: ['email'],
    }),
    schemaProblem: null,
    examples: [{ email: 'ada@example.com' }, { email: 'bob@example.com', code: 7 }],
    consumers: [
      { name: 'mailer', external: false },
      { name: 'audit', external: true },
    ],
  });
  expect(born).toMatchObject({
    schema: null,
    schemaProblem: 'zod: Date cannot be represented in JSON Schema',
    deprecated: 'use user.created',
    consumers: [{ name: 'audit' }],
  });
  expect(uber).toMatchObject({
    schema: null,
    schemaProblem: 'the schema, of old, does not give a JSON Schema',
  });
  expect(plain).toMatchObject({ schema: null, schemaProblem: null, owner: null, maxBytes: 1024 });
});

describe('AsyncAPI', () => {
  const document = asyncApiOf(catalog);

  test('the document is valid by the schema of AsyncAPI 3.1', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const isValid = ajv.compile(schema31);
    expect(isValid(document) ? [] : isValid.errors).toEqual([]);
    expect(isValid({ ...document, channels: { a: { address: 7 } } })).toBe(false);
  });

  test('every reference leads somewhere', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]*)"/g)].map(([, path = '']) => path);
    expect(refs.length).toBeGreaterThan(10);
    for (const path of refs) {
      const found = path
        .split('/')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
      expect(found, path).toBeDefined();
    }
  });

  test('has JetStream facts, owners and problems of schemas under x-plutomi', () => {
    expect(document).toMatchObject({
      asyncapi: '3.1.0',
      info: { title: 'shop', version: expect.stringMatching(/^[0-9a-f]{12}$/) },
      'x-plutomi': { stream: 'events', subjects: ['events.>'], maxAge: '7d' },
      channels: {
        'totp.requested': { address: 'events.totp.requested' },
        _ber_uns_2: {},
        'order.placed': { address: 'events.{tenant}.order.placed', parameters: { tenant: {} } },
      },
      operations: {
        'publish.totp.requested': { action: 'send', 'x-plutomi': { owner: 'login' } },
        'mailer.totp.requested': { action: 'receive', 'x-plutomi': { consumer: 'mailer', external: false } },
        'audit.user.born': { action: 'receive', 'x-plutomi': { consumer: 'audit', external: true } },
      },
      components: {
        messages: {
          'user.born': {
            deprecated: true,
            'x-plutomi': {
              instead: 'use user.created',
              schemaProblem: expect.stringContaining('Date cannot be represented'),
            },
          },
        },
      },
    });
  });

  test('its version is the same while it says the same, and may be given', () => {
    const version = (one: object) => (one as { info: { version: string } }).info.version;
    expect(version(asyncApiOf(catalogOf(config)))).toBe(version(document));
    expect(version(asyncApiOf({ ...catalog, events: [] }))).not.toBe(version(document));
    expect(version(asyncApiOf(catalog, { version: '2.0.0' }))).toBe('2.0.0');
  });

  test('YAML says the same', () => {
    expect(parse(stringify(document))).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

test('Markdown: a table, then each type; what the config says is text', () => {
  const page = renderCatalog(catalog);
  expect(page).toContain('| totp.requested | events.totp.requested | login | mailer, audit (external) |');
  expect(page).toContain('Somebody \\| wants a \\<code\\>');
  expect(page).toContain('There is no JSON Schema: zod: Date cannot be represented in JSON Schema.');
  expect(page).toContain('| deprecated | use user.created |');
  expect(page).toContain('```json\n{\n  "email": "ada@example.com"\n}\n```');
});
