import { setTimeout as sleep } from 'node:timers/promises';
import { insistently, readAll } from '../admin.mjs';
import { digestOf, headersOf } from '../processes/contents.mjs';
import { between } from '../random.mjs';
import { killNodes } from './replay.mjs';

const kills = 3;
/** Of the replay, which is carried on each time. */
const replayKills = 50;
/** How long the replay would take without being killed. */
const replaySeconds = 40;
const mostRuns = 12;
const sweptWithinMs = 60_000;
/** Between two nodes of a cluster: a command is to come further than the election of a leader, ms. */
const pause = [4000, 8000];
const reason = ['--reason', 'an exercise'];

/** Each of these is a part of the dead letters by the last digit of an id. */
const verbs = [
  { words: ['dlq', 'archive', 'data.id:*1', ...reason], done: 'archived' },
  { words: ['dlq', 'restore', 'data.id:*11', ...reason], done: 'restored' },
  { words: ['dlq', 'discard', 'data.id:*2', ...reason], done: 'discarded' },
  { words: ['dlq', 'edit', 'data.id:*3', '--set', 'data.fate=ok', ...reason], done: 'replayed' },
];

/**
 * A third of the events die. Then operators archive, restore, discard and edit some of them, and replay the rest by a
 * task, while nodes die and each command is killed and run again. In the end each event is processed, archived or
 * discarded, as it was meant to be.
 */
export const desk = {
  name: 'desk',
  on: ['cluster', 'single'],
  shares: () => ({ always: 0.3, first: 0.1 }),
  faults: async () => {},
  async afterwards(bed) {
    let working = true;
    const dying = killNodes(bed, () => working, pause);
    try {
      await lookAtGroups(bed);
      for (const verb of verbs) {
        for (let kill = 0; kill < kills; kill++) await killCommand(bed, verb.words);
        await untilNothingIsLeft(bed, verb);
      }
      bed.project.heal();
      await replayByTask(bed);
    } finally {
      working = false;
      await dying;
    }
    bed.fault('the last command has ended');
  },
  async account({ admin }, { stored }) {
    const idAt = new Map(stored.map(({ seq, id }) => [seq, id]));
    const archived = await readAll(admin, 'events-operations');
    const journal = await readAll(admin, 'events-advisories');
    return {
      putAway: [
        ...archived.flatMap(({ subject }) =>
          putAwayBy('archived', /^events-operations\.archived\.([^.]+)\.(\d+)$/, subject, idAt),
        ),
        ...journal.flatMap(({ subject }) =>
          putAwayBy('discarded', /^events-advisories\.business\.DISCARDED\.([^.]+)\.(\d+)\./, subject, idAt),
        ),
      ],
      edited: journal.flatMap(({ subject }) => {
        const [, consumer, seq] =
          /^events-advisories\.business\.EDITED\.([^.]+)\.(\d+)\./.exec(subject) ?? [];
        const id = idAt.get(Number(seq));
        return id === undefined ? [] : [{ consumer, id, digest: mendedDigest(id) }];
      }),
    };
  },
  async check({ admin, workers }, { result }) {
    const left = await readAll(admin, 'events-dlq');
    const kept = await keptAfterSweep(admin, workers);
    return [
      ...(left.length === 0 ? [] : [`${left.length} dead letters are left`]),
      ...(kept.length === 0 ? [] : [`${kept.length} payloads are kept, and nothing needs them`]),
      ...(result.dead === 0 ? [] : [`${result.dead} were never processed`]),
      ...(result.archived > 0 && result.discarded > 0 ? [] : ['nothing was archived, or nothing discarded']),
    ];
  },
};

/**
 * What is kept when the processes have started anew: a removal that the end of a server interrupted is left to the sweep,
 * which each does first of all, and later only each ten minutes.
 */
async function keptAfterSweep(admin, workers) {
  for (const slot of workers.slots) slot.signal('SIGKILL');
  const deadline = Date.now() + sweptWithinMs;
  for (;;) {
    const kept = await readAll(admin, 'events-kept');
    if (kept.length === 0 || Date.now() > deadline) return kept;
    await sleep(500);
  }
}

function putAwayBy(as, pattern, subject, idAt) {
  const [, consumer, seq] = pattern.exec(subject) ?? [];
  const id = idAt.get(Number(seq));
  return id === undefined ? [] : [{ consumer, id, as }];
}

/** What the handler of an edited event is given: the same, with another fate. */
function mendedDigest(id) {
  return digestOf(JSON.stringify({ id, fate: 'ok', failures: 0 }), headersOf({ id }));
}

async function lookAtGroups({ project, fault }) {
  const { groups, total, letters } = await answered(project, ['dlq', 'groups', '--json']);
  const counted = groups.reduce((sum, { count }) => sum + count, 0);
  fault(`${letters} dead letters in ${total} groups`);
  if (counted !== letters) throw new Error(`the groups have ${counted} of ${letters} dead letters`);
}

/** Starts a command and kills it in the middle of its work. */
async function killCommand({ project, random, fault }, words, mostMs = 2500) {
  const child = project.start([...words, '--yes', '--json'], 'ignore');
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  await sleep(between(random, 300, mostMs));
  child.kill('SIGKILL');
  await ended;
  fault(`${words.slice(0, 2).join(' ')} was killed`);
}

/** Runs a command again until it finds nothing more to do. */
async function untilNothingIsLeft({ project, fault }, { words, done }) {
  for (let run = 1; run <= mostRuns; run++) {
    const { exitCode, stdout } = await project.cli([...words, '--yes', '--json']);
    const said = parse(stdout);
    fault(
      `${words.slice(0, 2).join(' ')}: ${said.error?.message ?? `exit code ${exitCode}, ${said[done]} ${done}`}`,
    );
    if (exitCode === 0 && said.selected === 0) return;
    await sleep(500);
  }
}

/** One frozen plan, carried on after each kill, until nothing is left of it. */
async function replayByTask({ project, random, fault, admin }) {
  const { state } = await insistently(() => admin.jsm.streams.info('events-dlq'));
  const rate = String(Math.max(5, Math.ceil(state.messages / replaySeconds)));
  const plan = ['dlq', 'replay', '--all', '--plan', '--name', 'desk', '--rate', rate, '--json'];
  const { task, selected } = await answered(project, plan);
  fault(`planned ${task}: ${selected} at ${rate} a second`);
  const words = ['dlq', 'replay', '--task', task];
  for (let kill = 0; kill < replayKills; kill++) await killCommand({ project, random, fault }, words, 1500);
  for (let run = 1; run <= mostRuns; run++) {
    const { exitCode, stdout } = await project.cli([...words, '--yes', '--json']);
    const said = parse(stdout);
    fault(`the task ended with ${said.error?.message ?? `exit code ${exitCode}`}`);
    if (said.state === 'done') return;
    await sleep(500);
  }
}

/** The result of a command that a server without a leader refuses for a while. */
async function answered(project, words) {
  for (let run = 1; ; run++) {
    const { exitCode, stdout, stderr } = await project.cli(words);
    if (exitCode === 0) return JSON.parse(stdout);
    if (run === mostRuns) throw new Error(`${words.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
    await sleep(500);
  }
}

function parse(stdout) {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}
