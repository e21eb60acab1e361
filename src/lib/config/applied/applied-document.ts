import { createHash } from 'node:crypto';
import path from 'node:path';
import { type Decoded, isText, type JsonObject, malformed } from '../../domain/decode.js';
import type { Applied, PipelineConfig } from '../resolved.js';
import { type StoredConfig, storedConfigOf } from './stored-config.js';

/** What this version writes, and the newest that it reads. */
const documentVersion = 1;

/** The document `config` of the operations stream: what was applied, by whom, and when. */
export interface AppliedDocument extends Applied {
  readonly version: number;
  /** As `storedConfigOf` makes it; untrusted until `configFromStored` has checked it. */
  readonly config: JsonObject;
}

export function appliedDocument(
  config: PipelineConfig,
  { by, at }: Pick<Applied, 'by' | 'at'>,
): AppliedDocument {
  const stored = storedConfigOf(config);
  return {
    version: documentVersion,
    at,
    by,
    file: path.basename(config.file),
    hash: hashOf(stored),
    config: { ...stored },
  };
}

/** The version that a document says it has, whatever else is in it. */
export function isNewer({ version }: JsonObject): boolean {
  return typeof version === 'number' && version > documentVersion;
}

export function decodeApplied(object: JsonObject): Decoded<AppliedDocument> {
  const { version, at, by, file, hash, config } = object;
  if (isNewer(object)) {
    return malformed(
      `the applied config has version ${String(version)}, and this plutomi-events reads up to ${documentVersion}`,
    );
  }
  if (version !== documentVersion) return malformed('not an applied config: it has no version');
  if (!isText(at) || !isText(by) || !isText(file) || !isText(hash)) {
    return malformed('not an applied config: at, by, file and hash are expected to be text');
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    return malformed('not an applied config: config is expected to be an object');
  }
  return { ok: true, value: { version, at, by, file, hash, config: config as JsonObject } };
}

/** SHA-256 of what a config means: the order of its keys, handlers and secrets are no part of it. */
export function hashOf(stored: StoredConfig): string {
  return createHash('sha256').update(canonical(stored)).digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
