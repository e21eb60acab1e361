import { type ConsumerSettings, type ExternalConsumer, handlerFiles } from '../config/resolved.js';
import type { Handler } from '../handlers/contract.js';

/** Without its handler an event can't be handled, and a dead letter would be acknowledged without an alert. */
export function requireHandlers(
  handlers: ReadonlyMap<string, Handler>,
  consumers: readonly (ConsumerSettings | ExternalConsumer)[],
): void {
  const absent = consumers.filter((one) => 'handler' in one && one.handler === '');
  if (absent.length > 0) {
    const names = absent.map(({ name }) => name).join(', ');
    throw new TypeError(`${names}: the config was read from the server, and their handlers are not here`);
  }
  const missing = handlerFiles(consumers).filter(({ file }) => !handlers.has(file));
  if (missing.length === 0) return;
  const list = missing.map(({ path, file }) => `${path}: no handler was loaded from ${file}`).join('; ');
  throw new TypeError(`${list}; loadHandlers(handlerFiles(config), …) loads all of a config`);
}
