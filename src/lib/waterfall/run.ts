import type { Pipeline } from '../pipeline/pipeline.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsumerSettings, type ReaderSettings, retryAckWaitMs } from '../config/resolved.js';
import { metaConsumers, stageConsumers } from '../domain/consumer-names.js';
import type { PlutomiError } from '../errors.js';
import type { Handler } from '../handlers/contract.js';
import { EventRegistry } from '../handlers/event.js';
import { HttpClient } from '../http/client.js';
import type { ProxySettings } from '../http/proxy.js';
import { EventBus, type Subscribe } from '../observe/event-bus.js';
import type { Logger } from '../observe/log.js';
import type { WaterfallListener } from '../observe/waterfall-event.js';
import { alertProcess, type DeadLetterHandler } from './stages/alert.js';
import { HandlerRunner, mainStage, retryStage } from './stages/business.js';
import type { StageTools } from './stages/case.js';
import { Admission } from './worker/admission.js';
import { GoneCheck } from './gone-check.js';
import { Gate } from './worker/gate.js';
import { AdvisoryListener } from './listener.js';
import { metaRetryStage, metaStage } from './stages/meta.js';
import { metaDlqProcess } from './stages/meta-dlq.js';
import { Transcriber } from '../routing/transcribe.js';
import { requireHandlers } from './require-handlers.js';
import { CountedStage } from './stages/stage.js';
import { StandstillWatch } from './standstill-watch.js';
import { type Process, Worker, type WorkerSettings } from './worker/worker.js';

/** What runs in this process, and who hears of it. */
export interface RunSettings {
  /**
   * Run only these consumers' stages; of an external one that is telling about its dead letters. The meta tiers, and
   * the listening to the server's advisories, run always. Default: all.
   */
  readonly only?: readonly string[];
  /** By absolute file, as the config names them. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly log: Logger;
  /** The first subscriber. */
  readonly onEvent?: WaterfallListener;
  /** Between webhooks and us. Default: none. */
  readonly proxies?: ProxySettings;
}

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
  /** Stops pulling, lets running handlers finish within the timeout, settles and flushes. */
  stop(drainTimeoutMs: number): Promise<StopSummary>;
}

/** Runs every stage of the pipeline in this process. Several processes share the load. */
export function runPipeline(pipeline: Pipeline, settings: RunSettings): RunningPipeline {
  return new Run(pipeline, settings);
}

/** Half as many again keep handlers busy while the next messages are on their way; what waits in hand costs memory. */
function withPrefetch(concurrency: number): number {
  return Math.ceil(concurrency * 1.5);
}

/** A supervisor that waits little longer than the drain must not cut it off. */
const takeBackTimeoutMs = 2000;
/** Alerts that run at once, and dead letters that are only told in the log. */
const alertsAtOnce = 4;
const toldAtOnce = 256;

class Run implements RunningPipeline {
  readonly ended: Promise<void>;
  private end!: { resolve: () => void; reject: (error: PlutomiError) => void };
  private readonly workers: Worker[] = [];
  private readonly runners: HandlerRunner[] = [];
  private readonly admission = new Admission();
  private readonly http: HttpClient;
  private readonly registry: EventRegistry;
  private readonly bus: EventBus;
  private readonly gone: GoneCheck;
  private readonly unwatch: () => void;
  private readonly listener: AdvisoryListener;
  private readonly standstills: StandstillWatch;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly settings: RunSettings,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.end = { resolve, reject };
    });
    const { link, config, clock } = pipeline;
    const { only, log, onEvent, handlers, proxies = {} } = settings;
    this.bus = new EventBus((err) =>
      log.error(
        { err },
        'a subscriber to the events failed: the pipeline and the other subscribers go on; this is logged once',
      ),
    );
    if (onEvent) this.bus.subscribe(onEvent);
    const { emit } = this.bus;
    this.gone = new GoneCheck(link, (error) => this.end.reject(error));
    const run = (consumer: { readonly name: string }): boolean => !only || only.includes(consumer.name);
    // Before anything is started.
    requireHandlers(handlers, [...config.consumers, ...config.external].filter(run));
    // Pulls and acks have no answer: without this, a user who may not do them would wait for ever.
    this.unwatch = link.watchRefusals((error) => {
      if (this.workers.some((one) => one.concerns(error))) this.end.reject(error);
    });
    // The client gives up when it is refused again and again, e.g. since its credentials have expired.
    void link.closed().then((reason) => reason && this.end.reject(reason));
    // Whoever waits for `ended` hears of it; nobody has to.
    this.ended.catch(() => {});
    this.http = new HttpClient(proxies);
    this.registry = new EventRegistry(config, (eventType, { stream, seq }) =>
      emit({ type: 'numbers-rounded', eventType, stream, seq }),
    );
    const business = new Gate(emit, clock.monotonic);
    const routing = new Gate(emit, clock.monotonic);
    const transcriber = new Transcriber(pipeline);
    this.startMeta(routing, transcriber);
    for (const consumer of config.consumers) {
      if (run(consumer)) this.startConsumer(consumer, business);
    }
    for (const consumer of config.external) {
      if (run(consumer)) this.startAlerts(consumer, business);
    }
    const fail = (error: PlutomiError): void => this.end.reject(error);
    this.listener = new AdvisoryListener({ pipeline, transcriber, emit, fail });
    const places = this.workers.map(({ settings }) => settings);
    this.standstills = new StandstillWatch(link, places, emit);
  }

  get consumers(): string[] {
    return this.workers.map((worker) => worker.settings.consumer);
  }

  get subscribe(): Subscribe {
    return this.bus.subscribe;
  }

  private get stageTools(): StageTools {
    const { pipeline, admission, bus } = this;
    return { pipeline, emit: bus.emit, admission };
  }

  private startMeta(gate: Gate, transcriber: Transcriber): void {
    const { config } = this.pipeline;
    const parts = { tools: this.stageTools, transcriber };
    const place = (consumer: string): WorkerSettings => ({
      stream: config.streams.advisories.name,
      consumer,
      concurrency: config.meta.concurrency,
      capacity: withPrefetch(config.meta.concurrency),
      ackWaitMs: config.meta.ackWaitMs,
      confirmAcks: false,
    });
    this.start(place(metaConsumers.main), gate, new CountedStage(metaStage(parts), parts.tools).process);
    this.start(
      place(metaConsumers.retry),
      gate,
      new CountedStage(metaRetryStage(parts), parts.tools).process,
    );
    this.start(place(metaConsumers.dlq), gate, metaDlqProcess(parts));
  }

  private startConsumer(consumer: ConsumerSettings, gate: Gate): void {
    const { config } = this.pipeline;
    const { handlers, log } = this.settings;
    const handler = handlers.get(consumer.handler) as Handler;
    const parts = {
      consumer,
      handler,
      registry: this.registry,
      tools: this.stageTools,
      log,
      fail: (error: PlutomiError) => this.end.reject(error),
    };
    const runner = new HandlerRunner(parts);
    this.runners.push(runner);
    const names = stageConsumers(consumer.name);
    const { concurrency, confirmAcks } = consumer;
    const shared = { concurrency, confirmAcks, capacity: consumer.ordered ? 1 : withPrefetch(concurrency) };
    this.start(
      {
        ...shared,
        stream: config.streams.events.name,
        consumer: names.main,
        ackWaitMs: consumer.ackWaitMs,
      },
      gate,
      new CountedStage(mainStage(parts, runner), parts.tools).process,
    );
    this.start(
      {
        ...shared,
        capacity: withPrefetch(concurrency),
        stream: config.streams.retry.name,
        consumer: names.retry,
        ackWaitMs: retryAckWaitMs,
      },
      gate,
      new CountedStage(retryStage(parts, runner), parts.tools).process,
    );
    this.startAlerts(consumer, gate);
  }

  private startAlerts(consumer: ReaderSettings, gate: Gate): void {
    const { config } = this.pipeline;
    const { handlers } = this.settings;
    const { handler: alertFile } = consumer.onDeadLetter;
    const alert =
      alertFile === undefined ? undefined : (handlers.get(alertFile) as DeadLetterHandler | undefined);
    const atOnce = alert || consumer.onDeadLetter.webhook ? alertsAtOnce : toldAtOnce;
    this.start(
      {
        stream: config.streams.dlq.name,
        consumer: stageConsumers(consumer.name).dlq,
        concurrency: atOnce,
        capacity: atOnce,
        ackWaitMs: retryAckWaitMs,
        confirmAcks: false,
      },
      gate,
      alertProcess(config, consumer, alert, this.bus.emit, this.http),
    );
  }

  private start(settings: WorkerSettings, gate: Gate, process: Process): void {
    const tools = {
      pipeline: this.pipeline,
      gate,
      emit: this.bus.emit,
      fail: (error: PlutomiError) => this.end.reject(error),
    };
    this.workers.push(new Worker(settings, tools, process, (worker) => void this.gone.check(worker)));
  }

  /** What handlers have not finished; not before nothing can come to this process any more. */
  private async takeBackAll(pulled: Promise<unknown>): Promise<void> {
    const over = sleep(takeBackTimeoutMs, undefined, { ref: false });
    await Promise.race([pulled, over]);
    const reason = new Error('the process is stopping');
    await Promise.race([Promise.all(this.runners.map((runner) => runner.takeBackAll(reason))), over]);
  }

  async stop(drainTimeoutMs: number): Promise<StopSummary> {
    this.gone.stop();
    this.standstills.stop();
    const { link } = this.pipeline;
    const pulled = Promise.all(this.workers.map((worker) => worker.stopPulling()));
    const drained = (async () => {
      await Promise.all([this.listener.stopListening(), pulled]);
      await Promise.all([this.listener.drained(), ...this.workers.map((worker) => worker.drained())]);
      return true;
    })();
    this.admission.open();
    const timer = new AbortController();
    const done = await Promise.race([
      drained,
      sleep(drainTimeoutMs, false, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    this.listener.abandon();
    let unfinished = 0;
    for (const worker of this.workers) {
      unfinished += worker.inHandCount;
      worker.abandon();
    }
    if (!done) await this.takeBackAll(pulled);
    if (link.connected) await link.flush().catch(() => {});
    this.unwatch();
    await this.http.close();
    this.end.resolve();
    return { unfinished };
  }
}
