// The demo's folder, its processes, and how all of that goes away.
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Commands, DemoFailure } from './commands.mjs';
import { Mailbox } from './mailbox.mjs';

const config = new URL('config.mjs', import.meta.url);
const pollMs = 100;

export class Stage {
  folder = mkdtempSync(join(tmpdir(), 'plutomi-demo-'));
  mailbox = new Mailbox();
  serverStopped = false;
  keepFolder = false;

  /** Writes the config and starts the mail server: the commands need its address. */
  async prepare() {
    const source = `export { default } from ${JSON.stringify(config.href)};\n`;
    writeFileSync(join(this.folder, 'plutomi-events.config.mjs'), source);
    writeFileSync(join(this.folder, 'totp.json'), '{"email": "ada@example.com", "code": "314159"}\n');
    await this.mailbox.start();
    const env = { SMTP_URL: this.mailbox.url, ANALYTICS_FILE: this.#rowsFile };
    this.commands = new Commands(this.folder, env);
  }

  get #rowsFile() {
    return join(this.folder, 'analytics.ndjson');
  }

  /** For each event id how many analytics rows there are. */
  rows() {
    const found = new Map();
    if (!existsSync(this.#rowsFile)) return found;
    for (const line of readFileSync(this.#rowsFile, 'utf8').split('\n').slice(0, -1)) {
      const { event_id: id } = JSON.parse(line);
      found.set(id, (found.get(id) ?? 0) + 1);
    }
    return found;
  }

  /** Settles when `check` answers true, and throws DemoFailure when it does not within the time. */
  async until(what, limitMs, check) {
    const deadline = performance.now() + limitMs;
    while (!(await check())) {
      if (performance.now() > deadline)
        throw new DemoFailure(`waited ${limitMs / 1000} s in vain for ${what}`);
      await delay(pollMs);
    }
  }

  /** Ends every process that is left, and removes the folder unless it is needed to find out what happened. */
  clear() {
    this.commands?.killAll();
    if (!this.serverStopped) this.#killServer();
    if (!this.keepFolder) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #killServer() {
    try {
      const { pid } = JSON.parse(readFileSync(join(this.folder, '.plutomi-events', 'server.json'), 'utf8'));
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was never started, or is gone already.
    }
  }
}
