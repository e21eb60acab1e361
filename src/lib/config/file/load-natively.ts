import { decodeObject } from '../../domain/decode.js';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Node keeps what threw, as it keeps what was loaded: the next one to ask is given a fresh run. */
const thrown = new Set<string>();

/**
 * Has Node load a module that jiti would have it load first: jiti takes any error for a reason to compile the file and to
 * run it a second time. What can't be found or parsed has not run, and is left to jiti.
 *
 * @throws what the module throws
 */
export async function loadNatively(file: string): Promise<void> {
  if (thrown.has(file) || !(await isNative(file))) return;
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    if (isUnloaded(error)) return;
    thrown.add(file);
    throw error;
  }
}

/** As jiti sees it. */
async function isNative(file: string): Promise<boolean> {
  const ending = path.extname(file);
  if (ending === '.mjs' || ending === '.cjs') return true;
  if (ending !== '.js') return false;
  if ((await typeOfPackage(path.dirname(file))) === 'module') return true;
  return !/\b(?:import|export)\b/.test(await readFile(file, 'utf8'));
}

async function typeOfPackage(folder: string): Promise<unknown> {
  const text = await readFile(path.join(folder, 'package.json')).catch(() => undefined);
  const above = path.dirname(folder);
  if (text === undefined) return above === folder ? undefined : typeOfPackage(above);
  const found = decodeObject(text);
  return found.ok ? found.value['type'] : undefined;
}

/** It has not run: a module that it imports is missing or not one for Node, or its text is none for Node. */
function isUnloaded(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (
    /^(?:MODULE_NOT_FOUND|ERR_(?:MODULE_|UNSUPPORTED_|UNKNOWN_|PACKAGE_|REQUIRE_|IMPORT_|INVALID_(?:MODULE|PACKAGE)).*)$/.test(
      code,
    )
  )
    return true;
  return error.name === 'SyntaxError' && !/^\s+at (?!.*\bnode:)/m.test(error.stack ?? '');
}
