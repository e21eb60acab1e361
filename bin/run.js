#!/usr/bin/env node
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

// Until a command says what else a signal does to it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const require = createRequire(import.meta.url);
const [only, ...others] = process.argv.slice(2);
if (others.length === 0 && only === '--version') {
  // Answered before anything is loaded, in the words of oclif's own --version.
  const { name, version } = require('../package.json');
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  completeEnvironment();
  const { keepCompiledCode } = await import('./compile-cache.js');
  keepCompiledCode();
  const { start } = await import('../dist/cli/start.js');
  await start(dirname(require.resolve('../package.json')), require('../package.json'));
}

/** oclif asks the system for home and shell when it is loaded: an error for a user id without an entry, as in containers. */
function completeEnvironment() {
  try {
    userInfo();
  } catch {
    process.env.HOME ??= '/';
    process.env.SHELL ??= '/bin/sh';
  }
}
