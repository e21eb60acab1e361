import { advisoryType } from './advisory.js';
import type { Failure, ReportedFailure } from './failure.js';
import { type Key, keyId } from './key.js';
import type { Attempts, Exhaustion } from './record.js';
import type { ExhaustionKind } from './record-kinds.js';
import type { StagePlan } from './stage-plan.js';

/** The last attempt of a stage, as it failed. */
export interface LastAttempt {
  readonly attempt: number;
  readonly error: ReportedFailure;
  readonly durationMs: number;
  readonly trace?: string;
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
  /** The attempt whose failure this is. None: it left no report, or not here. */
  readonly last?: LastAttempt | undefined;
  /** Where the message was delivered: its stream, its sequence there, and how often. */
  readonly delivered: { readonly stream: string; readonly seq: number; readonly deliveries: number };
}

export function makeExhaustion(facts: ExhaustionFacts): Exhaustion {
  const { key, kind, at, failure, attempts, plan, firstFailedAt, worker, last, delivered } = facts;
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
    ...last,
    firstFailedAt,
    lastFailedAt: at,
    worker,
  };
}
