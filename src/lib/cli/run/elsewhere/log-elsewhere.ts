import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../../../connection/environment.js';
import { findModule } from '../../../config/file/find-module.js';
import type { PipelineConfig } from '../../../config/resolved.js';
import type { AxiomSettings, LogSettings } from '../../../config/telling/log.js';
import { isKeyReference } from '../../../domain/key-reference.js';
import { type KeySource, readReference } from '../../../encryption/read-key.js';
import { ConfigError, type ConfigProblem } from '../../../errors.js';
import type { Logger } from '../../../observe/log.js';
import { type LogTransport, openTransport, type OpenTransport } from './log-transport.js';
import { type Suggestion, suggestOther } from '../../../suggestion.js';
import { axiomThread } from './axiom-thread.js';
import type { AxiomThread } from './axiom-transport.js';

const axiomPackage = '@axiomhq/pino';

type Variables = Pick<Environment, 'axiomDataset' | 'axiomToken' | 'variables'>;

/** Logs to Axiom were meant, and something is missing: not an error, since the variable may be another program's. */
export function halfOfAxiom({ log }: Pick<PipelineConfig, 'log'>, environment: Variables): boolean {
  const { axiomToken, axiomDataset } = environment;
  return log?.axiom === undefined && axiomToken !== undefined && axiomDataset === undefined;
}

/**
 * Where the log goes besides stdout, as config and environment say.
 *
 * Throws ConfigError with every problem: a package that is not installed, a secret that is not there.
 */
export async function transportsOf(config: PipelineConfig, environment: Variables): Promise<LogTransport[]> {
  const log = config.log ?? {};
  const folder = path.dirname(config.file);
  const finding = new Finding({ variables: environment.variables, folder });
  const transports = [
    await axiomTransport(axiomOf(log, environment), environment, finding),
    await ownTransport(log, finding),
  ];
  if (finding.problems.length > 0) {
    throw new ConfigError('the log can not go where it should:', finding.problems, {
      suggestions: finding.suggestions,
    });
  }
  return transports.filter((one) => one !== undefined);
}

function axiomOf({ axiom }: LogSettings, environment: Variables): AxiomSettings | undefined {
  if (axiom !== undefined) return axiom || undefined;
  const { axiomToken, axiomDataset } = environment;
  return axiomToken !== undefined && axiomDataset !== undefined ? { token: 'env://AXIOM_TOKEN' } : undefined;
}

async function axiomTransport(
  axiom: AxiomSettings | undefined,
  { axiomDataset }: Variables,
  finding: Finding,
): Promise<LogTransport | undefined> {
  if (axiom === undefined) return undefined;
  const { dataset = axiomDataset, orgId, url } = axiom;
  const module = await finding.module('log.axiom', axiomPackage);
  const token = await finding.value('log.axiom.token', axiom.token);
  if (dataset === undefined)
    finding.problem('log.axiom.dataset', 'expected a dataset, here or in AXIOM_DATASET');
  if (module === undefined || token === undefined || dataset === undefined) return undefined;
  const options: AxiomThread = {
    module,
    dataset,
    token,
    ...(orgId === undefined ? {} : { orgId }),
    ...(url === undefined ? {} : { url }),
  };
  return { target: axiomThread, options: { ...options }, name: 'Axiom' };
}

async function ownTransport({ transport }: LogSettings, finding: Finding): Promise<LogTransport | undefined> {
  if (transport === undefined) return undefined;
  const { target } = transport;
  const module = await finding.module('log.transport.target', target);
  const options = await finding.values('log.transport.options', transport.options);
  return module === undefined ? undefined : { target: module, options, name: target };
}

/** Looks for what a config names, and collects what is not there. */
class Finding {
  readonly problems: ConfigProblem[] = [];
  readonly suggestions: Suggestion[] = [];

  constructor(private readonly source: KeySource) {}

  problem(at: string, message: string): void {
    this.problems.push({ path: at, message });
  }

  /** Of the project, else of where this program is installed. */
  async module(at: string, name: string): Promise<string | undefined> {
    const isFile = path.isAbsolute(name);
    const found = isFile
      ? existsSync(name) && name
      : await findModule(name, [this.source.folder, path.dirname(axiomThread)]);
    if (found) return found;
    this.problem(
      at,
      isFile ? `expected a module, found no file at ${name}` : `the package ${name} is not installed`,
    );
    if (!isFile) this.suggestions.push(suggestOther('npm', ['install', name]));
    return undefined;
  }

  async value(at: string, reference: string): Promise<string | undefined> {
    const found = (await readReference(reference, this.source))?.trim();
    if (!found) this.problem(at, `${reference} is not there`);
    return found;
  }

  /** The same with what stands where its references lead to. */
  async values(at: string, options: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const entries = Object.entries(options).map(
      async ([key, value]) => [key, await this.filled(`${at}.${key}`, value)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  private filled(at: string, value: unknown): unknown {
    if (typeof value === 'string') return isKeyReference(value) ? this.value(at, value) : value;
    if (Array.isArray(value)) return Promise.all(value.map((one, i) => this.filled(`${at}[${i}]`, one)));
    return typeof value === 'object' && value !== null
      ? this.values(at, value as Record<string, unknown>)
      : value;
  }
}

/** Starts them; what befalls one is logged where it can be. */
export function openElsewhere(transports: readonly LogTransport[], log: Logger): OpenTransport[] {
  return transports.map((transport) => {
    const { name: to } = transport;
    return openTransport(transport, (trouble) => {
      if (trouble.kind === 'failed')
        log.warn({ to, err: trouble.error }, 'lines of the log could not be sent: they are missing there');
      else if (trouble.kind === 'dropped')
        log.warn({ to, lines: trouble.lines }, 'the log was not sent fast enough: lines are missing there');
      else log.error({ to, err: trouble.error }, 'the log is sent there no more; on stdout it goes on');
    });
  });
}
