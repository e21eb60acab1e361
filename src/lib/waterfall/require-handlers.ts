import { types } from 'node:util';
import { type ConsumerSettings, type ExternalConsumer, handlerFiles } from '../config/resolved.js';
import { unexpected } from '../domain/given.js';
import { UsageError } from '../errors.js';
import type { Handler } from '../handlers/contract.js';

/** Without its handler an event can't be handled, and a dead letter would be acknowledged without an alert. */
export function requireHandlers(
  handlers: ReadonlyMap<string, Handler>,
  consumers: readonly (ConsumerSettings | ExternalConsumer)[],
): void {
  refuseNoHandlers(handlers);
  const absent = consumers.filter((one) => 'handler' in one && one.handler === '');
  if (absent.length > 0) {
    const names = absent.map(({ name }) => name).join(', ');
    throw new UsageError(`${names}: the config was read from the server, and their handlers are not here`);
  }
  const missing = handlerFiles(consumers).filter(({ file }) => !handlers.has(file));
  if (missing.length === 0) return;
  const list = missing.map(({ path, file }) => `${path}: no handler was loaded from ${file}`).join('; ');
  throw new UsageError(`${list}; loadHandlers(handlerFiles(config), …) loads all of a config`);
}

/** A program in JavaScript gives what it likes. */
function refuseNoHandlers(handlers: ReadonlyMap<string, Handler>): void {
  if (!types.isMap(handlers)) {
    throw unexpected('handlers', 'a Map of functions, by the absolute path that the config names', handlers);
  }
  for (const [file, handler] of handlers) {
    if (typeof handler !== 'function') throw unexpected(`handlers: ${file}`, 'a function', handler);
  }
}
