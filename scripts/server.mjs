// The built library's nats-server functions, for the scripts: import it when dist is there.
import { installServer, locateServer, readEnvironment } from '../dist/lib/internals.js';

export { KNOWN_VERSIONS, PINNED_VERSION } from '../dist/lib/internals.js';

/** The nats-server to use, or undefined. */
export function locate() {
  return locateServer(readEnvironment());
}

/** Makes sure of this version, by default of the pinned one; says what it does, a line at a time. */
export async function install(wanted, say) {
  const installed = await installServer({ wanted, environment: readEnvironment(), onStep: say });
  if (installed.from !== 'cache') say(`nats-server ${installed.version} is in ${installed.path}`);
  return installed;
}
