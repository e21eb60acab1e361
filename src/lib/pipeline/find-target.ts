import type { PipelineConfig } from '../config/resolved.js';
import type { Environment } from '../connection/environment.js';
import { resolveTarget } from '../connection/resolve-target.js';
import type { Called, TargetFlags } from '../connection/target-options.js';
import { readServerState } from '../dev-server/state.js';
import type { ConnectionTarget } from '../nats/connect/target.js';

/** Longest wait for an answer of the server, where nothing else is said, ms. */
export const defaultTimeoutMs = 5000;

export interface FindTargetOptions {
  readonly environment: Environment;
  /** What was said for this call alone. */
  readonly flags?: TargetFlags;
  /** What they are called where they were said, for messages. Default: as on the command line. */
  readonly called?: Called | undefined;
  /** Name of the connection on the server; NATS_CLIENT_ID is stronger. */
  readonly name: string;
  readonly timeoutMs?: number | undefined;
}

/** Where the pipeline's server is: flag > environment > context > config > the server of this folder > nats://127.0.0.1:4222. */
export function findTarget(
  config: PipelineConfig | undefined,
  { environment, flags = {}, called, name, timeoutMs = defaultTimeoutMs }: FindTargetOptions,
): Promise<ConnectionTarget> {
  const { cwd, trust, clientId } = environment;
  return resolveTarget({
    flags,
    ...(called === undefined ? {} : { called }),
    environment,
    ...(config?.server === undefined ? {} : { configured: config.server }),
    local: () => readServerState(cwd, trust),
    name: clientId ?? name,
    timeoutMs,
    ...(config?.cluster === undefined ? {} : { cluster: config.cluster }),
  });
}
