const lookEveryMs = 1000;

/**
 * Calls back once when the process that started this one is gone. npm and npx don't pass SIGTERM on: they end, and
 * leave what they have started behind.
 */
export function whenParentEnds(callback: () => void): void {
  const parent = process.ppid;
  if (parent === 1) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, lookEveryMs);
  timer.unref();
}
