import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import type { Logger } from '../../../observe/log.js';
import { lookAt, untilChanged, withImports } from './watched-files.js';
import { type FromWatched, type ToWatched, watchedByVariable } from './watched.js';

export interface RunWatched {
  /** The config file, absolute. */
  readonly config: string;
  /** Where `.env` is looked for. */
  readonly cwd: string;
  /** The environment of the children, without what `.env` has added: each reads it anew. */
  readonly variables: NodeJS.ProcessEnv;
  readonly log: Logger;
  /** Receives what SIGINT and SIGTERM call. */
  readonly onSignal: (handle: () => void) => void;
}

/**
 * Runs this same command as a child, and another one when a file has changed that it depends on. The new one loads
 * everything first: one that can't be loaded never takes the place of one that runs. Returns the exit code of the last
 * child, once a signal has ended it.
 */
export async function runWatched(options: RunWatched): Promise<number> {
  const { log, cwd } = options;
  const stop = new AbortController();
  const alive = new Set<Run>();
  options.onSignal(() => {
    // The first signal after a change does not count as the second one.
    for (const run of alive) if (stop.signal.aborted || !run.ending) run.end();
    stop.abort();
  });
  const start = (): Run => {
    const run = new Run(options.variables);
    alive.add(run);
    void run.ended.then(() => alive.delete(run));
    return run;
  };

  const roots = [options.config, path.join(cwd, '.env')];
  let current: Run | undefined;
  let code = 0;
  let known = await withImports(roots);
  while (!stop.signal.aborted) {
    const before = await lookAt(known);
    const next = start();
    await Promise.race([next.loaded, next.ended]);
    // What a broken one does not get to is still what the one before depends on.
    known = await withImports([...known, ...next.files]);
    const looks = new Map([...(await lookAt(known)), ...before]);
    if (next.code === undefined && !stop.signal.aborted) {
      current?.end();
      await current?.ended;
      if (stop.signal.aborted) break;
      current = next;
      next.go();
      void next.ended.then((exitCode) => {
        if (!next.ending)
          log.error({ exitCode }, 'the pipeline has ended: it starts again after the next change');
      });
      known = await withImports([...roots, ...next.files]);
    } else if (next.code !== undefined && !stop.signal.aborted) {
      code = next.code;
      if (current !== undefined && current.code === undefined)
        log.warn({ exitCode: code }, 'what has changed can not be loaded: the pipeline goes on as it was');
      else log.error({ exitCode: code }, 'the pipeline does not run: it starts again after the next change');
    }
    const changed = await untilChanged(looks, stop.signal);
    if (changed.length > 0) {
      const files = changed.map((file) => path.relative(cwd, file));
      log.info({ files }, 'changed: starting anew');
    }
  }
  const ends = await Promise.all([...alive].map((run) => run.ended));
  return current?.code ?? ends.at(-1) ?? code;
}

/** One child. */
class Run {
  readonly loaded: Promise<void>;
  readonly ended: Promise<number>;
  readonly files = new Set<string>();
  /** Its exit code, when it has ended; for one that a signal ended, 128 and the signal's number. */
  code: number | undefined;
  /** It was asked to end. */
  ending = false;
  private readonly child: ChildProcess;

  constructor(variables: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...variables, [watchedByVariable]: String(process.pid) },
      // In a session of its own: a terminal would send Ctrl-C to both, and what is passed on would count as the second.
      detached: true,
    });
    this.loaded = new Promise((resolve) => {
      this.child.on('message', (message) => {
        const said = message as FromWatched;
        if ('files' in said) for (const file of said.files) this.files.add(file);
        else resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      const end = (code: number): void => resolve((this.code ??= code));
      this.child.on('error', () => end(1));
      this.child.on('exit', (code, signal) => end(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  }

  go(): void {
    if (!this.child.connected) return;
    this.child.send({ go: true } satisfies ToWatched, () => {});
  }

  end(): void {
    this.ending = true;
    this.child.kill('SIGTERM');
  }
}
