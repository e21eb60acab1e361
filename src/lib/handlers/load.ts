import { requireOptions } from '../domain/options.js';
import { refuseNoObject, refuseObjects } from '../domain/given.js';
import { loadModule, moduleChecks, type ModuleOptions } from '../config/file/load-module.js';
import type { HandlerFile } from '../config/resolved.js';
import { ConfigError, type ConfigProblem, messageOf } from '../errors.js';
import type { Handler } from './contract.js';
import { whyIdle } from './idle.js';
import { distinct, type Suggestion } from '../suggestion.js';

/**
 * Loads handler modules; each one's default export is the handler.
 *
 * Throws ConfigError with every problem at once: a module that throws while loading, or has no function as its
 * default export, or one that does nothing when it is called.
 */
export async function loadHandlers(
  files: readonly HandlerFile[],
  options: ModuleOptions,
): Promise<Map<string, Handler>> {
  refuseObjects('files', files);
  requireOptions({ ...moduleChecks, trust: refuseNoObject }, options, ['library', 'cacheHome']);
  const handlers = new Map<string, Handler>();
  const problems: ConfigProblem[] = [];
  const suggestions: Suggestion[] = [];
  for (const { path, file } of files) {
    if (handlers.has(file)) continue;
    try {
      const loaded = await loadModule(file, options);
      const found = typeof loaded === 'function' ? whyIdle(loaded) : typeof loaded;
      if (found === undefined) handlers.set(file, loaded as Handler);
      else
        problems.push({
          path,
          message: `expected ${file} to have a function as its default export, found ${found}`,
        });
    } catch (error) {
      problems.push({ path, message: messageOf(error) });
      if (error instanceof ConfigError) suggestions.push(...error.suggestions);
    }
  }
  if (problems.length > 0)
    throw new ConfigError('handlers could not be loaded', problems, { suggestions: distinct(suggestions) });
  return handlers;
}
