import type { PipelineConfig } from '../config/resolved.js';

/** A stream whose messages we address one by one: its name, and the first token of their subjects. */
export interface Place {
  readonly stream: string;
  readonly root: string;
}

/** Where the journal and the pointers stand. */
export interface Places {
  readonly journal: Place;
  readonly retry: Place;
  readonly dlq: Place;
}

export function placesOf({ streams, roots }: PipelineConfig): Places {
  return {
    journal: { stream: streams.advisories.name, root: roots.advisories },
    retry: { stream: streams.retry.name, root: roots.retry },
    dlq: { stream: streams.dlq.name, root: roots.dlq },
  };
}
