import {
  type Decoded,
  decodeObject,
  isCount,
  isText,
  malformed,
  maxRoutableBytes,
  readOrigin,
} from './decode.js';
import { type Failure, type FailureKind, withFingerprint } from './failure.js';
import type { Stage, Tier } from './key.js';
import { type Attempts, type Exhaustion, isExhaustionRecord, type JournalRecord } from './record.js';
import { isRecordKind } from './record-kinds.js';
import { readPlan } from './stage-plan.js';
import { isName } from './subjects.js';

const stages: readonly Stage[] = ['main', 'retry', 'dlq'];
const tiers: readonly Tier[] = ['business', 'meta'];

function isNoTime(text: string): boolean {
  return Number.isNaN(Date.parse(text));
}

/** A record that says what it is about. Its details are checked where they are used. */
export function decodeRecord(bytes: Uint8Array): Decoded<JournalRecord> {
  const decoded = decodeObject(bytes);
  if (!decoded.ok) return decoded;
  const value = decoded.value;
  if (value['v'] !== 1) return malformed('v: expected 1');
  if (!isRecordKind(value['kind'])) return malformed('kind: expected a journal record kind');
  if (!tiers.includes(value['tier'] as Tier)) return malformed('tier: expected business or meta');
  if (!stages.includes(value['stage'] as Stage)) return malformed('stage: expected main, retry or dlq');
  if (!isText(value['consumer']) || !isName(value['consumer'])) return malformed('consumer: expected a name');
  if (!isCount(value['cycle'])) return malformed('cycle: expected a count');
  if (!isText(value['at']) || isNoTime(value['at'])) return malformed('at: expected an ISO time');
  const origin = readOrigin(value['origin']);
  if (!origin) return malformed('origin: expected {stream, seq, subject, time}');
  if (value['attempt'] !== undefined && !isCount(value['attempt']))
    return malformed('attempt: expected a count');
  if (value['error'] !== undefined && !isReportedError(value['error']))
    return malformed('error: expected {name, message, fingerprint}');
  if (value['firstFailedAt'] !== undefined && !isText(value['firstFailedAt']))
    return malformed('firstFailedAt: expected an ISO time');
  return { ok: true, value: Object.assign(value, { origin }) as unknown as JournalRecord };
}

function isReportedError(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const kind = (value as Record<string, unknown>)['kind'] ?? 'error';
  return failureIn({ ...value, kind }) !== undefined;
}

/** The failure in this value, where it has the shape of one. */
export function readFailure(value: unknown): Failure | undefined {
  const failure = failureIn(value);
  return failure && withFingerprint(failure);
}

function failureIn(value: unknown): Failure | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, name, message, code, fingerprint, fingerprintBy } = value as Record<string, unknown>;
  if (!isText(kind) || !isText(name) || typeof message !== 'string' || !isText(fingerprint)) return undefined;
  return {
    kind: kind as FailureKind,
    name,
    message,
    ...(isText(code) ? { code } : {}),
    fingerprint,
    ...(fingerprintBy === 'shape' || fingerprintBy === 'handler' ? { fingerprintBy } : {}),
  };
}

export function readAttempts(value: unknown): Attempts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { main, retry } = value as Record<string, unknown>;
  return isCount(main) && isCount(retry) ? { main, retry } : undefined;
}

/** An exhaustion that is complete enough to be routed. */
export function decodeExhaustion(bytes: Uint8Array): Decoded<Exhaustion> {
  if (bytes.length > maxRoutableBytes)
    return malformed(`${bytes.length} bytes, expected at most ${maxRoutableBytes}`);
  const decoded = decodeRecord(bytes);
  if (!decoded.ok) return decoded;
  const record = decoded.value;
  if (!isExhaustionRecord(record)) return malformed(`kind: expected an exhaustion, found ${record.kind}`);
  if (record.stage === 'dlq') return malformed('stage: expected main or retry');
  const failure = readFailure(record.failure);
  const attempts = readAttempts(record.attempts);
  if (!failure) return malformed('failure: expected {kind, name, message, fingerprint}');
  if (!attempts) return malformed('attempts: expected {main, retry}');
  if (!isText(record.firstFailedAt) || !isText(record.lastFailedAt) || isNoTime(record.lastFailedAt))
    return malformed('firstFailedAt, lastFailedAt: expected ISO times');
  if (!isCount(record.stream_seq) || !isCount(record.deliveries) || !isText(record.stream)) {
    return malformed('stream, stream_seq, deliveries: expected where it was delivered');
  }
  const plan = readPlan(record.plan);
  return { ok: true, value: Object.assign(record, { failure, attempts, plan }) as Exhaustion };
}
