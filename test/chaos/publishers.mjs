import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('processes/publish.mjs', import.meta.url));

/** Starts processes that publish the events, spread over `durationMs`. `done` settles when all are stored. */
export function startPublishers({ folder, urls, events, durationMs, count = 2 }) {
  const shares = Array.from({ length: count }, (_, share) => {
    const own = events.filter((_, index) => index % count === share);
    const intended = join(folder, `intended-${share}.log`);
    const stored = join(folder, `stored-${share}.log`);
    const perSecond = own.length / (durationMs / 1000);
    const task = join(folder, `publish-${share}.json`);
    writeFileSync(task, JSON.stringify({ urls, events: own, perSecond, intended, stored }));
    const child = spawn(process.execPath, [program, task], { stdio: ['ignore', 'inherit', 'inherit'] });
    const killIfLeft = () => child.kill('SIGKILL');
    process.once('exit', killIfLeft);
    child.once('exit', () => process.off('exit', killIfLeft));
    return { child, stored };
  });
  const done = Promise.all(
    shares.map(async ({ child }) => {
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`a publisher ended with exit code ${code}`);
    }),
  );
  done.catch(() => {});
  return {
    done,
    stop() {
      for (const { child } of shares) child.kill('SIGKILL');
    },
    /** Every event that the server has acknowledged: when, its id and sequence. */
    stored: () =>
      shares.flatMap(({ stored }) =>
        linesOf(stored).map((line) => {
          const [at, id, seq] = line.split(' ');
          return { at: Number(at), id, seq: Number(seq) };
        }),
      ),
  };
}

/** The complete lines of a file; a last one that was cut off is none. */
export function linesOf(file) {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
