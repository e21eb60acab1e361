// The chaos runs: separate processes, real servers, seeded faults, and an account of every event.
//   npm run chaos -- --help
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseline } from './design-baseline.mjs';
import { copyOfBuild } from './build.mjs';
import { ours } from './design-ours.mjs';
import { readOptions, usage, UsageError } from './options.mjs';
import { renderTable } from './report.mjs';
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
  const binary = await serverBinary(options.serverVersion);
  const build = copyOfBuild();
  const results = [];
  try {
    for (const name of options.chosen) {
      const scenario = scenarios[name];
      for (const topology of scenario.on.filter((one) => (options.only ?? one) === one)) {
        for (const design of designsFor(scenario, options)) {
          results.push(await runOne({ scenario, topology, design, options, bin: build.bin, binary }));
          writeResults(options, results);
        }
      }
    }
  } finally {
    rmSync(build.folder, { recursive: true, force: true });
  }
  process.stdout.write(`${renderTable(results)}\n`);
  return results.every(({ ok, design }) => ok || design === baseline.name) ? 0 : 1;
}

/** After each run: a session that is cut off keeps what it has measured. */
function writeResults(options, results) {
  if (options.out !== undefined)
    writeFileSync(options.out, `${JSON.stringify({ options, results }, null, 2)}\n`);
}

function designsFor(scenario, options) {
  return options.baseline && scenario.baseline ? [ours, baseline] : [ours];
}

async function runOne(parts) {
  const { scenario, topology, design, options } = parts;
  const folder = mkdtempSync(join(tmpdir(), `plutomi-chaos-${scenario.name}-`));
  const say = (line) => process.stderr.write(`${scenario.name} ${topology} ${design.name}: ${line}\n`);
  say(`seed ${options.seed}, ${options.events} events, ${folder}`);
  const base = { scenario: scenario.name, topology, design: design.name, server: parts.binary.version };
  try {
    const result = await runScenario({ ...parts, folder, say });
    const { lost, wrong, twice, neverQuiet, problems } = result;
    say(`lost ${lost}, wrong ${wrong}, twice ${twice}`);
    if (neverQuiet) say(`never quiet: ${JSON.stringify(neverQuiet)}`);
    for (const problem of problems) say(problem);
    if (result.ok && !options.keep) rmSync(folder, { recursive: true, force: true });
    return { ...result, folder: result.ok ? undefined : folder };
  } catch (error) {
    say(`failed: ${error.stack}`);
    return { ...base, ok: false, error: error.message.split('\n')[0], folder };
  }
}
