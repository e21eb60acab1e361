import type { Link } from '../../nats/link.js';
import { streamsOwning } from '../../nats/objects.js';
import type { Topology } from '../desired.js';
import { findInOtherDomains, type OtherDomain } from './other-domains.js';
import { type Actual, type Change, consumerPath, isPending, pathOf } from './diff.js';
import { ownerOf } from '../../domain/ownership.js';

/** Why a plan can't be carried out, whatever is confirmed; `message` says so. */
export type Conflict = Obstacle & {
  /** In words, for people. */
  readonly message: string;
};

/** A conflict as data. */
type Obstacle =
  | {
      /** Another pipeline, or none, owns it; `--adopt` takes it over. */
      readonly why: 'not-owned';
      /** What has the name that the config wants. */
      readonly kind: 'stream' | 'consumer';
      /** Its name on the server. */
      readonly name: string;
      /** The stream of a consumer. */
      readonly stream?: string;
      /** The pipeline that owns it; undefined: none. */
      readonly owner?: string;
    }
  | {
      /** Another stream stores a subject that the config wants. */
      readonly why: 'subject-taken';
      /** The stream that we want to have the subject. */
      readonly name: string;
      /** The subject that both want. */
      readonly subject: string;
      /** The stream that has it, or one that overlaps it. */
      readonly by: string;
      /** That stream is one of this pipeline's own, which the config no longer has. */
      readonly byOrphan: boolean;
    }
  | {
      /** It repeats another stream, and takes no message itself. */
      readonly why: 'is-mirror';
      /** The stream. */
      readonly name: string;
      /** What it repeats. */
      readonly of: string;
    }
  | {
      /** More than one replica, on a server that is in no cluster. */
      readonly why: 'no-cluster';
      /** The stream. */
      readonly name: string;
      /** How many the config wants. */
      readonly replicas: number;
    }
  | OtherDomain;

export interface Comparands {
  readonly desired: Topology;
  readonly actual: Actual;
  readonly changes: readonly Change[];
  readonly adopt: boolean;
}

export async function findConflicts(link: Link, given: Comparands): Promise<Conflict[]> {
  const mirrored = mirrors(given);
  const named = new Set(mirrored.map(({ name }) => name));
  const found = [
    ...mirrored,
    ...(given.adopt ? [] : notOwned(given).filter(({ name }) => !named.has(name))),
    ...missingCluster(link, given),
    ...(await takenSubjects(link, given)),
    ...(await findInOtherDomains(link, given)),
  ];
  return found.map((one) => ({ ...one, message: describe(one) }));
}

/** What nothing can be published to, and nothing changes that. */
function mirrors({ desired, actual }: Comparands): Obstacle[] {
  return desired.streams.flatMap(({ name }) => {
    const of = actual.streams.get(name)?.config.mirror?.name;
    return of === undefined ? [] : [{ why: 'is-mirror' as const, name, of }];
  });
}

function notOwned({ desired, actual, changes }: Comparands): Obstacle[] {
  const out: Obstacle[] = [];
  for (const { action, kind, name, stream } of changes) {
    if (action === 'create' || action === 'orphan') continue;
    const found =
      stream === undefined ? actual.streams.get(name) : actual.consumers.get(consumerPath(stream, name));
    const owner = ownerOf(found?.config.metadata);
    if (owner === desired.pipeline) continue;
    out.push({
      why: 'not-owned',
      kind,
      name,
      ...(stream === undefined ? {} : { stream }),
      ...(owner === undefined ? {} : { owner }),
    });
  }
  return out;
}

/** 2.10 takes several replicas on a single server without a word. */
function missingCluster(link: Link, { desired, changes }: Comparands): Obstacle[] {
  if (link.clustered) return [];
  return desired.streams.flatMap(({ name, fields }) => {
    const replicas = fields.num_replicas ?? 1;
    const pending = changes.some((one) => one.kind === 'stream' && one.name === name && isPending(one));
    return replicas > 1 && pending ? [{ why: 'no-cluster' as const, name, replicas }] : [];
  });
}

async function takenSubjects(link: Link, { desired, actual, changes }: Comparands): Promise<Obstacle[]> {
  const out: Obstacle[] = [];
  for (const { name, fields } of desired.streams) {
    const change = changes.find((one) => one.kind === 'stream' && one.name === name);
    const rewritten = change?.action === 'create' || change?.fields.some(({ path }) => path === 'subjects');
    if (!rewritten) continue;
    for (const subject of fields.subjects ?? []) {
      for (const by of await streamsOwning(link, subject)) {
        // The config has no overlaps, so another stream of ours gives the subject up in the same run.
        if (desired.streams.some((one) => one.name === by)) continue;
        const byOrphan = ownerOf(actual.streams.get(by)?.config.metadata) === desired.pipeline;
        out.push({ why: 'subject-taken', name, subject, by, byOrphan });
      }
    }
  }
  return out;
}

function describe(conflict: Obstacle): string {
  if (conflict.why === 'not-owned') {
    const owner = conflict.owner === undefined ? 'no pipeline' : `the pipeline "${conflict.owner}"`;
    return `${conflict.kind} ${pathOf(conflict)} exists and belongs to ${owner}`;
  }
  if (conflict.why === 'is-mirror') {
    return `stream ${conflict.name} is a mirror of ${conflict.of}: it takes no message itself`;
  }
  if (conflict.why === 'no-cluster') {
    return `stream ${conflict.name}: ${conflict.replicas} replicas need a cluster, and this server is not in one`;
  }
  if (conflict.why === 'other-domain') {
    const { name, consumer, subject } = conflict;
    return consumer === undefined
      ? `stream ${name}: a stream of another JetStream domain stores what is published to ${subject} too`
      : `consumer ${pathOf({ name: consumer, stream: name })}: another JetStream domain has a consumer of this stream and name, which takes our acknowledgements for its own`;
  }
  const whose = conflict.byOrphan ? ', which this pipeline created and its config no longer has' : '';
  return `stream ${conflict.name}: the subject ${conflict.subject} overlaps stream ${conflict.by}${whose}`;
}
