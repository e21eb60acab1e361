import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { consumers } from './events.mjs';

const handlerFiles = ['handler.mjs', 'contents.mjs'];

/** The config of every run; a scenario changes it. */
export function baseConfig(replicas) {
  const one = {
    handler: './handler.mjs',
    concurrency: 20,
    timeout: '10s',
    ackWait: '5s',
    attempts: 3,
    backoff: ['100ms', '300ms'],
    retry: { delay: '500ms', attempts: 2, backoff: ['200ms'] },
  };
  return {
    name: 'chaos',
    replicas,
    streams: {},
    events: { order: {}, signup: {} },
    consumers: Object.fromEntries(
      Object.entries(consumers).map(([name, events]) => [name, { events, ...structuredClone(one) }]),
    ),
    meta: { ackWait: '5s', backoff: ['100ms', '500ms', '2s'] },
  };
}

/** A folder with the config and the handler of a run, and the real program run in it. */
export function makeProject({ folder, bin, urls, config, nodeOptions = '' }) {
  mkdirSync(folder, { recursive: true });
  for (const file of handlerFiles) cpSync(new URL(`processes/${file}`, import.meta.url), join(folder, file));
  const ledger = join(folder, 'ledger');
  const healed = join(folder, 'healed');
  mkdirSync(ledger);
  const env = {
    PATH: process.env.PATH,
    NATS_URL: urls.join(','),
    XDG_CACHE_HOME: join(folder, '.cache'),
    NODE_OPTIONS: nodeOptions,
    CHAOS_LEDGER: ledger,
    CHAOS_HEALED: healed,
    CHAOS_MAIN_ATTEMPTS: String(config.consumers.audit.attempts),
  };
  const start = (words, stdio) => spawn(process.execPath, [bin, ...words], { cwd: folder, env, stdio });
  const project = {
    folder,
    ledger,
    env,
    start,
    /** Handlers succeed from now on with what has always failed. */
    heal: () => writeFileSync(healed, ''),
    writeConfig: (next) =>
      writeFileSync(join(folder, 'plutomi-events.config.json'), JSON.stringify(next, null, 2)),
    /** Runs a command to its end. */
    async cli(words) {
      const child = start(words, ['ignore', 'pipe', 'pipe']);
      const text = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr']) {
        child[name].on('data', (chunk) => {
          text[name] += chunk;
        });
      }
      const [exitCode] = await once(child, 'close');
      return { exitCode, ...text };
    },
  };
  project.writeConfig(config);
  return project;
}
