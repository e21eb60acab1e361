// Writes oclif.manifest.json, from which help and start-up read without loading a command; `--check` writes
// nothing, and fails when it does not say what the built commands say.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Plugin } from '@oclif/core';
import { root } from './places.mjs';

const file = join(root, 'oclif.manifest.json');
const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  respectNoCacheDefault: true,
  errorOnManifestCreate: true,
});
await plugin.load();

// Commands come in the order in which their files happened to load.
const commands = Object.fromEntries(
  Object.entries(plugin.manifest.commands)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, command]) => [id, withKnownDefaults(command)]),
);
const manifest = `${JSON.stringify({ ...plugin.manifest, commands }, null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(file, manifest);
else if (readManifest() !== manifest) {
  process.stderr.write('oclif.manifest.json is stale. Run: npm run manifest\n');
  process.exitCode = 1;
}

/** The text of each default is in the manifest and depends on nothing: help needs to load no command for it. */
function withKnownDefaults(command) {
  const flags = Object.entries(command.flags).map(([name, flag]) => [
    name,
    { ...flag, ...('hasDynamicHelp' in flag ? { hasDynamicHelp: false } : {}) },
  ]);
  return { ...command, flags: Object.fromEntries(flags), hasDynamicHelp: false };
}

function readManifest() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
