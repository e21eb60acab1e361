import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { account, recovery } from './account.mjs';
import { areCountedOnly, connectAdmin, insistently, NeverQuiet, readAll, waitUntilQuiet } from './admin.mjs';
import { readLedger } from './ledger.mjs';
import { consumers, makeEvents } from './events.mjs';
import { baseConfig, makeProject } from './project.mjs';
import { startPublishers } from './publishers.mjs';
import { untruths } from './told.mjs';
import { seeded } from './random.mjs';
import { startServers, waitForPlacement } from './servers.mjs';

/** The faults end after this part of the duration, so that the events published after them show the recovery. */
const faultShare = 0.85;
const firstFaultMs = 1500;
/** Nothing moves for this long: the pipeline is stuck. */
const quietPatienceMs = 120_000;

/** The ack wait of the retry stage, the longest of all. */
const longestAckWaitMs = 30_000;

/** Runs one scenario on one topology and gives its result. `design` is what processes the events. */
export async function runScenario({ scenario, topology, design, options, bin, binary, folder, say }) {
  mkdirSync(folder, { recursive: true });
  const count = topology === 'cluster' ? 3 : 1;
  const nodes = await startServers({
    binary: binary.path,
    folder,
    count,
    extra: scenario.serverConfig?.(topology),
  });
  const undo = [() => Promise.all(nodes.map((node) => node.stop()))];
  try {
    const admin = await connectAdmin(nodes.map(({ url }) => url));
    undo.push(() => admin.close());
    await waitForPlacement(admin, count);
    const front = await (scenario.front?.(nodes, undo) ?? { urls: nodes.map(({ url }) => url) });
    const config = baseConfig(count);
    scenario.configure?.(config, options);
    const { nodeOptions } = scenario;
    const project = makeProject({
      folder: join(folder, 'project'),
      bin,
      urls: front.urls,
      config,
      nodeOptions,
    });
    const random = seeded(options.seed);
    const { workers, streams } = await design.start({ admin, project, config, nodes, scenario, folder });
    undo.push(() => workers.stop());
    const events = makeEvents(options.seed, options.events, scenario.shares?.(options));
    const startedAt = Date.now();
    const publishers = startPublishers({ folder, urls: front.urls, events, durationMs: options.durationMs });
    undo.push(() => publishers.stop());
    const faults = [];
    const bed = {
      admin,
      config,
      count,
      front,
      nodes,
      options,
      project,
      random,
      streams,
      workers,
      wanted: { ...consumers },
      endsAt: startedAt + options.durationMs * faultShare,
      fault: (what) => {
        faults.push({ at: Date.now(), what });
        say(`${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${what}`);
      },
      quiet: () => waitUntilQuiet(admin, streams, quietPatienceMs, sayEvery(5000, startedAt, say)),
      readRuns: () => readLedger(project.ledger),
    };
    await sleep(firstFaultMs);
    await scenario.faults(bed);
    await publishers.done;
    say('all events are stored; waiting for quiet');
    const result = await conclude(bed, { scenario, design, events, faults, publishers, bin });
    return {
      workerStarts: workers.starts(),
      faults: faults.length,
      ...result,
      faultLog: faults.map(({ at, what }) => ({ ms: at - startedAt, what })),
    };
  } finally {
    for (const one of undo.toReversed()) await one();
  }
}

/** Says what still waits, no more often than every `ms`. */
function sayEvery(ms, startedAt, say) {
  let saidAt = 0;
  return (waiting) => {
    if (Date.now() - saidAt < ms) return;
    saidAt = Date.now();
    say(`${((saidAt - startedAt) / 1000).toFixed(1)} s: waiting for ${JSON.stringify(waiting)}`);
  };
}

async function conclude(bed, { scenario, design, events, faults, publishers, bin }) {
  const { admin } = bed;
  let quietAt;
  let neverQuiet;
  let countedOnly;
  try {
    quietAt = await bed.quiet();
    if (scenario.afterwards) {
      await scenario.afterwards(bed);
      quietAt = await bed.quiet();
    }
  } catch (error) {
    if (!(error instanceof NeverQuiet)) throw error;
    await bed.workers.stop();
    if (await areCountedOnly(admin, error.waiting, longestAckWaitMs)) {
      countedOnly = error.waiting;
      quietAt = error.movedAt;
    } else neverQuiet = error.waiting;
  }
  const runs = bed.readRuns();
  const inStream = await readAll(admin, 'events');
  const dead = await insistently(() => design.readDead(admin, inStream));
  const stored = publishers.stored();
  const more = (await scenario.account?.(bed, { events, stored: inStream })) ?? {};
  const result = account({ wanted: bed.wanted, events, runs, stored: inStream, dead, ...more });
  const { tolerated } = scenario;
  const problems = [
    ...(design.tells
      ? await untruths(bed, { bin, events, runs, stored: inStream, dead, tolerated, ...more })
      : []),
    ...((await scenario.check?.(bed, { result, dead })) ?? []),
  ];
  return {
    ...result,
    ...recovery({ runs, faults, stored, quietAt }),
    copies: inStream.length - new Set(inStream.map(({ id }) => id)).size,
    neverQuiet,
    countedOnly,
    problems,
    ok:
      [result.lost, result.wrong, result.altered, result.replayedTwice].every((count) => count === 0) &&
      neverQuiet === undefined &&
      problems.length === 0,
  };
}
