// Runs the integration tests, and the proofs under faults, on each nats-server version that the project promises to work with.
//
//   node scripts/test-compat.mjs [--version <version>]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './places.mjs';
import { readFlags } from './read-flags.mjs';
import { install, KNOWN_VERSIONS, PINNED_VERSION } from './server.mjs';

const flags = readFlags('test-compat', { version: { type: 'string' } });
const versions = flags.version === undefined ? KNOWN_VERSIONS.map(({ version }) => version) : [flags.version];

const failed = [];
for (const version of versions) {
  const installed = await install(version === PINNED_VERSION ? 'pinned' : version, say);
  say(`integration tests on nats-server ${installed.version}`);
  if (!testsPassOn(installed.path)) failed.push(installed.version);
}
say(failed.length === 0 ? `passed on ${versions.join(' and ')}` : `failed on ${failed.join(' and ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function testsPassOn(binary) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const folders = ['test/integration', 'test/proofs/faults'];
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...folders], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NATS_SERVER_BIN: binary },
  });
  return status === 0;
}

function say(line) {
  process.stderr.write(`test-compat: ${line}\n`);
}
