import type { Subscribe } from '../observe/event-bus.js';
import type { PipelineSnapshot } from '../observe/snapshot.js';

export interface StopSummary {
  /** Handlers that had not finished when the drain timeout was over. Their events come back. */
  readonly unfinished: number;
}

export interface RunningPipeline {
  /** The consumers that are being read. */
  readonly consumers: readonly string[];
  /** Rejects when the pipeline can't go on; never resolves before `stop`. */
  readonly ended: Promise<void>;
  /** Who subscribes in the turn in which the pipeline was started misses nothing. A listener that throws harms nobody. */
  readonly subscribe: Subscribe;
  /** What it is doing now. Asks the server nothing; also after `stop`. */
  snapshot(): PipelineSnapshot;
  /** Stops pulling, lets running handlers finish within the timeout, settles and flushes. */
  stop(drainTimeoutMs: number): Promise<StopSummary>;
}
