import { type Checks, requireOptions } from '../domain/options.js';
import { refuseNoFunction, refuseNoObject } from '../domain/given.js';
import { OperationError } from '../errors.js';
import { type InstallServerOptions, installServer } from './install/install.js';
import { type LocatedServer, locateServer } from './locate.js';
import { MIN_VERSION, PINNED_VERSION } from './install/versions.js';
import { suggestCommand } from '../suggestion.js';

/** Where a nats-server may be, and whether to install one. */
export interface ProvideServerOptions extends Omit<InstallServerOptions, 'wanted'> {
  /** Asks whether to install one; leave it out where there is no terminal to ask on. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

const provideChecks = {
  environment: refuseNoObject,
  machine: refuseNoObject,
  onStep: refuseNoFunction,
  confirm: refuseNoFunction,
} as const satisfies Checks<ProvideServerOptions>;

/**
 * The nats-server to use: one that `locateServer` finds, else, after asking, a newly installed one.
 *
 * @throws OperationError `NO_NATS_SERVER` when there is none and installing one was not agreed to, and the codes of
 *   `locateServer` and `installServer`.
 */
export async function provideServer(
  options: ProvideServerOptions,
): Promise<Pick<LocatedServer, 'path' | 'version'>> {
  requireOptions(provideChecks, options, ['environment']);
  const located = await locateServer(options.environment);
  if (located !== undefined) return located;
  const { cacheHome } = options.environment;
  const question = `Found no nats-server ${MIN_VERSION} or later. Install ${PINNED_VERSION} to ${cacheHome}?`;
  if (options.confirm !== undefined && (await options.confirm(question))) return await installServer(options);
  throw new OperationError(
    `found no nats-server ${MIN_VERSION} or later: not in NATS_SERVER_BIN, on PATH, or in ${cacheHome}`,
    { code: 'NO_NATS_SERVER', suggestions: [suggestCommand('server install')] },
  );
}
