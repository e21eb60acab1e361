import { advisoryType } from './advisory.js';
import {
  type Decoded,
  decodeObject,
  isCount,
  isText,
  malformed,
  maxRoutableBytes,
  readOrigin,
} from './decode.js';
import type { Failure, FailureKind, ReportedFailure } from './failure.js';
import { readPlan, type StagePlan } from './stage-plan.js';
import { type Key, keyId, type Stage, type Tier } from './key.js';
import { type ExhaustionKind, isExhaustion, isName, type RecordKind, recordKinds } from './subjects.js';

/** How many attempts were made in each stage. */
export interface Attempts {
  readonly main: number;
  readonly retry: number;
}

/** The fields that the server's own advisory has, under its own names: where the message was delivered. */
export interface AdvisoryFields {
  readonly type: string;
  readonly id: string;
  readonly timestamp: string;
  readonly stream: string;
  readonly consumer: string;
  readonly stream_seq: number;
  readonly deliveries: number;
  readonly reason?: string;
}

/** One line of the journal: something that went wrong with an event, or something done about it. */
export interface JournalRecord extends Key, Partial<Omit<AdvisoryFields, 'consumer'>> {
  readonly v: 1;
  readonly kind: RecordKind;
  /** ISO time of the writer's clock. */
  readonly at: string;
  readonly attempt?: number;
  readonly error?: Omit<ReportedFailure, 'kind'> & { readonly kind?: FailureKind };
  readonly durationMs?: number;
  /** `<host>:<pid>:<random>` of the process that wrote it. */
  readonly worker?: string;
  /** Who replayed or discarded, as `user@host`. */
  readonly operator?: string;
  /** The replay that this belongs to. */
  readonly task?: string;
  readonly note?: string;
  /** ATTEMPT_STARTED: nothing else runs in the process meanwhile. */
  readonly alone?: boolean;
  /** RESOLVED: the handler succeeded after its lease had lapsed. */
  readonly late?: boolean;
  /** ROUTED: the stream that the pointer went to. */
  readonly to?: 'retry' | 'dlq';
  /** MOVED, of the consumer that it was taken from: the one that has the pointer now. */
  readonly movedTo?: string;
  /** MOVED, of the consumer that has it now: the one that the config no longer has. */
  readonly movedFrom?: string;
  /** SNOOZED: when the event comes back, ISO. */
  readonly until?: string;
  /** SNOOZED: how many short snoozes the stage has seen so far, this one included. */
  readonly snoozes?: number;
  /** SNOOZED: not by the handler, but because its process stopped in order: the attempt does not count. */
  readonly takenBack?: boolean;
  readonly attempts?: Attempts;
  /** Of a main stage that ended: what is next. Records of earlier versions have none. */
  readonly plan?: StagePlan;
  readonly failure?: Failure;
  readonly firstFailedAt?: string;
  readonly lastFailedAt?: string;
}

/** A record that ends a stage, with all that a pointer needs. */
export type Exhaustion = JournalRecord &
  AdvisoryFields & {
    readonly kind: ExhaustionKind;
    readonly attempts: Attempts;
    readonly failure: Failure;
    readonly firstFailedAt: string;
    readonly lastFailedAt: string;
  };

/**
 * `Nats-Msg-Id` of a record. Both kinds of exhaustion share one, so that a stage ends once; attempt records
 * carry what makes each unique, so that no failed attempt swallows another.
 */
export function recordMessageId(record: JournalRecord): string {
  const key = keyId(record);
  if (isExhaustion(record.kind)) return `EXHAUSTED/${key}`;
  const id = `${record.kind}/${key}`;
  if (record.attempt === undefined) return id;
  return `${id}/${record.attempt}/${record.deliveries ?? 0}/${record.worker ?? ''}`;
}

/** What an exhaustion is made of; the rest follows. */
export interface ExhaustionFacts {
  readonly key: Key;
  readonly kind: ExhaustionKind;
  readonly at: string;
  readonly failure: Failure;
  readonly attempts: Attempts;
  readonly plan?: StagePlan | undefined;
  readonly firstFailedAt: string;
  readonly worker: string;
  /** Where the message was delivered: its stream, its sequence there, and how often. */
  readonly delivered: { readonly stream: string; readonly seq: number; readonly deliveries: number };
}

export function makeExhaustion(facts: ExhaustionFacts): Exhaustion {
  const { key, kind, at, failure, attempts, plan, firstFailedAt, worker, delivered } = facts;
  return {
    v: 1,
    kind,
    at,
    tier: key.tier,
    consumer: key.consumer,
    stage: key.stage,
    cycle: key.cycle,
    origin: key.origin,
    type: advisoryType[kind],
    id: keyId(key),
    timestamp: at,
    stream: delivered.stream,
    stream_seq: delivered.seq,
    deliveries: delivered.deliveries,
    ...(kind === 'MSG_TERMINATED' ? { reason: failure.message } : {}),
    attempts,
    ...(plan ? { plan } : {}),
    failure,
    firstFailedAt,
    lastFailedAt: at,
    worker,
  };
}

const stages: readonly Stage[] = ['main', 'retry', 'dlq'];
const tiers: readonly Tier[] = ['business', 'meta'];

function isNoTime(text: string): boolean {
  return Number.isNaN(Date.parse(text));
}

export function decodeRecord(bytes: Uint8Array): Decoded<JournalRecord> {
  const decoded = decodeObject(bytes);
  if (!decoded.ok) return decoded;
  const value = decoded.value;
  if (value['v'] !== 1) return malformed('v: expected 1');
  if (!recordKinds.includes(value['kind'] as RecordKind))
    return malformed('kind: expected a journal record kind');
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
  return readFailure({ ...value, kind }) !== undefined;
}

/** The failure in this value, where it has the shape of one. */
export function readFailure(value: unknown): Failure | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, name, message, fingerprint } = value as Record<string, unknown>;
  if (!isText(kind) || !isText(name) || typeof message !== 'string' || !isText(fingerprint)) return undefined;
  return { kind: kind as FailureKind, name, message, fingerprint };
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
  if (!isExhaustion(record.kind)) return malformed(`kind: expected an exhaustion, found ${record.kind}`);
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
