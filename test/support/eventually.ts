import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `test` is true; asks again every few milliseconds. Throws after the deadline, naming what was awaited. */
export async function eventually(
  what: string,
  test: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await test())) {
    if (performance.now() > end) throw new Error(`after ${deadlineMs} ms still not: ${what}`);
    await sleep(15);
  }
}
