// Runs the plutomi-events command: to its end, or in the background.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { begin, ExampleFailure, faults, hold, running, until } from './ending.mjs';
import { command } from './narrator.mjs';
import { bin, natsUrl } from './settings.mjs';

/**
 * Runs `plutomi-events <line>` to its end, and resolves to what it wrote to stdout. Words with blanks stand in single
 * quotes. Throws with all that it wrote when its exit code is not one of `codes`.
 */
export async function run(line, { show = true, codes = [0], env = {} } = {}) {
  if (show) command(`plutomi-events ${line}`);
  const { child, ended } = spawnCommand(line, env);
  running.add(child);
  child.stop = () => (child.kill('SIGKILL'), ended);
  const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
  running.delete(child);
  if (codes.includes(code)) return stdout.trimEnd();
  throw new ExampleFailure(`plutomi-events ${line} ended with ${code}\n${stdout}${stderr}`.trimEnd());
}

/**
 * Starts `plutomi-events <line>` in the background. Its output goes to `<name>.log`; `onLine` gets each line of its
 * stdout, and the same as an object where it is JSON. That it ends by itself with an error is a failure of the example.
 */
export function start(line, { name = nextName(line), onLine = () => {}, env = {}, show = true } = {}) {
  if (show) command(`plutomi-events ${line} > ${name}.log &`);
  const { child, ended } = spawnCommand(line, env);
  const log = createWriteStream(`${name}.log`);
  child.stderr.pipe(log, { end: false });
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(text);
    log.write(`${text}\n`);
    onLine(text, parsed(text));
  });
  // It does not keep the example alive.
  for (const part of [child, child.stdout, child.stderr]) part.unref();
  let stopped = false;
  const started = {
    name,
    pid: child.pid,
    /** All lines of its stdout so far. */
    lines,
    /** Resolves to its exit code, or to the signal that ended it. */
    ended,
    /** Resolves to the first line of its stdout that contains this. */
    said: (part, limitMs) =>
      until(`"${part}" in ${name}.log`, () => lines.find((text) => text.includes(part)), limitMs),
    /** Ends it, and resolves to its exit code, or to the signal. */
    stop(signal = 'SIGTERM') {
      stopped = true;
      child.kill(signal);
      return hold(ended);
    },
  };
  running.add(started);
  void ended.then((code) => {
    running.delete(started);
    if (!stopped && code !== 0)
      faults.push(
        new ExampleFailure(`plutomi-events ${line} ended with ${code}: see ${process.cwd()}/${name}.log`),
      );
  });
  return started;
}

function spawnCommand(line, env) {
  begin();
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  const child = spawn(process.execPath, [bin, ...words], {
    env: { ...process.env, NATS_URL: natsUrl, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  return { child, ended };
}

let names = 0;

function nextName(line) {
  return `${line.split(' ').slice(0, 2).join('-')}-${++names}`;
}

function parsed(text) {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(stream) {
  return Buffer.concat(await stream.toArray()).toString();
}
