import { checkOptions, type Checks } from '../domain/options.js';
import {
  refuseLimit,
  refuseNoFunction,
  refuseNoPipeline,
  refuseNoSignal,
  refuseNoText,
  refuseTime,
} from '../domain/given.js';
import { kindsOfPeople } from '../domain/record-kinds.js';
import { readGroupDocuments } from '../groups/group-documents.js';
import type { OnRead } from '../nats/read/read-so-far.js';
import { readOperationDocuments } from '../operations/operation-log.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { byTime, decisionsOf, type Operation, OperationFolder, operationOf } from './operation.js';
import { readRecords } from './read-records.js';

/** Which operations. */
export interface OperationsOptions {
  /** Not done before this time, ms since 1970. Default: all that the journal has. */
  readonly sinceMs?: number;
  /** `user@host`, or the user alone. Default: everybody. */
  readonly operator?: string;
  /** Only the newest of those that match. Default: 50. */
  readonly limit?: number;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** Called now and then while the journal is read. */
  readonly onRead?: OnRead;
}

/** What people did. */
export interface OperationsLog {
  /** How many operations match, also beyond the limit. */
  readonly total: number;
  /** The newest of them, the oldest first. */
  readonly operations: readonly Operation[];
}

export const defaultOperationsLimit = 50;

const operationsChecks = {
  sinceMs: refuseTime,
  operator: refuseNoText,
  limit: refuseLimit,
  signal: refuseNoSignal,
  onRead: refuseNoFunction,
} as const satisfies Checks<OperationsOptions>;

/**
 * What people did to dead letters and to the pipeline, and decided about groups, the oldest first: each task once, by
 * whom, to how many and why. Memory grows with the tasks, not with the records. Throws OperationError `NO_STREAM`.
 */
export async function readOperations(
  pipeline: Pipeline,
  options: OperationsOptions = {},
): Promise<OperationsLog> {
  refuseNoPipeline(pipeline);
  checkOptions(operationsChecks, options);
  const { sinceMs, operator, limit = defaultOperationsLimit, signal, onRead } = options;
  const folder = new OperationFolder();
  const records = readRecords(pipeline, { kinds: kindsOfPeople, sinceMs, signal, onRead });
  for await (const record of records) folder.add(record);
  const decided = (await readGroupDocuments(pipeline)).flatMap(decisionsOf);
  const others = (await readOperationDocuments(pipeline)).map(operationOf);
  const matching = [...folder.operations(), ...decided, ...others]
    .filter((one) => sinceMs === undefined || Date.parse(one.lastAt) >= sinceMs)
    .filter((one) => operator === undefined || isBy(one.operator, operator))
    .toSorted(byTime);
  return { total: matching.length, operations: matching.slice(-limit) };
}

function isBy(found: string | null, wanted: string): boolean {
  return found === wanted || found?.startsWith(`${wanted}@`) === true;
}
