import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const tickMs = 10;

/** What these processes took of the processors until now, user and system, ms; where it is not Linux not known. */
export function processorMs(...pids) {
  return pids.reduce((sum, pid) => sum + processorMsOf(pid), 0);
}

function processorMsOf(pid) {
  try {
    // The second field is the name in brackets, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return Number.NaN;
  }
}
