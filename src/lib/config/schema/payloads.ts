import * as z from 'zod/mini';
import { defaultCorrelationHeader } from '../../domain/envelope.js';
import * as field from './fields.js';

const key = (what: string) => field.optional(field.text(), `key of ${what}; default: it has none`);

export const envelope = field.optional(
  z.strictObject({
    payload: field.withDefault(field.text(), 'payload', 'key of the data'),
    type: key('the event type'),
    id: key('the message id'),
    time: key('the time of publishing'),
    correlation: key('the correlation id'),
    attempts: key('how often it failed before; a handler sees it, and it is not stored'),
  }),
  'names of the keys of a JSON object that is put around the data when it is published',
);

export const correlationHeader = field.withDefault(
  field.headerName(),
  defaultCorrelationHeader,
  'header with the correlation id of an event; log lines have it',
);

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

export const audit = field.section(
  {
    reads: field.withDefault(
      field.flag(),
      false,
      'who looks at payloads is kept: operations log shows it, and what can not be kept is not shown',
    ),
  },
  'what operations log keeps besides changes',
);
