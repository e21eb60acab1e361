import { requireOptions } from '../domain/options.js';
import { refuseNoPipeline, waitOf } from '../domain/given.js';
import { within } from '../flow/within.js';
import { keysOf } from '../encryption/keyring.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerSettings, ReaderSettings } from '../config/resolved.js';
import type { Stage } from '../domain/key.js';
import { failureOf, reasonOf } from '../domain/failure.js';
import type { PlutomiError } from '../errors.js';
import { GroupTeller } from '../groups/tell-groups.js';
import { publishNotice } from '../nats/publish-notice.js';
import type { Handler } from '../handlers/contract.js';
import { EventRegistry } from '../handlers/event.js';
import { HttpClient } from '../http/client.js';
import { DurationCounts } from '../domain/duration-counts.js';
import { EventBus, type Subscribe } from '../observe/event-bus.js';
import type { PipelineSnapshot } from '../observe/snapshot.js';
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
import { type RunningPipeline, runChecks, type RunSettings, type StopSummary } from './running-pipeline.js';
import { CountedStage } from './stages/stage.js';
import { AlertDesk } from './alerts/desk.js';
import { alertTargets } from './alerts/targets.js';
import { Rescue } from './rescue/rescue.js';
import { StandstillWatch } from './standstill-watch.js';
import { SnapshotTaker } from './take-snapshot.js';
import { type Process, Worker, type WorkerSettings } from './worker/worker.js';
import { alertSettings, mainSettings, metaSettings, retrySettings } from './worker-settings.js';

/** Runs every stage of the pipeline in this process. Several processes share the load. */
export function runPipeline(pipeline: Pipeline, settings: RunSettings): RunningPipeline {
  refuseNoPipeline(pipeline);
  requireOptions(runChecks, settings, ['handlers', 'log'], 'settings');
  return new Run(pipeline, settings);
}

/** A supervisor that waits little longer than the drain must not cut it off. */
const takeBackTimeoutMs = 2000;

class Run implements RunningPipeline {
  readonly ended: Promise<void>;
  private end!: { resolve: () => void; reject: (error: PlutomiError) => void };
  private readonly workers: Worker[] = [];
  /** By consumer. */
  private readonly runners = new Map<string, HandlerRunner>();
  private readonly admission = new Admission();
  private readonly http: HttpClient;
  private readonly registry: EventRegistry;
  private readonly bus: EventBus;
  private readonly gone: GoneCheck;
  private readonly unwatch: () => void;
  private readonly listener: AdvisoryListener;
  private readonly standstills: StandstillWatch;
  private readonly groups: GroupTeller;
  private readonly rescue: Rescue;
  private readonly desk: AlertDesk;
  private readonly snapshots: SnapshotTaker;
  private state: PipelineSnapshot['state'] = 'running';

  constructor(
    private readonly pipeline: Pipeline,
    private readonly settings: RunSettings,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.end = {
        resolve,
        reject: (error) => {
          if (this.state === 'running') this.state = 'failed';
          reject(error);
        },
      };
    });
    const { link, config, clock } = pipeline;
    const { only, log, handlers, proxies = {} } = settings;
    this.bus = new EventBus((err) =>
      log.error(
        { err },
        'a subscriber to the events failed: the pipeline and the other subscribers continue; this is logged once',
      ),
    );
    const { emit } = this.bus;
    this.gone = new GoneCheck(link, (error) => this.end.reject(error));
    const run = (consumer: { readonly name: string }): boolean => !only || only.includes(consumer.name);
    // Before anything is started.
    requireHandlers(handlers, [...config.consumers, ...config.external].filter(run));
    const targets = alertTargets(config.alerts, settings);
    // Pulls and acks have no answer: without this, a user who may not do them would wait forever.
    this.unwatch = link.watchRefusals((error) => {
      if (this.workers.some((one) => one.concerns(error))) this.end.reject(error);
    });
    // The client gives up when it is refused again and again, e.g. since its credentials have expired.
    void link.closed().then((reason) => reason && this.end.reject(reason));
    // Waiting for `ended` reports it; not waiting is fine too.
    this.ended.catch(() => {});
    this.http = new HttpClient(proxies);
    this.groups = new GroupTeller(pipeline, (error) =>
      emit({ type: 'groups-not-told', error: reasonOf(failureOf(error)) }),
    );
    this.registry = new EventRegistry(
      config,
      (eventType, { stream, seq }) => emit({ type: 'numbers-rounded', eventType, stream, seq }),
      keysOf(pipeline),
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
    this.snapshots = new SnapshotTaker({
      pipeline,
      subscribe: this.subscribe,
      stages: this.workers.map((worker) => ({
        worker,
        runner: this.runners.get(worker.settings.serves.consumer),
      })),
      gates: { business, meta: routing },
      admission: this.admission,
      advisoriesWaiting: () => this.listener.waitingCount,
      state: () => this.state,
    });
    const places = this.workers.map(({ settings }) => settings);
    this.standstills = new StandstillWatch(link, places, emit);
    this.rescue = new Rescue(pipeline, emit);
    this.desk = new AlertDesk({ pipeline, targets, http: this.http, emit });
  }

  get consumers(): string[] {
    return this.workers.map((worker) => worker.settings.consumer);
  }

  get subscribe(): Subscribe {
    return this.bus.subscribe;
  }

  snapshot(): PipelineSnapshot {
    return this.snapshots.take();
  }

  private get stageTools(): StageTools {
    const { pipeline, admission, bus } = this;
    return { pipeline, emit: bus.emit, admission };
  }

  private startMeta(gate: Gate, transcriber: Transcriber): void {
    const { config } = this.pipeline;
    const parts = { tools: this.stageTools, transcriber };
    const start = (stage: Stage, process: Process): void =>
      this.start(metaSettings(config, stage), gate, process);
    start('main', new CountedStage(metaStage(parts), parts.tools).process);
    start('retry', new CountedStage(metaRetryStage(parts), parts.tools).process);
    start('dlq', metaDlqProcess(parts));
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
    this.runners.set(consumer.name, runner);
    const main = new CountedStage(mainStage(parts, runner), parts.tools);
    this.start(mainSettings(config, consumer), gate, main.process);
    const retry = new CountedStage(retryStage(parts, runner), parts.tools);
    this.start(retrySettings(config, consumer), gate, retry.process);
    this.startAlerts(consumer, gate);
  }

  private startAlerts(consumer: ReaderSettings, gate: Gate): void {
    const { config } = this.pipeline;
    const { handlers } = this.settings;
    const { handler: alertFile } = consumer.onDeadLetter;
    const alert =
      alertFile === undefined ? undefined : (handlers.get(alertFile) as DeadLetterHandler | undefined);
    const isCalled = alert !== undefined || consumer.onDeadLetter.webhook !== undefined;
    this.start(
      alertSettings(config, consumer, isCalled),
      gate,
      alertProcess(
        config,
        consumer,
        alert,
        this.bus.emit,
        this.http,
        this.groups,
        (entry, news) => this.desk.notice(entry, news),
        (subject, body, msgId) => publishNotice(this.pipeline.link, subject, body, msgId),
      ),
    );
  }

  private start(settings: WorkerSettings, gate: Gate, process: Process): void {
    const tools = {
      pipeline: this.pipeline,
      gate,
      emit: this.bus.emit,
      fail: (error: PlutomiError) => this.end.reject(error),
      durations: this.settings.durations === true ? new DurationCounts() : undefined,
    };
    this.workers.push(new Worker(settings, tools, process, (worker) => void this.gone.check(worker)));
  }

  /** What handlers have not finished; not before nothing can come to this process any more. */
  private async takeBackAll(pulled: Promise<unknown>): Promise<void> {
    const over = sleep(takeBackTimeoutMs, undefined, { ref: false });
    await Promise.race([pulled, over]);
    const reason = new Error('the process is stopping');
    await Promise.race([
      Promise.all(Array.from(this.runners.values(), (runner) => runner.takeBackAll(reason))),
      over,
    ]);
  }

  async stop(drainTimeoutMs: number): Promise<StopSummary> {
    const drainMs = waitOf('drainTimeoutMs', drainTimeoutMs);
    this.state = 'stopping';
    this.gone.stop();
    this.standstills.stop();
    const rescued = Promise.all([this.rescue.stop(), this.desk.stop()]);
    const { link } = this.pipeline;
    const pulled = Promise.all(this.workers.map((worker) => worker.stopPulling()));
    const drained = (async () => {
      await Promise.all([this.listener.stopListening(), pulled]);
      await Promise.all([this.listener.drained(), ...this.workers.map((worker) => worker.drained())]);
      return true;
    })();
    this.admission.open();
    for (const runner of this.runners.values()) runner.hurry();
    const timer = new AbortController();
    const done = await Promise.race([
      drained,
      sleep(drainMs, false, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    this.listener.abandon();
    let unfinished = 0;
    for (const worker of this.workers) {
      unfinished += worker.inHandCount;
      worker.abandon();
    }
    if (!done) await this.takeBackAll(pulled);
    await Promise.race([rescued, sleep(takeBackTimeoutMs, undefined, { ref: false })]);
    if (link.connected) await within(takeBackTimeoutMs, link.flush());
    this.unwatch();
    this.snapshots.stop();
    await this.http.close();
    this.state = 'stopped';
    this.end.resolve();
    return { unfinished };
  }
}
