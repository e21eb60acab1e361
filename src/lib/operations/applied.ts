import { checkOptions, type Checks } from '../domain/options.js';
import { refuseNoFlag, refuseNoPipeline } from '../domain/given.js';
import path from 'node:path';
import {
  type AppliedDocument,
  appliedDocument,
  decodeApplied,
  hashOf,
  isNewer,
} from '../config/applied/applied-document.js';
import { differencesOf } from '../config/applied/differences.js';
import { configFromStored } from '../config/applied/from-stored.js';
import { storedConfigOf } from '../config/applied/stored-config.js';
import type { Applied } from '../config/resolved.js';
import type { Decoded, JsonObject } from '../domain/decode.js';
import { operationsSubject } from '../domain/operations-subjects.js';
import { isoOfMs } from '../domain/time.js';
import { ConfigError, OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type Decode, readDocument, updateDocument } from './documents.js';

/** The config of a pipeline, and the one that is stored on the server for those who have no config file. */
export interface AppliedComparison {
  /** What an apply does: `create`: none is stored; `update`: another one is, or one that can't be read. */
  readonly action: 'none' | 'create' | 'update';
  /** Keys of the config that differ: `consumers.orders.attempts`. */
  readonly differs: readonly string[];
  /** Who applied the one that is stored, and when. */
  readonly applied?: Applied;
  /** Verbs that write ask for the pipeline's name, by the one that is stored. */
  readonly protected: boolean;
}

const any: Decode<JsonObject> = (value) => ({ ok: true, value });

export function appliedSubject({ places }: Pick<Pipeline, 'places'>): string {
  return operationsSubject(places.operations.root, 'config');
}

/** @throws OperationError `UNREADABLE` for what a newer version has stored */
export async function compareApplied(pipeline: Pipeline): Promise<AppliedComparison> {
  refuseNoPipeline(pipeline);
  const found = await readDocument(pipeline, appliedSubject(pipeline), any);
  if (found === undefined) return { action: 'create', differs: [], protected: false };
  if (isNewer(found.value)) throw tooNew(decodeApplied(found.value));
  const decoded = decodeApplied(found.value);
  if (!decoded.ok) return { action: 'update', differs: [], protected: false };
  const { at, by, file, hash } = decoded.value;
  const applied = { at, by, file, hash };
  const other = await readable(decoded.value);
  if (other === undefined) return { action: 'update', differs: [], applied, protected: false };
  // As this version understands it: a key that is new has its default in both.
  const differs = differencesOf(storedConfigOf(other), storedConfigOf(pipeline.config));
  return { action: differs.length === 0 ? 'none' : 'update', differs, applied, protected: other.protected };
}

/** How `storeApplied` stores. */
export interface StoreAppliedOptions {
  /** Also where it is there already, which then says when it was applied last. Default: false. */
  readonly again?: boolean;
}

const storeChecks = { again: refuseNoFlag } as const satisfies Checks<StoreAppliedOptions>;

/** Stores the config for those who have no config file. False: it was there already. Can be repeated. */
export async function storeApplied(pipeline: Pipeline, options: StoreAppliedOptions = {}): Promise<boolean> {
  refuseNoPipeline(pipeline);
  checkOptions(storeChecks, options);
  const { again = false } = options;
  const { config, clock, identity } = pipeline;
  const hash = hashOf(storedConfigOf(config));
  let stored = false;
  await updateDocument(pipeline, appliedSubject(pipeline), any, (current) => {
    stored = false;
    if (current !== undefined) {
      if (isNewer(current)) throw tooNew(decodeApplied(current));
      const found = decodeApplied(current);
      if (found.ok && found.value.hash === hash && !again) return undefined;
    }
    stored = true;
    return { ...appliedDocument(config, { at: isoOfMs(clock.now()), by: identity.operator }) };
  });
  return stored;
}

const mostShown = 3;

/** On one line, what this config is to the stored one; undefined: they mean the same. */
export function describeApplied(
  { action, differs, applied }: AppliedComparison,
  file: string,
): string | undefined {
  if (action === 'none') return undefined;
  if (action === 'create') return 'the config is not stored on the server, for those who have no config file';
  if (applied === undefined)
    return 'the config on the server, for those who have no config file, can not be read';
  const from = `${applied.file}, applied at ${applied.at} by ${applied.by}`;
  if (differs.length === 0) return `the config on the server (${from}) is not valid for this version`;
  const more = differs.length > mostShown ? ` and ${differs.length - mostShown} more` : '';
  return `${path.basename(file)} differs from the config on the server (${from}): ${differs.slice(0, mostShown).join(', ')}${more}`;
}

async function readable(document: AppliedDocument) {
  try {
    return await configFromStored(document, 'the applied config');
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function tooNew(found: Decoded<unknown>): OperationError {
  return new OperationError(found.ok ? 'the applied config is newer' : found.reason, {
    code: 'UNREADABLE',
    suggestions: ['use the version of plutomi-events that applied it, or a newer one'],
  });
}
