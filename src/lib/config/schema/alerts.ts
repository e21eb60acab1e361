import * as field from './fields.js';

const most = Number.MAX_SAFE_INTEGER;

/** From where on `pipeline health` says degraded, and critical, where the config says nothing. Storage is in percent. */
export const healthDefaults = {
  lag: { degraded: 100, critical: 1000 },
  count: { degraded: 10, critical: 100 },
  storage: { degraded: 80, critical: 95 },
} as const;

/** What is critical where only what is degraded was said: in the proportion of the defaults. */
export const criticalFor = {
  lag: (degraded: number): number => degraded * 10,
  count: (degraded: number): number => degraded * 10,
  storage: (degraded: number): number => Math.round(degraded + (100 - degraded) * 0.75),
} as const;

/** Conditions, and where to tell of them. `pipeline health` has limits also where none are given. */
export const alerts = field.section(
  {
    newGroup: field.withDefault(field.flag(), false, 'the first dead letter of a new group'),
    groupBack: field.withDefault(
      field.flag(),
      false,
      'a dead letter of a group whose dead letters had all left the DLQ',
    ),
    rate: field.optional(field.rate(), 'more dead letters than this in such a time, e.g. "10/1m"'),
    count: field.optional(field.count(0, most), 'more dead letters than this in the DLQ'),
    countCritical: field.optional(
      field.count(0, most),
      'from more dead letters than this on the pipeline is critical, not degraded; default: ten times count',
    ),
    oldest: field.optional(
      field.duration({ minMs: 1000 }),
      'a dead letter is in the DLQ for longer than this',
    ),
    expiring: field.optional(
      field.duration({ minMs: 1000 }),
      'the event of a dead letter leaves its stream within this time, and is not kept, or it leaves the DLQ; default where streams.dlq.maxAge is set: a quarter of it, at most a day',
    ),
    lag: field.optional(field.count(0, most), 'more messages than this wait for a consumer'),
    lagCritical: field.optional(
      field.count(0, most),
      'from more messages than this on the pipeline is critical; default: ten times lag',
    ),
    storage: field.optional(
      field.count(1, 100),
      'a stream uses more of its size limit than this, in percent',
    ),
    storageCritical: field.optional(
      field.count(1, 100),
      'from more than this on the pipeline is critical, in percent; default: three quarters of the rest',
    ),
    nobodyRuns: field.optional(
      field.duration({ minMs: 1000 }),
      'nobody has run a consumer that has work for longer than this',
    ),
    webhook: field.optional(field.webUrl(), 'http or https URL that each alert is POSTed to'),
    handler: field.optional(field.text(), 'module whose default export is called with each alert'),
    subject: field.optional(field.named('subject'), 'NATS subject that each alert is published to'),
  },
  'alerts about the pipeline and its dead letters, told once by one of all processes',
);
