import { waitOf } from '../../domain/given.js';
import { msOfNanos } from '../../domain/time.js';
import { isoOfNanos } from '../../domain/time.js';
import { InterruptedError } from '../../errors.js';
import { logIfPossible } from '../../operations/operation-log.js';
import { silentLogger } from '../../observe/log.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { readEventPages } from '../read/read-events.js';
import { Pace, pause } from './pace.js';
import { type PreparedReplay, prepareReplay } from './plan-replay.js';
import type { EventReplay, ReplayEventsOptions } from './replay-options.js';
import { ReplayTally, type Sink } from './sink.js';
import { HandlerSink } from './to-handler.js';
import { ReaderSink } from './to-reader.js';
import { SubjectSink } from './to-subjects.js';

const defaultTimeoutMs = 30_000;
const progressEveryMs = 100;

/**
 * Reads stored events again, in their order: for a handler, to other subjects or another server, or to be taken. The end
 * is what is stored at the start. Nothing is acknowledged, and no consumer loses its place.
 *
 * Each event is taken at least once, and none is left out unsaid: `lastSeq` says up to where all is done. What can't be
 * written ends it (`stopped`), and so does the signal (`INTERRUPTED`). Events written under the same `name` are stored once, within the duplicate window of their
 * stream.
 *
 * @throws what `planEventReplay` throws; what stops it before anything was written; ConnectionError
 */
export async function replayEvents(pipeline: Pipeline, options: ReplayEventsOptions): Promise<EventReplay> {
  const plan = await prepareReplay(pipeline, options);
  const { clock } = pipeline;
  const startMs = clock.monotonic();
  const tally = new ReplayTally();
  const sink = sinkOf(pipeline, options, plan, tally);
  const note = noteOf(plan);
  const consumers = plan.target?.consumers ?? [];
  const logged =
    plan.target === null
      ? undefined
      : await logIfPossible(pipeline, { did: 'replayed events', consumers, note }, options.onUnlogged);
  await takeAll(pipeline, options, plan, sink, tally);
  const interrupted = options.signal?.aborted === true ? new InterruptedError() : undefined;
  await sink.end();
  await logged?.end({ count: tally.written });
  if (sink.stopped !== undefined && tally.written === 0) throw sink.stopped;
  const { read, written, failed, duplicates, firstSeq, lastSeq } = tally;
  const { code, message } = sink.stopped ?? interrupted ?? {};
  return {
    read,
    written,
    failed,
    duplicates,
    firstSeq,
    lastSeq,
    seconds: Math.round(clock.monotonic() - startMs) / 1000,
    stopped: code === undefined || message === undefined ? null : { code, message },
    problems: tally.worst(),
  };
}

async function takeAll(
  pipeline: Pipeline,
  { speed = 'max', rate, signal, onProgress }: ReplayEventsOptions,
  { reading }: PreparedReplay,
  sink: Sink,
  tally: ReplayTally,
): Promise<void> {
  const { clock } = pipeline;
  const pace = new Pace(speed, rate, clock);
  let nextProgressMs = clock.monotonic() + progressEveryMs;
  const tell = ({ seq, time }: StoredMessage): void => {
    if (onProgress === undefined || clock.monotonic() < nextProgressMs) return;
    nextProgressMs = clock.monotonic() + progressEveryMs;
    onProgress({ read: tally.read, failed: tally.failed, seq, time: isoOfNanos(time) });
  };
  const pages = readEventPages(pipeline, { ...reading, follow: false, ...(signal ? { signal } : {}) });
  for await (const { messages } of pages) {
    for (const message of messages) {
      const waitMs = pace.waitMs(msOfNanos(message.time));
      if (waitMs > 0) {
        await sink.flush?.();
        await pause(waitMs, signal);
      }
      if (signal?.aborted === true || sink.stopped !== undefined) return;
      const taking = sink.take(message);
      if (taking !== undefined) await taking;
      tell(message);
    }
  }
}

function sinkOf(
  pipeline: Pipeline,
  options: ReplayEventsOptions,
  { mapping, name }: PreparedReplay,
  tally: ReplayTally,
): Sink {
  const { handler, onEvents, target: link = pipeline.link, keepIds = false, signal } = options;
  if (mapping !== undefined) {
    const { clock } = pipeline;
    return new SubjectSink({ link, mapping, name, keepIds, clock, signal }, tally);
  }
  if (handler === undefined) return new ReaderSink(pipeline, onEvents ?? (() => {}), tally);
  const { timeoutMs = defaultTimeoutMs, log = silentLogger() } = options;
  return new HandlerSink(pipeline, handler, tally, {
    timeoutMs: waitOf('timeoutMs', timeoutMs),
    log,
    signal,
  });
}

function noteOf({ subjects, target, name }: PreparedReplay): string {
  return `${subjects.join(', ')} to ${target?.subject} on ${target?.server}, ${name}`;
}
