// Preloaded with --import: writes every file that the process loads to the file that LOADED_FILES names, one a line.
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

const hook = `
  import { appendFileSync } from 'node:fs';
  export async function load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env.LOADED_FILES, new URL(url).pathname + '\\n');
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
process.on('exit', () => {
  const required = Object.keys(createRequire(import.meta.url).cache);
  if (required.length > 0) appendFileSync(process.env.LOADED_FILES, `${required.join('\n')}\n`);
});
