import { anyOf, checkOptions, type Checks } from '../domain/options.js';
import { refuseNoFlag, refuseNoLogger, refuseNoMap, refuseTexts } from '../domain/given.js';
import type { ModuleOptions } from '../config/file/load-module.js';
import { alertFiles, handlerFiles, type PipelineConfig } from '../config/resolved.js';
import type { Environment } from '../connection/environment.js';
import { ConfigError } from '../errors.js';
import type { OutgoingEvent, PublishEventOptions, PublishResult } from '../events/publish/outgoing.js';
import type { Keyring } from '../encryption/keyring.js';
import { Publisher, type PublisherOptions } from '../events/publish/publish.js';
import type { PublishManyOptions, PublishManyResult } from '../events/publish/publish-many.js';
import { type Catalog, catalogOf } from '../events/catalog/catalog.js';
import { explainEvent, type ExplainOptions } from '../events/explain/explain.js';
import type { Explanation } from '../events/explain/explanation.js';
import { hearEvents, type HearEventsOptions } from '../events/read/hear-events.js';
import { readEvents } from '../events/read/read-events.js';
import type { ReadEventsOptions } from '../events/read/read-options.js';
import { loadEvents } from '../events/load/load.js';
import type { EventLoad, EventLoadOptions } from '../events/load/load-options.js';
import type { HeardEvent, StoredEvent } from '../events/read/stored-event.js';
import { subscribeEvents } from '../events/subscribe/subscribe.js';
import type { SubscribeOptions, Subscription } from '../events/subscribe/options.js';
import { replayEvents } from '../events/replay/replay-events.js';
import type { EventReplay, ReplayEventsOptions } from '../events/replay/replay-options.js';
import type { Clock } from '../flow/clock.js';
import type { Handler } from '../handlers/contract.js';
import { loadHandlers } from '../handlers/load.js';
import type { AdvisoryLine } from '../journal/advisory-line.js';
import { tailAdvisories, type TailOptions } from '../journal/tail.js';
import { parseListenAddress } from '../monitor/listen-address.js';
import type { Monitor } from '../monitor/monitor.js';
import type { Link } from '../nats/link.js';
import { type Logger, silentLogger } from '../observe/log.js';
import { logWaterfall } from '../observe/log-waterfall.js';
import type { Identity } from '../pipeline/identity.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Places } from '../pipeline/places.js';
import { type OperationsLog, type OperationsOptions, readOperations } from '../report/operations-log.js';
import { readHealth } from '../status/health/read-health.js';
import type { PipelineHealth } from '../status/health/pipeline-health.js';
import type { PipelineMetrics } from '../status/metrics/pipeline-metrics.js';
import { type MetricsOptions, readMetrics } from '../status/metrics/read-metrics.js';
import type { PipelineStatus } from '../status/pipeline-status.js';
import { readStatus } from '../status/read-status.js';
import { ensureTopology, warningsOf } from '../topology/ensure.js';
import type { Verified } from '../verify/verification.js';
import { type VerifyOptions, verifyPipeline } from '../verify/verify.js';
import { checkKeys } from '../waterfall/check-keys.js';
import { runPipeline } from '../waterfall/run.js';
import type { RunningPipeline } from '../waterfall/running-pipeline.js';
import { selectConsumers } from '../waterfall/select-consumers.js';
import { DeadLetters } from './dead-letters.js';

/** What runs, and what is logged. */
export interface RunOpenedOptions {
  /** Run only these consumers. Default: all. */
  readonly only?: readonly string[];
  /** Create and update what is missing on the server first; nothing that loses or repeats events. Default: false. */
  readonly apply?: boolean;
  /** Handlers by the absolute path that the config names. Default: they are loaded. */
  readonly handlers?: ReadonlyMap<string, Handler>;
  /** Takes what happens, and is the log of the handlers. Default: nothing is logged. */
  readonly log?: Logger;
  /**
   * Where probes and metrics are answered while it runs: `<host>:<port>`, or a port of 127.0.0.1; 0: a free one. Default:
   * nowhere.
   */
  readonly http?: string | number;
}

const runChecks = {
  only: refuseTexts,
  apply: refuseNoFlag,
  handlers: refuseNoMap,
  log: refuseNoLogger,
  http: anyOf('<host>:<port> or a port', 'string', 'number'),
} as const satisfies Checks<RunOpenedOptions>;

/** What runs, and where it can be asked. */
export interface OpenedRun extends RunningPipeline {
  /** Where it answers `/livez`, `/readyz`, `/startupz` and `/metrics`; undefined: nowhere. */
  readonly httpUrl?: string;
}

function noHandlers({ name }: PipelineConfig): ConfigError {
  return new ConfigError(`the config of ${name} was read from the server: its handlers are not here`, [], {
    code: 'NO_HANDLERS',
    suggestions: ['open it with its config file: config, or cwd'],
  });
}

/** How long `close` lets running handlers finish, ms. */
const drainTimeoutMs = 25_000;

/** A pipeline and its connection. */
export class OpenPipeline implements Pipeline, AsyncDisposable {
  /** The config, with every default filled in. */
  readonly config: PipelineConfig;
  /** The connection; `close` closes it. */
  readonly link: Link;
  /** Streams of the journal, the retry stage and the DLQ. */
  readonly places: Places;
  /** What times are taken from. */
  readonly clock: Clock;
  /** Who writes to the journal. */
  readonly identity: Identity;
  /** Encrypts payloads, and opens them. */
  readonly keys: Keyring;
  /** The dead letter queue: list, show, replay, discard. */
  readonly deadLetters: DeadLetters;
  private readonly publisher: Publisher;
  private readonly running = new Set<RunningPipeline>();
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    pipeline: Pipeline,
    private readonly environment: Environment,
    private readonly modules: ModuleOptions,
    publishing: PublisherOptions = {},
  ) {
    this.config = pipeline.config;
    this.link = pipeline.link;
    this.places = pipeline.places;
    this.clock = pipeline.clock;
    this.identity = pipeline.identity;
    this.keys = pipeline.keys;
    this.deadLetters = new DeadLetters(pipeline);
    this.publisher = new Publisher(pipeline, publishing);
  }

  /** Publishes one event, and resolves when the server has stored it: see `Publisher.publish`. */
  publish(typeOrSubject: string, data?: unknown, options?: PublishEventOptions): Promise<PublishResult> {
    return this.publisher.publish(typeOrSubject, data, options);
  }

  /** Publishes many events, several at a time: see `Publisher.publishMany`. */
  publishMany(
    events: Iterable<OutgoingEvent> | AsyncIterable<OutgoingEvent>,
    options?: PublishManyOptions,
  ): Promise<PublishManyResult> {
    return this.publisher.publishMany(events, options);
  }

  /** Reads stored events again, for a handler or to other subjects: see `replayEvents`. */
  replayEvents(options: ReplayEventsOptions): Promise<EventReplay> {
    return replayEvents(this, options);
  }

  /** Publishes events at a steady rate, and measures how long it takes: see `loadEvents`. */
  loadEvents(options?: EventLoadOptions): Promise<EventLoad> {
    return loadEvents(this, options);
  }

  /**
   * Runs the handlers, the retries and the routing in this process, once the server is seen to have what the config
   * needs. `close` stops it.
   *
   * @throws OperationError `CANNOT_LISTEN`; ConfigError for handlers that can't be loaded, `NO_HANDLERS` where the config was read from the server; UsageError for an unknown name in `only`; OperationError
   *   `NOT_APPLIED`
   */
  async run(options: RunOpenedOptions = {}): Promise<OpenedRun> {
    checkOptions(runChecks, options);
    const { http } = options;
    if (http === undefined) return this.start(options);
    const { Monitor } = await import('../monitor/monitor.js');
    const monitor = await Monitor.open(parseListenAddress(String(http), 'http'));
    try {
      return Object.assign(await this.start(options, monitor), { httpUrl: monitor.url });
    } catch (error) {
      await monitor.close();
      throw error;
    }
  }

  private async start(options: RunOpenedOptions, monitor?: Monitor): Promise<RunningPipeline> {
    const { only, apply = false, log = silentLogger() } = options;
    const consumers = selectConsumers(this.config, only);
    if (this.config.applied !== undefined) throw noHandlers(this.config);
    const handlers =
      options.handlers ??
      (await loadHandlers([...handlerFiles(consumers), ...alertFiles(this.config)], this.modules));
    await ensureTopology(this, { apply, ...warningsOf(log) });
    await checkKeys(this, log);
    const names = consumers.map(({ name }) => name);
    const running = runPipeline(this, {
      only: names,
      handlers,
      log,
      proxies: this.environment,
      alertsSecret: this.environment.alertsSecret,
      durations: monitor !== undefined,
    });
    monitor?.watch(this, running);
    running.subscribe(logWaterfall(log));
    this.running.add(running);
    return running;
  }

  /** Stored events, and then new ones as they come: see `readEvents`. Leaving the loop leaves nothing on the server. */
  events(options: ReadEventsOptions = {}): AsyncGenerator<StoredEvent, void> {
    return readEvents(this, options);
  }

  /** Calls a handler with events, outside of the waterfall: see `subscribeEvents`. `close` ends it too. */
  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = await subscribeEvents(this, options);
    this.subscriptions.add(subscription);
    void subscription.closed.then(() => this.subscriptions.delete(subscription));
    return subscription;
  }

  /** What is published while one listens, at most once and without JetStream: see `hearEvents`. */
  hear(options: HearEventsOptions = {}): AsyncGenerator<HeardEvent, void> {
    return hearEvents(this, options);
  }

  /** What the journal holds of failing deliveries, in the order in which it was stored. */
  advisories(options: TailOptions = {}): AsyncIterable<AdvisoryLine> {
    return tailAdvisories(this, options);
  }

  /** What people did about dead letters, the oldest first: the newest 50, or as many as `limit` says. */
  operations(options: OperationsOptions = {}): Promise<OperationsLog> {
    return readOperations(this, options);
  }

  /** The event types: what they mean, their data, who publishes and who reads them. */
  catalog(): Catalog {
    return catalogOf(this.config);
  }

  /** The life of one event across all consumers; by sequence, `<consumer>/<sequence>` or message id. */
  explain(event: string, options: ExplainOptions = {}): Promise<Explanation> {
    return explainEvent(this, event, options);
  }

  /** Names what breaks the promise that nothing is lost. Writes nothing. */
  verify(options?: VerifyOptions): Promise<Verified> {
    return verifyPipeline(this, options);
  }

  /** How it is: streams, consumers, retries and dead letters. One look, two where something is being delivered. */
  status(): Promise<PipelineStatus> {
    return readStatus(this);
  }

  /** How it is by the limits of the config: ok, degraded or critical, and each check. */
  health(): Promise<PipelineHealth> {
    return readHealth(this);
  }

  /** What it does, measured between two looks: rates by event type and consumer, successes, growth. */
  metrics(options?: MetricsOptions): Promise<PipelineMetrics> {
    return readMetrics(this, options);
  }

  /**
   * Stops what runs, lets its handlers finish within 25 s, and closes the connection. With nothing in hand, a silent server
   * is waited for no longer than for an answer. Safe to call twice.
   */
  async close(): Promise<void> {
    const running = [...this.running];
    this.running.clear();
    await Promise.all([
      ...running.map((one) => one.stop(drainTimeoutMs)),
      ...[...this.subscriptions].map((one) => one.close(drainTimeoutMs)),
    ]);
    await this.link.close();
  }

  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
