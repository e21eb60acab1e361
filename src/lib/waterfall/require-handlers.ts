import { handlerFiles } from '../config/resolved.js';
import type { Handler } from '../handlers/contract.js';

/** Without its handler an event can't be handled, and a dead letter would be acknowledged without an alert. */
export function requireHandlers(
  handlers: ReadonlyMap<string, Handler>,
  consumers: Parameters<typeof handlerFiles>[0],
): void {
  const missing = handlerFiles(consumers).filter(({ file }) => !handlers.has(file));
  if (missing.length === 0) return;
  const list = missing.map(({ path, file }) => `${path}: no handler was loaded from ${file}`).join('; ');
  throw new TypeError(`${list}; loadHandlers(handlerFiles(config), …) loads all of a config`);
}
