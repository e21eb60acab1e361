#!/usr/bin/env node
// CommonJS, as the bundle is: Node's loader of modules alone takes 15 ms of a start.
const { userInfo } = require('node:os');
const path = require('node:path');

// Until a command says what else a signal does to it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const [only, ...others] = process.argv.slice(2);
if (others.length === 0 && only === '--version') {
  // Answered before anything is loaded, in the words of oclif's own --version.
  const { name, version } = require('../package.json');
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  completeEnvironment();
  require('./compile-cache.js').keepCompiledCode();
  const { start } = require('../dist/cli/start.js');
  void start(path.dirname(require.resolve('../package.json')), require('../package.json'));
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
