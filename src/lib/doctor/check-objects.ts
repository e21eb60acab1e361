import { formatBytes } from '../domain/bytes.js';
import { formatMeasured } from '../domain/duration.js';
import { type PlutomiError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type Look, takeLook } from '../status/look.js';
import { clusterReport, resume } from '../status/remedies.js';
import { usedPart } from '../status/used-part.js';
import { suggestCommand } from '../suggestion.js';
import { checkTopology } from '../topology/apply.js';
import { type Change, pathOf } from '../topology/diff/diff.js';
import type { Conflict } from '../topology/diff/conflicts.js';
import { conflictError } from '../topology/refusal.js';
import { asGoodAsFull, nearlyFull } from './check-account.js';
import { fail, failed, type Finding, ok, warn } from './finding.js';

const apply = suggestCommand('pipeline apply');

/** Looks at the streams and consumers of a pipeline, and compares them with its config. */
export async function checkObjects(pipeline: Pipeline): Promise<Finding[]> {
  let look: Look;
  try {
    look = await takeLook(pipeline);
  } catch (error) {
    return [failed('streams', error as PlutomiError)];
  }
  const leaderless = look.streams.filter(({ standstill }) => standstill?.kind === 'stream-without-leader');
  const ofCluster = [...clusterOf(look), ...replicasBehind(look)];
  return [
    ...(ofCluster.length > 0 ? ofCluster : [ok('cluster', clusterText(pipeline, look))]),
    ...storageOf(look),
    ...(leaderless.length > 0 ? [] : await compared(pipeline)),
    ...standingStill(look),
  ];
}

function clusterOf({ streams, consumers }: Look): Finding[] {
  const stopped = [
    ...streams.map(({ name, standstill }) => ({ what: `stream ${name}`, standstill })),
    ...consumers.map(({ consumer, standstill }) => ({ what: `consumer ${consumer}`, standstill })),
  ];
  return stopped.flatMap(({ what, standstill }) =>
    standstill?.kind === 'stream-without-leader' || standstill?.kind === 'consumer-without-leader'
      ? [fail('cluster', `${what} has no leader now: it stores and delivers nothing`, clusterReport)]
      : [],
  );
}

interface Behind {
  streams: number;
  offline: boolean;
  /** Since it was last heard of, ns. */
  silentNs: number;
  lag: number;
}

/** Every second there is a sign of life. That a node is offline or not current is said only after a while. */
const silentMs = 3000;

/** By node, not by stream: it is a node that is away. */
function replicasBehind({ streams }: Look): Finding[] {
  const nodes = new Map<string, Behind>();
  for (const replica of streams.flatMap(({ info }) => info?.cluster?.replicas ?? [])) {
    const isHeard = replica.active < silentMs * 1_000_000;
    if (replica.current && isHeard && replica.offline !== true) continue;
    const known = nodes.get(replica.name) ?? {
      streams: 0,
      offline: false,
      silentNs: 0,
      lag: 0,
    };
    known.streams++;
    known.offline ||= replica.offline === true;
    known.silentNs = Math.max(known.silentNs, replica.active);
    known.lag = Math.max(known.lag, replica.lag ?? 0);
    nodes.set(replica.name, known);
  }
  return Array.from(nodes, ([node, behind]) =>
    warn('cluster', `node ${node} ${stateOf(behind)}`, clusterReport),
  );
}

function stateOf({ streams, offline, silentNs, lag }: Behind): string {
  const whose = `${streams} ${streams === 1 ? 'stream has' : 'streams have'} a replica there`;
  const silent = silentNs / 1_000_000;
  if (offline) return `is offline: ${whose}`;
  if (silent >= silentMs) return `was not heard of for ${formatMeasured(silent)}: ${whose}`;
  return `is not current, ${lag} operations behind: ${whose}`;
}

function clusterText({ link }: Pipeline, { streams }: Look): string {
  if (!link.clustered) return 'a single server';
  const isThere = streams.some(({ info }) => info !== undefined);
  return isThere ? 'every stream has a leader, and its replicas are current' : 'no stream is there yet';
}

function storageOf({ streams }: Look): Finding[] {
  return streams.flatMap(({ name, info }) => {
    if (!info) return [];
    const part = usedPart(info);
    const { bytes } = info.state;
    const ofMemory =
      info.config.storage === 'memory'
        ? [warn('storage', `stream ${name} is in memory: a server that ends loses it`)]
        : [];
    if (part === null || part < nearlyFull) return ofMemory;
    const text = `stream ${name}: ${Math.floor(part * 100)} % of its limit is used (${formatBytes(bytes)})`;
    const isRefused = info.config.discard === 'new' && part >= asGoodAsFull;
    return [...ofMemory, (isRefused ? fail : warn)('storage', text, 'raise its limit, or lower maxAge')];
  });
}

/** What `pipeline run` would refuse to start with. */
async function compared(pipeline: Pipeline): Promise<Finding[]> {
  try {
    const { changes, conflicts } = await checkTopology(pipeline);
    const owned = new Set(conflicts.map(({ name }) => name));
    const differing = changes.filter(({ name }) => !owned.has(name));
    const findings = [...inTheWay(conflicts), ...together(differing)];
    const { config } = pipeline;
    const count = `${Object.keys(config.streams).length} streams and their consumers`;
    return findings.length > 0 ? findings : [ok('consumers', `${count} are there, and match the config`)];
  } catch (error) {
    return [failed('streams', error as PlutomiError)];
  }
}

/** More of a kind are one finding, instead of one for each. */
const mostApart = 3;

/** What keeps the config from being applied. Much of it has one cause, such as another pipeline. */
function inTheWay(conflicts: readonly Conflict[]): Finding[] {
  const [first] = conflicts;
  if (!first) return [];
  const apart = conflicts.length <= mostApart ? conflicts : [first];
  const more = conflicts.length - apart.length;
  return apart.map(({ message }, at) => {
    const [next = null] = conflictError(conflicts.slice(at, at + 1))?.suggestions ?? [];
    return fail('streams', more === 0 ? message : `${message}, and ${more} more like it`, next);
  });
}

/** Nothing at all is there: one finding, instead of one for each. */
function together(changes: readonly Change[]): Finding[] {
  const missing = changes.filter(({ action }) => action === 'create');
  const differing = changes.filter(({ action }) => action !== 'create').map(differs);
  if (missing.length <= mostApart) return [...missing.map(absent), ...differing];
  const named = missing.slice(0, mostApart).map(pathOf).join(', ');
  const about = missing.some(({ kind }) => kind === 'stream') ? 'streams' : 'consumers';
  const text = `${missing.length} streams and consumers are not there: ${named} and others`;
  return [fail(about, text, apply), ...differing];
}

function absent(change: Change): Finding {
  return fail(
    change.kind === 'stream' ? 'streams' : 'consumers',
    `${change.kind} ${pathOf(change)} is not there`,
    apply,
  );
}

function differs(change: Change): Finding {
  const fields = change.fields
    .map(
      ({ path, from, to }) =>
        `${path} is ${JSON.stringify(from) ?? 'not set'}, wanted ${JSON.stringify(to) ?? 'none'}`,
    )
    .join('; ');
  return fail(
    change.kind === 'stream' ? 'streams' : 'consumers',
    fields === ''
      ? `${change.kind} ${pathOf(change)} would be made anew with its stream`
      : `${change.kind} ${pathOf(change)} differs from the config: ${fields}`,
    suggestCommand('pipeline apply', { flags: { 'dry-run': true }, note: 'what it would change' }),
  );
}

/** What is there, and gives nothing. */
function standingStill({ consumers }: Look): Finding[] {
  return consumers.flatMap((one) => {
    const { consumer, stream, standstill } = one;
    if (standstill === undefined) return [];
    const { kind, detail } = standstill;
    if (kind === 'paused')
      return [
        fail('paused', `consumer ${stream}/${consumer} is ${detail}: nothing is delivered`, resume(one)),
      ];
    const isTold = ['no-stream', 'no-consumer', 'stream-without-leader', 'consumer-without-leader', 'sealed'];
    return isTold.includes(kind) ? [] : [fail('consumers', `consumer ${stream}/${consumer}: ${detail}`)];
  });
}
