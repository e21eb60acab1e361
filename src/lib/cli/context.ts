import { environmentElsewhere } from '../connection/elsewhere.js';
import type { Environment } from '../connection/environment.js';
import { findConfig, loadConfig } from '../config/load.js';
import type { ModuleOptions } from '../config/file/load-module.js';
import type { PipelineConfig } from '../config/resolved.js';
import { findTarget } from '../pipeline/find-target.js';
import type { TargetFlags } from '../connection/target-options.js';
import type { Trust } from '../connection/trust.js';
import { contextOf } from '../connection/resolve-target.js';
import { escapeBlock, escapeLine } from '../domain/escape.js';
import { hideSecrets } from '../domain/secrets.js';
import { makePipeline, type Pipeline } from '../pipeline/pipeline.js';
import { connect } from '../nats/connect/connect.js';
import { NoJetStreamError } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import { type ConnectionTarget, describeServers } from '../nats/connect/target.js';
import type { Colors } from '../render/colors.js';
import type { FolderOptions } from '../dev-server/folder-server.js';
import { systemClock } from '../flow/clock.js';
import type { Logger, LogSink } from '../observe/log.js';
import { defaultLogLevel, type LogLevel } from '../observe/log-level.js';
import { callerOf } from './output/caller.js';
import { printingToStderr } from './run/contain-handlers.js';
import { untilLoaded } from './run/until-loaded.js';
import { makeRoomForLine } from './output/changing-line.js';
import { colorsOf } from './output/view.js';
import { locateConfig, type Located, namedPipeline, requireNamed } from '../open/locate-config.js';
import type { NamedPipeline } from '../operations/find-applied.js';
import type { Caller } from '../render/suggestion.js';
import { roleOfCommand } from '../permissions/role.js';
import { watchOwner } from '../pipeline/require-own.js';

/** The global flags that decide about config, connection and log. */
export interface ConnectionFlags extends TargetFlags {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly config?: string;
  readonly pipeline?: string;
  readonly json?: boolean;
  readonly 'no-color'?: boolean;
  readonly 'log-level'?: LogLevel;
}

/** Makes a command's parts from its flags and environment: the one place that composes. */
export class CommandContext {
  private links: Link[] = [];
  private servers: string | undefined;
  private located: Promise<Located> | undefined;
  private opened: PipelineConfig | undefined;

  constructor(
    readonly environment: Environment,
    private readonly flags: ConnectionFlags,
    private readonly commandId: string,
    /** It needs the project itself: the config file, and the handlers that it names. */
    private readonly needsProject = false,
  ) {}

  /** How suggested commands lead to where this one went. */
  get caller(): Caller {
    const { natsPassword, natsUrl, natsContext } = this.environment;
    const { servers, isApplied } = this;
    return callerOf(this.flags, { natsPassword, natsUrl, natsContext, servers, isApplied });
  }

  get noColor(): boolean {
    return this.flags['no-color'] === true || this.environment.noColor;
  }

  /** Colours for what goes to this stream. */
  colorsOf(stream: { readonly isTTY?: boolean }): Colors {
    return colorsOf(stream, this.environment, this.flags['no-color']);
  }

  /** How configs and handlers are loaded: `plutomi-events` in them is this very library. */
  get moduleOptions(): ModuleOptions & { readonly trust: Trust } {
    const { cacheHome, trust } = this.environment;
    return { cacheHome, trust, library: () => import('../index.js'), untilLoaded };
  }

  /** Where the development server of this folder is looked for and kept. */
  get serverFolder(): FolderOptions {
    const { cwd, trust } = this.environment;
    return { cwd, trust, clock: systemClock, pid: process.pid };
  }

  /** The config, validated and read once: the config file, or, where there is none, what was applied to the server. */
  async config(): Promise<PipelineConfig> {
    return (await this.locate()).config;
  }

  /** The config file's, whether or not its handlers are there; undefined: there is none. */
  async configOfFile(): Promise<PipelineConfig | undefined> {
    const file = this.flags.config ?? (await findConfig(this.environment.cwd));
    return file === undefined ? undefined : this.load(file);
  }

  /** The config as it was applied to a server; undefined: none was. */
  async configApplied(link: Link): Promise<PipelineConfig | undefined> {
    const { findApplied } = await import('../operations/find-applied.js');
    return findApplied(link, this.named);
  }

  private locate(): Promise<Located> {
    this.located ??= this.needsProject ? this.load().then((config) => ({ config })) : this.find();
    return this.located;
  }

  private async find(): Promise<Located> {
    const located = await locateConfig({
      cwd: this.environment.cwd,
      file: this.flags.config,
      named: this.named,
      load: (file) => this.load(file),
      target: () => this.target(),
      connect: (target) => this.connect(target),
    });
    this.isApplied = located.link !== undefined;
    return located;
  }

  private isApplied = false;

  /** Which pipeline is meant, where that was said. */
  private get named(): NamedPipeline | undefined {
    return namedPipeline(this.flags.pipeline, '--pipeline', this.environment);
  }

  private async load(file = this.flags.config): Promise<PipelineConfig> {
    const load = (): Promise<PipelineConfig> =>
      loadConfig({
        cwd: this.environment.cwd,
        ...(file === undefined ? {} : { file }),
        handlerFiles: this.needsProject,
        variables: this.environment.variables,
        ...this.moduleOptions,
        onWarning: ({ path, message }) =>
          process.stderr.write(`Warning: ${hideSecrets(escapeBlock(`${path}: ${message}`))}\n`),
      });
    const config = await printingToStderr(load);
    requireNamed(config, this.named);
    return config;
  }

  /** Flag > environment > context > config file > the server of this folder > nats://127.0.0.1:4222. */
  async target(config?: PipelineConfig, timeoutMs?: number): Promise<ConnectionTarget> {
    return findTarget(config, {
      environment: this.environment,
      flags: this.flags,
      name: `plutomi-events ${this.commandId.replaceAll(':', ' ')}`,
      timeoutMs: this.flags.timeout ?? timeoutMs,
    });
  }

  /** The pipeline of the config, connected; the connection is closed when the command ends. */
  async pipeline(): Promise<Pipeline> {
    const { config, link } = await this.locate();
    this.opened = config;
    const open = link ?? (await this.connect(await this.target(config)));
    const pipeline = makePipeline({ config, link: open, variables: this.environment.variables });
    if (roleOfCommand[this.commandId.replaceAll(':', ' ')] === 'viewer')
      watchOwner(pipeline, (text) => process.stderr.write(`Warning: ${hideSecrets(text)}\n`));
    return pipeline;
  }

  /** A connection to another server, by its own words alone: credentials of this one are not for it. */
  async elsewhere(flags: { readonly context?: string; readonly server?: string }): Promise<Link> {
    const target = await findTarget(undefined, {
      environment: environmentElsewhere(this.environment),
      flags,
      called: (flag) => `--to-${flag}`,
      name: `plutomi-events ${this.commandId.replaceAll(':', ' ')}`,
      timeoutMs: this.flags.timeout,
    });
    const link = await connect(target);
    this.links.push(link);
    return link;
  }

  private async connect(target: ConnectionTarget): Promise<Link> {
    this.servers = describeServers(target.servers);
    const link = await connect(target);
    this.links.push(link);
    return link;
  }

  /** The name of the pipeline that was opened. */
  get openedName(): string | undefined {
    return this.opened?.name;
  }

  /** The name of the pipeline that is meant, as far as it is known: also where nothing could be connected to. */
  get meantName(): string | undefined {
    return this.opened?.name ?? this.named?.name;
  }

  /**
   * Why writing to the pipeline that was opened takes its name; undefined: it does not, or none was opened. `applied`: it
   * is protected by what was applied, whatever the config says now.
   */
  protection(applied = false): string | undefined {
    if (this.opened === undefined) return undefined;
    const { name, server } = this.opened;
    if (this.opened.protected || applied) return `the pipeline ${escapeLine(name)} is protected`;
    const { environment, flags } = this;
    const context = contextOf({ environment, flags, ...(server ? { configured: server } : {}) });
    if (context === undefined || !environment.protectedContexts.includes(context)) return undefined;
    return `the context ${escapeLine(context)} is protected (PLUTOMI_PROTECTED)`;
  }

  /** JSON lines, or readable ones on a terminal. `pipeline run` logs to stdout, every other command to stderr. */
  async logger(fd: 1 | 2 = 2, to: readonly LogSink[] = []): Promise<Logger> {
    const { makeLogger } = await import('../observe/log.js');
    const stream = fd === 1 ? process.stdout : process.stderr;
    const isTty = stream.isTTY === true;
    return makeLogger({
      level: this.flags['log-level'] ?? defaultLogLevel,
      fd,
      readable: isTty && !this.flags.json,
      color: isTty && !this.noColor,
      to,
      ...(isTty ? { before: makeRoomForLine } : {}),
    });
  }

  /** The same error, with what only the server knows of it. */
  async complete(error: Error): Promise<Error> {
    const [link] = this.links;
    if (!(error instanceof NoJetStreamError) || link === undefined) return error;
    const account = await link.account().catch(() => undefined);
    return new NoJetStreamError(error.what, error.cause, account);
  }

  async close(): Promise<void> {
    await Promise.all(this.links.splice(0).map((link) => link.close()));
  }
}
