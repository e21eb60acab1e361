import fc from 'fast-check';
import { test } from 'vitest';

/** How often each property is tried: 2,000 times, unless `npm run fuzz` says how often. */
export const runs = Number(process.env['FUZZ_RUNS'] ?? 2000);
const seed = process.env['FUZZ_SEED'];
const path = process.env['FUZZ_PATH'];

type Make<T> = (seen: (branch: string) => void) => fc.IRawProperty<T>;

/**
 * A test of a property; the one place that decides about the number of runs. `make` gets `seen`, which a run tells
 * which of the branches it took: those of `reaches` are taken by one run of a hundred at least, so that the values
 * are known to come to what is to be tested.
 *
 * A failure names the smallest counterexample, and the command that repeats it.
 */
export function property<T>(name: string, ...rest: [Make<T>] | [reaches: readonly string[], Make<T>]): void {
  const [reaches, make] = rest.length === 1 ? [[], rest[0]] : rest;
  test(name, { tags: ['property'], timeout: Math.max(30_000, runs * 20) }, async () => {
    const counts = new Map<string, number>();
    const seen = (branch: string): void => void counts.set(branch, (counts.get(branch) ?? 0) + 1);
    const details = await fc.check(make(seen), {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path, endOnFailure: true }),
    });
    if (details.failed) {
      const again = `npm run fuzz -- --seed=${details.seed} --path=${details.counterexamplePath} --only ${JSON.stringify(name)}`;
      const { errorInstance: cause } = details;
      const why = cause instanceof Error ? cause.message : String(cause);
      const found = fc.stringify(details.counterexample);
      throw new Error(`after ${details.numRuns} runs, with ${found}: ${why}\nrepeat it: ${again}`, { cause });
    }
    if (path !== undefined || runs < 1000) return;
    for (const branch of reaches) {
      const count = counts.get(branch) ?? 0;
      if (count * 100 < runs) throw new Error(`only ${count} of ${runs} runs reached "${branch}"`);
    }
  });
}
