// Processes that run the pipeline, and what their logs tell.
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { DemoFailure } from './commands.mjs';

/** Emits each line of the logs under its message, e.g. `attempt failed`. */
export class Workers extends EventEmitter {
  failedAttempts = 0;
  /** Ids of the dead letters that were reported. */
  deadLetters = new Set();
  #running = [];
  #stopping = false;

  constructor(commands) {
    super();
    this.commands = commands;
    this.on('attempt failed', () => this.failedAttempts++);
    this.on('dead letter', ({ id }) => this.deadLetters.add(id));
  }

  /** Starts one, and resolves when it runs. */
  async start(name) {
    const logFile = join(this.commands.folder, `${name}.log`);
    let isReady;
    const ready = new Promise((resolve) => {
      isReady = resolve;
    });
    const worker = this.commands.start(['pipeline', 'run'], logFile, (line) => {
      const record = parse(line);
      if (record?.consumers) isReady();
      if (record?.msg) this.emit(record.msg, record);
    });
    const died = worker.ended.then((code) => {
      if (!this.#stopping) throw new DemoFailure(`pipeline run ended with ${code}: see ${logFile}`);
    });
    this.died = Promise.race([died, this.died ?? new Promise(() => {})]);
    this.died.catch(() => {});
    this.#running.push(worker);
    await Promise.race([ready, died]);
  }

  /** Ends all of them as an orchestrator would, and returns their exit codes. */
  stop() {
    this.#stopping = true;
    return Promise.all(this.#running.map((worker) => worker.stop()));
  }
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
