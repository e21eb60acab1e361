// Fails when oclif.manifest.json does not say what the built commands say. Writes nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Plugin } from '@oclif/core';
import { root } from './places.mjs';

const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  respectNoCacheDefault: true,
  errorOnManifestCreate: true,
});
await plugin.load();

const expected = JSON.stringify(plugin.manifest, null, 2);
if (readManifest() !== expected) {
  process.stderr.write('oclif.manifest.json is stale. Run: npm run manifest\n');
  process.exitCode = 1;
}

function readManifest() {
  try {
    return readFileSync(join(root, 'oclif.manifest.json'), 'utf8');
  } catch {
    return '';
  }
}
