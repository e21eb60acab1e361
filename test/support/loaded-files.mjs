// Preloaded with --import: writes every file that the process loads to the file that LOADED_FILES names, one a line.
import fs, { appendFileSync } from 'node:fs';
import { createRequire, register, syncBuiltinESMExports } from 'node:module';

const note = (file) => appendFileSync(process.env.LOADED_FILES, `${file}\n`);

const hook = `
  import { appendFileSync } from 'node:fs';
  export async function load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env.LOADED_FILES, new URL(url).pathname + '\\n');
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

// Our own files are read and run by dist/chunks/load.js.
const { readFileSync } = fs;
fs.readFileSync = (file, ...options) => {
  if (String(file).endsWith('.cjs')) note(file);
  return readFileSync(file, ...options);
};
syncBuiltinESMExports();

process.on('exit', () => {
  for (const file of Object.keys(createRequire(import.meta.url).cache)) note(file);
});
