import type { Pipeline } from '../../pipeline/pipeline.js';
import type { StreamInfo } from '../../nats/objects.js';
import { waysOutOf } from '../../topology/diff/conflict-error.js';
import type { Conflict } from '../../topology/diff/conflicts.js';
import { pathOf } from '../../topology/diff/diff.js';
import { checkTopology } from '../../topology/plan.js';
import { type TightLimit, tightLimits } from '../../topology/record-sizes.js';
import type { Problem, Warning } from '../verification.js';
import { suggestCommand } from '../../suggestion.js';

export interface ObjectCheck {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
  /** Streams of the config that are there, by name. */
  readonly streams: ReadonlyMap<string, StreamInfo>;
}

/** Do the streams and consumers match the config, and will they survive the loss of a node? */
export async function checkObjects(pipeline: Pipeline): Promise<ObjectCheck> {
  const { link, config } = pipeline;
  const names = Object.values(config.streams).map(({ name }) => name);
  const [drift, ...infos] = await Promise.all([
    driftOf(pipeline),
    ...names.map((name) => link.streamInfo(name)),
  ]);
  const streams = new Map(
    infos.filter((info) => info !== undefined).map((info) => [info.config.name, info] as const),
  );
  const found = [...streams.values()];
  const tight = tightLimits(pipeline, found);
  return {
    problems: [...drift, ...found.flatMap(replicaProblems), ...refusingLimits(tight)],
    warnings: [...behindWarnings(found), ...durabilityWarnings(found), ...cuttingLimits(tight)],
    streams,
  };
}

async function driftOf(pipeline: Pipeline): Promise<Problem[]> {
  const { changes, conflicts } = await checkTopology(pipeline);
  const foreign = conflicts.filter(({ why }) => why === 'not-owned').map(pathOf);
  // What is somebody else's is not ours to mend: that it differs says nothing.
  const own = changes.filter((change) => !foreign.includes(pathOf(change)));
  const drift = own.map(({ action, kind, name, stream, fields }): Problem => {
    const paths = fields.map(({ path }) => path).join(', ');
    const detail = action === 'create' ? 'it is missing' : `it differs from the config: ${paths}`;
    return {
      kind: 'drift',
      ...(kind === 'stream' ? { stream: name } : { consumer: name, ...(stream ? { stream } : {}) }),
      detail,
      suggestions: [suggestCommand('pipeline apply', { flags: { 'dry-run': true }, why: 'see the plan' })],
      repairable: false,
    };
  });
  return [...drift, ...conflicts.map(blocked)];
}

function blocked(conflict: Conflict): Problem {
  return {
    kind: 'conflict',
    ...placeOf(conflict),
    detail: conflict.message,
    suggestions: waysOutOf(conflict),
    repairable: false,
  };
}

function placeOf(conflict: Conflict): Pick<Problem, 'stream' | 'consumer'> {
  const { name } = conflict;
  if (conflict.why === 'not-owned' && conflict.stream !== undefined)
    return { stream: conflict.stream, consumer: name };
  const consumer = conflict.why === 'other-domain' ? conflict.consumer : undefined;
  return { stream: name, ...(consumer === undefined ? {} : { consumer }) };
}

function refusingLimits(limits: readonly TightLimit[]): Problem[] {
  return limits
    .filter(({ refuses }) => refuses)
    .map(({ stream, detail, suggestions }) => ({
      kind: 'record-limit',
      ...(stream === undefined ? {} : { stream }),
      detail,
      suggestions,
      repairable: false,
    }));
}

function cuttingLimits(limits: readonly TightLimit[]): Warning[] {
  return limits
    .filter(({ refuses }) => !refuses)
    .map(({ detail, suggestions }) => ({
      kind: 'record-limit',
      detail,
      suggestions,
    }));
}

function replicaProblems({ config, cluster }: StreamInfo): Problem[] {
  const wanted = config.num_replicas ?? 1;
  if (wanted === 1) return [];
  const peers = cluster?.replicas ?? [];
  const offline = peers.filter((peer) => peer.offline === true).map(({ name }) => name);
  const live = (cluster?.leader ? 1 : 0) + peers.length - offline.length;
  if (live >= wanted) return [];
  const names = offline.length === 0 ? '' : `; offline: ${offline.join(', ')}`;
  const detail = `${live} of ${wanted} replicas are live${names}`;
  return [{ kind: 'replica-down', stream: config.name, detail, repairable: false }];
}

function behindWarnings(streams: readonly StreamInfo[]): Warning[] {
  return streams.flatMap(({ config, cluster }) => {
    const behind = (cluster?.replicas ?? []).filter(({ current, offline }) => !current && offline !== true);
    if (behind.length === 0) return [];
    const names = behind.map(({ name }) => name).join(', ');
    return [{ kind: 'replica-behind' as const, detail: `${config.name}: not up to date now: ${names}` }];
  });
}

function durabilityWarnings(streams: readonly StreamInfo[]): Warning[] {
  const single = streams.filter(({ config }) => (config.num_replicas ?? 1) === 1);
  const memory = streams.filter(({ config }) => config.storage === 'memory');
  const named = (of: readonly StreamInfo[]): string => of.map(({ config }) => config.name).join(', ');
  return [
    ...(single.length === 0
      ? []
      : [
          {
            kind: 'single-replica' as const,
            detail: `one replica only: ${named(single)}. They are lost with their node's disk; a cluster of three with \`replicas: 3\` survives that`,
          },
        ]),
    ...(memory.length === 0
      ? []
      : [
          {
            kind: 'memory-storage' as const,
            detail: `in memory: ${named(memory)}. They are lost when the server restarts, unless another replica stays up`,
          },
        ]),
    {
      kind: 'sync-interval',
      detail:
        'no client can read sync_interval. With its default, 2 minutes, a server acknowledges writes that are not on disk yet: a power failure or a crash of the operating system loses them if it hits every replica at once. `jetstream { sync_interval: always }` in the server config prevents that, at the cost of speed',
    },
  ];
}
