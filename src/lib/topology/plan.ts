import { checkOptions, type Checks } from '../domain/options.js';
import { refuseNoFlag, refuseNoPipeline, refuseTexts } from '../domain/given.js';
import type { StreamRole } from '../config/resolved.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readActual, readActualAndOthers } from './actual.js';
import { type Conflict, findConflicts } from './diff/conflicts.js';
import { type Consequential, isRisky } from './impact/consequence.js';
import { desiredTopology, type Topology } from './desired.js';
import { type Actual, type Change, diffTopology, isPending, objectOf } from './diff/diff.js';
import { isMonitorPath } from '../domain/monitor-metadata.js';
import { isLeft } from '../domain/ownership.js';
import { readConsequences } from './impact/read-consequences.js';

/** A change with what it means for what is stored and on its way, in numbers. */
export type PlannedChange = Consequential;

/** What `applyPlan` would do, and what stands in its way. */
export interface Plan {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server that it was made for. */
  readonly server: string;
  /** What the config wants, whether or not it is there. */
  readonly desired: Topology;
  /** One for each wanted object and each orphan, those that need nothing included. */
  readonly changes: readonly PlannedChange[];
  /** What stands in the way. Only `--adopt` resolves some of it; the rest has to be changed by hand. */
  readonly conflicts: readonly Conflict[];
  /** It would lose, skip, leave behind or deliver again something that is stored or in flight. */
  readonly needsConfirmation: boolean;
}

/** What a plan may take over. */
export interface PlanOptions {
  /** Take over objects with a wanted name that no pipeline, or another one, owns. Default: they are conflicts. */
  readonly adopt?: boolean;
}

const planChecks = { adopt: refuseNoFlag } as const satisfies Checks<PlanOptions>;

/** Compares a config with the server. Writes nothing that stays: counting uses consumers that last a moment. */
export async function planTopology(pipeline: Pipeline, options: PlanOptions = {}): Promise<Plan> {
  refuseNoPipeline(pipeline);
  checkOptions(planChecks, options);
  const { link, config } = pipeline;
  const desired = desiredTopology(config);
  const { adopt = false } = options;
  const { actual, changes, conflicts } = await compare(pipeline, desired, readActualAndOthers, adopt);
  const planned: PlannedChange[] = [];
  for (const change of changes) {
    const consequences = await readConsequences(pipeline, change, { desired, actual });
    const left = change.action === 'orphan' && isLeft(objectOf(actual, change)?.config.metadata);
    planned.push({ ...change, consequences, ...(left ? { left } : {}) });
  }
  return {
    pipeline: config.name,
    server: link.server,
    desired,
    changes: planned,
    conflicts,
    needsConfirmation: planned.some(isRisky),
  };
}

/** How the server differs from what a config needs. */
export interface TopologyCheck {
  /** What is missing or different; orphans and what matches are not in it. */
  readonly changes: readonly Change[];
  /** Why nothing can be applied, whatever is confirmed. */
  readonly conflicts: readonly Conflict[];
}

/** Streams that people work with, and events do not need. */
export const workbenchStreams: readonly StreamRole[] = ['operations', 'kept'];

/** What is not looked at. */
export interface CheckOptions {
  /** Streams by what they are for. Default: none. */
  readonly without?: readonly StreamRole[];
  /** Limits for `nats server check` too, which nothing needs to run. Default: false. */
  readonly monitor?: boolean;
}

const checkChecks = { without: refuseTexts, monitor: refuseNoFlag } as const satisfies Checks<CheckOptions>;

/** What `pipeline apply` would have to do before this config can run. Lists nothing and counts nothing. */
export async function checkTopology(pipeline: Pipeline, options: CheckOptions = {}): Promise<TopologyCheck> {
  refuseNoPipeline(pipeline);
  checkOptions(checkChecks, options);
  const { without = [], monitor = false } = options;
  const whole = desiredTopology(pipeline.config);
  const desired = { ...whole, streams: whole.streams.filter(({ role }) => !without.includes(role)) };
  const { changes, conflicts } = await compare(pipeline, desired, readActual, false);
  const isNeeded = ({ action, fields }: Change): boolean =>
    monitor || action !== 'update' || !fields.every(({ path }) => isMonitorPath(path));
  return { changes: changes.filter((one) => isPending(one) && isNeeded(one)), conflicts };
}

interface Comparison {
  readonly actual: Actual;
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
}

async function compare(
  { link }: Pipeline,
  desired: Topology,
  read: typeof readActual,
  adopt: boolean,
): Promise<Comparison> {
  const actual = await read(link, desired);
  const changes = diffTopology(desired, actual);
  const conflicts = await findConflicts(link, { desired, actual, changes, adopt });
  return { actual, changes, conflicts };
}
