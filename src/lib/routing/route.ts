import type { Pipeline } from '../pipeline/pipeline.js';
import { consumerNamed, planOf } from '../config/resolved.js';
import type { StoredRecord } from '../domain/attempt.js';
import type { Key } from '../domain/key.js';
import { pointerFrom } from '../domain/pointer.js';
import type { Exhaustion } from '../domain/record.js';
import { recordsBeyond, type Wanted, type WhatIsKnown } from '../domain/standing-records.js';
import { isBeyond, leadsTo } from '../domain/standing.js';
import type { RecordKind } from '../domain/record-kinds.js';
import { straightToDlq } from '../domain/stage-plan.js';
import { isoOfMs } from '../domain/time.js';
import { withJitter } from '../domain/backoff.js';
import { recordAbout } from '../journal/record-about.js';
import { lastRecords } from '../journal/read.js';
import { writeRecord } from '../journal/write-record.js';
import { hasRetryConsumer } from './other-versions.js';
import { writePointer } from '../pointers/write-pointer.js';

export type Routed =
  | { readonly to: 'retry' | 'dlq'; readonly notBeforeMs: number }
  /** Nothing was written: it had moved on already. */
  | { readonly to: 'nowhere'; readonly because: RecordKind };

/** Where an exhaustion leads to. */
interface Destination {
  readonly to: 'retry' | 'dlq';
  readonly delayMs: number;
}

const toDlq: Destination = { to: 'dlq', delayMs: 0 };

/**
 * The worker that made the exhaustion says whether there is a retry stage: another version of the config may run beside
 * this one. Records of earlier versions leave it to the config.
 */
async function destinationOf(pipeline: Pipeline, x: Exhaustion): Promise<Destination> {
  const settings = consumerNamed(pipeline.config, x.consumer);
  const plan = x.plan ?? (settings ? planOf(settings) : straightToDlq);
  if (leadsTo(x, plan) === 'dlq' || !plan.retry) return toDlq;
  // A pointer that nobody can read is worse than a dead letter.
  if (!settings && !(await hasRetryConsumer(pipeline, x.consumer))) return toDlq;
  return { to: 'retry', delayMs: plan.retry.delayMs };
}

/**
 * Writes the pointer that an exhaustion leads to, then the ROUTED record. Killed in between and repeated, or
 * done by two at once, it leaves one pointer; what has moved on is not brought back.
 */
export async function routeExhaustion(
  pipeline: Pipeline,
  x: Exhaustion,
  known: WhatIsKnown,
): Promise<Routed> {
  const { link, places, clock, identity } = pipeline;
  const { to, delayMs } = await destinationOf(pipeline, x);
  const wanted = recordsBeyond(x, to, known);
  const beyond = wanted.length > 0 && (await recordBeyond(pipeline, x, wanted));
  if (beyond) return { to: 'nowhere', because: beyond.record.kind };

  // Due at once is 0 and not now: a pointer that was never parked needs no announcement of its first run.
  const notBeforeMs = to === 'retry' && delayMs > 0 ? clock.now() + withJitter(delayMs, clock.random) : 0;
  await writePointer(link, places[to], pointerFrom(x, to, notBeforeMs));
  const at = isoOfMs(clock.now());
  await writeRecord(pipeline, recordAbout(x, { kind: 'ROUTED', at, to, worker: identity.worker }));
  return { to, notBeforeMs };
}

/** The first of these that says that an exhaustion has been dealt with. */
export async function recordBeyond(
  pipeline: Pipeline,
  x: Key,
  wanted: readonly Wanted[],
): Promise<StoredRecord | undefined> {
  return (await lastRecords(pipeline, wanted)).find((one) => one && isBeyond(one.record, x));
}
