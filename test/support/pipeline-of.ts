import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import type { Place } from '../../src/lib/pipeline/places.js';
import { type Clock, systemClock } from '../../src/lib/flow/clock.js';
import type { Link } from '../../src/lib/nats/link.js';
import { makePipeline, type Pipeline, type PipelineParts } from '../../src/lib/pipeline/pipeline.js';

/** A pipeline over a connection of a test, with what the test wants different. */
export function pipelineOf(link: Link, config: PipelineConfig, parts: Partial<PipelineParts> = {}): Pipeline {
  return makePipeline({ link, config, ...parts });
}

/** The system's clock, but for the time of day. */
export function clockAt(now: () => number): Clock {
  return { ...systemClock, now };
}

/** Where only the connection matters. */
export function overLink(link: Link): Pipeline {
  return pipelineOf(link, placeless);
}

/** One whose journal stands elsewhere: for what only reads and writes the journal. */
export function journalAt(link: Link, journal: Place): Pipeline {
  const none = { stream: 'none', root: 'none' };
  const places = { journal, retry: none, dlq: none, operations: none, kept: none };
  return { ...overLink(link), places };
}

const placeless = {
  consumers: [],
  streams: { advisories: {}, retry: {}, dlq: {}, operations: {}, kept: {} },
  roots: {},
} as unknown as PipelineConfig;
