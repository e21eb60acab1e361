// What an external consumer loses: its worker is another program, and the server's advisory is all that says that an
// event was given up. Compares the journal stream alone with both paths, under the same faults.
//   node test/chaos/external.mjs --help
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectAdmin, insistently, NeverQuiet, readAll, waitUntilQuiet } from './admin.mjs';
import { copyOfBuild } from './build.mjs';
import { applyConfig } from './design-ours.mjs';
import { between, seeded } from './random.mjs';
import { rolling } from './scenarios/rolling.mjs';
import { stepdown } from './scenarios/stepdown.mjs';
import { serverBinary, startServers, waitForPlacement } from './servers.mjs';
import { supervise } from './supervisor.mjs';

const usage = `Usage: node test/chaos/external.mjs [options]

  --fault <name>          stepdown, rolling, everything (rolling, and kill -9 of a pipeline run every 8 s) or none;
                          repeat it for several; default: stepdown and rolling
  --path <name>           stream (the journal stream alone) or both; repeat it; default: each
  --seed <n>              seed of the faults; default 1
  --events <n>            events of each run, all of which are given up; default 4000
  --duration <seconds>    how long they are published; default 40
  --server-version <v>    nats-server to run on; default: the one of the tests
  --out <file>            write the results as JSON
`;

const workerFile = fileURLToPath(new URL('../support/external-worker.mjs', import.meta.url));
const quietPatienceMs = 90_000;
const streams = ['events', 'events-retry', 'events-dlq', 'events-advisories'];
const faults = {
  stepdown: (bed) => stepdown.faults(bed),
  rolling: (bed) => rolling.faults(bed),
  everything: (bed) => Promise.all([rolling.faults(bed), killRuns(bed)]),
  none: async () => {},
};
/** Who may not listen to the server's advisories has the journal stream alone. */
const users = `accounts { A { jetstream: enabled, users: [
  { user: both, password: p },
  { user: stream, password: p, permissions: { subscribe: { deny: ["$JS.EVENT.>"] } } }
] } }
no_auth_user: both`;

const { values } = parseArgs({
  options: {
    fault: { type: 'string', multiple: true, default: ['stepdown', 'rolling'] },
    path: { type: 'string', multiple: true, default: ['stream', 'both'] },
    seed: { type: 'string', default: '1' },
    events: { type: 'string', default: '4000' },
    duration: { type: 'string', default: '40' },
    'server-version': { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await main();

async function main() {
  const binary = await serverBinary(values['server-version']);
  const build = copyOfBuild();
  const results = [];
  try {
    for (const fault of values.fault) {
      for (const path of values.path) {
        results.push(await runOne({ binary, bin: build.bin, fault, path }));
        if (values.out) writeFileSync(values.out, `${JSON.stringify(results, null, 2)}\n`);
      }
    }
  } finally {
    rmSync(build.folder, { recursive: true, force: true });
  }
  console.table(results);
}

async function runOne({ binary, bin, fault, path }) {
  const folder = mkdtempSync(join(tmpdir(), 'plutomi-chaos-external-'));
  const say = (line) => process.stderr.write(`external ${fault} ${path}: ${line}\n`);
  const undo = [];
  try {
    const nodes = await startServers({ binary: binary.path, folder, count: 3, extra: users });
    undo.push(() => Promise.all(nodes.map((node) => node.stop())));
    const urls = nodes.map(({ url }) => url);
    const admin = await connectAdmin(urls);
    undo.push(() => admin.close());
    await waitForPlacement(admin, 3);
    const project = writeProject(folder, bin, urls, path);
    await applyConfig(project);
    const workers = startWorkers(folder, project, urls, undo);
    await sleep(3000);
    const total = Number(values.events);
    const durationMs = Number(values.duration) * 1000;
    const endsAt = Date.now() + durationMs;
    const published = publishAll(admin, total, durationMs);
    const faultLog = [];
    const bed = {
      admin,
      count: 3,
      nodes,
      runs: workers[0],
      random: seeded(Number(values.seed)),
      streams,
      endsAt,
    };
    await faults[fault]({ ...bed, fault: (what) => faultLog.push(what) && say(what) });
    const stored = await published;
    const neverQuiet = await quiet(admin);
    const result = { ...(await account(admin, stored)), ...starts(workers[0]) };
    say(JSON.stringify(result));
    await Promise.all(workers.map((one) => one.stop()));
    return {
      fault,
      path,
      server: binary.version,
      seed: Number(values.seed),
      faults: faultLog.length,
      ...result,
      ...(neverQuiet ? { neverQuiet } : {}),
    };
  } finally {
    for (const one of undo.toReversed()) await one();
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeProject(folder, bin, urls, path) {
  const replicated = { replicas: 3 };
  const config = {
    name: 'chaos',
    ...replicated,
    events: { job: {} },
    consumers: { rust: { external: true, events: ['job'], attempts: 2, ackWait: '5s' } },
  };
  writeFileSync(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  const env = { ...process.env, NATS_URL: urls.join(','), NATS_USER: path, NATS_PASSWORD: 'p' };
  const start = (words, stdio) => spawn(process.execPath, [bin, ...words], { cwd: folder, env, stdio });
  return {
    start,
    async cli(words) {
      const child = start(words, ['ignore', 'pipe', 'pipe']);
      let stderr = '';
      child.stderr.on('data', (chunk) => (stderr += chunk));
      child.stdout.resume();
      const exitCode = await new Promise((resolve) => child.once('close', resolve));
      return { exitCode, stderr };
    },
  };
}

/** Two processes of each: `pipeline run`, and the other program. */
function startWorkers(folder, project, urls, undo) {
  const kinds = [
    (stdio) => project.start(['pipeline', 'run'], stdio),
    (stdio) => spawn(process.execPath, [workerFile, urls.join(','), 'events', 'rust'], { stdio }),
  ];
  return kinds.map((start, index) => {
    const logs = mkdtempSync(join(folder, `${index}-`));
    const own = supervise({ count: 2, folder: logs, start });
    undo.push(() => own.stop());
    return { ...own, logs };
  });
}

/** Whoever listens dies too, with what it has heard and not yet written. */
async function killRuns({ runs, random, endsAt, fault }) {
  while (Date.now() < endsAt) {
    await sleep(8000);
    const index = between(random, 0, runs.slots.length - 1);
    runs.slots[index].signal('SIGKILL');
    fault(`kill -9 of pipeline run ${index + 1}`);
  }
}

/** Half are nacked until the server gives up, half are termed. Gives the sequences of all. */
async function publishAll({ js }, total, durationMs) {
  const startedAt = performance.now();
  const seqs = [];
  const running = new Set();
  for (let n = 0; n < total; n++) {
    const dueMs = startedAt + (n / total) * durationMs - performance.now();
    if (dueMs > 1) await sleep(dueMs);
    const data = JSON.stringify(n % 2 === 0 ? { do: 'nak' } : { do: 'term', reason: `job ${n}` });
    const one = insistently(
      () => js.publish('events.job', data, { msgID: `job-${n}`, timeout: 2000 }),
      120_000,
    )
      .then(({ seq }) => seqs.push(seq))
      .finally(() => running.delete(one));
    running.add(one);
    while (running.size >= 64) await Promise.race(running);
  }
  await Promise.all(running);
  return new Set(seqs);
}

/** How often a `pipeline run` was started, and how often it came as far as running. */
function starts(runs) {
  const logs = readdirSync(runs.logs).map((name) => readFileSync(join(runs.logs, name), 'utf8'));
  const ran = logs.flatMap((text) => text.match(/"pipeline runs/g) ?? []).length;
  return { starts: runs.starts(), ran };
}

async function quiet(admin) {
  try {
    await waitUntilQuiet(admin, streams, quietPatienceMs);
    return undefined;
  } catch (error) {
    if (!(error instanceof NeverQuiet)) throw error;
    return error.waiting;
  }
}

async function account(admin, stored) {
  const dead = await insistently(() => readAll(admin, 'events-dlq'));
  const journal = await insistently(() => readAll(admin, 'events-advisories'));
  const found = new Set(dead.map(({ subject }) => Number(subject.split('.').at(-1))));
  const native = journal.filter(({ subject }) => subject.startsWith('$JS.EVENT.'));
  const captured = new Set(native.map(({ body }) => JSON.parse(body).stream_seq));
  const exhaustions = journal.filter(({ subject }) => /\.business\.M[A-Z_]+\.rust\./.test(subject));
  const wrong = [...found].filter((seq) => !stored.has(seq)).length;
  const info = await insistently(() => admin.jsm.consumers.info('events', 'rust'));
  return {
    events: stored.size,
    captured: captured.size,
    exhaustions: exhaustions.length,
    dead: found.size,
    lost: [...stored].filter((seq) => !found.has(seq)).length,
    twice: dead.length - found.size,
    wrong,
    pending: info.num_pending + info.num_ack_pending,
  };
}
