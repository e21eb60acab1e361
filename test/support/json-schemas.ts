import { Ajv } from 'ajv';
import { taskStates } from '../../src/lib/domain/task.js';
import { recordKinds } from '../../src/lib/domain/record-kinds.js';

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const rate = { type: 'number', minimum: 0 } as const;
const part = { type: 'number', minimum: 0, maximum: 1 } as const;
const isoTime = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$',
} as const;
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** An object with exactly these fields; those of `optional` may be missing. */
function object(required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema {
  return {
    type: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
    additionalProperties: false,
  };
}

const item = {
  id: { type: 'string', pattern: '^[A-Za-z0-9_-]+/[1-9][0-9]*$' },
  consumer: text,
  stream: text,
  seq: count,
  subject: text,
  reason: text,
  fingerprint: { type: 'string', pattern: '^[0-9a-f]{12}$' },
  attempts: object({ main: count, retry: count }),
  cycle: count,
  deadAt: isoTime,
  group: { type: 'string', pattern: '^[0-9a-f]{12}$' },
  name: text,
  code: orNull(text),
  status: { enum: ['dead', 'archived'] },
  original: { enum: ['present', 'missing', 'replaced'] },
  originalExpiresAt: orNull(isoTime),
  kept: { type: 'boolean' },
  edited: { type: 'boolean' },
  supersededBy: orNull(count),
};

const ofItem = {
  resolvedLate: { const: true },
  archived: object({ at: isoTime, operator: text, reason: orNull(text), task: text }),
};

const eventFields = {
  subject: text,
  headers: { type: 'object', additionalProperties: listOf(text) },
  data: {},
  encoding: { enum: ['json', 'utf8', 'base64', 'encrypted'] },
  time: isoTime,
};
const ofEvent = {
  encryption: object({ key: text, opened: { type: 'boolean' }, reason: orNull(text) }),
};
const event = object(eventFields, ofEvent);

const amount = { type: 'number', minimum: 0 } as const;
const latencies = object({ p50: amount, p90: amount, p99: amount, max: amount });

/** The fields that every journal record has; which others, depends on its kind. */
const record = {
  type: 'object',
  required: ['v', 'kind', 'at', 'tier', 'consumer', 'stage', 'cycle', 'origin', 'journalSeq'],
  properties: {
    v: { const: 1 },
    kind: { enum: recordKinds },
    at: isoTime,
    tier: { enum: ['business', 'meta'] },
    consumer: text,
    stage: { enum: ['main', 'retry', 'dlq'] },
    cycle: count,
    origin: object(
      { stream: text, seq: count, subject: text, time: text },
      { msgId: text, correlation: text },
    ),
    journalSeq: count,
  },
};

const eventsRead = object({ keys: listOf(text), read: count, gone: count }, { encrypted: count });
const ofSelection = {
  selection: text,
  eventsRead,
};

const counted = listOf(object({ name: text, count }));

const planned = {
  pipeline: text,
  server: text,
  consumers: counted,
  reasons: counted,
  groups: listOf(object({ id: text, reason: text, count })),
  oldestDeadAt: orNull(isoTime),
  newestDeadAt: orNull(isoTime),
  missing: count,
  replaced: count,
  unknown: listOf(text),
};
const selected = {
  selection: text,
  eventsRead,
};
const plan = object(
  {
    ...planned,
    notRunning: listOf(text),
    heldUp: listOf(object({ consumer: text, why: text })),
    superseded: count,
    replayable: count,
  },
  selected,
);

const operation = object({
  at: isoTime,
  lastAt: isoTime,
  operator: orNull(text),
  did: text,
  task: orNull(text),
  group: orNull(text),
  count: orNull(count),
  consumers: listOf(object({ name: text, count: orNull(count) })),
  note: orNull(text),
});
const outcome = object({
  resolved: count,
  deadAgain: count,
  stillDead: count,
  pending: count,
  discarded: count,
  archived: count,
  moved: count,
});

/** What the commands print with `--json`: the design's fields, and those that were added since. */
const steps = listOf(object({ size: count, resolved: count, deadAgain: count, pending: count }));
const stopped = orNull(object({ step: count, reason: text }));
const task = {
  id: text,
  name: text,
  kind: { const: 'replay' },
  state: { enum: taskStates },
  operator: text,
  worker: orNull(text),
  createdAt: isoTime,
  at: isoTime,
  selection: orNull(text),
  rate: orNull(count),
  canary: orNull(text),
  stopOn: listOf(text),
  note: orNull(text),
  selected: count,
  done: count,
  resolved: count,
  deadAgain: count,
  pending: count,
  skipped: count,
  steps,
  stopped,
};

const schemas = {
  'dlq list': object({ total: count, items: listOf(object(item, ofItem)) }),
  'dlq list --group-by': object({
    total: count,
    groups: listOf(
      object(
        { key: text, count, firstDeadAt: isoTime, lastDeadAt: isoTime, sample: item.id },
        { fingerprint: item.fingerprint, shapes: count },
      ),
    ),
  }),
  'dlq export': object(item, { ...ofItem, event: orNull(event) }),
  'dlq export --output': object({
    file: text,
    format: { enum: ['ndjson', 'csv'] },
    exported: count,
    withoutEvent: orNull(count),
  }),
  'operations log': object({ total: count, operations: listOf(operation) }),
  'dlq report': object({
    pipeline: text,
    server: text,
    since: orNull(isoTime),
    until: isoTime,
    task: orNull(text),
    letters: count,
    diedBefore: count,
    groups: listOf(
      object({
        id: item.fingerprint,
        consumer: text,
        name: text,
        code: orNull(text),
        shape: text,
        letters: count,
        deaths: count,
        firstDiedAt: isoTime,
        lastDiedAt: isoTime,
        sample: item.id,
        outcome,
      }),
    ),
    operations: listOf(operation),
    outcome,
    firstDiedAt: orNull(isoTime),
    lastDiedAt: orNull(isoTime),
    firstDoneAt: orNull(isoTime),
    lastResolvedAt: orNull(isoTime),
  }),
  'dlq test': object(
    {
      selected: count,
      groups: listOf(
        object({
          id: item.fingerprint,
          consumer: text,
          pass: count,
          fail: count,
          reasons: listOf(object({ reason: text, count })),
        }),
      ),
      refused: listOf(object({ consumer: text, reason: text })),
    },
    { interrupted: { const: true } },
  ),
  'dlq watch': object(item, ofItem),
  'dlq groups': object({
    total: count,
    shown: count,
    letters: count,
    groups: listOf(
      object({
        id: { type: 'string', pattern: '^[0-9a-f]{12}$' },
        consumer: text,
        name: text,
        code: orNull(text),
        shape: text,
        shapes: count,
        count,
        status: { enum: ['new', 'open', 'muted', 'back'] },
        firstDeadAt: isoTime,
        lastDeadAt: isoTime,
        expiresAt: orNull(isoTime),
        sample: item.id,
        counts: { type: 'array', items: count, minItems: 24, maxItems: 24 },
        note: orNull(text),
        assignee: orNull(text),
        mutedUntil: orNull(text),
        incident: orNull(text),
      }),
    ),
  }),
  'dlq ack': object({
    id: { type: 'string', pattern: '^[0-9a-f]{12}$' },
    consumer: text,
    name: text,
    code: orNull(text),
    shape: text,
    count,
    status: { enum: ['new', 'open', 'muted', 'back', 'resolved'] },
    note: orNull(text),
    assignee: orNull(text),
    mutedUntil: orNull(text),
    incident: orNull(text),
    history: listOf(object({ at: isoTime, by: text, did: text })),
  }),
  'dlq show': object(
    { ...item, event: orNull(event), history: listOf(record) },
    {
      ...ofItem,
      embedded: { type: 'object' },
      editedEvent: object(
        {
          ...eventFields,
          cycle: count,
          editedBy: orNull(text),
          editedAt: orNull(isoTime),
          why: orNull(text),
        },
        ofEvent,
      ),
      decided: object({ note: orNull(text), assignee: orNull(text), incident: orNull(text) }),
    },
  ),
  'dlq replay': object(
    {
      task: orNull(text),
      selected: count,
      replayed: count,
      skipped: listOf(object({ id: text, reason: text })),
      resolved: count,
      deadAgain: count,
      pending: count,
      name: orNull(text),
      state: orNull({ enum: taskStates }),
      steps,
      stopped,
    },
    { interrupted: { const: true }, plan },
  ),
  'dlq archive': object(
    {
      task: orNull(text),
      selected: count,
      archived: count,
      skipped: listOf(object({ id: text, reason: text })),
    },
    { interrupted: { const: true }, plan: object({ ...planned, archivable: count }, ofSelection) },
  ),
  'dlq restore': object(
    {
      task: orNull(text),
      selected: count,
      restored: count,
      skipped: listOf(object({ id: text, reason: text })),
    },
    { interrupted: { const: true }, plan: object({ ...planned, restorable: count }, ofSelection) },
  ),
  'dlq replay --plan': object({
    task: orNull(text),
    name: orNull(text),
    selected: count,
    skipped: listOf(object({ id: text, reason: text })),
    consumers: listOf(object({ name: text, count })),
    groups: listOf(object({ id: text, reason: text, count })),
    oldestDeadAt: orNull(isoTime),
    newestDeadAt: orNull(isoTime),
    missing: count,
    superseded: count,
  }),
  'tasks list': object({ total: count, tasks: listOf(object(task)) }),
  'tasks show': object({
    ...task,
    items: listOf(
      object({
        id: text,
        outcome: { enum: ['resolved', 'deadAgain', 'pending', 'skipped'] },
        reason: orNull(text),
      }),
    ),
  }),
  'dlq discard': object(
    {
      task: orNull(text),
      selected: count,
      discarded: count,
      skipped: listOf(object({ id: text, reason: text })),
    },
    { interrupted: { const: true }, plan: object({ ...planned, discardable: count }, ofSelection) },
  ),
  'events tail': object(
    { ...eventFields, type: text, stream: orNull(text), seq: orNull(count), id: orNull(text) },
    ofEvent,
  ),
  'advisories tail': object({
    at: isoTime,
    kind: { enum: [...recordKinds, 'MALFORMED'] },
    source: { enum: ['server', 'pipeline'] },
    tier: orNull({ enum: ['business', 'meta'] }),
    stream: text,
    consumer: orNull(text),
    seq: count,
    deliveries: orNull(count),
    reason: orNull(text),
    stage: orNull({ enum: ['main', 'retry', 'dlq'] }),
    cycle: orNull(count),
    attempt: orNull(count),
  }),
  'pipeline health': object({
    pipeline: text,
    server: text,
    at: isoTime,
    status: { enum: ['ok', 'degraded', 'critical'] },
    checks: listOf(
      object({
        name: { enum: ['stream', 'storage', 'deadLetters', 'consumer', 'lag', 'nobodyRuns', 'unprocessed'] },
        about: text,
        status: { enum: ['ok', 'degraded', 'critical'] },
        value: orNull(rate),
        warn: orNull(rate),
        critical: orNull(rate),
        message: text,
      }),
    ),
  }),
  'pipeline metrics': object({
    pipeline: text,
    server: text,
    over: count,
    at: isoTime,
    types: listOf(object({ type: orNull(text), perSecond: orNull(rate) })),
    consumers: listOf(
      object({
        name: text,
        stage: { enum: ['main', 'retry', 'dlq'] },
        perSecond: orNull(rate),
        ackRatio: orNull(part),
        handlerMs: orNull(rate),
      }),
    ),
    streams: listOf(object({ name: text, bytesPerHour: orNull({ type: 'number' }) })),
  }),
  'pipeline doctor': object({
    ok: { type: 'boolean' },
    findings: listOf(
      object({
        about: {
          enum: [
            'config',
            'address',
            'tls',
            'login',
            'version',
            'jetstream',
            'account',
            'permissions',
            'cluster',
            'storage',
            'streams',
            'consumers',
            'paused',
            'clock',
            'handlers',
            'monitor',
          ],
        },
        status: { enum: ['ok', 'warn', 'fail'] },
        message: text,
        next: orNull(text),
      }),
    ),
  }),
  'pipeline status': object({
    pipeline: text,
    server: text,
    at: isoTime,
    streams: listOf(
      object({
        name: text,
        messages: orNull(count),
        bytes: orNull(count),
        limit: orNull(count),
        used: orNull(part),
        growthPerHour: orNull({ type: 'number' }),
        oldestAt: orNull(isoTime),
        problem: orNull(text),
      }),
    ),
    consumers: listOf(
      object({
        name: text,
        stage: { enum: ['main', 'retry', 'dlq'] },
        pending: orNull(count),
        ackPending: orNull(count),
        redelivered: orNull(count),
        waiting: orNull(count),
        oldestAt: orNull(isoTime),
        perSecond: orNull(rate),
        paused: { type: 'boolean' },
        problem: orNull(text),
      }),
    ),
    retry: object({ waiting: orNull(count), nextDueAt: orNull(isoTime) }),
    dlq: object({
      dead: orNull(count),
      archived: orNull(count),
      groups: orNull(count),
      oldestAt: orNull(isoTime),
      expiring: orNull(count),
    }),
  }),
  'events replay': object(
    {
      read: count,
      written: count,
      failed: count,
      duplicates: count,
      firstSeq: orNull(count),
      lastSeq: orNull(count),
      seconds: amount,
      stopped: orNull(object({ code: text, message: text })),
      problems: listOf(object({ message: text, seq: count, count })),
    },
    {
      plan: object({
        pipeline: text,
        server: text,
        subjects: listOf(text),
        since: orNull(isoTime),
        fromSeq: orNull(count),
        until: orNull(isoTime),
        events: orNull(count),
        target: orNull(
          object({
            subject: text,
            server: text,
            streams: listOf(text),
            consumers: orNull(listOf(text)),
            ids: orNull(text),
          }),
        ),
      }),
    },
  ),
  'events load': object({
    sent: count,
    stored: count,
    duplicates: count,
    errors: count,
    seconds: amount,
    rate: amount,
    publishMs: orNull(latencies),
    endToEndMs: orNull(latencies),
    received: orNull(count),
    limit: { enum: ['none', 'machine', 'server'] },
    late: count,
    problems: listOf(object({ code: text, message: text, count })),
  }),
  error: object({ error: object({ code: text, message: text, suggestions: listOf(text) }) }),
} as const;

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });

/** The JSON value in this text. Throws when it is none, or not of that command. */
export function readJson(name: keyof typeof schemas, stdout: string): Record<string, unknown> {
  const value: unknown = JSON.parse(stdout);
  if (!ajv.validate(schemas[name], value)) {
    throw new Error(`${name}: ${ajv.errorsText()}\n${JSON.stringify(value, undefined, 2)}`);
  }
  return value as Record<string, unknown>;
}
