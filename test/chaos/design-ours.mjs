import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDeadLetters } from './dead-letters.mjs';
import { supervise } from './supervisor.mjs';

const startTimeoutMs = 60_000;

/** Applies the config and starts the worker processes: `pipeline run`, started again whenever one ends. */
async function start({ project, folder, scenario }) {
  await applyConfig(project);
  const words = ['pipeline', 'run', ...(scenario.runWords ?? [])];
  const workers = supervise({
    count: 2,
    folder,
    start: (stdio) => project.start(words, stdio),
  });
  await untilAllRun(folder, workers);
  return { workers, streams: ['events', 'events-retry', 'events-dlq', 'events-advisories'] };
}

/** Runs `pipeline apply --yes` until it succeeds; throws what it said when it never does. */
export async function applyConfig(project, tries = 20) {
  for (let left = tries; ; left--) {
    const { exitCode, stderr } = await project.cli(['pipeline', 'apply', '--yes']);
    if (exitCode === 0) return;
    if (left === 0) throw new Error(`pipeline apply ended with ${exitCode}: ${stderr}`);
    await sleep(500);
  }
}

async function untilAllRun(folder, workers) {
  const deadline = performance.now() + startTimeoutMs;
  const running = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('worker-'))
      .filter((name) => readFileSync(join(folder, name), 'utf8').includes('pipeline runs'));
  while (running().length < workers.slots.length) {
    if (performance.now() > deadline) throw new Error(`the workers did not start: see ${folder}`);
    await sleep(100);
  }
}

/** `tells`: it can be asked what became of its events. */
export const ours = {
  name: 'plutomi-events',
  start,
  readDead: (admin) => readDeadLetters(admin),
  tells: true,
};
