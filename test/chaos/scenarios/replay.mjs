import { insistently, readAll } from '../admin.mjs';
import { between } from '../random.mjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { rollThroughNodes } from './rolling.mjs';

const kills = 3;
const mostRuns = 12;
const replayWords = ['dlq', 'replay', '--all', '--yes', '--rate', '0', '--json'];

/**
 * Half of the events die; then their handlers are mended, and everything is replayed while nodes die. The
 * replay is killed three times and run again. In the end each event is processed, and the DLQ is empty.
 */
export const replay = {
  name: 'replay',
  on: ['cluster', 'single'],
  shares: () => ({ always: 0.5, first: 0.1 }),
  faults: async () => {},
  async afterwards(bed) {
    bed.project.heal();
    let replaying = true;
    const dying = killNodes(bed, () => replaying);
    try {
      for (let kill = 0; kill < kills; kill++) await killReplay(bed);
      await replayToTheEnd(bed);
    } finally {
      replaying = false;
      await dying;
    }
    bed.fault('the last replay has ended');
    await bed.quiet();
    await replayToTheEnd(bed);
  },
  async check({ admin }, { result }) {
    const left = await readAll(admin, 'events-dlq');
    const problems = left.length === 0 ? [] : [`${left.length} dead letters are left after the replay`];
    return result.dead === 0 ? problems : [...problems, `${result.dead} were never processed`];
  },
};

export async function killNodes(bed, goesOn, pause) {
  if (bed.count > 1) return rollThroughNodes(bed, goesOn, pause);
  const [node] = bed.nodes;
  while (goesOn()) {
    await sleep(between(bed.random, 500, 2000));
    await node.kill9();
    await sleep(between(bed.random, 200, 1000));
    await node.start();
    bed.fault('the server was killed and is back');
    await sleep(between(bed.random, 1000, 3000));
  }
}

/** Starts a replay and kills it in the middle of its work. */
async function killReplay({ project, random, fault, admin }) {
  const before = (await insistently(() => admin.jsm.streams.info('events-dlq'))).state.messages;
  const child = project.start(replayWords, 'ignore');
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  // Not before it has begun to remove dead letters, nor later than that it could be done.
  const deadline = performance.now() + 60_000;
  const untouched = (left) => Number.isNaN(left) || left >= before;
  while (child.exitCode === null && performance.now() < deadline && untouched(await lettersLeft(admin))) {
    await sleep(20);
  }
  await sleep(between(random, 0, 150));
  child.kill('SIGKILL');
  await ended;
  fault(`the replay was killed; ${before} dead letters before, ${await lettersLeft(admin)} after`);
}

/** Runs the replay until it finds nothing more to do. */
async function replayToTheEnd({ project, admin, fault }) {
  for (let run = 1; run <= mostRuns; run++) {
    const { exitCode, stdout } = await project.cli(replayWords);
    const { error } = JSON.parse(stdout || '{}');
    const left = await lettersLeft(admin);
    fault(`a replay ended with ${error?.message ?? `exit code ${exitCode}`}; ${left} dead letters left`);
    if (exitCode === 0 && JSON.parse(stdout).selected === 0) return;
    await sleep(500);
  }
}

async function lettersLeft({ jsm }) {
  try {
    return (await jsm.streams.info('events-dlq')).state.messages;
  } catch {
    return Number.NaN;
  }
}
