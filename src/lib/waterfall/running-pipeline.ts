import type { Subscribe } from '../observe/event-bus.js';
import type { PipelineSnapshot } from '../observe/snapshot.js';

/** What was left over at the end. */
export interface StopSummary {
  /** Handlers that had not finished when the drain timeout was over. Their events come back. */
  readonly unfinished: number;
}

/** What runs in this process, until it is stopped. */
export interface RunningPipeline {
  /** The consumers that are being read. */
  readonly consumers: readonly string[];
  /** Rejects when the pipeline can't go on; never resolves before `stop`. */
  readonly ended: Promise<void>;
  /** Subscribe in the same turn of the event loop as the start to miss nothing. A listener may throw: nothing else is affected. */
  readonly subscribe: Subscribe;
  /** What it is doing now. Asks the server nothing; also after `stop`. */
  snapshot(): PipelineSnapshot;
  /** Stops pulling, lets running handlers finish within the timeout, Infinity for as long as it takes, settles and flushes. */
  stop(drainTimeoutMs: number): Promise<StopSummary>;
}
