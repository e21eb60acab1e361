import { nanosOfRfc3339 } from '../../domain/time.js';
import type { ConsumerFields, StreamFields } from '../../nats/objects.js';
import type { DesiredConsumer, DesiredStream } from '../desired.js';
import { monitorChanges, type MonitorMetadata } from '../../domain/monitor-metadata.js';
import { ownerKey, ownerOf } from '../../domain/ownership.js';

/** A value as the server spells it; null: not set. Durations are nanoseconds. */
export type FieldValue = string | number | boolean | readonly string[] | readonly number[] | null;

/** One field that differs, in the server's spelling and units. `from` null: it is not there. */
export interface FieldChange {
  /** The field, e.g. `max_age`. */
  readonly path: string;
  /** What the server has; null: the field is not set. */
  readonly from: FieldValue;
  /** What the config wants. */
  readonly to: FieldValue;
}

type Fields = Readonly<Record<string, unknown>>;

/** What the server means where it leaves a field out. */
const streamDefaults: Fields = {
  no_ack: false,
  discard_new_per_subject: false,
  deny_delete: false,
  sealed: false,
  allow_direct: false,
  max_age: 0,
  subjects: [],
  description: '',
  compression: 'none',
  'placement.cluster': '',
  'placement.tags': [],
};

const consumerDefaults: ConsumerFields = {
  headers_only: false,
  backoff: [],
  inactive_threshold: 0,
  max_bytes: 0,
  max_expires: 0,
  num_replicas: 0,
  mem_storage: false,
};

/** Fields of a stream that are not as wanted. An absent stream: all that say something. */
export function streamFieldChanges(
  desired: DesiredStream,
  actual: StreamFields | undefined,
  pipeline: string,
): FieldChange[] {
  const { metadata = {} } = desired;
  if (!actual) {
    return [
      ...creation({ ...desired, fields: flat(desired.fields) }, pipeline),
      ...metadataChanges({}, metadata),
    ];
  }
  const changes = [
    ...differences(flat(desired.fields), { ...streamDefaults, ...flat(actual) }),
    ...ownerChange(actual.metadata, pipeline),
    ...monitorChanges(actual.metadata, desired.monitor),
    ...metadataChanges(actual.metadata ?? {}, metadata),
  ];
  return windowFollowsAge(desired.fields, actual)
    ? changes.filter(({ path }) => path !== 'duplicate_window')
    : changes;
}

/** With the parts of a placement as fields of their own. */
function flat({ placement, ...fields }: StreamFields): Fields {
  if (placement === undefined) return fields;
  // The server leaves out what is empty.
  const found: { readonly cluster?: string; readonly tags?: readonly string[] } = placement;
  const { cluster = '', tags = [] } = found;
  return { ...fields, 'placement.cluster': cluster, 'placement.tags': tags };
}

/** What the server keeps with it besides what is wanted stays. */
function metadataChanges(
  actual: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): FieldChange[] {
  return Object.entries(wanted)
    .filter(([name, to]) => actual[name] !== to)
    .map(([name, to]) => ({ path: `metadata.${name}`, from: actual[name] ?? null, to }));
}

/** A window that is as long as the age, before or after, was cut to it: it changes with it, and needs no mention. */
function windowFollowsAge(to: StreamFields, from: StreamFields): boolean {
  if (to.max_age === from.max_age) return false;
  return to.duplicate_window === to.max_age || from.duplicate_window === from.max_age;
}

/** Fields of a consumer that are not as wanted. */
export function consumerFieldChanges(
  desired: DesiredConsumer,
  actual: ConsumerFields | undefined,
  pipeline: string,
): FieldChange[] {
  if (!actual) return creation(desired, pipeline);
  const filters = filtersOf(actual);
  const seen: ConsumerFields = { ...consumerDefaults, ...actual, filter_subjects: [...filters] };
  const push: FieldChange[] = actual.deliver_subject
    ? [{ path: 'deliver_subject', from: actual.deliver_subject, to: null }]
    : [];
  return [
    ...differences(desired.fields, seen),
    ...push,
    ...ownerChange(actual.metadata, pipeline),
    ...monitorChanges(actual.metadata, desired.monitor),
  ];
}

/** What a consumer reads: the server keeps one filter or several in different fields. */
export function filtersOf(fields: ConsumerFields): readonly string[] {
  if (fields.filter_subjects && fields.filter_subjects.length > 0) return fields.filter_subjects;
  return [fields.filter_subject || '>'];
}

function creation(
  { fields, monitor }: { readonly fields: Fields; readonly monitor: MonitorMetadata },
  pipeline: string,
): FieldChange[] {
  const said = Object.entries(fields).filter(
    ([, to]) => to !== false && to !== 0 && to !== '' && !isEmptyList(to),
  );
  return [
    ...said.map(([path, to]) => ({ path, from: null, to: to as FieldValue })),
    { path: `metadata.${ownerKey}`, from: null, to: pipeline },
    ...monitorChanges(undefined, monitor),
  ];
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function differences(desired: Fields, actual: Fields): FieldChange[] {
  return Object.entries(desired)
    .filter(([path, to]) => !sameValue(path, actual[path], to))
    .map(([path, to]) => ({ path, from: (actual[path] ?? null) as FieldValue, to: to as FieldValue }));
}

function ownerChange(
  metadata: Readonly<Record<string, string>> | undefined,
  pipeline: string,
): FieldChange[] {
  const owner = ownerOf(metadata);
  return owner === pipeline ? [] : [{ path: `metadata.${ownerKey}`, from: owner ?? null, to: pipeline }];
}

const unordered: readonly string[] = ['subjects', 'filter_subjects', 'placement.tags'];

function sameValue(path: string, a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false;
    return unordered.includes(path) ? a.every((one) => b.includes(one)) : a.every((one, i) => one === b[i]);
  }
  if (path === 'opt_start_time' && typeof a === 'string' && typeof b === 'string') {
    return nanosOfRfc3339(a) === nanosOfRfc3339(b);
  }
  return a === b;
}
