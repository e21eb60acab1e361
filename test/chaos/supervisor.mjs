import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const restartPauseMs = 300;

/** Keeps `count` processes running: starts each again whenever it ends, until `stop`. */
export function supervise({ count, start, folder }) {
  const slots = Array.from(
    { length: count },
    (_, index) => new Slot(start, join(folder, `worker-${index + 1}.log`)),
  );
  const killAll = () => {
    for (const slot of slots) slot.signal('SIGKILL');
  };
  process.once('exit', killAll);
  return {
    slots,
    starts: () => slots.reduce((sum, { starts }) => sum + starts, 0),
    exits: () => slots.flatMap(({ exits }) => exits),
    async stop() {
      await Promise.all(slots.map((slot) => slot.stop()));
      process.off('exit', killAll);
    },
  };
}

class Slot {
  starts = 0;
  /** How each run ended: an exit code or a signal. */
  exits = [];
  #stopping = false;
  #child;
  #loop;

  constructor(start, logFile) {
    this.#loop = this.#keepRunning(start, logFile);
  }

  async #keepRunning(start, logFile) {
    while (!this.#stopping) {
      const log = openSync(logFile, 'a');
      this.#child = start(['ignore', log, log]);
      closeSync(log);
      this.starts++;
      const [code, signal] = await once(this.#child, 'exit');
      this.exits.push(signal ?? code);
      if (!this.#stopping) await sleep(restartPauseMs);
    }
  }

  signal(name) {
    this.#child?.kill(name);
  }

  async stop() {
    this.#stopping = true;
    this.signal('SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), 15_000);
    await this.#loop;
    clearTimeout(force);
  }
}
