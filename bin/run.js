#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import module from 'node:module';

const [only, ...others] = process.argv.slice(2);
if (others.length === 0 && only === '--version') {
  // Answered before anything is loaded, in the words of oclif's own --version.
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  module.enableCompileCache?.();
  const { start } = await import('../dist/lib/cli/start.js');
  await start(import.meta.url);
}
