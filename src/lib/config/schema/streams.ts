import * as z from 'zod/mini';
import { dependentDefaults } from './dependent-defaults.js';
import * as field from './fields.js';

/** What one calls the server's own is not for a config to say. */
const metadata = () =>
  z.record(
    z.string().check(
      z.refine((name) => /^(?!plutomi-events\.|_nats|io\.nats\.monitor\.)\S{1,128}$/.test(name), {
        error: 'a name without blanks that does not begin with plutomi-events., io.nats.monitor. or _nats',
      }),
    ),
    field.text(),
  );

const placement = z.strictObject({
  cluster: field.optional(field.text(), 'name of the cluster that keeps it'),
  tags: field.optional(field.list(field.text()), 'tags that each of its servers must have'),
});

const limitFields = (name: string, discard: 'old' | 'new') => ({
  subjects: field.optional(
    field.list(field.named('stored')),
    `subjects that it stores; default: ["<name>.>"]`,
    [`${name}.>`],
  ),
  storage: field.withDefault(field.oneOf('file', 'memory'), 'file', 'memory is lost when the server stops'),
  replicas: field.optional(field.count(1, 5), 'copies in the cluster; default: the replicas of the pipeline'),
  maxBytes: field.optional(field.size(), 'maximum size, in bytes or like "10GB"; default: no limit'),
  maxMsgs: field.optional(
    field.count(1, Number.MAX_SAFE_INTEGER),
    'maximum number of messages; default: no limit',
  ),
  discard: field.withDefault(
    field.oneOf('old', 'new'),
    discard,
    'what happens at a size limit: the oldest message is removed, or a new one is refused',
  ),
  duplicateWindow: field.optional(
    field.duration({ minMs: 100 }),
    'how long a message id is remembered; default: 2m, or maxAge if that is shorter',
    dependentDefaults.duplicateWindow,
  ),
  compression: field.optional(
    field.oneOf('none', 's2'),
    'how the server compresses it on disk; default: as it is on the server, none for a new one',
  ),
  description: field.optional(
    field.text(),
    'what the server says of it; default: as it is on the server, none for a new one',
  ),
  metadata: field.optional(metadata(), 'texts by name that the server keeps with it, besides ours'),
  placement: field.optional(
    placement,
    'which servers of a cluster may keep it; default: as it is on the server, any for a new one',
  ),
});

const streamFields = (name: string, discard: 'old' | 'new') => ({
  name: field.withDefault(field.named('name'), name, 'name of the stream on the server'),
  ...limitFields(name, discard),
});

/** Named after the events, by config/resolve. */
const workbenchFields = (role: 'operations' | 'kept') => ({
  name: field.optional(
    field.named('name'),
    `name of the stream on the server; default: <name of the events stream>-${role}`,
    `events-${role}`,
  ),
  ...limitFields(`events-${role}`, 'new'),
});

const maxAge = (byDefault: string) =>
  field.withDefault(
    field.duration({ minMs: 100, zero: 'forever' }),
    byDefault,
    'messages older than this are removed; "0s": never',
  );

/** The six streams. */
export const streams = field.section(
  {
    events: field.section(
      {
        ...streamFields('events', 'old'),
        maxAge: maxAge('7d'),
        maxMsgsPerSubject: field.optional(
          field.count(1, Number.MAX_SAFE_INTEGER),
          'one more of a subject is refused, with discard: "new" only; default: no limit',
        ),
        retention: field.optional(field.onlyLimits(), 'only "limits": pointers need the original'),
      },
      'the events themselves, the only copy',
    ),
    retry: field.section(
      streamFields('events-retry', 'new'),
      'pointers to events that wait for the retry stage',
    ),
    dlq: field.section(
      { ...streamFields('events-dlq', 'new'), maxAge: maxAge('0s') },
      'dead letters; unless maxAge says otherwise they stay until they are replayed or discarded',
    ),
    advisories: field.section(
      { ...streamFields('events-advisories', 'old'), maxAge: maxAge('30d') },
      'the journal: everything that went wrong with an event, and everything done about it',
    ),
    operations: field.section(
      workbenchFields('operations'),
      'what people decided: groups, tasks, archived dead letters, the applied config',
    ),
    kept: field.section(
      workbenchFields('kept'),
      'payloads that must outlive their event: originals of dead letters, edited versions',
    ),
  },
  'the six streams of the pipeline',
);
