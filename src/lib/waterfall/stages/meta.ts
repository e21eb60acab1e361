import { type Failure, failureOf, makeFailure } from '../../domain/failure.js';
import { type Key, type Origin, originOf } from '../../domain/key.js';
import type { Outcome } from '../../domain/outcome.js';
import type { Exhaustion } from '../../domain/record.js';
import { decodeExhaustion } from '../../domain/record-decode.js';
import { isNativeAdvisory, recordSubject } from '../../domain/subjects.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import type { Decoded } from '../../domain/decode.js';
import type { Delivery } from '../../nats/consume/delivery.js';
import { ClosedError, UnreachableError } from '../../nats/errors.js';
import { fetchOriginal } from '../../pointers/original.js';
import type { Case, Identified, StageTools, Task } from './case.js';
import { DeliveredTask } from './delivered-task.js';
import { isFirstTelling } from '../../journal/write-record.js';
import { routeExhaustion } from '../../routing/route.js';
import { nothingKnown, type WhatIsKnown } from '../../domain/standing-records.js';
import type { HeardAdvisory, Transcriber } from '../../routing/transcribe.js';
import { tellJudgement } from '../tell-judgement.js';
import type { StageSpec } from './stage.js';

export interface MetaParts {
  readonly tools: StageTools;
  readonly transcriber: Transcriber;
}

export function metaKey(consumer: string, origin: Origin): Key {
  return { tier: 'meta', consumer, origin, stage: 'main', cycle: 0 };
}

/** An exhaustion whose subject says the same as its body. */
export function readExhaustion(root: string, subject: string, data: Uint8Array): Decoded<Exhaustion> {
  const decoded = decodeExhaustion(data);
  if (!decoded.ok) return decoded;
  const { tier, kind, consumer, stage, cycle, origin } = decoded.value;
  const expected = recordSubject(root, { tier, kind, consumer, seq: origin.seq, stage, cycle });
  if (expected === subject) return decoded;
  return { ok: false, reason: `its body belongs on ${expected}, not on ${subject}` };
}

function unreadable(reason: string): Failure {
  return makeFailure('malformed', 'MalformedRecord', reason);
}

/**
 * `meta-consumer`: business exhaustions become pointers. The server's own advisories about external consumers become
 * exhaustions of the journal first, which come back here; the others are reported, not routed.
 */
export function metaStage(parts: MetaParts): StageSpec {
  const { config, places } = parts.tools.pipeline;
  const { root } = places.journal;
  return {
    limits: config.meta,
    trustsFirstDelivery: true,
    past: `${root}.>`,
    recordsSuccess: false,
    runsHandlers: false,
    identify: ({ delivery }): Identified => {
      const { subject, data } = delivery;
      if (isNativeAdvisory(subject)) return { task: taskOf(delivery) };
      const decoded = readExhaustion(root, subject, data);
      return decoded.ok
        ? { task: taskOf(delivery, decoded.value) }
        : { task: taskOf(delivery), failure: unreadable(decoded.reason) };
    },
    run: (current) => {
      const { exhaustion } = current.task;
      const { subject, data, time } = current.held.delivery;
      return exhaustion
        ? routeOnce(current, parts, exhaustion, whatIsKnown(current, exhaustion))
        : transcribeOnce(current, parts, { subject, data, storedAt: time });
    },
  };
}

function taskOf(delivery: Delivery, exhaustion?: Exhaustion): Task {
  return new DeliveredTask('meta', metaConsumers.main, delivery, exhaustion);
}

/** What `verify --repair` restored, which names its operator, was routed before it was stored. */
function whatIsKnown({ held, first }: Case, { operator }: Exhaustion): WhatIsKnown {
  if (!first || operator !== undefined) return nothingKnown;
  return { firstTime: true, firstTelling: isFirstTelling(held.delivery) };
}

function routeOnce(current: Case, { tools }: MetaParts, x: Exhaustion, known: WhatIsKnown): Promise<Outcome> {
  return attempt(current, async () => {
    const done = await routeExhaustion(tools.pipeline, x, known);
    if (done.to === 'nowhere') tools.emit({ type: 'not-routed', key: x, because: done.because });
    else tools.emit({ type: 'routed', key: x, to: done.to, notBeforeMs: done.notBeforeMs });
  });
}

function transcribeOnce(
  current: Case,
  { tools, transcriber }: MetaParts,
  heard: HeardAdvisory,
): Promise<Outcome> {
  return attempt(current, async () => {
    tellJudgement(await transcriber.transcribe(heard), heard.subject, tools.emit);
  });
}

function attempt(current: Case, work: () => Promise<void>): Promise<Outcome> {
  return current.worker.persist(current.held, 'route', () => work().then(routed, notRouted));
}

function routed(): Outcome {
  return { kind: 'ok' };
}

/** A server that can't be reached is waited out, since that says nothing about the record. */
function notRouted(error: unknown): Outcome {
  if (error instanceof UnreachableError || error instanceof ClosedError) throw error;
  return { kind: 'failed', failure: failureOf(error) };
}

/** `meta-consumer-retry`: tries once more what meta-consumer could not route. */
export function metaRetryStage(parts: MetaParts): StageSpec {
  const { link, config, places } = parts.tools.pipeline;
  const { root } = places.journal;
  return {
    limits: config.meta,
    trustsFirstDelivery: true,
    past: `${root}.>`,
    recordsSuccess: true,
    runsHandlers: false,
    identify: ({ delivery }): Identified => {
      const decoded = readExhaustion(root, delivery.subject, delivery.data);
      const origin = decoded.ok ? decoded.value.origin : originOf(delivery);
      const task = { key: metaKey(metaConsumers.retry, origin), dueMs: 0, attemptsBefore: 0 };
      if (!decoded.ok) return { task, failure: unreadable(decoded.reason) };
      // What no retry can fix goes straight on.
      return decoded.value.kind === 'MSG_TERMINATED' ? { task, failure: decoded.value.failure } : { task };
    },
    run: async (current) => {
      const { origin } = current.task.key;
      const original = await current.worker.persist(current.held, 'fetch the original', () =>
        fetchOriginal(link, origin),
      );
      if (original.state !== 'present')
        return {
          kind: 'failed',
          failure: makeFailure(original.state, 'RecordGone', 'the record to route is gone from the journal'),
        };
      const { subject, data, time } = original.message;
      if (isNativeAdvisory(subject)) return transcribeOnce(current, parts, { subject, data, storedAt: time });
      const decoded = readExhaustion(root, subject, data);
      if (!decoded.ok) return { kind: 'failed', failure: unreadable(decoded.reason) };
      return routeOnce(current, parts, decoded.value, nothingKnown);
    },
  };
}
