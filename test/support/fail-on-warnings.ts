// A setup file of every test: a warning of Node, here or in any process that a test starts, fails the test.
import { ChildProcess } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';

/** Where the processes write their warnings, whatever becomes of their stderr; all users may. */
const file = join(tmpdir(), `plutomi-warnings-${process.pid}-${Date.now()}`);
writeFileSync(file, '');
chmodSync(file, 0o666);

const own: string[] = [];
const note = (warning: Error): void => void own.push(String(warning.stack));
process.on('warning', note);

interface Spawned {
  envPairs?: string[];
}
interface Spawning {
  spawn: (this: Spawning, options: Spawned) => unknown;
}
// The one place where Node starts a process for any of its functions that don't wait for its end.
const { prototype } = ChildProcess as unknown as { prototype: Spawning };
const { spawn } = prototype;
prototype.spawn = function spawnWatched(this: Spawning, options: Spawned) {
  const { envPairs = [] } = options;
  const name = 'NODE_OPTIONS=';
  const given = envPairs.find((pair) => pair.startsWith(name))?.slice(name.length) ?? '';
  const others = envPairs.filter((pair) => !pair.startsWith(name));
  const watched = `${name}${given} --redirect-warnings=${file}`;
  return spawn.call(this, { ...options, envPairs: [...others, watched] });
};

/** All warnings since it was last asked. */
export function takeWarnings(): string {
  const seen = [...own.splice(0), readFileSync(file, 'utf8')].join('\n').trim();
  writeFileSync(file, '');
  return seen;
}

afterEach(() => {
  const seen = takeWarnings();
  if (seen !== '') throw new Error(`Node warns, in this test or in what is left of one before:\n${seen}`);
});

afterAll(() => {
  prototype.spawn = spawn;
  process.off('warning', note);
  rmSync(file, { force: true });
});
