// The services as processes of their own; what is still running is ended with the example.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { running } from '../../kit/ending.mjs';
import { ExampleFailure, natsUrl, until } from '../../kit/index.mjs';

/** Starts `node service.mjs <name>`. What it says goes to `<name>.log` too. */
export function startService(name, url, ...words) {
  const child = spawn(process.execPath, ['service.mjs', name, ...words.map(String)], {
    env: { ...process.env, NATS_URL: natsUrl, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = [];
  const log = createWriteStream(`${name}.log`, { flags: 'a' });
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    log.write(`${line}\n`);
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  /** True once it has said this, or the same with a higher number. Throws where it has ended without. */
  const hasSaid = (text) => {
    const [word, number = '0'] = text.split(' ');
    const isThat = ([said, n = '0']) => said === word && Number(n) >= Number(number);
    if (lines.some((line) => isThat(line.split(' ')))) return true;
    const { exitCode } = child;
    if (exitCode !== null) throw new ExampleFailure(`${name} ended with ${exitCode}: see ${name}.log`);
    return false;
  };
  const service = {
    /** Resolves once it has said this. */
    said: (text) => until(`"${text}" in ${name}.log`, () => hasSaid(text), 60_000),
    /** Ends it, and resolves when it has ended. */
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
  running.add(service);
  void ended.then(() => running.delete(service));
  return service;
}
