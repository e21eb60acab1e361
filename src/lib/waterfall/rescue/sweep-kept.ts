import { keptSubject } from '../../domain/kept.js';
import { operationsSubject } from '../../domain/operations-subjects.js';
import type { Origin } from '../../domain/key.js';
import { standingOf } from '../../domain/standing.js';
import { pointerSubject } from '../../domain/subjects.js';
import { concurrently } from '../../flow/concurrently.js';
import { readHistory } from '../../journal/history.js';
import { apiCodeOf } from '../../nats/errors.js';
import { apiCode } from '../../nats/wire/api-code.js';
import type { LastMessages } from '../../nats/read/last-of-each.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { KeptIndex, type KeptPlace } from '../../pointers/kept/list-kept.js';
import { type KeptHead, headOfKept } from '../../pointers/kept/read-kept.js';
import { removeKept } from '../../pointers/kept/remove-kept.js';

const chunkSize = 500;
const removalsAtOnce = 16;

/**
 * Removes what is kept of events that nothing waits for any more: neither a retry nor a dead letter, nor an archived one,
 * and the journal has the end of their case, or has forgotten it and dead letters end by age. Gives how many were removed.
 */
export async function sweepKept(pipeline: Pipeline, signal: AbortSignal): Promise<number> {
  const index = await KeptIndex.read(pipeline);
  let removed = 0;
  let chunk: KeptPlace[] = [];
  const sweep = async (): Promise<void> => {
    removed += await sweepSome(pipeline, chunk, signal);
    chunk = [];
  };
  for (const place of index.places()) {
    if (signal.aborted) return removed;
    if (chunk.push(place) >= chunkSize) await sweep();
  }
  await sweep();
  return removed;
}

async function sweepSome(
  pipeline: Pipeline,
  kept: readonly KeptPlace[],
  signal: AbortSignal,
): Promise<number> {
  const { places } = pipeline;
  const named = kept.map((one) => {
    const { consumer, seq } = one;
    return {
      one,
      retry: pointerSubject(places.retry.root, consumer, seq),
      dlq: pointerSubject(places.dlq.root, consumer, seq),
      archived: operationsSubject(places.operations.root, 'archived', consumer, seq),
    };
  });
  let left = named;
  for (const stage of ['retry', 'dlq', 'archived'] as const) {
    const stream = places[stage === 'archived' ? 'operations' : stage].stream;
    const found = await lastOfEach(
      pipeline,
      stream,
      left.map((names) => names[stage]),
    );
    left = left.filter((names) => !found.has(names[stage]));
  }
  const removed = await concurrently(
    left,
    removalsAtOnce,
    async ({ one }) => {
      const origin = await endedOrigin(pipeline, one);
      return origin !== undefined && (await removeKept(pipeline, one.consumer, origin));
    },
    signal,
  );
  return removed.filter((is) => is === true).length;
}

/** Which event it is, if the journal has the end of its case, or its dead letter has aged out. */
async function endedOrigin(
  pipeline: Pipeline,
  { consumer, seq, versions }: KeptPlace,
): Promise<Origin | undefined> {
  const [version = 'original'] = versions;
  const head = await headOfKept(pipeline, keptSubject(pipeline.places.kept.root, consumer, seq, version));
  if (!head) return undefined;
  const { origin } = head;
  const history = await readHistory(pipeline, 'business', consumer, origin);
  if (history.length === 0) return hasAgedOut(pipeline, head) ? origin : undefined;
  const { is } = standingOf({
    records: history.map(({ record }) => record),
    nowMs: pipeline.clock.now(),
    letterLifeMs: pipeline.config.streams.dlq.maxAgeMs,
  });
  return is === 'resolved' || is === 'discarded' || is === 'moved' || is === 'aged-out' ? origin : undefined;
}

/** What is kept is not older than its dead letter. Where those never end, what the journal has forgotten stays. */
function hasAgedOut({ config, clock }: Pipeline, { keptAtMs }: KeptHead): boolean {
  const { maxAgeMs } = config.streams.dlq;
  return maxAgeMs > 0 && clock.now() - keptAtMs > maxAgeMs;
}

/** A stream that was not applied yet has none. */
async function lastOfEach(
  { link }: Pipeline,
  stream: string,
  subjects: readonly string[],
): Promise<LastMessages> {
  if (subjects.length === 0) return new Map();
  try {
    return await link.readLastOfEach(stream, subjects);
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return new Map();
    throw error;
  }
}
