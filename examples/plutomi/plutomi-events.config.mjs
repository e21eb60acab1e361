import { defineConfig } from 'plutomi-events';
import { z } from 'zod';

export default defineConfig({
  name: 'plutomi',
  streams: { events: { maxAge: '7d' } },
  events: {
    'totp.requested': { schema: z.object({ email: z.email(), code: z.string().regex(/^\d{6}$/) }) },
    'totp.verified': { schema: z.object({ email: z.email() }) },
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
      events: ['totp.requested', 'totp.verified'],
      handler: './handlers/analytics.mjs',
      // Rows are written hundreds at a time; two batches at once.
      batch: { size: 500, wait: '1s' },
      concurrency: 2,
      attempts: 3,
      backoff: ['1s', '10s'],
      // Nobody waits for a row: it may outlast an afternoon without the warehouse.
      retry: { delay: '10m', attempts: 5, backoff: ['10m', '30m', '1h', '2h'] },
    },
  },
});
