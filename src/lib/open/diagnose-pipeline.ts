import { checkOptions, type Checks, oneOf } from '../domain/options.js';
import { unexpected } from '../domain/given.js';
import { configFrom, findConfig, loadConfig } from '../config/load.js';
import { diagnose } from '../doctor/diagnose.js';
import type { Diagnosis } from '../doctor/finding.js';
import { systemClock } from '../flow/clock.js';
import { HttpClient } from '../http/client.js';
import { findApplied } from '../operations/find-applied.js';
import { type Role, roles } from '../permissions/role.js';
import { findTarget } from '../pipeline/find-target.js';
import { namedPipeline } from './locate-config.js';
import { environmentOf, modulesOf } from './open-pipeline.js';
import { flagsOf, openChecks, type OpenOptions } from './open-options.js';

/** What is looked at, and for whom. */
export interface DiagnoseOptions extends Omit<OpenOptions, 'identity' | 'onWarning'> {
  /** Whose permissions are looked for. Default: `runner`. */
  readonly role?: Role;
  /** The monitoring port of a server, `http://…:8222`. Default: it is not asked. */
  readonly monitor?: string;
}

const { identity: _identity, onWarning: _onWarning, ...shared } = openChecks;
const diagnoseChecks = {
  ...shared,
  role: oneOf(...roles),
  monitor: (name, given) => {
    if (typeof given !== 'string' || !URL.canParse(given)) throw unexpected(name, 'a URL', given);
  },
} as const satisfies Checks<DiagnoseOptions>;

/**
 * Says what stands between this machine and a running pipeline, from the address of the server to the handler files, in
 * that order. Config and server are found as `openPipeline` finds them; what is wrong with them is a finding. Changes
 * nothing. `timeoutMs` is 2000 by default.
 */
export async function diagnosePipeline(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  checkOptions(diagnoseChecks, options);
  const environment = await environmentOf(options.cwd);
  const {
    name = 'plutomi-events',
    timeoutMs = doctorTimeoutMs,
    clock = systemClock,
    config: given,
  } = options;
  const { cwd, variables } = environment;
  const named = namedPipeline(options.pipeline, 'pipeline', environment);
  return diagnose({
    load: async () => {
      if (typeof given === 'object') return configFrom(given, { folder: cwd });
      const file = given ?? (await findConfig(cwd));
      return file === undefined ? undefined : loadConfig({ cwd, file, variables, ...modulesOf(environment) });
    },
    target: (config) => findTarget(config, { environment, ...flagsOf(options), name, timeoutMs }),
    applied: (link) => findApplied(link, named),
    role: options.role ?? 'runner',
    monitor: options.monitor === undefined ? undefined : new URL(options.monitor),
    http: new HttpClient(environment),
    clock,
  });
}

/** So long a server may take to answer a diagnosis, ms: it asks a few times, and is to end within some seconds. */
export const doctorTimeoutMs = 2000;
