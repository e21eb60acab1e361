import type { Nanos } from './time.js';

/** `main` reads the events stream, `retry` the retry stream, `dlq` is where dead letters rest. */
export type Stage = 'main' | 'retry' | 'dlq';

/** `business` is about events and handlers; `meta` is about the consumers that do the routing. */
export type Tier = 'business' | 'meta';

/** Which message an event is. A sequence alone is not enough: a recreated stream starts again at 1. */
export interface Origin {
  readonly stream: string;
  readonly seq: number;
  readonly subject: string;
  /** `Nats-Msg-Id` of the event, where the publisher set one. */
  readonly msgId?: string;
  readonly time: Nanos;
}

/** What every record, check and message id is about. */
export interface Key {
  readonly tier: Tier;
  readonly consumer: string;
  readonly origin: Origin;
  readonly stage: Stage;
  /** How many times this (consumer, event) was replayed from the DLQ; starts at 0. */
  readonly cycle: number;
}

export function sameOrigin(a: Origin, b: Origin): boolean {
  return a.stream === b.stream && a.seq === b.seq && a.time === b.time;
}

/** The key as one string; two keys are about the same thing exactly when these are equal. */
export function keyId(key: Key): string {
  const { consumer, origin, stage, cycle } = key;
  return `${consumer}/${origin.stream}/${origin.seq}/${origin.time}/${stage}/${cycle}`;
}
