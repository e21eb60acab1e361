import { checkOptions, oneOf } from '../domain/options.js';
import { refuseNoConfig } from '../domain/given.js';
import {
  externalNamed,
  type PipelineConfig,
  type ReaderSettings,
  readersOf,
  type StreamSettings,
} from '../config/resolved.js';
import { checkPrefix } from '../connection/resolve-target.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { filterContains, nativeAdvisorySubject, pointerFilter, recordFilter } from '../domain/subjects.js';
import { operationsFilter } from '../domain/operations-subjects.js';
import { exhaustionKinds, type RecordKind, writtenBy } from '../domain/record-kinds.js';
import { stageConsumersOf } from '../status/stage-consumers.js';
import { desiredTopology, type Topology } from '../topology/desired.js';
import { ackSubjects, type ApiSubjects, apiSubjects } from './api-subjects.js';
import { permissionChecks, type PermissionOptions } from './permission-options.js';
import { type Role, roles } from './role.js';

export type { PermissionOptions };

/** Subjects of one direction. What `deny` names is refused even where `allow` allows it. */
export interface SubjectPermissions {
  /** Subjects, wildcards included. */
  readonly allow: readonly string[];
  /** Default: nothing. */
  readonly deny?: readonly string[];
}

/** What a user of a role may publish and subscribe to, and nothing else. */
export interface RolePermissions {
  /** What the user does with the pipeline. */
  readonly role: Role;
  /** The `name` of the config. */
  readonly pipeline: string;
  /** The user that they are for. */
  readonly user: string;
  /** What this user's connections must use, since answers to others must not be readable. */
  readonly inboxPrefix: string;
  /** What the user may send, requests and acknowledgements included. */
  readonly publish: SubjectPermissions;
  /** What the user may receive. */
  readonly subscribe: SubjectPermissions;
}

interface Place {
  readonly config: PipelineConfig;
  readonly topology: Topology;
  readonly api: ApiSubjects;
}

type Publishing = Readonly<Record<Role, (place: Place) => SubjectPermissions>>;

/**
 * The minimal NATS permissions that a role needs for a config. Needs only the config, no server.
 *
 * Throws UsageError `INVALID_PREFIX`.
 */
export function permissionsOf(
  config: PipelineConfig,
  role: Role,
  options: PermissionOptions = {},
): RolePermissions {
  refuseNoConfig(config);
  oneOf(...roles)('role', role);
  checkOptions(permissionChecks, options);
  const { user = role, apiPrefix = '$JS.API' } = options;
  const inboxPrefix = checkPrefix(
    '--inbox-prefix',
    options.inboxPrefix ?? `_INBOX_${user.replaceAll(/[^\w-]/g, '_')}`,
  );
  const api = apiSubjects(checkPrefix('--api-prefix', apiPrefix));
  const place = { config, topology: desiredTopology(config), api };
  const { allow, deny = [] } = publishing[role](place);
  return {
    role,
    pipeline: config.name,
    user,
    inboxPrefix,
    publish: { allow: sorted(allow), ...(deny.length === 0 ? {} : { deny: sorted(deny) }) },
    subscribe: { allow: [`${inboxPrefix}.>`, ...(hearing[role]?.(config) ?? [])] },
  };
}

/** What else a role receives. Whoever reads the stored events may listen to them too. */
const hearing: Partial<Record<Role, (config: PipelineConfig) => readonly string[]>> = {
  runner: heard,
  operator: ({ streams }) => streams.events.subjects,
  viewer: ({ streams }) => streams.events.subjects,
};

const publishing: Publishing = {
  publisher: ({ config, api }) => {
    const { events, streams } = config;
    const subjects = events.length === 0 ? streams.events.subjects : events.map(({ subject }) => subject);
    return { allow: [...subjects, api.streamInfo(streams.events.name)] };
  },

  runner: (place) => {
    const { config, topology, api } = place;
    // An external consumer's events are its worker's.
    const own = topology.consumers.filter(
      ({ role, serves }) => role !== 'events' || !externalNamed(config, serves),
    );
    const taken = own.flatMap(({ stream, name }) => [api.pull(stream, name), ...ackSubjects(stream, name)]);
    return {
      allow: [
        ...lookups(place),
        ...taken,
        ...routing(config),
        ...records(config, config.consumers, writtenBy('worker')),
        ...records(config, config.external, exhaustionKinds),
        ...metaRecords(config, [...writtenBy('worker'), ...writtenBy('router')]),
        // Pointers are read along, and originals that would age out are kept; of all consumers.
        ...[config.streams.retry, config.streams.dlq].map(({ name }) => api.directGet(name)),
        ...writtenBy('rescue').map((kind) => recordFilter(config.roots.advisories, 'business', kind)),
        ...config.streams.kept.subjects,
        api.messageDelete(config.streams.kept.name),
        // Which groups and alerts were told.
        ...writtenByRunner.map((kind) => operationsFilter(config.roots.operations, kind)),
        ...[config.alerts, ...readersOf(config).map((one) => one.onDeadLetter)].flatMap(
          ({ subject }) => subject ?? [],
        ),
      ],
    };
  },

  operator: (place) => {
    const { config, api } = place;
    const readers = throughReaders(place);
    return {
      allow: [
        ...lookups(place),
        ...readers.allow,
        ...routing(config),
        ...records(config, config.consumers, writtenBy('replay')),
        // Whatever stands in the DLQ, also of consumers that the config no longer has.
        ...[...writtenBy('discard'), ...writtenBy('archive'), ...writtenBy('edit')].map((kind) =>
          recordFilter(config.roots.advisories, 'business', kind),
        ),
        ...records(config, readersOf(config), exhaustionKinds),
        ...metaRecords(config, [
          ...writtenBy('replay'),
          ...writtenBy('discard'),
          ...writtenBy('archive'),
          'RESOLVED',
        ]),
        ...workbench(config).flatMap(({ subjects }) => subjects),
        ...[config.streams.dlq, ...workbench(config)].map(({ name }) => api.messageDelete(name)),
        ...pausable(place),
      ],
      deny: readers.deny,
    };
  },

  ci: (place) => {
    const { topology, api } = place;
    const streams = topology.streams.flatMap(({ name }) => [
      api.streamCreate(name),
      api.streamUpdate(name),
      api.streamDelete(name),
    ]);
    const consumers = topology.consumers.flatMap(({ stream, name }) => [
      api.durableCreate(stream, name),
      api.consumerDelete(stream, name),
    ]);
    const counting = readable(place).flatMap((stream) => [
      api.readerCreate(stream, '*'),
      api.consumerDelete(stream, '*'),
    ]);
    const { operations } = place.config.roots;
    const applied = [operationsFilter(operations, 'config'), operationsFilter(operations, 'operation')];
    return { allow: [...lookups(place), ...lists(place), ...streams, ...consumers, ...counting, ...applied] };
  },

  // No consumer of its own: whoever may make one can have the server publish its messages anywhere.
  viewer: (place) => ({ allow: [...lookups(place), ...lists(place), ...looks(place)] }),
};

/** Where who looks at payloads has to say so. */
function looks({ config }: Place): string[] {
  return config.audit?.reads === true ? [operationsFilter(config.roots.operations, 'operation')] : [];
}

/** Single messages, and the state of the pipeline's own objects. */
function lookups({ config, topology, api }: Place): string[] {
  return [
    ...topology.streams.flatMap(({ name }) => [api.streamInfo(name), api.messageGet(name)]),
    ...topology.consumers.map(({ stream, name }) => api.consumerInfo(stream, name)),
    // An original is an event, or, of the routing's own failures, a record.
    api.directGet(config.streams.events.name),
    api.directGet(config.streams.advisories.name),
    ...workbench(config).map(({ name }) => api.directGet(name)),
    // Who has the subjects of a stream that is missing.
    api.streamNames,
    // What this user itself may do, and its account: for `pipeline doctor`.
    api.accountInfo,
    '$SYS.REQ.USER.INFO',
  ];
}

/** What else is on the server, for the plan of an apply: who owns a stream stands in the list only. */
function lists({ api }: Place): string[] {
  return [api.streamList, api.consumerList('*')];
}

/** Streams that keep what they deliver: another reader of a workqueue would take its messages away. */
function readable({ config }: Place): string[] {
  const { events, dlq, advisories } = config.streams;
  return [events, dlq, advisories, ...workbench(config)].map(({ name }) => name);
}

function workbench({ streams }: PipelineConfig): readonly StreamSettings[] {
  return [streams.operations, streams.kept];
}

/** The consumers that run handlers: those that route are never held up. */
function pausable({ config, api }: Place): string[] {
  return stageConsumersOf(config)
    .filter(({ role }) => role === 'events' || role === 'retry')
    .map(({ stream, consumer }) => api.consumerPause(stream, consumer));
}

/** What a running pipeline writes among what people decided. */
const writtenByRunner = ['group', 'alert'] as const;

/** Reading many messages: consumers that last a moment, under any name but those of the pipeline's own. */
function throughReaders(place: Place): Required<SubjectPermissions> {
  const { api } = place;
  const streams = readable(place);
  const own = place.topology.consumers.filter(({ stream }) => streams.includes(stream));
  return {
    allow: [
      ...streams.flatMap((stream) => [
        api.readerCreate(stream, '*'),
        api.consumerInfo(stream, '*'),
        api.pull(stream, '*'),
        api.consumerDelete(stream, '*'),
      ]),
      // Groups that share events, and acknowledge them.
      ...ackSubjects(place.config.streams.events.name, '*'),
    ],
    deny: own.flatMap(({ stream, name }) => [
      api.readerCreate(stream, name),
      api.pull(stream, name),
      api.consumerDelete(stream, name),
      ...(stream === place.config.streams.events.name ? ackSubjects(stream, name) : []),
    ]),
  };
}

/** Pointers, and the records that they were written. Consumers that the config no longer has go to the DLQ too. */
function routing({ roots, streams, consumers }: PipelineConfig): string[] {
  return [
    ...consumers.map(({ name }) => pointerFilter(roots.retry, name)),
    ...streams.dlq.subjects,
    ...writtenBy('router').map((kind) => recordFilter(roots.advisories, 'business', kind)),
  ];
}

function records(
  { roots }: PipelineConfig,
  consumers: readonly ReaderSettings[],
  kinds: readonly RecordKind[],
): string[] {
  return consumers.flatMap(({ name }) =>
    kinds.map((kind) => recordFilter(roots.advisories, 'business', kind, name)),
  );
}

function metaRecords({ roots }: PipelineConfig, kinds: readonly RecordKind[]): string[] {
  return [metaConsumers.main, metaConsumers.retry].flatMap((name) =>
    kinds.map((kind) => recordFilter(roots.advisories, 'meta', kind, name)),
  );
}

/** What the server says about external consumers, as it says it. */
function heard({ external, streams }: PipelineConfig): string[] {
  return external.flatMap(({ name }) =>
    exhaustionKinds.map((kind) => nativeAdvisorySubject(kind, streams.events.name, name)),
  );
}

/** Each subject once, and none that another one contains. */
function sorted(subjects: readonly string[]): string[] {
  const different = [...new Set(subjects)];
  return different
    .filter((one) => !different.some((other) => other !== one && filterContains(other, one)))
    .toSorted();
}
