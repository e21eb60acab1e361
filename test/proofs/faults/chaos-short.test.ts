import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const harness = fileURLToPath(new URL('../../chaos/run.mjs', import.meta.url));

interface ChaosResult {
  readonly ok: boolean;
  readonly error?: string;
  readonly pairs: number;
  readonly processed: number;
  readonly dead: number;
  readonly lost: number;
  readonly wrong: number;
  readonly altered: number;
  readonly faults: number;
  readonly workerStarts: number;
}

/** Runs one scenario of the harness with 300 events and gives its result. */
async function chaos(words: readonly string[]): Promise<ChaosResult> {
  const folder = await mkdtemp(join(tmpdir(), 'plutomi-chaos-short-'));
  try {
    const out = join(folder, 'chaos.json');
    const options = ['--events', '300', '--duration', '6', '--out', out];
    const { stderr } = await execa(process.execPath, [harness, ...words, ...options], { reject: false });
    const { results } = JSON.parse(await readFile(out, 'utf8')) as { results: ChaosResult[] };
    const [result] = results;
    expect(result?.error, stderr).toBeUndefined();
    return result as ChaosResult;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.concurrent('workers killed every two seconds on a single server: nothing lost, nothing wrong', async ({
  expect,
}) => {
  const result = await chaos(['--scenario', 'workers', '--single']);
  expect(result).toMatchObject({ ok: true, lost: 0, wrong: 0, altered: 0, faults: 2 });
  expect(result.workerStarts).toBeGreaterThan(2);
  expect(result.pairs).toBeGreaterThan(300);
  expect(result.processed + result.dead).toBe(result.pairs);
}, 120_000);

test.concurrent('leaders of streams and consumers that step down on three nodes: nothing lost, nothing wrong', async ({
  expect,
}) => {
  const result = await chaos(['--scenario', 'stepdown', '--cluster']);
  expect(result).toMatchObject({ ok: true, lost: 0, wrong: 0, altered: 0 });
  expect(result.faults).toBeGreaterThan(0);
  expect(result.processed + result.dead).toBe(result.pairs);
}, 120_000);
