// Measures each hot path beside its ceiling (a raw socket) and beside the plain use of the client library, on a
// nats-server of its own: file storage, one replica, loopback.
//
//   npm run bench -- [--gate] [--quick] [--growth] [--only <case>]… [--out <file>] [--server-version <version>]
//                    [--sync-always]
//
// --gate exits with 1 where a ratio falls short. A wrong end state (a message lost, doubled or left behind) exits
// with 1 always. --quick measures each path once, on few messages: it shows that all works, its figures are rough.
// --sync-always: the server writes each message through to the disk before it acknowledges it.
import { readdirSync, writeFileSync } from 'node:fs';
import { describeMachine } from './harness/machine.mjs';
import { failures, tableOf } from './harness/report.mjs';
import { serverBinary, withServer } from './harness/server.mjs';
import { readFlags } from '../scripts/read-flags.mjs';

const flags = readFlags('bench', {
  gate: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  growth: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true },
  out: { type: 'string' },
  'server-version': { type: 'string' },
  'sync-always': { type: 'boolean', default: false },
});

const runs = flags.quick ? 1 : 5;
const caseTimeoutMs = (flags.quick ? 2 : 15) * 60_000;

/** Each file in bench/cases is one case: `{name, growth?, run(bench)}`, which gives rows of the table. */
async function loadCases() {
  const files = readdirSync(new URL('cases/', import.meta.url)).filter((file) => file.endsWith('.mjs'));
  const cases = await Promise.all(
    files.toSorted().map(async (file) => (await import(`./cases/${file}`)).default),
  );
  const unknown = (flags.only ?? []).filter((name) => !cases.some((one) => one.name === name));
  if (unknown.length > 0) {
    const names = cases.map((one) => one.name).join(', ');
    say(`--only: no case ${unknown.join(', ')}; there are ${names}`);
    process.exit(2);
  }
  return cases.filter((one) => flags.only?.includes(one.name) ?? (flags.growth || !one.growth));
}

async function measure(one, binary) {
  const startedMs = performance.now();
  say(`${one.name} …`);
  const { signal, stop } = deadline();
  try {
    const rows = await Promise.race([
      withServer(
        binary,
        (server) => one.run({ server, runs, quick: flags.quick, say }),
        flags['sync-always'] ? 'jetstream { sync_interval: always }' : undefined,
      ),
      signal,
    ]);
    return { name: one.name, seconds: secondsSince(startedMs), rows };
  } catch (error) {
    say(`${one.name} failed: ${error.stack}`);
    return { name: one.name, seconds: secondsSince(startedMs), rows: [], problem: error.message };
  } finally {
    stop();
  }
}

function deadline() {
  let timer;
  const signal = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${caseTimeoutMs} ms`)), caseTimeoutMs);
  });
  return { signal, stop: () => clearTimeout(timer) };
}

function secondsSince(startedMs) {
  return Math.round((performance.now() - startedMs) / 100) / 10;
}

function say(line) {
  process.stderr.write(`bench: ${line}\n`);
}

const binary = await serverBinary(flags['server-version']);
const machine = describeMachine(binary);
say(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, nats-server ${machine.natsServer}, runs: ${runs}`,
);
const results = [];
for (const one of await loadCases()) results.push(await measure(one, binary));

process.stdout.write(`${tableOf(results)}\n`);
const report = { at: new Date().toISOString(), machine, runs, quick: flags.quick, cases: results };
if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`);
const wrong = failures(results, { gates: flags.gate });
for (const line of wrong) say(line);
process.exit(wrong.length === 0 ? 0 : 1);
