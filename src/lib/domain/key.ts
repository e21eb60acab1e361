import { hash } from 'node:crypto';
import type { Nanos } from './time.js';

/** `main` reads the events stream, `retry` the retry stream, `dlq` is where dead letters rest. */
export type Stage = 'main' | 'retry' | 'dlq';

/** `business` is about events and handlers; `meta` is about the consumers that do the routing. */
export type Tier = 'business' | 'meta';

/** Which message an event is. A sequence alone is not enough: a recreated stream starts again at 1. */
export interface Origin {
  /** Name of its stream. */
  readonly stream: string;
  /** Its sequence there. */
  readonly seq: number;
  /** The subject that it was published to. */
  readonly subject: string;
  /** `Nats-Msg-Id` of the event, where the publisher set one; of a very long one its digest, see `knownMsgId`. */
  readonly msgId?: string;
  /** When the stream stored it, in nanoseconds since 1970, as text. */
  readonly time: Nanos;
  /** Correlation id of the event, where its publisher set one. Says nothing of which event it is. */
  readonly correlation?: string;
}

/** Most letters of a message id that stand in records as they are. */
const maxMsgId = 1024;

/**
 * The message id by which records know an event: a longer one as `sha256:<hex>`. A publisher may set one of 64 KB,
 * and a record that repeats it could be too large to be stored; it would hold up the pipeline.
 */
export function knownMsgId(msgId: string): string {
  return msgId.length <= maxMsgId ? msgId : digestOfMsgId(msgId);
}

/** For a record that has no room for more. */
export function digestOfMsgId(msgId: string): string {
  return msgId.length <= digestLength ? msgId : `sha256:${hash('sha256', msgId)}`;
}

const digestLength = 'sha256:'.length + 64;

/** Are these ids of one event, each as a publisher or a record has it? */
export function sameMsgId(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && digestOfMsgId(a) === digestOfMsgId(b));
}

/** Longer ones are cut: records and log lines repeat it. */
const maxCorrelation = 128;

/** Which message was read or delivered. */
export function originOf(
  message: Omit<Origin, 'msgId' | 'correlation'> & { readonly msgId?: string | undefined },
  correlation?: string,
): Origin {
  const { stream, seq, subject, time, msgId } = message;
  const id = msgId === undefined ? {} : { msgId: knownMsgId(msgId) };
  const more = correlation ? { correlation: correlation.slice(0, maxCorrelation) } : {};
  return { stream, seq, subject, time, ...id, ...more };
}

/** What every record, check and message id is about. */
export interface Key {
  /** Whether a handler or routing is meant. */
  readonly tier: Tier;
  /** Name of the consumer in the config, or `meta-consumer`. */
  readonly consumer: string;
  /** The event. */
  readonly origin: Origin;
  /** The stage that worked on it. */
  readonly stage: Stage;
  /** How many times this (consumer, event) was replayed from the DLQ; starts at 0. */
  readonly cycle: number;
}

export function sameOrigin(a: Origin, b: Origin): boolean {
  return a.stream === b.stream && a.seq === b.seq && a.time === b.time;
}

/** The same (consumer, event) in another stage or cycle. */
export function atStage(key: Key, stage: Stage, cycle = key.cycle): Key {
  return { ...key, stage, cycle };
}

/** The key as one string; two keys are about the same thing exactly when these are equal. */
export function keyId(key: Key): string {
  const { tier, consumer, origin, stage, cycle } = key;
  return `${tier}/${consumer}/${origin.stream}/${origin.seq}/${origin.time}/${stage}/${cycle}`;
}
