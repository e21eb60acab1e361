import * as z from 'zod/mini';
import * as field from './fields.js';

export const keys = field.optional(
  z.strictObject({
    current: field.described(field.keyReference(), 'the key that encrypts, and opens'),
    previous: field.withDefault(
      field.list(field.keyReference(), { empty: true }),
      [],
      'keys that were current before: they open what they have encrypted',
    ),
  }),
  'keys of encrypted payloads: where they are, never the keys themselves',
);
