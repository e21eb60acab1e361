import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What a run is, apart from the code that it ran. */
const identity = ['scenario', 'topology', 'design', 'server', 'seed', 'events', 'durationMs'];

/** The results in the file of `--out`, written after each run: a session that is cut off keeps what it has measured. */
export class Results {
  #all;
  #file;

  /** Without `resume` the file begins anew. */
  constructor({ out, resume }) {
    this.#file = out;
    this.#all = resume && existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')).results : [];
  }

  /** The result of this run where the same build has succeeded in it. */
  succeeded(run) {
    return this.#all.find((one) => one.ok && one.build === run.build && isSame(one, run));
  }

  /** Keeps it instead of an earlier one of the same run, and gives it. */
  add(result) {
    this.#all = [...this.#all.filter((one) => !isSame(one, result)), result];
    if (this.#file !== undefined)
      writeFileSync(this.#file, `${JSON.stringify({ results: this.#all }, null, 2)}\n`);
    return result;
  }
}

function isSame(one, other) {
  return identity.every((name) => one[name] === other[name]);
}
