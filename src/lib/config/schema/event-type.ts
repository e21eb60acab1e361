import * as z from 'zod/mini';
import { dependentDefaults } from './dependent-defaults.js';
import * as field from './fields.js';

/** What a config says of an event type. */
export const eventDefinition = z.strictObject({
  schema: field.optional(field.standardSchema(), 'a Standard Schema (zod, valibot, arktype, …) of the data'),
  subject: field.optional(
    field.named('subject'),
    'subject of the event, also with parts of it, like "events.{tenant}.totp.requested"; default: <root of the events stream>.<type>',
  ),
  encrypt: field.withDefault(field.flag(), false, 'its payloads are encrypted with keys.current'),
  description: field.optional(
    field.text(),
    'what has happened when there is such an event, for the catalogue',
  ),
  owner: field.optional(field.text(), 'the one service that publishes it'),
  examples: field.optional(field.list(z.unknown()), 'data of such events; config lint checks them'),
  deprecated: field.optional(
    field.either('true, false or what to use instead', [field.flag(), field.text()]),
    'true, or what to use instead: who publishes it is warned',
    false,
  ),
  maxBytes: field.optional(
    field.size(),
    'a larger payload is published with a warning; bytes, or like "10KB"',
    dependentDefaults.eventMaxBytes,
  ),
});
