import { consumerNamed, limitsOf, type PipelineConfig } from '../../config/resolved.js';
import { isForGood, makeFailure } from '../../domain/failure.js';
import { atStage, type Key, sameOrigin } from '../../domain/key.js';
import { straightToDlq } from '../../domain/stage-plan.js';
import type { Pointer } from '../../domain/pointer.js';
import type { Exhaustion, RecordOf } from '../../domain/record.js';
import { decodeExhaustion } from '../../domain/record-decode.js';
import { makeExhaustion } from '../../domain/record-exhaustion.js';
import { type ExhaustionKind, exhaustionKinds } from '../../domain/record-kinds.js';
import { advisoryType } from '../../domain/advisory.js';
import { subjectOf } from '../../journal/place.js';
import { lastRecord } from '../../journal/read.js';
import type { Link } from '../../nats/link.js';
import { lastPointer, readPointer } from '../../pointers/write-pointer.js';
import { journalOf, pointersOf } from '../../routing/route.js';

/** The exhaustion of a stage, as the journal has it, complete enough to be routed. */
export async function readExhaustionOf(
  link: Link,
  config: PipelineConfig,
  key: Key,
): Promise<{ readonly x: Exhaustion; readonly journalSeq: number } | undefined> {
  const journal = journalOf(config);
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
export async function readRoutable(
  link: Link,
  config: PipelineConfig,
  journalSeq: number,
): Promise<Exhaustion | undefined> {
  const message = await link.readFromLeader(config.streams.advisories.name, journalSeq);
  const decoded = message && decodeExhaustion(message.data);
  if (!decoded?.ok || decoded.value.tier !== 'business') return undefined;
  const x = decoded.value;
  return subjectOf(journalOf(config), x, x.kind) === message?.subject ? x : undefined;
}

/**
 * The exhaustion that a stage must have ended with, made from what is left of it: the pointer that it led to, else
 * its last failed attempt. Undefined: nothing is left.
 */
export async function rebuildExhaustion(
  link: Link,
  config: PipelineConfig,
  key: Key,
): Promise<Exhaustion | undefined> {
  return (await fromPointer(link, config, key)) ?? (await fromAttempt(link, config, key));
}

/** What the journal has of it, or else what can be made of what is left. */
export async function findExhaustion(
  link: Link,
  config: PipelineConfig,
  key: Key,
): Promise<Exhaustion | undefined> {
  return (await readExhaustionOf(link, config, key))?.x ?? (await rebuildExhaustion(link, config, key));
}

/** The pointer of this event and cycle that rests in the retry stage or the DLQ. */
export async function pointerThere(
  link: Link,
  config: PipelineConfig,
  where: 'retry' | 'dlq',
  key: Key,
): Promise<Pointer | undefined> {
  const message = await lastPointer(link, pointersOf(config, where), key.consumer, key.origin.seq);
  const pointer = message && readPointer(message);
  return pointer && sameOrigin(pointer.origin, key.origin) ? pointer : undefined;
}

async function fromPointer(link: Link, config: PipelineConfig, key: Key): Promise<Exhaustion | undefined> {
  const places = key.stage === 'main' ? (['retry', 'dlq'] as const) : (['dlq'] as const);
  for (const where of places) {
    const pointer = await pointerThere(link, config, where, key);
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

async function fromAttempt(link: Link, config: PipelineConfig, key: Key): Promise<Exhaustion | undefined> {
  const record = (await lastRecord(link, journalOf(config), key, 'ATTEMPT_FAILED'))?.record;
  if (!record?.error || record.attempt === undefined) return undefined;
  const { error, attempt } = record;
  const { kind = 'error', name, message, fingerprint } = error;
  return makeExhaustion({
    key: { ...key, origin: record.origin },
    kind: isForGood(kind) ? 'MSG_TERMINATED' : 'MAX_DELIVERIES',
    at: record.at,
    failure: { ...makeFailure(kind, name, message), fingerprint },
    attempts: await attemptsOf(link, config, key, attempt),
    firstFailedAt: record.firstFailedAt ?? record.at,
    worker: record.worker ?? '',
    delivered: deliveredAt(config, key, record),
  });
}

async function attemptsOf(
  link: Link,
  config: PipelineConfig,
  key: Key,
  attempt: number,
): Promise<Exhaustion['attempts']> {
  if (key.stage === 'main') return { main: attempt, retry: 0 };
  const main = await readExhaustionOf(link, config, atStage(key, 'main', 0));
  const consumer = consumerNamed(config, key.consumer);
  const limit = consumer ? limitsOf(consumer, 'main').attempts : 0;
  return { main: main?.x.attempts.main ?? limit, retry: attempt };
}

function deliveredAt(
  config: PipelineConfig,
  { stage, origin }: Key,
  { deliveries }: RecordOf<'ATTEMPT_FAILED'>,
): { readonly stream: string; readonly seq: number; readonly deliveries: number } {
  const times = deliveries ?? 0;
  // Where the pointer stood in the retry stream is known to nobody any more.
  return stage === 'main'
    ? { stream: origin.stream, seq: origin.seq, deliveries: times }
    : { stream: config.streams.retry.name, seq: 0, deliveries: times };
}
