import type { PipelineConfig } from '../config/resolved.js';

/** A stream whose messages we address one by one: its name, and the first token of their subjects. */
export interface Place {
  /** Name of the stream. */
  readonly stream: string;
  /** First token of its subjects. */
  readonly root: string;
}

/** Where records, pointers, and what people decided stand. */
export interface Places {
  /** The advisories stream. */
  readonly journal: Place;
  /** The retry stream. */
  readonly retry: Place;
  /** The DLQ. */
  readonly dlq: Place;
  /** What people decided. */
  readonly operations: Place;
  /** Kept payloads. */
  readonly kept: Place;
}

export function placesOf({ streams, roots }: PipelineConfig): Places {
  return {
    journal: { stream: streams.advisories.name, root: roots.advisories },
    retry: { stream: streams.retry.name, root: roots.retry },
    dlq: { stream: streams.dlq.name, root: roots.dlq },
    operations: { stream: streams.operations.name, root: roots.operations },
    kept: { stream: streams.kept.name, root: roots.kept },
  };
}
