// The chaos runs: separate processes, real servers, seeded faults, and an account of every event.
//   npm run chaos -- --help
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseline } from './design-baseline.mjs';
import { copyOfBuild } from './build.mjs';
import { ours } from './design-ours.mjs';
import { readOptions, usage, UsageError } from './options.mjs';
import { renderTable } from './report.mjs';
import { Results } from './results.mjs';
import { runScenario } from './run-scenario.mjs';
import { scenarios } from './scenarios/index.mjs';
import { serverBinary } from './servers.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

if (process.argv.includes('--help')) process.stdout.write(usage);
else {
  try {
    process.exitCode = await main(readOptions(process.argv.slice(2), Object.keys(scenarios)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`chaos: ${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}

async function main(options) {
  const binaries = [];
  for (const version of options.serverVersions) binaries.push(await serverBinary(version));
  const build = copyOfBuild();
  const store = new Results(options);
  const results = [];
  try {
    for (const run of plan(binaries, build, options)) {
      const known = store.succeeded(run.identity);
      results.push(known ?? store.add(await runOne(run, build.bin)));
    }
  } finally {
    rmSync(build.folder, { recursive: true, force: true });
  }
  process.stdout.write(`${renderTable(results)}\n`);
  return results.every(({ ok, design }) => ok || design === baseline.name) ? 0 : 1;
}

/** Every run of the chosen scenarios, seed by seed. `identity` is what its result says about it. */
function plan(binaries, build, options) {
  const { seeds, chosen, only, events, durationMs } = options;
  const runs = [];
  for (const binary of binaries) {
    for (const seed of seeds) {
      for (const name of chosen) {
        const scenario = scenarios[name];
        for (const topology of scenario.on.filter((one) => (only ?? one) === one)) {
          for (const design of designsFor(scenario, options)) {
            const which = { scenario: name, topology, design: design.name, server: binary.version, seed };
            const identity = { ...which, events, durationMs, build: build.digest, commit: build.commit };
            runs.push({ scenario, topology, design, binary, options: { ...options, seed }, identity });
          }
        }
      }
    }
  }
  return runs;
}

function designsFor(scenario, options) {
  return options.baseline && scenario.baseline ? [ours, baseline] : [ours];
}

async function runOne({ identity, ...parts }, bin) {
  const { scenario, topology, design, binary, options } = parts;
  const folder = mkdtempSync(join(tmpdir(), `plutomi-chaos-${scenario.name}-`));
  const say = (line) =>
    process.stderr.write(`${scenario.name} ${topology} ${binary.version} ${design.name}: ${line}\n`);
  say(`seed ${options.seed}, ${options.events} events, ${folder}`);
  const startedAt = new Date().toISOString();
  try {
    const result = await runScenario({ ...parts, bin, folder, say });
    const { lost, wrong, altered, twice, neverQuiet, countedOnly, problems } = result;
    say(`lost ${lost}, wrong ${wrong}, altered ${altered}, twice ${twice}`);
    if (neverQuiet) say(`never quiet: ${JSON.stringify(neverQuiet)}`);
    if (countedOnly) say(`counted by the server, but gone: ${JSON.stringify(countedOnly)}`);
    for (const problem of problems) say(problem);
    if (result.ok && !options.keep) rmSync(folder, { recursive: true, force: true });
    return { ...identity, startedAt, ...result, folder: result.ok ? undefined : folder };
  } catch (error) {
    say(`failed: ${error.stack}`);
    return { ...identity, startedAt, ok: false, error: error.message.split('\n')[0], folder };
  }
}
