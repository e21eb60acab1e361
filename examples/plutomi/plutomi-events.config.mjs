import { defineConfig } from 'plutomi-events';
import { z } from 'zod';

// A part of each subject: who may read `events.acme.>` reads what is of acme, and nothing else.
const tenant = z.string().regex(/^[a-z][a-z0-9-]*$/);
const applicant = z.string().regex(/^[a-z][a-z0-9-]*$/);

export default defineConfig({
  name: 'plutomi',
  // Longer than the longest rule: an event that waits for its time must live as long, and so must its journal.
  streams: { events: { maxAge: '45d' }, advisories: { maxAge: '60d' } },
  events: {
    'totp.requested': {
      subject: 'events.{tenant}.totp.requested',
      schema: z.object({ tenant, email: z.email(), code: z.string().regex(/^\d{6}$/) }),
    },
    'totp.verified': {
      subject: 'events.{tenant}.totp.verified',
      schema: z.object({ tenant, email: z.email() }),
    },
    'application.submitted': {
      subject: 'events.{tenant}.application.submitted',
      schema: z.object({ tenant, applicant, name: z.string(), opening: z.string() }),
    },
    // With the applicant in the subject, the last event of a subject says where that applicant is now.
    'stage.entered': {
      subject: 'events.{tenant}.stage.entered.{applicant}',
      schema: z.object({ tenant, applicant, stage: z.string() }),
    },
    'rule.matured': {
      subject: 'events.{tenant}.rule.matured',
      schema: z.object({ tenant, applicant, rule: z.string(), to: z.string() }),
    },
  },
  consumers: {
    'notifications-consumer': {
      events: ['totp.requested'],
      handler: './handlers/notifications.mjs',
      concurrency: 10,
      timeout: '30s',
      attempts: 3,
      backoff: ['1s', '5s'],
      retry: { delay: '5m', attempts: 3, backoff: ['30s', '2m'] },
    },
    'analytics-consumer': {
      subjects: ['events.>'],
      handler: './handlers/analytics.mjs',
      // Rows are written hundreds at a time; two batches at once.
      batch: { size: 500, wait: '1s' },
      concurrency: 2,
      attempts: 3,
      backoff: ['1s', '10s'],
      // Nobody waits for a row: it may outlast an afternoon without the warehouse.
      retry: { delay: '10m', attempts: 5, backoff: ['10m', '30m', '1h', '2h'] },
    },
    'search-consumer': {
      events: ['application.submitted', 'stage.entered'],
      handler: './handlers/search.mjs',
      // The stage that an applicant entered last must be written last.
      ordered: true,
    },
    'rules-consumer': { events: ['stage.entered'], handler: './handlers/rules.mjs' },
    'moves-consumer': { events: ['rule.matured'], handler: './handlers/moves.mjs' },
  },
});
