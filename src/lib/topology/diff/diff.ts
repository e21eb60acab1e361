import type { ConsumerInfo, StreamInfo } from '../../nats/objects.js';
import type { DesiredConsumer, DesiredStream, Topology } from '../desired.js';
import { consumerFieldChanges, type FieldChange, streamFieldChanges } from './fields.js';
import { isImmutable } from './immutable.js';
import { ownerOf } from '../../domain/ownership.js';

/** `replace`: delete and create again. `orphan`: the config no longer has it. `none`: nothing to do. */
export type Action = 'create' | 'update' | 'replace' | 'none' | 'orphan';

/** What is to be done about one object. `pipeline apply --json` prints these as they are. */
export interface Change {
  /** What `applyPlan` does with it. */
  readonly action: Action;
  /** What it is. */
  readonly kind: 'stream' | 'consumer';
  /** Its name on the server. */
  readonly name: string;
  /** The stream of a consumer. */
  readonly stream?: string;
  /** What differs; empty for `none` and `orphan`. */
  readonly fields: readonly FieldChange[];
}

/** What the server holds of a topology, and what it holds in the name of this pipeline beyond it. */
export interface Actual {
  readonly streams: ReadonlyMap<string, StreamInfo>;
  /** By `<stream>/<consumer>`. */
  readonly consumers: ReadonlyMap<string, ConsumerInfo>;
}

export function consumerPath(stream: string, name: string): string {
  return `${stream}/${name}`;
}

/** The path of a consumer, the name of a stream. */
export function pathOf({ stream, name }: Pick<Change, 'name' | 'stream'>): string {
  return stream === undefined ? name : consumerPath(stream, name);
}

/** What the server holds of what a change is about. */
export function objectOf(actual: Actual, change: Change): StreamInfo | ConsumerInfo | undefined {
  return change.kind === 'stream' ? actual.streams.get(change.name) : actual.consumers.get(pathOf(change));
}

/** Does this change write to the server? */
export function isPending({ action }: Change): boolean {
  return action === 'create' || action === 'update' || action === 'replace';
}

/** The changes from `actual` to `desired` in the order in which they are made; orphans last. */
export function diffTopology(desired: Topology, actual: Actual): Change[] {
  const streams = desired.streams.map((one) => streamChange(one, actual, desired.pipeline));
  const replaced = new Set(streams.filter(({ action }) => action === 'replace').map(({ name }) => name));
  const consumers = desired.consumers.map((one) =>
    consumerChange(one, actual, desired.pipeline, replaced.has(one.stream)),
  );
  return [...streams, ...consumers, ...orphans(desired, actual)];
}

function streamChange(desired: DesiredStream, actual: Actual, pipeline: string): Change {
  const found = actual.streams.get(desired.name)?.config;
  const fields = streamFieldChanges(desired, found, pipeline);
  const immutable = fields.some((field) => isImmutable('stream', field));
  return { action: actionFor(found, fields, immutable), kind: 'stream', name: desired.name, fields };
}

function consumerChange(
  desired: DesiredConsumer,
  actual: Actual,
  pipeline: string,
  streamIsReplaced: boolean,
): Change {
  const { name, stream } = desired;
  const found = actual.consumers.get(consumerPath(stream, name))?.config;
  const fields = consumerFieldChanges(desired, found, pipeline);
  const immutable = streamIsReplaced || fields.some((field) => isImmutable('consumer', field));
  return { action: actionFor(found, fields, immutable), kind: 'consumer', name, stream, fields };
}

function actionFor(found: unknown, fields: readonly FieldChange[], immutable: boolean): Action {
  if (!found) return 'create';
  if (immutable) return 'replace';
  return fields.length > 0 ? 'update' : 'none';
}

function orphans(desired: Topology, actual: Actual): Change[] {
  const ours = (metadata: Record<string, string> | undefined): boolean =>
    ownerOf(metadata) === desired.pipeline;
  const wanted = new Set([...desired.streams, ...desired.consumers].map(pathOf));
  const out: Change[] = [];
  for (const [name, { config }] of actual.streams) {
    if (ours(config.metadata) && !wanted.has(name)) {
      out.push({ action: 'orphan', kind: 'stream', name, fields: [] });
    }
  }
  for (const [path, { name, stream_name: stream, config }] of actual.consumers) {
    if (ours(config.metadata) && !wanted.has(path)) {
      out.push({ action: 'orphan', kind: 'consumer', name, stream, fields: [] });
    }
  }
  return out;
}
