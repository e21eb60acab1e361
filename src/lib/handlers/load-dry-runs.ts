import { loadExports, type ModuleOptions } from '../config/file/load-module.js';
import { messageOf } from '../errors.js';
import type { Handler } from './contract.js';
import { whyIdle } from './idle.js';

/** How a handler is run without effects; or why it can't be. */
export type DryRun = { readonly run: Handler } | { readonly refused: string };

const howTo =
  'its handler has no dry run: export const dryRun = async (event, context) => {}, or export const supportsDryRun = true and look at context.dryRun';

/**
 * What of a handler's module may be run on an event without effects: its `dryRun`, or its default export where it says
 * `supportsDryRun`. Never throws: a module that can't be loaded is refused.
 */
export async function loadDryRun(file: string, options: ModuleOptions): Promise<DryRun> {
  try {
    const { default: handler, dryRun, supportsDryRun } = (await loadExports(file, options)) ?? {};
    if (dryRun !== undefined) return callable(dryRun, 'dryRun');
    return supportsDryRun === true ? callable(handler, 'its default export') : { refused: howTo };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

function callable(found: unknown, what: string): DryRun {
  if (typeof found !== 'function') return { refused: `${what}: expected a function, found ${typeof found}` };
  const idle = whyIdle(found);
  return idle === undefined ? { run: found as Handler } : { refused: `${what} is ${idle}` };
}
