import { existsSync } from 'node:fs';
import path from 'node:path';
import * as Flags from '@oclif/core/flags';
import { startAsChild } from '../../lib/cli/run/as-child.js';
import { BaseCommand, readerPatienceMs } from '../../lib/cli/base-command.js';
import { countSuccesses } from '../../lib/cli/run/count-successes.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { whenParentEnds } from '../../lib/cli/run/parent.js';
import { selectConsumers } from '../../lib/waterfall/select-consumers.js';
import { flushed } from '../../lib/cli/output/standard-streams.js';
import { logUncaught, tellExit } from '../../lib/cli/run/uncaught.js';
import { startWatchdog } from '../../lib/cli/run/watchdog.js';
import { halfOfAxiom, openElsewhere, transportsOf } from '../../lib/cli/run/elsewhere/log-elsewhere.js';
import { runUntilSignal } from '../../lib/cli/run/run-until-signal.js';
import { runWatched } from '../../lib/cli/run/watch/run-watched.js';
import { watchedBy } from '../../lib/cli/run/watch/watched.js';
import { findConfig } from '../../lib/config/load.js';
import { alertFiles, handlerFiles } from '../../lib/config/resolved.js';
import type { Handler } from '../../lib/handlers/contract.js';
import { loadHandlers } from '../../lib/handlers/load.js';
import { type ListenAddress, parseListenAddress } from '../../lib/monitor/listen-address.js';
import type { Monitor } from '../../lib/monitor/monitor.js';
import { untilAnswered } from '../../lib/nats/until-answered.js';
import { startFolderServer, stopFolderServer } from '../../lib/dev-server/folder-server.js';
import { provideServer } from '../../lib/dev-server/provide.js';
import { ensureTopology, warningsOf } from '../../lib/topology/ensure.js';
import { readTightLimits } from '../../lib/topology/record-sizes.js';
import type { Logger } from '../../lib/observe/log.js';
import type { OpenTransport } from '../../lib/cli/run/elsewhere/log-transport.js';
import { logWaterfall } from '../../lib/observe/log-waterfall.js';
import { withSuggestions } from '../../lib/render/suggestion.js';
import { checkKeys } from '../../lib/waterfall/check-keys.js';
import { runPipeline } from '../../lib/waterfall/run.js';

const defaultDrainTimeoutMs = 25_000;
const defaultStallTimeoutMs = 30_000;
/** How long the last lines may take to where the log goes besides stdout. */
const lastLinesMs = 5000;

export default class PipelineRun extends BaseCommand<typeof PipelineRun> {
  static override summary = 'Run the handlers, the retries and the routing of the pipeline.';
  static override description =
    `One process runs every consumer's main, retry and dlq stage, and the meta-consumers that route what fails. Start as many as you like: they share the load.

Ctrl-C or SIGTERM stops pulling, lets running handlers finish within the drain timeout and exits with 0; a second one ends it at once. What is not finished stays on the server and is delivered again.

A handler that blocks the event loop can't be timed out from inside: a watchdog ends the process, and your supervisor starts it again. The event is dead-lettered once its attempts are used up.

Logs go to stdout: JSON lines, or readable ones on a terminal.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --only notifications-consumer',
    '<%= config.bin %> <%= command.id %> --embedded --apply --watch',
    '<%= config.bin %> <%= command.id %> --http 9464',
  ];

  static override flags = {
    only: Flags.string({
      description: 'run only this consumer, and the routing; repeatable',
      helpValue: '<consumer>',
      multiple: true,
      defaultHelp: async () => 'all consumers',
    }),
    embedded: Flags.boolean({ description: 'start a nats-server for this folder, and stop it at the end' }),
    apply: Flags.boolean({
      description: 'first create or update what is missing, but nothing that would lose or repeat events',
    }),
    watch: Flags.boolean({
      description: 'for development: start anew when the config, a handler or what they import has changed',
    }),
    http: Flags.custom<ListenAddress>({ parse: async (text) => parseListenAddress(text) })({
      description:
        'answer /livez, /readyz, /startupz and /metrics there; a port alone: on 127.0.0.1; 0: a free one',
      helpValue: '<host:port>',
    }),
    'stall-timeout': durationFlag({
      description: 'end the process when a handler blocks the event loop for longer',
      helpValue: '<duration>',
      defaultHelp: async () => '30s',
    }),
    'drain-timeout': durationFlag({
      description: 'how long running handlers may take to finish after Ctrl-C or SIGTERM; 0s: no time',
      zero: true,
      helpValue: '<duration>',
      defaultHelp: async () => '25s',
    }),
  };

  private onSignal: (() => void) | undefined;
  /** Where the log goes besides stdout. */
  private readonly elsewhere: OpenTransport[] = [];
  private unwatch: (() => void) | undefined;

  protected override get changes(): boolean {
    return true;
  }

  protected override get needsProject(): boolean {
    return true;
  }

  async run(): Promise<void> {
    if (process.pid === 1) return this.runAsChild();
    const watched = this.flags.watch ? watchedBy(() => this.interrupt()) : undefined;
    if (this.flags.watch && !watched) return this.watch();
    const config = await this.context.config();
    const only = selectConsumers(config, this.flags.only);
    const readable = process.stdout.isTTY === true && !this.flags.json;
    const log = await this.context.logger(1, this.elsewhere);
    const transports = await transportsOf(config, this.environment);
    const files = only.flatMap((one) =>
      handlerFiles([one]).map(({ file }) => ({ consumer: one.name, file })),
    );
    this.unwatch = logUncaught(log, files);
    const modules = [...handlerFiles(only), ...alertFiles(config)];
    const load = (): Promise<Map<string, Handler>> => loadHandlers(modules, this.context.moduleOptions);
    watched?.dependsOn(modules.map(({ file }) => file));
    const loaded = watched && (await load());
    await watched?.turn();
    this.elsewhere.push(...openElsewhere(transports, log));
    if (halfOfAxiom(config, this.environment))
      log.warn('AXIOM_TOKEN is set and AXIOM_DATASET is not: nothing is sent to Axiom');
    const monitor = await this.openMonitor(log);
    let stopServer: (() => Promise<void>) | undefined;
    try {
      const handlers = loaded ?? (await load());
      stopServer = this.flags.embedded ? await this.startServer() : undefined;
      const pipeline = await this.context.pipeline();
      const onWaiting = (error: Error, waitedMs: number): void =>
        log.warn(
          { err: error.message, waitedMs: Math.round(waitedMs) },
          'waiting: what the pipeline needs has no leader now, or the server does not answer',
        );
      const { apply, embedded } = this.flags;
      const ensure = { apply, embedded, ...warningsOf(log) };
      await untilAnswered(pipeline.clock, () => ensureTopology(pipeline, ensure), onWaiting);
      const limits = await untilAnswered(pipeline.clock, () => readTightLimits(pipeline), onWaiting);
      for (const { refuses, detail, suggestions } of limits)
        log[refuses ? 'error' : 'warn'](withSuggestions(detail, suggestions, this.context.caller));
      await checkKeys(pipeline, log);
      const running = runPipeline(pipeline, {
        only: only.map((consumer) => consumer.name),
        handlers,
        log,
        proxies: this.environment,
        alertsSecret: this.environment.alertsSecret,
        durations: monitor !== undefined,
      });
      monitor?.watch(pipeline, running);
      running.subscribe(logWaterfall(log, (next) => this.inWords(next)));
      if (readable) running.subscribe(countSuccesses(log), { types: ['succeeded'] });
      const stopWatchdog = startWatchdog({
        stallTimeoutMs: this.flags['stall-timeout'] ?? defaultStallTimeoutMs,
        readable,
      });
      let asked = false;
      const untell = tellExit(log, files, () => asked);
      await runUntilSignal({
        pipeline,
        running,
        log,
        drainTimeoutMs: this.flags['drain-timeout'] ?? defaultDrainTimeoutMs,
        onSignal: (handle) => {
          const stop = (): void => {
            asked = true;
            handle();
          };
          this.onSignal = stop;
          if (this.environment.startedByNpm) {
            whenParentEnds(() => {
              log.info('npm or npx, which started this process, is gone: stopping, as after SIGTERM');
              stop();
            });
          }
        },
      }).finally(() => {
        untell();
        stopWatchdog();
      });
    } finally {
      await monitor?.close();
      await stopServer?.();
    }
  }

  /** Before anything runs: probes are answered from the start, and a port that is taken is said at once. */
  private async openMonitor(log: Logger): Promise<Monitor | undefined> {
    if (this.flags.http === undefined) return undefined;
    const { Monitor } = await import('../../lib/monitor/monitor.js');
    const monitor = await Monitor.open(this.flags.http);
    log.info({ url: monitor.url }, 'answers /livez, /readyz, /startupz and /metrics');
    return monitor;
  }

  /** The first signal stops the pipeline in order, the second one at once. */
  protected override interrupt(): void {
    if (this.onSignal) this.onSignal();
    else super.interrupt();
  }

  /** To the last moment: handlers that have not ended may still leave something behind. */
  protected override async finally(): Promise<void> {
    // A worker ends in time, also where nothing reads what its handlers have printed.
    await Promise.all([process.stdout, process.stderr].map((stream) => flushed(stream, readerPatienceMs)));
    await Promise.all(this.elsewhere.map((one) => one.close(lastLinesMs)));
    await super.finally();
    this.unwatch?.();
  }

  private async runAsChild(): Promise<void> {
    const child = startAsChild();
    this.onSignal = () => child.signal('SIGTERM');
    process.exitCode = await child.ended;
  }

  /** Runs it as one child after the other. A server of this folder stays while they change. */
  private async watch(): Promise<void> {
    const { cwd, startedByNpm, variables } = this.environment;
    const config =
      this.flags.config === undefined ? await findConfig(cwd) : path.resolve(cwd, this.flags.config);
    // Says that there is none.
    if (config === undefined || !existsSync(config)) return void (await this.context.config());
    const log = await this.context.logger(1);
    const stopServer = this.flags.embedded ? await this.startServer() : undefined;
    const withoutFile = Object.entries(variables).filter(([name]) => !this.fromEnvFile.includes(name));
    try {
      process.exitCode = await runWatched({
        config,
        cwd,
        log,
        variables: Object.fromEntries(withoutFile),
        onSignal: (handle) => {
          this.onSignal = handle;
          if (startedByNpm) whenParentEnds(handle);
        },
      });
    } finally {
      await stopServer?.();
    }
  }

  private async startServer(): Promise<() => Promise<void>> {
    const { path } = await provideServer({
      environment: this.environment,
      confirm: this.interactive ? (question) => this.confirm(question) : undefined,
      onStep: (step) => this.note(step),
    });
    const { started } = await startFolderServer({ ...this.context.serverFolder, binary: path });
    return async () => {
      if (!started) return;
      await this.context.close();
      await stopFolderServer(this.context.serverFolder);
    };
  }
}
