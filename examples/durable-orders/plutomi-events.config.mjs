import { defineConfig } from 'plutomi-events';
import { z } from 'zod';
import { firstStart } from './files.mjs';

// The restart test plays with a tenth of the waits: see example.mjs.
const isQuick = process.env.ORDERS_QUICK === '1';
const [afterFirst, afterSecond, beforeLast] = isQuick ? ['100ms', '500ms', '3s'] : ['1s', '5s', '30s'];

/** Durable and in order: it reads history from an hour before the first start, and then each event once. */
const hourBefore = new Date(firstStart().getTime() - 3_600_000).toISOString();

export default defineConfig({
  name: 'durable-orders',
  streams: { events: { name: 'ORDERS', subjects: ['orders.events', 'users.registrations'], maxAge: '7d' } },
  events: {
    'order.changed': {
      subject: 'orders.events',
      schema: z.object({
        order: z.string(),
        customer: z.string(),
        amount: z.number().positive(),
        status: z.enum(['created', 'paid', 'shipped', 'delivered', 'cancelled']),
      }),
    },
    'user.registered': {
      subject: 'users.registrations',
      schema: z.object({ user: z.string(), email: z.email(), verified: z.boolean() }),
    },
  },
  consumers: {
    'order-processor': {
      events: ['order.changed'],
      handler: './handlers/orders.mjs',
      attempts: 3,
      backoff: [afterFirst, afterSecond],
      retry: { delay: beforeLast, attempts: 1 },
    },
    'analytics-processor': {
      events: ['order.changed'],
      handler: './handlers/analytics.mjs',
      ordered: true,
      start: { time: hourBefore },
    },
  },
});
