import { checkOptions } from '../../domain/options.js';
import { refuseNoPipeline } from '../../domain/given.js';
import { readersOf } from '../../config/resolved.js';
import { subjectMatches } from '../../domain/subjects.js';
import { UsageError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { checkPayload } from '../publish/check-payload.js';
import { type Destination, findDestination } from '../publish/destination.js';
import { encodePayload } from '../publish/payload.js';
import { type EventLoadOptions, loadChecks } from './load-options.js';
import { type Payloads, payloadsOf } from './payloads.js';

/** What a load is about to do. */
export interface EventLoadPlan {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** The server's address. */
  readonly server: string;
  /** What its events are published as. */
  readonly subject: string;
  /** Events per second. */
  readonly rate: number | 'max';
  /** For how long, ms. */
  readonly durationMs: number;
  /** How many events that makes; null: as many as there can be. */
  readonly events: number | null;
  /** Size of the first payload. */
  readonly bytes: number;
  /** Consumers of the config that will be given these events. */
  readonly consumers: readonly string[];
}

/** A plan, and what it is carried out with. */
export interface PreparedLoad extends EventLoadPlan {
  readonly payloads: Payloads;
  readonly publishers: number;
}

export const defaultRate = 100;
export const defaultDurationMs = 60_000;
const mostPublishers = 64;

/**
 * Checks what is to be published, the first payload against its schema, and says whom it concerns. Nothing is sent.
 *
 * @throws UsageError: `UNKNOWN_EVENT_TYPE`, `BAD_TEMPLATE`, `DATA_NEEDED`, `SCHEMA_VIOLATION` and others
 */
export async function planLoad(pipeline: Pipeline, options: EventLoadOptions = {}): Promise<EventLoadPlan> {
  const { payloads: _payloads, publishers: _publishers, ...plan } = await prepareLoad(pipeline, options);
  return plan;
}

export async function prepareLoad(pipeline: Pipeline, options: EventLoadOptions): Promise<PreparedLoad> {
  refuseNoPipeline(pipeline);
  checkOptions(loadChecks, options);
  const { config, link, clock } = pipeline;
  const { rate = defaultRate, durationMs = defaultDurationMs, data, sizeBytes, publishers = 1 } = options;
  checkNumbers(rate, durationMs, publishers);
  const { type, subject, schema, encrypt } = destinationOf(config, options.type);
  if (schema !== undefined && data === undefined) {
    throw new UsageError(`${type} has a schema: give the data that its events have`, {
      code: 'DATA_NEEDED',
      suggestions: [
        `for example --data '{"id":"{{uuid}}"}', with what its schema asks for`,
        'or leave out the type: events that no type has are published',
      ],
    });
  }
  const payloads = payloadsOf(data, sizeBytes, clock);
  const first = encodePayload(payloads(1));
  if (schema !== undefined) await checkPayload(type, schema, first, config.numbers, encrypt);
  return {
    pipeline: config.name,
    server: link.server,
    subject,
    rate,
    durationMs,
    events: rate === 'max' ? null : eventsOf(rate, durationMs),
    bytes: first.length,
    consumers: readersOf(config)
      .filter(({ subjects }) => subjects.some((one) => subjectMatches(one, subject)))
      .map(({ name }) => name),
    payloads,
    publishers,
  };
}

export function eventsOf(rate: number, durationMs: number): number {
  return Math.max(1, Math.round((rate * durationMs) / 1000));
}

function destinationOf(config: Pipeline['config'], type: string | undefined): Destination {
  if (type !== undefined) return findDestination(config, type);
  const subject = `${config.eventsRoot}.load`;
  try {
    return findDestination(config, subject);
  } catch (error) {
    throw new UsageError(`the events stream does not store ${subject}: say which type is meant`, {
      code: 'UNKNOWN_EVENT_TYPE',
      cause: error,
      suggestions: config.events.slice(0, 3).map((one) => `--type ${one.type}`),
    });
  }
}

function checkNumbers(rate: number | 'max', durationMs: number, publishers: number): void {
  if (rate !== 'max' && !(Number.isFinite(rate) && rate > 0)) {
    throw new UsageError(`expected a rate above 0 per second, or max, found ${rate}`);
  }
  if (!(Number.isFinite(durationMs) && durationMs > 0)) {
    throw new UsageError(`expected a duration above 0 ms, found ${durationMs}`);
  }
  if (!(Number.isInteger(publishers) && publishers >= 1 && publishers <= mostPublishers)) {
    throw new UsageError(`expected 1 to ${mostPublishers} publishers, found ${publishers}`);
  }
}
