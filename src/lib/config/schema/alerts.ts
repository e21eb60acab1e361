import * as field from './fields.js';

/** Conditions, and where to tell of them. Lag, storage and workers are to come beside these. */
export const alerts = field.section(
  {
    newGroup: field.withDefault(field.flag(), false, 'the first dead letter of a new group'),
    groupBack: field.withDefault(
      field.flag(),
      false,
      'a dead letter of a group whose dead letters had all left the DLQ',
    ),
    rate: field.optional(field.rate(), 'more dead letters than this in such a time, e.g. "10/1m"'),
    count: field.optional(field.count(0, Number.MAX_SAFE_INTEGER), 'more dead letters than this in the DLQ'),
    oldest: field.optional(
      field.duration({ minMs: 1000 }),
      'a dead letter is in the DLQ for longer than this',
    ),
    expiring: field.optional(
      field.duration({ minMs: 1000 }),
      'the event of a dead letter leaves its stream within this time, and is not kept',
    ),
    webhook: field.optional(field.webUrl(), 'http or https URL that each alert is POSTed to'),
    handler: field.optional(field.text(), 'module whose default export is called with each alert'),
    subject: field.optional(field.named('subject'), 'NATS subject that each alert is published to'),
  },
  'alerts about dead letters, told once by one of all processes',
);
