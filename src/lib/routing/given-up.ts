import type { Pipeline } from '../pipeline/pipeline.js';
import type { NativeAdvisory } from '../domain/advisory.js';
import { failureOfRecord, highestAttempt, type KeyHistory } from '../domain/attempt.js';
import { type Failure, makeFailure } from '../domain/failure.js';
import { escapeLine } from '../domain/escape.js';
import type { Key } from '../domain/key.js';
import type { StagePlan } from '../domain/stage-plan.js';
import type { Exhaustion } from '../domain/record.js';
import { makeExhaustion } from '../domain/record-exhaustion.js';
import { isoOfNanos, type Nanos } from '../domain/time.js';
import { WrongSequenceError } from '../nats/errors.js';
import { headerOf } from '../nats/wire/message.js';
import { pointerHeader } from '../domain/pointer.js';

const maxIdLength = 64;

/** What the server says about an event that it gives up, or that somebody's tool has terminated. */
export function failureByTheServer({ kind, reason, deliveries }: NativeAdvisory): Failure {
  return kind === 'MSG_TERMINATED'
    ? makeFailure('rejected', 'Terminated', reason ?? 'its worker gave no reason')
    : makeFailure('error', 'MaxDeliveries', `the server gave up after ${deliveries} deliveries`);
}

/** Of a consumer whose attempts are journaled: the last one says why, and how many there were. */
export function countedFailure(
  advisory: NativeAdvisory,
  history: KeyHistory,
): { readonly failure: Failure; readonly attempts: number } {
  const told = history.failed && advisory.kind === 'MAX_DELIVERIES';
  return {
    failure: told ? failureOfRecord(history.failed?.record) : failureByTheServer(advisory),
    attempts: highestAttempt(history) || advisory.deliveries,
  };
}

/**
 * A pointer that the server gives up stays where it is, delivered to nobody. The same one, written again, is a new
 * message: its attempts are counted by the journal, and go on where they were. False: it is not there any more.
 */
export async function putBack(pipeline: Pipeline, seq: number): Promise<boolean> {
  const {
    link,
    config: { streams },
  } = pipeline;
  const stream = streams.retry.name;
  const message = await link.readFromLeader(stream, seq);
  if (!message) return false;
  const names = Object.values(pointerHeader);
  const headers = names.flatMap((name) => {
    const value = headerOf(message.headers, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  try {
    await link.publish(message.subject, message.data, {
      headers: { ...Object.fromEntries(headers), [pointerHeader.putBack]: '1' },
      expectLastSubjectSeq: seq,
      expectStream: stream,
    });
  } catch (error) {
    // A newer pointer stands there, and is delivered.
    if (!(error instanceof WrongSequenceError)) throw error;
  }
  return true;
}

/** All that a pointer needs, from what the server says; its own id and time stay. */
export function exhaustionOf(
  { kind, id, streamSeq, stream, deliveries, timestamp }: NativeAdvisory,
  facts: {
    readonly key: Key;
    readonly at: string;
    readonly worker: string;
    readonly told: Nanos;
    readonly plan: StagePlan;
    readonly failure: Failure;
    readonly attempts: number;
  },
): Exhaustion {
  const { key, at, worker, told, plan, failure, attempts } = facts;
  const failedAt = isoOfNanos(told);
  const made = makeExhaustion({
    key,
    kind,
    at,
    failure,
    attempts: { main: attempts, retry: 0 },
    plan,
    firstFailedAt: failedAt,
    worker,
    delivered: { stream, seq: streamSeq, deliveries },
  });
  return { ...made, id: escapeLine(id.slice(0, maxIdLength)), timestamp, lastFailedAt: failedAt };
}
