import type { Pipeline } from '../../pipeline/pipeline.js';
import { consumerNamed, limitsOf, type PipelineConfig } from '../../config/resolved.js';
import { failedAttempts, failureOfRecord } from '../../domain/attempt.js';
import { isForGood } from '../../domain/failure.js';
import { atStage, type Key, sameOrigin } from '../../domain/key.js';
import { straightToDlq } from '../../domain/stage-plan.js';
import type { Pointer } from '../../domain/pointer.js';
import type { Exhaustion, RecordOf } from '../../domain/record.js';
import { decodeExhaustion } from '../../domain/record-decode.js';
import { makeExhaustion } from '../../domain/record-exhaustion.js';
import { type ExhaustionKind, exhaustionKinds } from '../../domain/record-kinds.js';
import { advisoryType } from '../../domain/advisory.js';
import { subjectOf } from '../../journal/record-about.js';
import { readKeyHistory } from '../../journal/read.js';
import { lastPointer, readPointer } from '../../pointers/write-pointer.js';

/** The exhaustion of a stage, as the journal has it, complete enough to be routed. */
export async function readExhaustionOf(
  pipeline: Pipeline,
  key: Key,
): Promise<{ readonly x: Exhaustion; readonly journalSeq: number } | undefined> {
  const { link } = pipeline;
  const journal = pipeline.places.journal;
  for (const kind of exhaustionKinds) {
    const message = await link.readLast(journal.stream, subjectOf(journal, key, kind));
    const decoded = message && decodeExhaustion(message.data);
    if (decoded?.ok && sameOrigin(decoded.value.origin, key.origin)) {
      return { x: decoded.value, journalSeq: message?.seq ?? 0 };
    }
  }
  return undefined;
}

/** The exhaustion of the business tier at a sequence of the journal. Undefined: none that can be routed. */
export async function readRoutable(pipeline: Pipeline, journalSeq: number): Promise<Exhaustion | undefined> {
  const { link, config } = pipeline;
  const message = await link.readFromLeader(config.streams.advisories.name, journalSeq);
  const decoded = message && decodeExhaustion(message.data);
  if (!decoded?.ok || decoded.value.tier !== 'business') return undefined;
  const x = decoded.value;
  return subjectOf(pipeline.places.journal, x, x.kind) === message?.subject ? x : undefined;
}

/**
 * The exhaustion that a stage must have ended with, made from what is left of it: the pointer that it led to, else
 * its last attempt. Undefined: nothing is left.
 */
export async function rebuildExhaustion(pipeline: Pipeline, key: Key): Promise<Exhaustion | undefined> {
  return (await fromPointer(pipeline, key)) ?? (await fromAttempt(pipeline, key));
}

/** What the journal has of it, or else what can be made of what is left. */
export async function findExhaustion(pipeline: Pipeline, key: Key): Promise<Exhaustion | undefined> {
  return (await readExhaustionOf(pipeline, key))?.x ?? (await rebuildExhaustion(pipeline, key));
}

/** The pointer of this event and cycle that rests in the retry stage or the DLQ. */
export async function pointerThere(
  pipeline: Pipeline,
  where: 'retry' | 'dlq',
  key: Key,
): Promise<Pointer | undefined> {
  const { link } = pipeline;
  const message = await lastPointer(link, pipeline.places[where], key.consumer, key.origin.seq);
  const pointer = message && readPointer(message);
  return pointer && sameOrigin(pointer.origin, key.origin) ? pointer : undefined;
}

async function fromPointer(pipeline: Pipeline, key: Key): Promise<Exhaustion | undefined> {
  const places = key.stage === 'main' ? (['retry', 'dlq'] as const) : (['dlq'] as const);
  for (const where of places) {
    const pointer = await pointerThere(pipeline, where, key);
    // The retry stage's pointers of one cycle are of main, whatever came later.
    const own = pointer?.cycle === key.cycle && pointer.attempts.retry > 0 === (key.stage === 'retry');
    if (pointer && own) return exhaustionOfPointer(key, pointer, where);
  }
  return undefined;
}

/** It has been routed: its plan is where it was routed to. */
function exhaustionOfPointer(key: Key, pointer: Pointer, where: 'retry' | 'dlq'): Exhaustion {
  const { advisory, failure, attempts, firstFailedAt, lastFailedAt } = pointer;
  const kind: ExhaustionKind =
    advisory.type === advisoryType.MSG_TERMINATED ? 'MSG_TERMINATED' : 'MAX_DELIVERIES';
  const made = makeExhaustion({
    key: { ...key, origin: pointer.origin },
    kind,
    at: lastFailedAt,
    failure,
    attempts,
    plan: where === 'dlq' ? straightToDlq : { retry: { delayMs: 0, attempts: 1 } },
    firstFailedAt,
    worker: '',
    delivered: { stream: advisory.stream, seq: advisory.stream_seq, deliveries: advisory.deliveries },
  });
  return { ...made, ...advisory, consumer: key.consumer };
}

/** Counted and explained as its worker would: an attempt that started and left no report has failed. */
async function fromAttempt(pipeline: Pipeline, key: Key): Promise<Exhaustion | undefined> {
  const { config } = pipeline;
  const history = await readKeyHistory(pipeline, key, { firstDelivery: false });
  const { started, failed } = history;
  const attempt = failedAttempts(history);
  const [last] = [started, failed]
    .flatMap((one) => one ?? [])
    .toSorted((a, b) => b.journalSeq - a.journalSeq);
  if (!last || attempt === 0) return undefined;
  const { record } = last;
  const failure = failureOfRecord(failed?.record);
  return makeExhaustion({
    key: { ...key, origin: record.origin },
    kind: isForGood(failure.kind) ? 'MSG_TERMINATED' : 'MAX_DELIVERIES',
    at: record.at,
    failure,
    attempts: await attemptsOf(pipeline, key, attempt),
    firstFailedAt: failed?.record.firstFailedAt ?? failed?.record.at ?? record.at,
    worker: record.worker ?? '',
    delivered: deliveredAt(config, key, record),
  });
}

async function attemptsOf(pipeline: Pipeline, key: Key, attempt: number): Promise<Exhaustion['attempts']> {
  const { config } = pipeline;
  if (key.stage === 'main') return { main: attempt, retry: 0 };
  const main = await readExhaustionOf(pipeline, atStage(key, 'main', 0));
  const consumer = consumerNamed(config, key.consumer);
  const limit = consumer ? limitsOf(consumer, 'main').attempts : 0;
  return { main: main?.x.attempts.main ?? limit, retry: attempt };
}

function deliveredAt(
  config: PipelineConfig,
  { stage, origin }: Key,
  { deliveries }: RecordOf<'ATTEMPT_STARTED' | 'ATTEMPT_FAILED'>,
): { readonly stream: string; readonly seq: number; readonly deliveries: number } {
  const times = deliveries ?? 0;
  // Where the pointer was in the retry stream is no longer known.
  return stage === 'main'
    ? { stream: origin.stream, seq: origin.seq, deliveries: times }
    : { stream: config.streams.retry.name, seq: 0, deliveries: times };
}
