import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineConfig } from '../../../src/lib/config/define-config.js';
import type { configSchema } from '../../../src/lib/config/schema/schema.js';
import type { UserConfig } from '../../../src/lib/config/schema/user-config.js';

test('returns what it is given', () => {
  const config = { name: 'p' };
  expect(defineConfig(config)).toBe(config);
});

test('the written types and the rules describe the same config', () => {
  type Accepted = z.input<typeof configSchema>;
  expectTypeOf<UserConfig>().toExtend<Accepted>();
  expectTypeOf<Accepted>().toExtend<UserConfig>();
  expectTypeOf<keyof UserConfig>().toEqualTypeOf<keyof Accepted>();
  type Consumer<T extends { consumers?: Record<string, object> | undefined }> = NonNullable<
    T['consumers']
  >[string];
  type KeysOfEach<T> = T extends unknown ? keyof T : never;
  type External<T> = Extract<T, { external: true }>;
  expectTypeOf<KeysOfEach<Consumer<UserConfig>>>().toEqualTypeOf<KeysOfEach<Consumer<Accepted>>>();
  expectTypeOf<keyof External<Consumer<UserConfig>>>().toEqualTypeOf<keyof External<Consumer<Accepted>>>();
  type Stream<T extends { streams?: { events?: object | undefined } | undefined }> = NonNullable<
    NonNullable<T['streams']>['events']
  >;
  expectTypeOf<keyof Stream<UserConfig>>().toEqualTypeOf<keyof Stream<Accepted>>();
  type Meta<T extends { meta?: object | undefined }> = NonNullable<T['meta']>;
  expectTypeOf<keyof Meta<UserConfig>>().toEqualTypeOf<keyof Meta<Accepted>>();
});

test('a consumer can only name event types of the config', () => {
  const schema = z.object({ email: z.string() });
  defineConfig({
    name: 'p',
    events: { 'totp.requested': { schema }, 'user.created': null },
    consumers: { mail: { events: ['totp.requested'], handler: './mail.mjs' } },
  });
  defineConfig({
    name: 'p',
    events: { 'totp.requested': { schema } },
    // @ts-expect-error -- no such event type
    consumers: { mail: { events: ['totp.reqested'], handler: './mail.mjs' } },
  });
  // @ts-expect-error -- no such key
  defineConfig({ name: 'p', evnts: {} });
  defineConfig({
    name: 'p',
    // @ts-expect-error -- an external consumer has no handler
    consumers: { mail: { subjects: ['events.>'], handler: './mail.mjs', external: true } },
  });
  defineConfig({ name: 'p', consumers: { mail: { subjects: ['events.>'], external: true, attempts: 5 } } });
});
