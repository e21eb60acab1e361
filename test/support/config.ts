import { overLink, pipelineOf } from './pipeline-of.js';
import type {
  ConsumerSettings,
  ExternalConsumer,
  PipelineConfig,
  StreamRole,
  StreamSettings,
} from '../../src/lib/config/resolved.js';
import type { Link } from '../../src/lib/nats/link.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';

const dayMs = 86_400_000;

export interface ConfigOverrides
  extends Partial<Omit<PipelineConfig, 'streams' | 'consumers' | 'external' | 'meta'>> {
  readonly streams?: Partial<Record<StreamRole, Partial<StreamSettings>>>;
  /** In place of the one default consumer, `notifications-consumer`. */
  readonly consumers?: readonly (Partial<ConsumerSettings> & { readonly name: string })[];
  /** Consumers of other programs. Default: none. */
  readonly external?: readonly (Partial<ExternalConsumer> & { readonly name: string })[];
  readonly meta?: Partial<PipelineConfig['meta']>;
}

/** A stream's settings: no limits, one replica, a file. */
export function makeStream(
  name: string,
  subjects: readonly string[],
  overrides: Partial<StreamSettings> = {},
): StreamSettings {
  return {
    name,
    subjects,
    storage: 'file',
    replicas: 1,
    maxAgeMs: 0,
    maxBytes: -1,
    maxMsgs: -1,
    discard: 'old',
    duplicateWindowMs: 120_000,
    ...overrides,
  };
}

/** A consumer that reads all of `events.>`, with delays of milliseconds. */
export function makeConsumer(
  overrides: Partial<ConsumerSettings> & { readonly name: string },
): ConsumerSettings {
  return {
    subjects: ['events.>'],
    handler: '/nowhere/handler.mjs',
    concurrency: 10,
    timeoutMs: 5000,
    ackWaitMs: 2000,
    start: { at: 'all' },
    ordered: false,
    confirmAcks: false,
    numbers: 'number',
    attempts: 3,
    backoffMs: [20, 40],
    retry: { enabled: true, delayMs: 50, attempts: 3, backoffMs: [20, 40] },
    onDeadLetter: {},
    ...overrides,
  };
}

/** A consumer of another program: two deliveries, half a second after each. */
export function makeExternal(
  overrides: Partial<ExternalConsumer> & { readonly name: string },
): ExternalConsumer {
  return {
    subjects: ['events.>'],
    ackWaitMs: 500,
    start: { at: 'all' },
    attempts: 2,
    backoffMs: [],
    onDeadLetter: {},
    ...overrides,
  };
}

/** A complete config with short delays: six streams, `notifications-consumer`, the event `totp.requested`. */
export function makeConfig(overrides: ConfigOverrides = {}): PipelineConfig {
  const {
    streams = {},
    consumers = [{ name: 'notifications-consumer' }],
    external = [],
    meta = {},
    ...rest
  } = overrides;
  return {
    name: 'test',
    file: '/nowhere/plutomi-events.config.json',
    roots: {
      retry: 'events-retry',
      dlq: 'events-dlq',
      advisories: 'events-advisories',
      operations: 'events-operations',
      kept: 'events-kept',
    },
    eventsRoot: 'events',
    events: [{ type: 'totp.requested', subject: 'events.totp.requested' }],
    protected: false,
    alerts: { newGroup: false, groupBack: false },
    keepOriginals: true,
    latestOnly: [],
    numbers: 'number',
    ...rest,
    streams: {
      events: makeStream('events', ['events.>'], { maxAgeMs: 7 * dayMs, ...streams.events }),
      retry: makeStream('events-retry', ['events-retry.>'], { discard: 'new', ...streams.retry }),
      dlq: makeStream('events-dlq', ['events-dlq.>'], { discard: 'new', ...streams.dlq }),
      advisories: makeStream('events-advisories', ['events-advisories.>'], {
        maxAgeMs: 30 * dayMs,
        ...streams.advisories,
      }),
      operations: makeStream('events-operations', ['events-operations.>'], {
        discard: 'new',
        ...streams.operations,
      }),
      kept: makeStream('events-kept', ['events-kept.>'], { discard: 'new', ...streams.kept }),
    },
    consumers: consumers.map((one) => makeConsumer(one)),
    external: external.map((one) => makeExternal(one)),
    meta: { attempts: 3, backoffMs: [20, 40], concurrency: 10, ackWaitMs: 2000, ...meta },
  };
}

/** Creates the streams and consumers of a config, as `pipeline apply --yes` does. */
export async function applyTopology(
  link: Link,
  config: PipelineConfig,
  allowLoss: readonly string[] = [],
): Promise<void> {
  await applyPlan(overLink(link), await planTopology(pipelineOf(link, config)), { allowLoss });
}
