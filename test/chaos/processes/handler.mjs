// The handler of every consumer. Changes whatever it is given at once, and writes a line for each run, synced to the
// disk before the run ends.
import { existsSync, fdatasync, mkdirSync, openSync, write } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { digestOf, spoil } from './contents.mjs';

const { CHAOS_LEDGER: folder, CHAOS_HEALED: healed } = process.env;
mkdirSync(folder, { recursive: true });
const file = openSync(join(folder, `${process.pid}-${Date.now()}.log`), 'a');
const [writeFile, syncFile] = [promisify(write), promisify(fdatasync)];

let waiting = [];
let flushing = false;

/** Settles when the line is on the disk. Lines that come while one write is under way share the next. */
function record(line) {
  return new Promise((resolve, reject) => {
    waiting.push({ line, resolve, reject });
    if (!flushing) void flush();
  });
}

async function flush() {
  flushing = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    try {
      await writeFile(file, batch.map(({ line }) => `${line}\n`).join(''));
      await syncFile(file);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  flushing = false;
}

const poisons = {
  exit: () => process.exit(7),
  hang: () => new Promise(() => {}),
  heap: () => {
    const hog = [];
    for (;;) hog.push(Array.from({ length: 100_000 }, Math.random));
  },
  block: () => {
    for (;;);
  },
};

const mainAttempts = Number(process.env.CHAOS_MAIN_ATTEMPTS);

function outcomeOf({ fate, failures }, { consumer, stage, attempt }) {
  if (fate === 'always') return existsSync(healed) ? 'ok' : 'failed';
  const attempts = stage === 'main' ? attempt : mainAttempts + attempt;
  if (fate === 'first' && attempts <= failures) return 'failed';
  if (fate.startsWith('poison:') && consumer === 'audit') return fate.slice('poison:'.length);
  return 'ok';
}

export default async (event, context) => {
  const data = { ...event.data };
  const digest = digestOf(event.raw, event.headers);
  spoil(event);
  await sleep(5 + Math.random() * 15);
  const outcome = outcomeOf(data, context);
  const { consumer, stage, attempt, cycle, idempotencyKey } = context;
  const keySeq = idempotencyKey.split('/')[2];
  const words = [
    Date.now(),
    data.id,
    event.id,
    event.seq,
    keySeq,
    consumer,
    stage,
    attempt,
    cycle,
    outcome,
    digest,
  ];
  await record(words.join(' '));
  if (outcome === 'failed') throw new Error(`event of the fate ${data.fate}`);
  if (outcome !== 'ok') await poisons[outcome]();
};
