import { defineConfig } from 'plutomi-events';
import { z } from 'zod';

const { env } = process;
const prefix = env.NATS_SUBJECT_PREFIX || 'jelmore';
// The example plays with a tenth of the waits, and a hundredth of the sizes: see example.mjs.
const isDemo = env.JELMORE_DEMO === '1';
const waits = isDemo ? ['200ms', '400ms'] : ['2s', '4s'];
const sizes = isDemo ? ['100MB', '10MB'] : ['10GB', '1GB'];

/** Three attempts have two waits between them; the third of "2, 4, 8 seconds" needs `attempts: 4`. */
const tries = { attempts: 3, backoff: waits, retry: false };

export default defineConfig({
  name: 'jelmore',
  subjectPrefix: prefix,
  // What every event looks like, whoever publishes it; handlers get the payload, and the rest as event.envelope.
  envelope: {
    type: 'event_type',
    correlation: 'session_id',
    time: 'timestamp',
    id: 'message_id',
    attempts: 'retry_count',
    payload: 'payload',
  },
  correlationHeader: 'Session-Id',
  streams: {
    events: {
      name: 'JELMORE',
      maxAge: '7d',
      maxMsgs: 100_000,
      maxBytes: sizes[0],
      discard: 'old',
      duplicateWindow: '60s',
    },
    dlq: { name: 'JELMORE_DLQ', maxAge: '30d', maxMsgs: 10_000, maxBytes: sizes[1] },
    retry: { name: 'JELMORE_RETRY' },
    // Shorter than the life of a dead letter: while the journal knows of one, it is there.
    advisories: { name: 'JELMORE_JOURNAL', maxAge: '14d' },
  },
  events: {
    'session.created': { schema: z.object({ directory: z.string(), query: z.string() }) },
    'session.status': { schema: z.object({ status: z.enum(['active', 'idle']), uptime_s: z.number() }) },
    'session.output': { schema: z.object({ text: z.string() }) },
    'session.directory_changed': { schema: z.object({ from: z.string(), to: z.string() }) },
    'session.file_modified': { schema: z.object({ path: z.string(), bytes: z.number() }) },
    'session.git_activity': { schema: z.object({ operation: z.string(), branch: z.string() }) },
    'session.completed': { schema: z.object({ duration_s: z.number() }) },
    'session.failed': { schema: z.object({ error: z.string() }) },
  },
  consumers: {
    session_handlers: {
      subjects: [`${prefix}.session.>`],
      handler: './handlers/sessions.mjs',
      concurrency: 20,
      ...tries,
    },
    file_watchers: {
      events: ['session.directory_changed', 'session.file_modified'],
      handler: './handlers/files.mjs',
      ...tries,
    },
    git_monitors: { events: ['session.git_activity'], handler: './handlers/git.mjs', ...tries },
    system_monitors: {
      events: ['session.status', 'session.failed'],
      handler: './handlers/system.mjs',
      ...tries,
    },
  },
  // More than 100 waiting is degraded, more than 1,000 critical; more than 10 dead letters are to be looked at.
  alerts: { lag: 100, lagCritical: 1000, count: 10, oldest: '25d' },
});
