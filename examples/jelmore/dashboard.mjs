// What the sessions are doing, from the lines of `plutomi-events events tail --json`:
//   plutomi-events events tail --since 1h --json | node dashboard.mjs
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

export class Dashboard {
  events = 0;
  #states = new Map();
  #byType = new Map();

  /** One line of NDJSON, parsed. */
  see({ type, data }) {
    this.events++;
    this.#byType.set(type, (this.#byType.get(type) ?? 0) + 1);
    const [, what] = type.split('.');
    if (what === 'created') this.#states.set(data.session_id, 'active');
    if (what === 'status') this.#states.set(data.session_id, data.payload.status);
    if (what === 'completed' || what === 'failed') this.#states.set(data.session_id, what);
  }

  count(state) {
    return [...this.#states.values()].filter((one) => one === state).length;
  }

  line() {
    const states = ['active', 'idle', 'completed', 'failed'].map((one) => `${this.count(one)} ${one}`);
    return `${this.#states.size} sessions: ${states.join(', ')} (${this.events} events)`;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const dashboard = new Dashboard();
  for await (const line of createInterface({ input: process.stdin })) {
    dashboard.see(JSON.parse(line));
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${dashboard.line()}` : `${dashboard.line()}\n`);
  }
}
