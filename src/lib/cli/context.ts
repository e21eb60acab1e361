import type { Environment } from '../connection/environment.js';
import { loadConfig } from '../config/load.js';
import type { ModuleOptions } from '../config/file/load-module.js';
import type { PipelineConfig } from '../config/resolved.js';
import { findTarget } from '../pipeline/find-target.js';
import type { TargetFlags } from '../connection/target-options.js';
import type { Trust } from '../connection/trust.js';
import { escapeBlock } from '../domain/escape.js';
import { hideSecrets } from '../domain/secrets.js';
import { makePipeline, type Pipeline } from '../pipeline/pipeline.js';
import { connect } from '../nats/connect/connect.js';
import { NoJetStreamError } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import { type ConnectionTarget, describeServers } from '../nats/connect/target.js';
import type { Colors } from '../render/colors.js';
import type { FolderOptions } from '../dev-server/folder-server.js';
import { systemClock } from '../flow/clock.js';
import type { Logger } from '../observe/log.js';
import { defaultLogLevel, type LogLevel } from '../observe/log-level.js';
import { callerOf } from './output/caller.js';
import { colorsOf } from './output/view.js';
import type { Caller } from '../render/suggestion.js';

/** The global flags that decide about config, connection and log. */
export interface ConnectionFlags extends TargetFlags {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly config?: string;
  readonly json?: boolean;
  readonly 'no-color'?: boolean;
  readonly 'log-level'?: LogLevel;
}

/** Makes a command's parts from its flags and environment: the one place that composes. */
export class CommandContext {
  private links: Link[] = [];
  private servers: string | undefined;
  private loaded: Promise<PipelineConfig> | undefined;

  constructor(
    readonly environment: Environment,
    private readonly flags: ConnectionFlags,
    private readonly commandId: string,
  ) {}

  /** How suggested commands lead to where this one went. */
  get caller(): Caller {
    const { natsPassword, natsUrl, natsContext } = this.environment;
    return callerOf(this.flags, { natsPassword, natsUrl, natsContext, servers: this.servers });
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
    return { cacheHome, trust, library: () => import('../index.js') };
  }

  /** Where the development server of this folder is looked for and kept. */
  get serverFolder(): FolderOptions {
    const { cwd, trust } = this.environment;
    return { cwd, trust, clock: systemClock, pid: process.pid };
  }

  /** The config file, validated; loaded once. */
  config(): Promise<PipelineConfig> {
    this.loaded ??= loadConfig({
      cwd: this.environment.cwd,
      ...(this.flags.config === undefined ? {} : { file: this.flags.config }),
      ...this.moduleOptions,
      onWarning: ({ path, message }) =>
        process.stderr.write(`Warning: ${hideSecrets(escapeBlock(`${path}: ${message}`))}\n`),
    });
    return this.loaded;
  }

  /** Flag > environment > context > config file > the server of this folder > nats://127.0.0.1:4222. */
  async target(config?: PipelineConfig): Promise<ConnectionTarget> {
    return findTarget(config, {
      environment: this.environment,
      flags: this.flags,
      name: `plutomi-events ${this.commandId.replaceAll(':', ' ')}`,
      timeoutMs: this.flags.timeout,
    });
  }

  /** The pipeline of the config, connected; the connection is closed when the command ends. */
  async pipeline(): Promise<Pipeline> {
    const config = await this.config();
    const target = await this.target(config);
    this.servers = describeServers(target.servers);
    const link = await connect(target);
    this.links.push(link);
    return makePipeline({ config, link });
  }

  /** JSON lines, or readable ones on a terminal. `pipeline run` logs to stdout, every other command to stderr. */
  async logger(fd: 1 | 2 = 2): Promise<Logger> {
    const { makeLogger } = await import('../observe/log.js');
    const stream = fd === 1 ? process.stdout : process.stderr;
    const isTty = stream.isTTY === true;
    return makeLogger({
      level: this.flags['log-level'] ?? defaultLogLevel,
      fd,
      readable: isTty && !this.flags.json,
      color: isTty && !this.noColor,
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
