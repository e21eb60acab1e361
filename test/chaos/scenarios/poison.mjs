import { setTimeout as sleep } from 'node:timers/promises';

const ofEach = 2;

/** Handlers that end their process, never settle, allocate until the heap is full, or block the event loop. */
export const poison = {
  name: 'poison',
  on: ['single', 'cluster'],
  nodeOptions: '--max-old-space-size=128',
  runWords: ['--stall-timeout', '5s'],
  shares: () => ({ poison: Array.from({ length: ofEach }, () => ['exit', 'hang', 'heap', 'block']).flat() }),
  configure(config) {
    for (const consumer of Object.values(config.consumers)) consumer.timeout = '2s';
  },
  async faults({ endsAt }) {
    await sleep(endsAt - Date.now());
  },
  async check({ workers, readRuns, config }) {
    const { attempts, retry } = config.consumers.audit;
    const most = attempts + 1 + retry.attempts + 1;
    const runs = readRuns().filter(({ outcome }) => !['ok', 'failed'].includes(outcome));
    const times = new Map();
    for (const { payloadId } of runs) times.set(payloadId, (times.get(payloadId) ?? 0) + 1);
    const tooOften = [...times].filter(([, count]) => count > most);
    const problems = tooOften.map(([id, count]) => `poison ${id} ran ${count} times, more than ${most}`);
    return workers.starts() > 2 ? problems : [...problems, 'no worker ever died: the run shows nothing'];
  },
};
