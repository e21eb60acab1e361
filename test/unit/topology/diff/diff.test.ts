import { describe, expect, it } from 'vitest';
import type { ConsumerInfo, StreamInfo } from '../../../../src/lib/nats/objects.js';
import { desiredTopology } from '../../../../src/lib/topology/desired.js';
import {
  type Actual,
  type Change,
  consumerPath,
  diffTopology,
  isPending,
} from '../../../../src/lib/topology/diff/diff.js';
import { type ConfigOverrides, makeConfig } from '../../../support/config.js';

const owner = { 'plutomi-events.pipeline': 'test' };

/** What a server adds to what it was given: 2.15.1 answers with all of this. */
const filledStream = {
  max_consumers: -1,
  max_msg_size: -1,
  compression: 'none',
  mirror_direct: false,
  sealed: false,
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
  consumer_limits: {},
  allow_msg_ttl: false,
  metadata: { '_nats.level': '5', '_nats.req.level': '0', '_nats.ver': '2.15.1', ...owner },
};

/** What it keeps to itself because it says nothing. */
const silent = ['no_ack', 'discard_new_per_subject', 'headers_only', 'backoff', 'inactive_threshold'];
const silentToo = ['max_bytes', 'max_expires', 'mem_storage'];

function without(fields: object, ...paths: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([path]) => !paths.includes(path)));
}

interface Drift {
  /** By stream name, or `<stream>/<consumer>`. */
  readonly [path: string]: Record<string, unknown>;
}

/** A server that holds what `overrides` ask for, except for what drifted. */
function serverWith(overrides: ConfigOverrides = {}, drift: Drift = {}): Actual {
  const { streams, consumers } = desiredTopology(makeConfig(overrides));
  return {
    streams: new Map(
      streams.map(({ name, fields }) => [
        name,
        {
          config: { name, ...without(fields, ...silent), ...filledStream, ...drift[name] },
        } as unknown as StreamInfo,
      ]),
    ),
    consumers: new Map(
      consumers.map(({ name, stream, fields }) => {
        const path = consumerPath(stream, name);
        const config = {
          durable_name: name,
          name,
          max_waiting: 512,
          ...without(fields, ...silent, ...silentToo),
          metadata: { ...owner },
          ...drift[path],
        };
        return [path, { name, stream_name: stream, config } as unknown as ConsumerInfo];
      }),
    ),
  };
}

function pendingFrom(actual: Actual, overrides: ConfigOverrides = {}): Change[] {
  return diffTopology(desiredTopology(makeConfig(overrides)), actual).filter(isPending);
}

const dayMs = 86_400_000;
const dayNs = dayMs * 1_000_000;
const main = 'events/notifications-consumer';

describe('diffTopology', () => {
  it('creates all of it on an empty server, in order', () => {
    const changes = diffTopology(desiredTopology(makeConfig()), { streams: new Map(), consumers: new Map() });
    expect(changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)).toEqual([
      'create stream events-advisories',
      'create stream events',
      'create stream events-retry',
      'create stream events-dlq',
      'create stream events-operations',
      'create stream events-kept',
      'create consumer meta-consumer-dlq',
      'create consumer meta-consumer-retry',
      'create consumer meta-consumer',
      'create consumer notifications-consumer-dlq',
      'create consumer notifications-consumer-retry',
      'create consumer notifications-consumer',
    ]);
  });

  it('says of a new object what it will have, and not what it will not', () => {
    const [journal] = diffTopology(desiredTopology(makeConfig()), {
      streams: new Map(),
      consumers: new Map(),
    });
    expect(journal?.fields).toContainEqual({ path: 'max_age', from: null, to: 30 * dayNs });
    expect(journal?.fields.map(({ path }) => path)).not.toContain('sealed');
  });

  it('finds nothing to do where the server filled fields in', () => {
    expect(pendingFrom(serverWith())).toEqual([]);
    expect(
      diffTopology(desiredTopology(makeConfig()), serverWith()).every(({ action }) => action === 'none'),
    ).toBe(true);
  });

  it('shows one field for one changed setting', () => {
    expect(pendingFrom(serverWith(), { streams: { events: { maxAgeMs: 3 * dayMs } } })).toEqual([
      {
        action: 'update',
        kind: 'stream',
        name: 'events',
        fields: [{ path: 'max_age', from: 7 * dayNs, to: 3 * dayNs }],
      },
    ]);
  });

  it.each([
    ['down below the window', 7 * dayMs, 60_000],
    ['up from below the window', 60_000, 7 * dayMs],
  ])('shows the age alone when it goes %s, which follows it', (_, from, to) => {
    const before = serverWith({ streams: { events: { maxAgeMs: from } } });
    const [change] = pendingFrom(before, { streams: { events: { maxAgeMs: to } } });
    expect(change?.fields.map(({ path }) => path)).toEqual(['max_age']);
  });

  it('shows the window when it was changed beside the age', () => {
    const [change] = pendingFrom(serverWith(), {
      streams: { events: { maxAgeMs: 3 * dayMs, duplicateWindowMs: 30_000 } },
    });
    expect(change?.fields.map(({ path }) => path)).toEqual(['max_age', 'duplicate_window']);
  });

  it('shows what drifted on the server', () => {
    const drifted = serverWith({}, { [main]: { max_deliver: 3, backoff: [1e9] }, events: { no_ack: true } });
    expect(pendingFrom(drifted)).toEqual([
      expect.objectContaining({ name: 'events', fields: [{ path: 'no_ack', from: true, to: false }] }),
      {
        action: 'update',
        kind: 'consumer',
        name: 'notifications-consumer',
        stream: 'events',
        fields: [
          { path: 'max_deliver', from: 3, to: -1 },
          { path: 'backoff', from: [1e9], to: [] },
        ],
      },
    ]);
  });

  it('leaves what we do not manage alone', () => {
    const theirs = { description: 'ours', max_msg_size: 1000, metadata: { ...owner, team: 'a' } };
    expect(pendingFrom(serverWith({}, { events: theirs, [main]: { description: 'x' } }))).toEqual([]);
  });

  it('does not care about the order of subjects, nor which field holds the filter', () => {
    const subjects = { consumers: [{ name: 'audit', subjects: ['events.a', 'events.b'] }] };
    const swapped = serverWith(subjects, { 'events/audit': { filter_subjects: ['events.b', 'events.a'] } });
    expect(pendingFrom(swapped, subjects)).toEqual([]);
    const single = serverWith({}, { [main]: { filter_subjects: undefined, filter_subject: 'events.>' } });
    expect(pendingFrom(single)).toEqual([]);
  });

  it('does not care how a start time is written', () => {
    const [utc, berlin] = ['2026-01-31T12:00:00Z', '2026-01-31T13:00:00.000+01:00'].map((time) => ({
      consumers: [{ name: 'audit', start: { at: 'time' as const, time } }],
    }));
    expect(pendingFrom(serverWith(utc), berlin)).toEqual([]);
  });

  it.each([
    ['storage', { streams: { events: { storage: 'memory' as const } } }, {}],
    ['retention', {}, { 'events-retry': { retention: 'limits' } }],
    ['deny_delete', {}, { 'events-dlq': { deny_delete: true } }],
    ['sealed', {}, { events: { sealed: true } }],
    [
      'deliver_policy',
      { consumers: [{ name: 'notifications-consumer', start: { at: 'new' as const } }] },
      {},
    ],
    ['ack_policy', {}, { [main]: { ack_policy: 'none' } }],
    ['deliver_subject', {}, { [main]: { deliver_subject: 'push.here' } }],
    ['mem_storage', {}, { [main]: { mem_storage: true } }],
  ])('replaces for %s, which no server changes', (path, overrides, drift) => {
    const [change] = pendingFrom(serverWith({}, drift), overrides);
    expect(change?.action).toBe('replace');
    expect(change?.fields.map((field) => field.path)).toEqual([path]);
  });

  it('updates the retention between limits and interest', () => {
    const [change] = pendingFrom(serverWith({}, { events: { retention: 'interest' } }));
    expect(change).toMatchObject({ action: 'update', fields: [{ path: 'retention', from: 'interest' }] });
  });

  it('replaces the consumers of a replaced stream', () => {
    const changes = pendingFrom(serverWith(), { streams: { events: { storage: 'memory' } } });
    expect(changes.map(({ action, name }) => `${action} ${name}`)).toEqual([
      'replace events',
      'replace notifications-consumer',
    ]);
    expect(changes[1]?.fields).toEqual([]);
  });

  it('lists what it owns and the config no longer has, last, and does not count it as pending', () => {
    const before = { consumers: [{ name: 'notifications-consumer' }, { name: 'audit' }] };
    const changes = diffTopology(desiredTopology(makeConfig()), serverWith(before));
    expect(
      changes.filter(({ action }) => action === 'orphan').map(({ name, stream }) => [stream, name]),
    ).toEqual([
      ['events-dlq', 'audit-dlq'],
      ['events-retry', 'audit-retry'],
      ['events', 'audit'],
    ]);
    expect(changes.filter(isPending)).toEqual([]);
  });

  it('does not list what belongs to nobody or to another pipeline', () => {
    const before = { consumers: [{ name: 'notifications-consumer' }, { name: 'audit' }] };
    const theirs = { metadata: { 'plutomi-events.pipeline': 'other' } };
    const drift = {
      'events/audit': theirs,
      'events-dlq/audit-dlq': { metadata: {} },
      'events-retry/audit-retry': theirs,
    };
    const changes = diffTopology(desiredTopology(makeConfig()), serverWith(before, drift));
    expect(changes.filter(({ action }) => action === 'orphan')).toEqual([]);
  });
});
